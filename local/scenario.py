"""A scenario: what happens on the simulated market, and when; one JSON object a line."""

import asyncio
from collections.abc import Callable, Iterable
from datetime import timedelta
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from local.errors import Misconfigured
from local.market import Desk
from orders.values import Liquidity, Price, Tick, VenueName

LONGEST = timedelta(days=1)

Amount = Annotated[Decimal, Field(gt=0, le=Decimal(10) ** 15)]


class Scene(BaseModel):
    """Something that happens so many seconds after the beginning."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    at: Annotated[float, Field(ge=0, le=LONGEST.total_seconds())] = 0


class Put(Scene):
    """A pair is put at a price."""

    do: Literal["tick"]
    pair: Annotated[str, Field(pattern=r"^[A-Za-z0-9]+/[A-Za-z0-9]+$")]
    price: Price

    async def happen(self, desk: Desk) -> Tick:
        """Do it."""
        one, other = self.pair.split("/")
        return await desk.put(one, other, self.price)


class Add(Scene):
    """A pool gets liquidity."""

    do: Literal["add-liquidity"]
    token: str
    pool: VenueName
    amount: Amount
    price: Price | None = None

    async def happen(self, desk: Desk) -> Liquidity:
        """Do it."""
        return await desk.add(self.token, self.pool, self.amount, self.price)


_SCENE: TypeAdapter[Put | Add] = TypeAdapter(Annotated[Put | Add, Field(discriminator="do")])


def read(lines: Iterable[str]) -> list[Put | Add]:
    """Return the scenes of a file in the order in which they happen.

    Empty lines and those that begin with # are left out. Raises Misconfigured with the line.
    """
    scenes = []
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.startswith("#"):
            continue
        try:
            scenes.append(_SCENE.validate_json(line))
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            where = ".".join(map(str, first["loc"][1:])) or "it"
            raise Misconfigured(f"Line {number}: {where}: {first['msg']}") from error
    return sorted(scenes, key=lambda scene: scene.at)


async def play(
    desk: Desk, scenes: Iterable[Put | Add], told: Callable[[Tick | Liquidity], None]
) -> None:
    """Let the scenes happen, each in its time, and tell each when it did."""
    now = asyncio.get_running_loop().time
    began = now()
    for scene in scenes:
        await asyncio.sleep(max(0, began + scene.at - now()))
        told(await scene.happen(desk))
