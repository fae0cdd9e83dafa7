"""Two ends for each of many orders at one moment, while workers are killed: exactly one comes.

`make test` runs them with 60 orders each, `make bench-races` with 1,000.
"""

import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import cycle, islice
from typing import Any

from bench.engine import wait_for
from bench.races.desk import AWAY, PATIENCE_S, Desk
from bench.races.outcomes import Feed, Stories, differences
from local.state import RunningEngine

TIMES = 3
"""How often each request is sent where it is repeated."""

KILLS, KILL_EVERY_S = 4, 3.0
"""One worker after the other is killed, the first at once; then what is left of a race has its end:
the supervisor takes ever longer to start what is always killed.
"""

EXPIRE_WITHIN = timedelta(seconds=4)
REST_S, REST_EACH_S = 5, 0.03
"""How long the orders of the expiry have to come to rest before the first of them is over."""

ASK_WITHIN_S = 0.8
"""A market order is asked to be cancelled so soon: before, while and after it is executed."""

Answers = Iterable[int]


@dataclass(frozen=True, slots=True)
class Ground:
    """Where races are run: an engine, and what kills a worker of it at once."""

    engine: RunningEngine
    kill: Callable[[str], object]
    workers: tuple[str, ...] = ("worker-1", "worker-2")


@dataclass(frozen=True, slots=True)
class Race:
    """What raced: which orders, what was answered, how they ended, and where that is not told
    alike or not as it may be.
    """

    order_ids: list[str]
    answers: Mapping[int, int]
    ended: Mapping[str, int]
    flaws: list[str]
    kills: int


Drill = Callable[["Run", int], "Raced"]


@dataclass(frozen=True, slots=True)
class Raced:
    """What a drill has done, and what may have come of it."""

    order_ids: list[str]
    answers: Answers
    may_answer: frozenset[int]
    may_end: frozenset[str]
    flaws: list[str]


class Run:
    """One race under way."""

    def __init__(self, ground: Ground, desk: Desk) -> None:
        self.desk = desk
        self.ground = ground
        self.kills = 0

    def at_once(self, *works: Callable[[], Any]) -> list[Any]:
        """Do all of these at one moment, and kill workers until they are done."""
        with self._killing(), ThreadPoolExecutor(len(works)) as threads:
            return [work.result() for work in [threads.submit(work) for work in works]]

    def move_halfway(self) -> None:
        """Let the market come when half of what is asked was answered."""
        self.desk.halfway.wait()
        self.desk.move()

    @contextmanager
    def _killing(self) -> Iterator[None]:
        done = threading.Event()

        def kill_on() -> None:
            for worker in islice(cycle(self.ground.workers), KILLS):
                with suppress(ProcessLookupError):
                    self.ground.kill(worker)
                    self.kills += 1
                if done.wait(KILL_EVERY_S):
                    return

        killer = threading.Thread(target=kill_on)
        killer.start()
        try:
            yield
        finally:
            done.set()
            killer.join()


def run(ground: Ground, token: str, drill: Drill, count: int) -> Race:
    """Run one race and return what came of it, once every order has ended."""
    with Feed(ground.engine.url) as feed, Desk(ground.engine, token) as desk:
        race = Run(ground, desk)
        raced = drill(race, count)
        ended = desk.wait(raced.order_ids, ENDED, "every order has ended")
        table, stories = desk.statuses(raced.order_ids), Stories.read(ground.engine)
        answers = Counter(raced.answers)
        odd = (set(answers) - raced.may_answer, set(ended) - raced.may_end)
        flaws = [f"{one} is not what may come of it" for some in odd for one in some]
        flaws += differences(ground.engine, table, stories, feed)
        flaws += [f"order {one}: amended twice" for one in table if stories.amended[one] > 1]
        return Race(raced.order_ids, answers, ended, raced.flaws + flaws, race.kills)


ENDED = {"completed", "cancelled", "expired", "failed"}


def cancel_against_trigger(race: Run, count: int) -> Raced:
    """Cancel orders, each twice, while the market comes to them."""
    desk = race.desk
    order_ids = desk.place(count)
    twice = [one for one in order_ids for _ in range(2)]
    answers, _ = race.at_once(lambda: desk.ask(desk.cancel, twice), race.move_halfway)
    return Raced(order_ids, answers, CANCELLING, frozenset({"completed", "cancelled"}), [])


