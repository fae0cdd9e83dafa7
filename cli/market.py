"""`engine market`."""

import asyncio
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated

import msgspec
import typer
from pydantic import ValidationError

from api.placement import TOKEN_PATTERN
from cli import limits
from cli.audits import KafkaAddress, Servers, TopicPrefix, audited
from cli.target import DEFAULT_DATA_DIR, AsJson, DataDir
from local.market import open_desk
from local.scenario import Add, Put, read
from local.scenario import play as play_scenes
from orders.tokens import find
from orders.topics import Topics
from orders.values import Liquidity, Tick
from venues import VENUES

HELP = """
The simulated market that the venues price from.

Whatever is done to it here holds for every process, quotes included, and after a restart.
"""

app = typer.Typer(no_args_is_help=True, help=HELP)


@app.callback()
def market() -> None:
    """The simulated market that the venues price from."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Two tokens as somebody wrote them."""

    one: str
    other: str


def _pair(text: str) -> Pair:
    one, slash, other = text.partition("/")
    if not (one and slash and other) or "/" in other:
        raise typer.BadParameter(f"{text!r} is no pair: write it as SOL/USDC")
    return Pair(one, other)


def _above_zero(text: str) -> Decimal:
    number = limits.number(text)
    if number <= 0:
        raise typer.BadParameter(f"{text!r} is not a number above zero")
    return number


def _token(text: str) -> str:
    # What the API would not take nobody could trade.
    if find(text) is None and re.fullmatch(TOKEN_PATTERN, text) is None:
        raise typer.BadParameter(
            f"{text!r} is no token: a symbol has 2 to 10 capital letters and digits, "
            "a mint address 32 to 44 of base58"
        )
    return text


def _venue(text: str) -> str:
    if text.upper() not in VENUES:
        raise typer.BadParameter(f"{text!r} is no venue: there are {', '.join(VENUES)}")
    return text.upper()


@app.command()
def tick(
    pair: Annotated[Pair, typer.Argument(parser=_pair, metavar="PAIR", help="Such as SOL/USDC.")],
    price: Annotated[
        Decimal,
        typer.Argument(
            parser=_above_zero, metavar="PRICE", help="Units of its second token for one."
        ),
    ],
    *,
    kafka: KafkaAddress = None,
    topic_prefix: TopicPrefix = None,
    data_dir: DataDir = DEFAULT_DATA_DIR,
    as_json: AsJson = False,
) -> None:
    """Move the market: put a pair at a price, from which its walk goes on.

    It moves the first token of the pair as people quote it, and mSOL with SOL.

    \b
    Examples:
      engine market tick SOL/USDC 151.2
      engine market tick USDC/SOL 0.0066
    """
    with audited(), _in_bounds():
        servers = Servers(data_dir, topic_prefix, kafka)
        told = asyncio.run(_put(*servers.topics, pair, price))
    _tell(told, as_json=as_json)


@app.command("add-liquidity")
def add_liquidity(
    token: Annotated[
        str,
        typer.Argument(
            parser=_token, metavar="TOKEN", help="A symbol or a mint address, known or new."
        ),
    ],
    *,
    pool: Annotated[
        str,
        typer.Option(parser=_venue, metavar="NAME", help=f"Who holds it: {', '.join(VENUES)}."),
    ],
    amount: Annotated[
        Decimal,
        typer.Option(parser=_above_zero, metavar="USDC", help="US dollars put on either side."),
    ],
    price: Annotated[
        Decimal | None,
        typer.Option(
            parser=_above_zero, metavar="USDC", help="Of a new token; 1 when it is left out."
        ),
    ] = None,
    kafka: KafkaAddress = None,
    topic_prefix: TopicPrefix = None,
    data_dir: DataDir = DEFAULT_DATA_DIR,
    as_json: AsJson = False,
) -> None:
    """Add liquidity to a token's pool; from then on its venue quotes the token, new or not.

    \b
    Examples:
      engine market add-liquidity MOON --pool RAYDIUM --amount 50000
      engine market add-liquidity MOON --pool METEORA --amount 20000
      engine market add-liquidity PEPE --pool RAYDIUM --amount 100000 --price 0.00002
    """
    with audited(), _in_bounds():
        servers = Servers(data_dir, topic_prefix, kafka)
        told = asyncio.run(_add(*servers.topics, token, pool, amount, price))
    _tell(told, as_json=as_json)


@app.command()
def play(
    scenario: Annotated[
        typer.FileText, typer.Argument(metavar="FILE", help="One JSON object a line; - is stdin.")
    ],
    *,
    kafka: KafkaAddress = None,
    topic_prefix: TopicPrefix = None,
    data_dir: DataDir = DEFAULT_DATA_DIR,
    as_json: AsJson = False,
) -> None:
    """Let a scenario happen on the market, each line so many seconds (`at`) after the beginning.

    \b
    A scenario:
      {"at": 0, "do": "add-liquidity", "token": "MOON", "pool": "RAYDIUM", "amount": 50000}
      {"at": 2.5, "do": "tick", "pair": "MOON/USDC", "price": 1.2}
      {"at": 5, "do": "tick", "pair": "SOL/USDC", "price": 140}
    """
    with audited(), _in_bounds():
        servers = Servers(data_dir, topic_prefix, kafka)
        scenes = read(scenario)
        for scene in scenes:
            if isinstance(scene, Add):
                _token(scene.token)
                _venue(scene.pool)
        asyncio.run(_play(*servers.topics, scenes, as_json=as_json))


def _tell(told: Tick | Liquidity, *, as_json: bool) -> None:
    if as_json:
        typer.echo(msgspec.json.encode(told).decode())
    elif isinstance(told, Tick):
        typer.echo(f"{told.pair} is at {told.price:f}")
    else:
        typer.echo(f"{told.pool}'s pool of {told.token} has {told.usd:f} USDC at {told.price:f}")


@contextmanager
def _in_bounds() -> Iterator[None]:
    try:
        yield
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        what, why = first["loc"][0], first["msg"]
        raise typer.BadParameter(f"{what} {first['input']}: {why}") from error


async def _put(kafka: str, topics: Topics, pair: Pair, price: Decimal) -> Tick:
    async with open_desk(kafka, topics) as desk:
        return await desk.put(pair.one, pair.other, price)


async def _add(
    kafka: str, topics: Topics, token: str, venue: str, amount: Decimal, price: Decimal | None
) -> Liquidity:
    async with open_desk(kafka, topics) as desk:
        return await desk.add(token, venue, amount, price)


async def _play(kafka: str, topics: Topics, scenes: list[Put | Add], *, as_json: bool) -> None:
    async with open_desk(kafka, topics) as desk:
        await play_scenes(desk, scenes, lambda told: _tell(told, as_json=as_json))
