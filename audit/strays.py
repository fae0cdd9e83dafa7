"""Executions on the ledger that no order of the log sent: the end of I9, and of I10."""

from collections.abc import AsyncIterator, Iterable, Sequence

from audit.admission import judge
from audit.findings import Findings
from audit.ledger import Landed, Ledger
from audit.lists import Roll
from audit.log import Log, Span
from orders.events import OrderRouted


class Strays:
    """Remembers every execution id of the log and looks for others on the ledger."""

    def __init__(self, ledger: Ledger, roll: Roll, findings: Findings) -> None:
        self._ledger = ledger
        self._roll = roll
        self._findings = findings
        self._sent: set[str] = set()

    def know(self, execution_ids: Iterable[str]) -> None:
        """Remember ids that an order sent."""
        self._sent.update(execution_ids)

    async def search(self, log: Log, read: Sequence[Span]) -> None:
        """Note what landed without an order; `read` is how far the log was read.

        An engine that goes on has sent more since: intent stands in the log before its effect, so
        what landed by now is in the log by now.
        """
        strays: dict[str, Landed] = {}
        async for some in self._ledger.landed():
            strays |= {one.execution_id: one for one in some if one.execution_id not in self._sent}
        if strays:
            async for execution_id in _sent_since(log, read):
                strays.pop(execution_id, None)
        for stray in strays.values():
            self._note(stray)

    def _note(self, stray: Landed) -> None:
        order_id = stray.execution_id.partition(":")[0]
        if self._roll.is_void(order_id):
            told = f"execution {stray.execution_id} is {stray.status}, the placement is void"
            self._findings.broken("I10", f"order {order_id}: {told}")
        else:
            told = f"execution {stray.execution_id} is {stray.status}, the log never sent it"
            self._findings.broken("I9", f"order {order_id}: {told}")


async def _sent_since(log: Log, read: Sequence[Span]) -> AsyncIterator[str]:
    ends = {span.partition: span.end for span in await log.whole()}
    for span in read:
        tail = Span(span.partition, span.end, max(span.end, ends[span.partition]))
        async for records in log.read(tail):
            for record in records:
                event = judge(record, log.partitions).event
                if isinstance(event, OrderRouted):
                    yield event.execution_id
