"""Records of the log and the stories made of them, as models: the docs describe them."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any

from pydantic import Field, WithJsonSchema

from api import exact
from api.explain import Step
from api.rows import EventRow
from api.shapes import ORDER_ID, TIME, Shape


class EventView(Shape):
    """A record of the order's log."""

    seq: int = Field(description="Its place among the records of all orders.", examples=[42])
    version: int | None = Field(
        description="Its place in the order's history; null for a wish to cancel or to amend.",
        examples=[1],
    )
    type: str = Field(examples=["OrderPlaced"])
    superseded: bool = Field(description="Whether an earlier record with this version won.")
    occurred_at: datetime = Field(examples=[TIME])
    appended_at: datetime = Field(description="By the clock of the log.", examples=[TIME])
    data: Annotated[Any, WithJsonSchema({"type": "object", "additionalProperties": True})] = Field(
        description="The event as it stands in the log."
    )


class FeedRecord(EventView):
    """A record of the feed."""

    order_id: str = Field(examples=[ORDER_ID])


class ExplainedStep(Shape):
    """One event of an order's story."""

    seq: int = Field(examples=[42])
    version: int | None = Field(description="Null for a wish.", examples=[2])
    type: str = Field(examples=["OrderRouted"])
    at: datetime = Field(description="By the clock of the log.", examples=[TIME])
    text: str = Field(description="What happened and why, in a sentence.")
    data: Annotated[Any, WithJsonSchema({"type": "object", "additionalProperties": True})] = Field(
        description="The figures: for OrderRouted each quote, what the choice cost against the "
        "best and gained against the worst, and whether it comes out the same when recomputed; "
        "for OrderExecuted the slippage against the quote (a fraction of it) and the fee."
    )


class Explanation(Shape):
    """Why an order went as it did."""

    order_id: str = Field(examples=[ORDER_ID])
    timeline: list[ExplainedStep] = Field(description="Every event that counts, oldest first.")


def explanation(order_id: str, steps: list[Step]) -> Explanation:
    """Return the story of an order."""
    timeline = [ExplainedStep(**asdict(step)) for step in steps]
    return Explanation(order_id=order_id, timeline=timeline)


def event_view(row: EventRow) -> EventView:
    """Return a record of an order's log."""
    return EventView(
        seq=row.seq,
        version=row.version,
        type=row.type,
        superseded=row.superseded,
        occurred_at=row.occurred_at,
        appended_at=row.appended_at,
        data=exact.Raw(row.data),
    )
