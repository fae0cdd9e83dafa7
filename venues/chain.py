"""The simulated chain: collects entries into blocks and answers with what the ledger holds.

While the ledger is away a block is tried again until none of its callers waits any more; how long
they wait is theirs to say. No rule of the market and no SQL lives here.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Sequence
from contextlib import asynccontextmanager
from typing import NamedTuple, Protocol

import psycopg

from venues.entries import Entry
from venues.ledger import Ledger

BLOCK_ENTRIES_MAX = 1_000
FIRST_BACKOFF_S = 0.05
BACKOFF_S_MAX = 1.0
CLOSE_TIMEOUT_S = 1.0
CLOSED = "the chain is closed"

logger = logging.getLogger(__name__)


class Chain(Protocol):
    """What settles swaps: the first entry with an execution id stays for ever."""

    def land(self, entry: Entry) -> Awaitable[Entry]:
        """Offer an entry and return, once it is waited for, the one that stands for its id.

        Waits while the chain cannot be reached; raises OSError when it never will be again.
        """
        ...


class NoChain:
    """The chain of a process that never trades."""

    def land(self, entry: Entry) -> Awaitable[Entry]:
        """Raise: nothing lands from here."""
        raise ConnectionError("this process does not trade")


class Offer(NamedTuple):
    """An entry on its way into a block; its answer is cancelled when the caller gives up."""

    entry: Entry
    answer: asyncio.Future[Entry]


class LedgerChain:
    """The chain of one process; those of all processes meet in the ledger."""

    def __init__(self, ledger: Ledger, block_interval_s: float) -> None:
        self._ledger = ledger
        self._block_interval_s = block_interval_s
        self._offers: list[Offer] = []
        self._offered = asyncio.Event()
        self._closed = False
        self._backoff_s = FIRST_BACKOFF_S

    def land(self, entry: Entry) -> Awaitable[Entry]:
        """Offer an entry and return, once it is waited for, the one that stands for its id."""
        if self._closed:
            raise ConnectionError(CLOSED)
        offer = Offer(entry, asyncio.get_running_loop().create_future())
        self._offers.append(offer)
        self._offered.set()
        return offer.answer

    async def make_blocks(self) -> None:
        """Write what is offered, block after block with a pause between, until cancelled.

        What is offered to a chain at rest waits for nothing; under load it is collected meanwhile.
        """
        try:
            while True:
                await self._offered.wait()
                await self._write(self._take())
                await asyncio.sleep(self._block_interval_s)
        finally:
            self._closed = True
            _fail(self._offers, CLOSED)

    def _take(self) -> list[Offer]:
        block = self._offers[:BLOCK_ENTRIES_MAX]
        del self._offers[:BLOCK_ENTRIES_MAX]
        if not self._offers:
            self._offered.clear()
        return block

    async def _write(self, block: Sequence[Offer]) -> None:
        try:
            while waiting := [offer for offer in block if not offer.answer.done()]:
                if await self._written(waiting):
                    return
                await asyncio.sleep(self._backoff_s)
                self._backoff_s = min(2 * self._backoff_s, BACKOFF_S_MAX)
        finally:
            _fail(block, CLOSED)

    async def _written(self, block: Sequence[Offer]) -> bool:
        first = {offer.entry.execution_id: offer.entry for offer in reversed(block)}
        try:
            held = await self._ledger.write(list(first.values()))
            for offer in block:
                if not offer.answer.done():
                    offer.answer.set_result(held[offer.entry.execution_id])
        except (psycopg.DataError, KeyError) as error:
            logger.exception("block refused", extra={"action": "block_refused"})
            _fail(block, f"the ledger cannot hold this block: {error}")
        except (psycopg.Error, OSError) as error:
            _report_away(error)
            return False
        if self._backoff_s > FIRST_BACKOFF_S:
            logger.info("ledger back", extra={"action": "ledger_back"})
        self._backoff_s = FIRST_BACKOFF_S
        return True


def _report_away(error: Exception) -> None:
    logger.warning("ledger away", extra={"action": "ledger_away", "reason": str(error)})


def _fail(offers: Sequence[Offer], why: str) -> None:
    for offer in offers:
        if not offer.answer.done():
            offer.answer.set_exception(ConnectionError(why))


@asynccontextmanager
async def open_chain(url: str, block_interval_s: float) -> AsyncIterator[LedgerChain]:
    """Open the chain whose ledger is at this URL; a ledger that is away is waited for later.

    Calls still waiting when it closes end with an OSError.
    """
    ledger = Ledger(url)
    try:
        await ledger.prepare()
    except (psycopg.Error, OSError) as error:
        _report_away(error)
    chain = LedgerChain(ledger, block_interval_s)
    blocks = asyncio.create_task(chain.make_blocks(), name="chain blocks")
    try:
        yield chain
    finally:
        blocks.cancel()
        await asyncio.wait([blocks], timeout=CLOSE_TIMEOUT_S)
        # The second time ends also the polite wait for a server that does not answer.
        blocks.cancel()
        await asyncio.wait([blocks])
        await ledger.close()
