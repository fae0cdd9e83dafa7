"""The projection as the API reads it, in memory: it can lag and be away."""

import asyncio
from collections import defaultdict
from dataclasses import asdict

from api.history import row_of
from api.ports import ReadModelAway
from api.rows import Change, Changes, EventRow, FeedRow, Found, OwnedRow, Seen, Window
from api.words import status_after
from orders import state
from orders.admission import NotAdmitted, admit
from orders.fold import evolve
from orders.state import UNPLACED
from orders.topics import partition_of
from orders.wire import encode
from tests.support.api_log import PARTITIONS
from tests.support.listed import page_of


class MemoryReadModel:
    """A projection that knows the log up to where it was last told to read."""

    def __init__(self, log):
        self._log = log
        self._offsets = dict.fromkeys(range(PARTITIONS), 0)
        self._orders = defaultdict(lambda: UNPLACED)
        self._events = []
        self._wakes = asyncio.Queue()
        self.texts = {}
        self.away = False
        self.unreadable = False
        self.epoch = "00000000-0000-4000-8000-00000000e001"
        self.window = 3
        self.count = 0
        self.news_read = 0
        self.records_read = 0

    def project(self):
        """Read the log to its end, and tell whoever listens."""
        for partition, records in self._log.records.items():
            for record in records[self._offsets[partition] :]:
                verdict = admit(record, PARTITIONS)
                if not isinstance(verdict, NotAdmitted):
                    self._apply(verdict)
            self._offsets[partition] = len(records)
        self._wakes.put_nowait(None)

    def _apply(self, event):
        before = self._orders[event.order_id]
        self._orders[event.order_id] = evolve(before, event)
        superseded = self._orders[event.order_id] == before and event.version is not None
        if before == UNPLACED and self._orders[event.order_id] != UNPLACED:
            self.texts[event.order_id] = encode(event).decode()
        self._events.append((len(self._events) + 1, event, superseded))

    def _present(self):
        if self.away:
            raise ReadModelAway("it is away")

    async def orders(self, order_ids):
        self._present()
        await asyncio.sleep(0)
        found = {name: row_of(self._orders[name]) for name in order_ids if name in self._orders}
        return Found(found, dict(self._offsets))

    async def events(self, order_id):
        self._present()
        rows = [
            EventRow(
                seq=seq,
                version=event.version,
                type=event.type,
                superseded=superseded,
                occurred_at=event.occurred_at,
                appended_at=event.occurred_at,
                data=encode(event).decode(),
            )
            for seq, event, superseded in self._events
            if event.order_id == order_id
        ]
        return Seen(rows or None, self._offset(order_id))

    async def placements(self, order_ids):
        self._present()
        if self.unreadable:
            raise ReadModelAway("nobody knows who was first")
        await asyncio.sleep(0)
        found = {name: text for name, text in self.texts.items() if name in order_ids}
        return Found(found, dict(self._offsets))

    async def unfinished(self):
        self._present()
        return self.count

    async def page(self, wanted, limit, place):
        self._present()
        return page_of(map(row_of, self._orders.values()), wanted, limit, place, len(self._events))

    async def next_offsets(self):
        self._present()
        return dict(self._offsets)

    async def changes(self, after, followed):
        self._present()
        await asyncio.sleep(0)
        head = len(self._events)
        wanted = [
            change
            for change in (self._changes(after, head) if after is not None else ())
            if followed.everything
            or change.order_id in followed.order_ids
            or change.user_id in followed.user_ids
        ]
        return Changes(self.epoch, head, head, dict(self._offsets), wanted)

    async def replay(self, after, picked):
        self._present()
        await asyncio.sleep(0)
        head = len(self._events)
        end = min(head, after + self.window)
        wanted = [
            change
            for change in self._changes(after, end)
            if picked.order_id in {None, change.order_id}
            and picked.user_id in {None, change.user_id}
        ]
        return Changes(self.epoch, max(after, end), head, dict(self._offsets), wanted)

    async def records(self, after, upto, picked):
        self._present()
        self.records_read += 1
        await asyncio.sleep(0)
        head = len(self._events)
        end = min(head, after + self.window, head if upto is None else upto)
        rows = [
            self._record(seq, event, superseded)
            for seq, event, superseded in self._events[after:end]
            if picked.order_id in {None, event.order_id}
            and picked.user_id in {None, self._orders[event.order_id].placement.user_id}
            and (not picked.types or event.type in picked.types)
            and (picked.superseded or not superseded)
        ]
        return Window(self.epoch, max(after, end), head, rows)

    async def news(self, after):
        self._present()
        self.news_read += 1
        await asyncio.sleep(0)
        head = len(self._events)
        end = min(head, after + self.window)
        rows = [self._owned(*one) for one in self._events[after:end]]
        return Window(self.epoch, max(after, end), head, rows)

    async def wakes(self):
        while True:
            await self._wakes.get()
            yield

    def _owned(self, seq, event, superseded):
        user_id = self._orders[event.order_id].placement.user_id
        return OwnedRow(**asdict(self._record(seq, event, superseded)), user_id=user_id)

    def _record(self, seq, event, superseded):
        return FeedRow(
            seq=seq,
            order_id=event.order_id,
            version=event.version,
            type=event.type,
            superseded=superseded,
            occurred_at=event.occurred_at,
            appended_at=event.occurred_at,
            data=encode(event).decode(),
        )

    def _changes(self, after, upto):
        return [self._change(*one) for one in self._events[after:upto]]

    def _change(self, seq, event, superseded):
        order = self._orders[event.order_id]
        last = event.version in {order.version, None}
        return Change(
            seq=seq,
            order_id=event.order_id,
            user_id=order.placement.user_id,
            version=event.version or 0,
            status=state.status(order) if last else status_after(event),
            event=event,
            record=self._record(seq, event, superseded),
            order=row_of(order),
        )

    def _offset(self, order_id):
        return self._offsets[partition_of(order_id, PARTITIONS)]
