"""Given some history, when a command comes, then this event follows: the decider in sentences."""

from dataclasses import dataclass, field

from orders.commands import Command
from orders.decider import decide
from orders.events import AnyOrderEvent
from orders.fold import replay
from orders.retry import RetryPolicy


@dataclass(frozen=True)
class Spec:
    policy: RetryPolicy
    history: tuple[AnyOrderEvent, ...] = ()
    outcome: list[AnyOrderEvent | None] = field(default_factory=list)

    def given(self, *history: AnyOrderEvent) -> "Spec":
        return Spec(self.policy, history)

    def when(self, command: Command) -> "Spec":
        event = decide(command, replay(self.history), self.policy)
        return Spec(self.policy, self.history, [event])

    def then(self, event: AnyOrderEvent) -> None:
        assert self.outcome == [event]

    def then_nothing(self) -> None:
        assert self.outcome == [None]
