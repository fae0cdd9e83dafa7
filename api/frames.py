"""What a client may say on `WS /ws`, one JSON object a message."""

from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
    model_validator,
)

from api.errors import INVALID_MESSAGE, Refusal
from api.list_filters import PAIR_PATTERN
from api.lookup import known_form
from api.placement import is_user_id
from api.ports import LAST_SEQ, Picked
from api.rows import Change, OrderRow
from orders.state import Status

LONGEST_TOLD = 160
_UNKNOWN_OP = "op must be subscribe, unsubscribe or ping."

Name = Annotated[str, Field(min_length=1, max_length=64)] | Annotated[int, Field(ge=0, le=LAST_SEQ)]
"""What a client calls a subscription."""


class Frame(BaseModel):
    """A message of a client; unknown members are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Filter(Frame):
    """Which changes are wanted: those that fit all that is given; `all` alone for every change.

    `market` is for prices, those of a pair or of all, and not for changes.
    """

    order_id: Annotated[str, AfterValidator(known_form)] | None = Field(
        default=None, alias="orderId"
    )
    user_id: str | None = Field(default=None, alias="userId")
    status: Status | None = None
    pair: Annotated[str | None, Field(pattern=PAIR_PATTERN)] = None
    all: bool = False
    market: bool = False

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        if self.market:
            return self._of_the_market()
        given = [one for one in (self.order_id, self.user_id, self.status, self.pair) if one]
        if self.all == bool(given):
            raise ValueError("give all, or some of orderId, userId, status and pair, or market")
        if self.user_id is not None and not is_user_id(self.user_id):
            raise ValueError("userId must be 1 to 128 characters, none of them a control character")
        return self

    def _of_the_market(self) -> Self:
        if self.all or self.order_id or self.user_id or self.status:
            raise ValueError("with market give nothing else but a pair")
        return self

    @property
    def picked(self) -> Picked:
        """Return what of it the tables have an index for."""
        return Picked(order_id=self.order_id, user_id=self.user_id)

    def wants(self, change: Change) -> bool:
        """Return whether a change fits."""
        return (
            (self.order_id is None or self.order_id == change.order_id)
            and (self.user_id is None or self.user_id == change.user_id)
            and (self.status is None or self.status == change.status)
            and (self.pair is None or self.pair == pair_of(change.order))
        )


def pair_of(order: OrderRow) -> str:
    """Return which tokens an order swaps, as filters name them."""
    return f"{order.token_in}/{order.token_out}"


class Subscribe(Frame):
    """Tell me of these from now on, or from a `seq` of the feed on."""

    op: Literal["subscribe"]
    id: Name
    filter: Filter
    from_seq: int | None = Field(default=None, alias="fromSeq", ge=1, le=LAST_SEQ)
    epoch: Annotated[str | None, Field(max_length=64)] = None
    snapshot: bool = False
    superseded: bool = False

    @model_validator(mode="after")
    def _has_a_past(self) -> Self:
        if self.filter.market and (self.from_seq or self.epoch or self.superseded):
            raise ValueError("the market begins with the prices of the moment, nowhere else")
        return self


class Unsubscribe(Frame):
    """Tell me no more."""

    op: Literal["unsubscribe"]
    id: Name


class Ping(Frame):
    """Say that you are there."""

    op: Literal["ping"]
    id: Name | None = None


_FRAMES: TypeAdapter[Subscribe | Unsubscribe | Ping] = TypeAdapter(
    Annotated[Subscribe | Unsubscribe | Ping, Field(discriminator="op")]
)


def read(text: str) -> Subscribe | Unsubscribe | Ping:
    """Return what a client says. Raises `Refusal`."""
    try:
        return _FRAMES.validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        if first["type"].startswith("union_tag"):
            raise Refusal(INVALID_MESSAGE, _UNKNOWN_OP, field="op") from error
        # Both may show what the client wrote, whatever its length.
        where = ".".join(str(part) for part in first["loc"][1:])[:LONGEST_TOLD]
        told = f"{where or 'the message'}: {first['msg'][:LONGEST_TOLD]}"
        raise Refusal(INVALID_MESSAGE, f"It cannot be read, {told}.", field=where) from error