def cancel_against_execution(race: Run, count: int) -> Raced:
    """Cancel orders at the market while they are quoted, on their way to a venue, and done."""
    desk, chance = race.desk, random.Random(count)
    pauses = [chance.uniform(0, ASK_WITHIN_S) for _ in range(count)]

    def place_and_cancel(pause: float) -> tuple[str, int]:
        order_id = str(desk.post(desk.body()).json()["orderId"])
        time.sleep(pause)
        return order_id, desk.cancel(order_id)

    [asked] = race.at_once(lambda: desk.ask(place_and_cancel, pauses))
    order_ids = [order_id for order_id, _ in asked]
    answers = [answer for _, answer in asked]
    return Raced(order_ids, answers, CANCELLING, frozenset({"completed", "cancelled"}), [])


def expiry_against_trigger(race: Run, count: int) -> Raced:
    """Let the market come to orders while the time of one after the other is over."""
    first = datetime.now(UTC) + timedelta(seconds=REST_S + REST_EACH_S * count)
    ends = [first + EXPIRE_WITHIN * number / count for number in range(count)]
    order_ids = race.desk.place(count, *[{"expiresAt": at.isoformat()} for at in ends])
    middle = first + EXPIRE_WITHIN / 3
    wait_for(lambda: datetime.now(UTC) > middle, PATIENCE_S, "orders expire")
    race.at_once(race.desk.move)
    return Raced(order_ids, [], frozenset(), frozenset({"completed", "expired"}), [])


def amend_against_trigger(race: Run, count: int) -> Raced:
    """Amend orders out of reach while the market comes to where they were; then cancel those."""
    desk = race.desk
    order_ids, away = desk.place(count), float(desk.target * AWAY)

    def amend(order_id: str) -> int:
        return desk.amend(order_id, targetPrice=away)

    answers, _ = race.at_once(lambda: desk.ask(amend, order_ids), race.move_halfway)

    def are_beyond() -> bool:
        # What still rests at the price that was reached fires, or its amendment comes first.
        return {float(price) for price in desk.targets(order_ids).values()} <= {away}

    wait_for(are_beyond, PATIENCE_S, "they rest out of reach or have fired")
    desk.wait(order_ids, {"open", "completed"}, "they are executed or rest")
    desk.ask(desk.cancel, desk.targets(order_ids))
    may = frozenset({"completed", "cancelled"})
    return Raced(order_ids, answers, AMENDING, may, [])


def repeated_requests(race: Run, count: int) -> Raced:
    """Place, amend and cancel the same orders several times while the market comes to them."""
    desk, name = race.desk, f"races-{time.time_ns()}"
    limit = {"orderType": "limit", "targetPrice": float(desk.target), "userId": name}
    bodies = [desk.body(**limit, clientOrderId=f"{name}-{one}") for one in range(count)]
    again = [body for body in bodies for _ in range(TIMES)]
    [placed] = race.at_once(lambda: desk.ask(desk.post, again))
    order_ids = [*dict.fromkeys(str(one.json()["orderId"]) for one in placed)]
    first = Counter(one.status_code for one in placed)[202]
    desk.wait(order_ids, {"open"}, "all of them rest")
    away = float(desk.target * AWAY)

    def change(wish: tuple[str, bool]) -> int:
        order_id, ends = wish
        return desk.cancel(order_id) if ends else desk.amend(order_id, targetPrice=away)

    wishes = [(one, ends) for one in order_ids for ends in (False, True) for _ in range(TIMES)]
    answers, _ = race.at_once(lambda: desk.ask(change, wishes), race.move_halfway)
    wrong = f"{len(order_ids)} orders, {first} times the first, for {count} names"
    flaws = [wrong] if (len(order_ids), first) != (count, count) else []
    may = frozenset({"completed", "cancelled"})
    return Raced(order_ids, answers, AMENDING | CANCELLING, may, flaws)


CANCELLING = frozenset({202, 409})
AMENDING = frozenset({200, 202, 409, 412})

RACES: Mapping[str, tuple[str, Drill]] = {
    "cancel against trigger": ("JUP", cancel_against_trigger),
    "cancel against execution": ("SOL", cancel_against_execution),
    "expiry against trigger": ("RAY", expiry_against_trigger),
    "amend against trigger": ("PYTH", amend_against_trigger),
    "repeated requests": ("JUP", repeated_requests),
}
"""Each with the token of its market."""
