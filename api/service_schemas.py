"""What any client may be told: how the engine is, and what went wrong; the docs describe them."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from api.shapes import TIME, Shape


class HealthChecks(Shape):
    """What was asked."""

    kafka: Literal["ok", "down"]
    postgres: Literal["ok", "down"]
    projection_lag: int | None = Field(description="Events; null when unknown.", examples=[0])
    market: Literal["ok", "silent"] = Field(
        description="Silent: no price for 5 s, and nothing fires on the last ones."
    )


class HealthView(Shape):
    """Whether orders can be accepted and read."""

    status: Literal["ok", "degraded", "down"]
    service: str = Field(examples=["order-execution-engine"])
    version: str = Field(examples=["0.1.0"])
    uptime: int = Field(description="Seconds.", examples=[60])
    timestamp: datetime = Field(examples=[TIME])
    checks: HealthChecks


class ErrorPart(BaseModel):
    """One thing that is wrong with a request."""

    field: str = Field(description="The member that is wrong.")
    code: str
    message: str


class ErrorView(Shape):
    """Every error has these members; some have more. A problem of RFC 9457."""

    model_config = ConfigDict(extra="allow")

    type: str = Field(description="Where this kind of error is described.")
    title: str = Field(description="The name of the error, for people.")
    status: int = Field(description="The status of the answer.")
    detail: str = Field(description="The same as `message`.")
    instance: str | None = Field(default=None, description="The path that was asked for.")
    error: str = Field(description="The name of the error, for programs.")
    message: str = Field(description="A sentence for people, with what to do.")
    code: str = Field(description="The number of the rule (ERR_001 …), else the name again.")
    field: str | None = Field(default=None, description="The member that is wrong.")
    errors: list[ErrorPart] = Field(description="The same for programs that expect a list.")
    retryable: bool = Field(description="Whether sending the same again is safe and may help.")
    request_id: str | None = Field(default=None, description="As in `X-Request-Id`.")


class ErrorKind(Shape):
    """A kind of error, as it is told before its field and its order are known."""

    type: str = Field(examples=["/problems/ORDER_NOT_FOUND"])
    title: str = Field(examples=["Order not found"])
    status: int = Field(examples=[404])
    code: str = Field(examples=["ORDER_NOT_FOUND"])
    detail: str
