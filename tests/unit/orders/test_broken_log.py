"""What the log of an order may never hold: the fold stands it."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule
from msgspec.structs import replace

from orders.commands import BeginRetry, RouteOrder
from orders.decider import decide
from orders.fold import evolve
from orders.retry import RetryPolicy
from orders.state import UNPLACED, Completed, Failed, Order, Quarantined
from tests.support.builders import placed, record_failure, record_fill, stamp
from tests.support.drawn import CODES, QUOTES


class BrokenLog(RuleBasedStateMachine):
    """Any event at any version: the fold stands it, and no route leads out of quarantine."""

    @initialize()
    def start(self):
        self.order: Order = evolve(UNPLACED, placed())

    @rule(data=st.data())
    def something_is_in_the_log(self, data):
        command = data.draw(
            st.one_of(
                st.just(record_fill()),
                st.builds(record_failure, CODES),
                st.builds(lambda one: RouteOrder((one,), (), stamp()), QUOTES),
                st.just(BeginRetry(stamp())),
            )
        )
        event = decide(command, self.order, RetryPolicy())
        if event is None:
            return
        shift = data.draw(st.integers(-2, 3))
        event = replace(event, version=max(1, event.version + shift))
        before = self.order
        self.order = evolve(before, event)
        assert self.order.version >= before.version
        if isinstance(before, Quarantined) and not isinstance(self.order, Completed | Failed):
            assert isinstance(self.order, Quarantined)


TestBrokenLog = BrokenLog.TestCase
TestBrokenLog.settings = settings(max_examples=100, stateful_step_count=20, deadline=None)
