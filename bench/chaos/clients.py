"""What the clients of a campaign place: market orders, some to be troubled, some placed twice."""

from random import Random

from bench.load import Wish

PAIRS = (
    ("SOL", "USDC", 5),
    ("USDC", "SOL", 500),
    ("JUP", "USDT", 300),
    ("mSOL", "SOL", 3),
    ("BONK", "USDC", 900_000),
    ("RAY", "USDC", 40),
    ("PYTH", "USDT", 700),
)
FAULTS = ("glitch", "lost-answer", "price-moved", "quote-glitch", "garbage", "no-liquidity", "hang")
TROUBLED = 0.15
NAMED = 0.2
USERS = 20


class Clients:
    """Makes the placements of one campaign; the same seed and number, the same placement."""

    def __init__(self, seed: int) -> None:
        self._seed = seed

    def wish(self, number: int) -> Wish:
        """Return the placement with this number; two in a row may be one, sent twice."""
        chance = Random(f"{self._seed}/{number}")
        named = Random(f"{self._seed}/named/{number // 2}")
        if named.random() < NAMED:
            body = {**_body(named), "clientOrderId": f"c-{self._seed}-{number // 2}"}
            return Wish(body)
        headers = {}
        if chance.random() < TROUBLED:
            tries = chance.randint(1, 4)
            headers["X-Simulate-Faults"] = ",".join(chance.choices(FAULTS, k=tries))
        return Wish(_body(chance), headers)


def _body(chance: Random) -> dict[str, str | int | float]:
    token_in, token_out, most = chance.choice(PAIRS)
    return {
        "tokenIn": token_in,
        "tokenOut": token_out,
        "amount": chance.randint(1, most),
        "slippage": chance.choice((0.01, 0.05, 0.1)),
        "userId": f"user-{chance.randrange(USERS)}",
    }
