"""The route that tells what every pair is worth."""

from datetime import datetime

from fastapi import APIRouter
from pydantic import Field
from starlette.responses import Response

from api.answers import json_answer
from api.openapi import failures
from api.parts import PartsOf
from api.shapes import TIME, Number, Shape

router = APIRouter(tags=["market"])


class PriceView(Shape):
    """What a pair is worth on the market, before fees and price impact."""

    pair: str = Field(description="As people quote it.", examples=["SOL/USDC"])
    price: Number = Field(
        description="Units of the second token for one of the first.", examples=[151.2]
    )
    timestamp: datetime = Field(description="When it was so.", examples=[TIME])


class PricesView(Shape):
    """The last price of each pair."""

    prices: list[PriceView] = Field(description="By pair, each pair in one direction.")
    silent: bool = Field(
        description="No price has come for 5 s: nothing fires on these.", examples=[False]
    )
    timestamp: datetime = Field(examples=[TIME])


@router.get("/api/market/prices", response_model=PricesView, responses=failures())
async def prices(parts: PartsOf) -> Response:
    """Tell the last price of each pair. `WS /ws` with the filter `market` tells each as it comes.

    A pair whose price stands still is told again every 2 s.
    """
    market = parts.market
    view = PricesView(
        prices=[
            PriceView(pair=one.pair, price=one.price, timestamp=one.at) for one in market.ticks
        ],
        silent=market.silent,
        timestamp=parts.clock(),
    )
    return json_answer(view)
