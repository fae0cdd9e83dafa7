"""Whatever is sent again, wherever, whatever fails meanwhile: the log's first placement is it."""

import asyncio
from contextlib import AsyncExitStack
from datetime import timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from orders.wire import decode
from tests.support.api import neighbours_in_memory, running_api

PROCESSES = st.sampled_from(["patient", "hasty"])
PATIENCE_MS = {"patient": 600_000, "hasty": 1}
REFUSED = {
    "LOG_UNAVAILABLE",
    "PLACEMENT_VOID",
    "PROJECTION_LAGGING",
    "PROJECTION_UNAVAILABLE",
    "ENGINE_STOPPING",
}
REQUESTS = st.tuples(PROCESSES, st.sampled_from("ab"), st.sampled_from([10, 10.0, 11]))
STEPS = 60


class SameNames(RuleBasedStateMachine):
    """Two processes get placements of two names and two bodies; log and projection have faults."""

    def __init__(self):
        super().__init__()
        self.runner = asyncio.Runner()
        self.neighbours = neighbours_in_memory()
        self.sent = []
        self.apis = {}
        self.stacks = {}
        for process in PATIENCE_MS:
            self._start(process)

    @property
    def log(self):
        return self.neighbours.log

    @rule(requests=st.lists(REQUESTS, min_size=1, max_size=6))
    def place_at_once(self, requests):
        for process, name, amount in requests:
            self._place(process, name, amount)
        self.runner.run(_settle())

    @rule(state=st.sampled_from(["well", "well", "silent", "away"]))
    def the_log_changes(self, state):
        self.log.silent, self.log.away = state == "silent", state == "away"

    @rule(late=st.booleans())
    def what_was_not_acknowledged_lands(self, late):
        if self.log.lost:
            self.log.delay = timedelta(seconds=11 if late else 1)
            self.log.land()

    @rule(late=st.booleans())
    def the_log_is_slow(self, late):
        self.log.delay = timedelta(seconds=11 if late else 10)

    @rule(follows=st.booleans())
    def the_projection_reads(self, follows):
        project = self.neighbours.read_model.project
        self.log.appended = project if follows else lambda: None
        self.neighbours.read_model.project()
        self.runner.run(_settle())

    @rule(unreadable=st.sampled_from([False, False, True]))
    def the_projection_changes(self, unreadable):
        self.neighbours.read_model.unreadable = unreadable

    @rule(process=PROCESSES)
    def a_process_is_killed(self, process):
        for request in self.sent:
            if request["process"] == process:
                request["answer"].cancel()
        self.runner.run(self.stacks[process].aclose())
        self.sent = [request for request in self.sent if not request["answer"].cancelled()]
        self._start(process)

    def teardown(self):
        self.log.silent = self.log.away = self.neighbours.read_model.unreadable = False
        self.log.delay = timedelta()
        self.neighbours.read_model.project()
        try:
            self.runner.run(self._check())
        finally:
            for stack in self.stacks.values():
                self.runner.run(stack.aclose())
            self.runner.close()

    def _start(self, process):
        stack = self.stacks[process] = AsyncExitStack()
        first = 1_000_000 * (len(self.sent) + 1) + 500_000 * (process == "hasty")
        api = running_api(self.neighbours, first_id=first, read_patience_ms=PATIENCE_MS[process])
        self.apis[process] = self.runner.run(stack.enter_async_context(api))

    def _place(self, process, name, amount):
        headers = {"X-Request-Id": f"request-{len(self.sent)}"}
        body = {"tokenIn": "SOL", "tokenOut": "USDC", "amount": amount, "userId": "alice"}
        sending = self.apis[process].http.post(
            "/api/orders/execute", json={**body, "clientOrderId": name}, headers=headers
        )
        answer = self.runner.get_loop().create_task(sending)
        self.sent.append({"process": process, "amount": amount, "answer": answer})

    async def _check(self):
        await _settle()
        placed = self._placed()
        self.log.away = True
        for request in self.sent:
            answer = await request["answer"]
            _judge(request, answer, placed.get(answer.json()["orderId"]))
        for order_id, event in placed.items():
            for api in self.apis.values():
                name, amount = event.client_order_id, str(event.terms.amount)
                again = await api.place(userId="alice", clientOrderId=name, amount=float(amount))
                assert (again.status_code, again.json()["orderId"]) == (200, order_id)

    def _placed(self):
        """The first placement of each order that reached the log in time, found without a fold."""
        placed = {}
        for records in self.log.records.values():
            for record in records:
                event = decode(record.value)
                if record.appended_at <= event.not_after:
                    placed.setdefault(event.order_id, event)
        return placed


def _judge(request, answer, placed):
    match answer.status_code:
        case 202:
            assert placed.correlation_id == answer.headers["X-Request-Id"]
            assert "Idempotent-Replayed" not in answer.headers
        case 200:
            assert placed.correlation_id != answer.headers["X-Request-Id"]
            assert placed.terms.amount == request["amount"]
            assert answer.headers["Idempotent-Replayed"] == "true"
        case 409:
            assert placed.terms.amount != request["amount"]
        case status:
            assert status == 503
            assert answer.json()["error"] in REFUSED


async def _settle():
    for _ in range(STEPS):
        await asyncio.sleep(0)


TestSameNames = SameNames.TestCase
TestSameNames.settings = settings(max_examples=25, stateful_step_count=25, deadline=None)
