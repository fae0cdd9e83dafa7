"""What the clients of a campaign place: orders of every kind, some to be troubled, some twice.

What limit orders wait for is a few steps of the market away (`bench.chaos.market` takes them), and
snipers wait for tokens that are not there yet.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random

from bench.load import PATH, Wish
from venues.market import LISTINGS

PAIRS = (
    ("SOL", "USDC", 5),
    ("USDC", "SOL", 500),
    ("JUP", "USDT", 300),
    ("mSOL", "SOL", 3),
    ("BONK", "USDC", 900_000),
    ("RAY", "USDC", 40),
    ("PYTH", "USDT", 700),
)
KINDS = {"market": 50, "limit": 24, "sniper": 10, "expiring": 8, "ioc": 8}
"""The kinds of orders, and how often each is placed compared with the others."""

MOVED = ("JUP", "RAY", "PYTH")
STEPS = (Decimal("0.9"), Decimal(1), Decimal("1.1"))
"""The tokens that the campaign moves, and where to, as a multiple of what they are listed at."""

NEAR, FAR, BACK = Decimal("1.05"), Decimal("1.5"), Decimal("0.95")
GENERAL = "/api/orders"
FAULTS = ("glitch", "lost-answer", "price-moved", "quote-glitch", "garbage", "no-liquidity", "hang")
TROUBLED = 0.15
NAMED = 0.2
USERS = 20

Body = dict[str, str | int | float]


def token_of(sniper: int) -> str:
    """Return the name of a token that comes to the market during the campaign, from 0."""
    return f"CHAOS{sniper}"


class Clients:
    """Makes the placements of one campaign: the same seed and number, the same placement.

    Only when an order expires is told from the clock (UTC). Every so many placements have a token
    to snipe in common.
    """

    def __init__(self, seed: int, clock: Callable[[], datetime], every: int) -> None:
        self._seed = seed
        self._clock = clock
        self._every = every

    def wish(self, number: int) -> Wish:
        """Return the placement with this number; two in a row may be one, sent twice."""
        chance = Random(f"{self._seed}/{number}")
        named = Random(f"{self._seed}/named/{number // 2}")
        if named.random() < NAMED:
            placed = self._placed(named, number // 2 * 2)
            if placed.kind != "expiring":
                name = {"clientOrderId": f"c-{self._seed}-{number // 2}"}
                return Wish({**placed.body, **name}, path=placed.path, kind=placed.kind)
        placed, headers = self._placed(chance, number), {}
        if chance.random() < TROUBLED:
            tries = chance.randint(1, 4)
            headers["X-Simulate-Faults"] = ",".join(chance.choices(FAULTS, k=tries))
        return Wish(placed.body, headers, path=placed.path, kind=placed.kind)

    def _placed(self, chance: Random, number: int) -> Wish:
        (kind,) = chance.choices([*KINDS], [*KINDS.values()])
        match kind:
            case "limit":
                body = limit_order(chance, chance.choice((BACK, NEAR, NEAR, FAR)))
            case "sniper":
                body = _sniper(chance, token_of(number // self._every))
            case "expiring":
                ends = self._clock() + timedelta(seconds=chance.uniform(3, 12))
                body = limit_order(chance, chance.choice((NEAR, FAR)))
                body["expiresAt"] = ends.isoformat()
            case "ioc":
                body = _market_order(chance) if chance.random() < 0.7 else limit_order(chance, BACK)
                body["timeInForce"] = "IOC"
            case _:
                body = _market_order(chance)
        body["userId"] = f"user-{chance.randrange(USERS)}"
        return Wish(body, path=PATH if kind == "market" else GENERAL, kind=kind)


def limit_order(chance: Random, away: Decimal) -> Body:
    """Return an order for one of the tokens that move, at a price so far from the listed one."""
    token = chance.choice(MOVED)
    swap = (token, "USDC") if chance.random() < 0.5 else ("USDC", token)
    worth = 20 if swap[0] == "USDC" else 20 / LISTINGS[token].usd
    amount = round(float(chance.randint(1, 20) * worth), 2)
    return {**_swap(*swap, amount), "orderType": "limit", "targetPrice": price_of(swap, away)}


def price_of(swap: tuple[str, str], away: Decimal) -> float:
    """Return token out per token in, so far above the one that the tokens are listed at."""
    sold, bought = (LISTINGS[token].usd for token in swap)
    return float(round(sold / bought * away, 9))


def _market_order(chance: Random) -> Body:
    token_in, token_out, most = chance.choice(PAIRS)
    slippage = chance.choice((0.01, 0.05, 0.1))
    return {**_swap(token_in, token_out, chance.randint(1, most)), "slippage": slippage}


def _sniper(chance: Random, token: str) -> Body:
    body = {**_swap("USDC", token, chance.randint(1, 50)), "orderType": "sniper"}
    wanted: tuple[Body, ...] = ({}, {}, {"poolProvider": "METEORA"}, {"minLiquidity": 150_000})
    return {**body, **chance.choice(wanted)}


def _swap(token_in: str, token_out: str, amount: float) -> Body:
    return {"tokenIn": token_in, "tokenOut": token_out, "amount": amount}
