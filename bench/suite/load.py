"""The requests that rows send: the same small market order, alone or a hundred at once."""

import json

from bench.engine import Engine, wait_for
from bench.hammer import Blow, Felt, hammer
from bench.supervised import ENDED, number, tables

SINGLE, BATCH = "/api/orders/execute", "/api/orders/batch"
HUNDRED = 100
CONNECTIONS = 64
BATCH_CONNECTIONS = 4
PATIENCE_S = 300
ORDER = {"tokenIn": "SOL", "tokenOut": "USDC", "amount": 1, "slippage": 0.05}
_ONE = json.dumps(ORDER)


def singles(url: str, *, seconds: float = PATIENCE_S, connections: int = CONNECTIONS) -> Blow:
    """Return placements of one order each, for so long."""
    return Blow(url=f"{url}{SINGLE}", body=_ONE, seconds=seconds, connections=connections)


def hundreds(url: str, seconds: float, each: int = HUNDRED) -> Blow:
    """Return placements of a hundred orders each, or of fewer, for so long."""
    body = json.dumps({"orders": [{**ORDER, "orderType": "market"}] * each})
    connections = BATCH_CONNECTIONS if each == HUNDRED else 1
    return Blow(url=f"{url}{BATCH}", body=body, seconds=seconds, connections=connections)


def accepted(felt: Felt) -> int:
    """Return how many requests were accepted; raise when any was not."""
    taken = sum(count for status, count in felt.statuses.items() if 200 <= status < 300)
    if felt.broken or taken != len(felt.took):
        raise RuntimeError(f"not all was accepted: {felt.statuses}, {felt.broken} broken")
    return taken


def percentile_ms(felt: Felt, share: float) -> float:
    """Return within how many milliseconds such a share of the answers came."""
    return felt.took[min(len(felt.took) - 1, int(len(felt.took) * share))] * 1_000


def warm_up(engine: Engine, count: int) -> None:
    """Place orders until every process has done its work often, and all of them have ended."""
    before = number(engine, ENDED)
    taken = accepted(hammer(singles(engine.described.url).model_copy(update={"count": count})))
    until_ended(engine, before + taken)


def until_ended(engine: Engine, count: int) -> None:
    """Return when so many orders have ended, by their rows."""
    with tables(engine) as asked:

        def ended() -> bool:
            return bool(sum(row[0] for row in asked.execute(ENDED)) >= count)

        wait_for(ended, PATIENCE_S, f"{count:,} orders have ended")
