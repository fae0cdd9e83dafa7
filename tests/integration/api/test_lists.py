"""Lists on the real tables: every filter, both sequences, against a selection in plain Python."""

import itertools
import random
import uuid
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.database import Database
from api.history import row_of
from api.queries import Queries
from api.selection import Pair, Wanted
from orders.admission import admit
from orders.events import OrderCancelRequested
from orders.fold import replay
from orders.wire import encode
from projections.batch import Reading
from tests.integration.projections.conftest import opened_store
from tests.integration.projections.histories import IN_TIME, delivered
from tests.support.builders import (
    METEORA,
    RAYDIUM,
    T0,
    executed,
    failed,
    placed,
    routed,
    seconds,
    terms,
    wish,
)
from tests.support.listed import listed
from tests.support.servers import TEST_PARTITIONS

pytestmark = [pytest.mark.integration, pytest.mark.timeout(120)]

COUNT = 200
USERS = ("maker", "ann", "' or 1=1 --", None)
PAIRS = (Pair("SOL", "USDC"), Pair("USDC", "SOL"), Pair("JUP", "SOL"))
TAGS = ("bot", "desk 7", "'; drop table orders; --")
NAMES = ("mine", "yours", None)
NOWHERE = "nobody"
WANTED = st.builds(
    Wanted,
    statuses=st.lists(
        st.sampled_from(["pending", "executing", "completed", "failed"]), max_size=3, unique=True
    ).map(lambda some: tuple(sorted(some))),
    user_id=st.sampled_from([None, None, *USERS, NOWHERE]),
    order_type=st.sampled_from([None, None, None, "market", "limit"]),
    pair=st.sampled_from([None, None, *PAIRS, Pair("SOL", "NONE")]),
    venue=st.sampled_from([None, None, RAYDIUM, METEORA]),
    created_from=st.sampled_from([None, None, seconds(5), seconds(20)]),
    created_to=st.sampled_from([None, None, seconds(20), seconds(25)]),
    client_order_id=st.sampled_from([None, None, None, *NAMES]),
    tag=st.sampled_from([None, None, *TAGS, NOWHERE]),
    cancel_requested=st.sampled_from([None, None, True, False]),
    ascending=st.booleans(),
)


def story(at, chance):
    """Return the events of an order that was placed then."""
    order_id = str(uuid.UUID(int=chance.getrandbits(128)))
    about = {"order_id": order_id, "execution_id": f"{order_id}:1"}
    pair, venue = chance.choice(PAIRS), chance.choice((RAYDIUM, METEORA))
    first = placed(
        order_id=order_id,
        user_id=chance.choice(USERS),
        client_order_id=chance.choice(NAMES),
        tags=tuple(chance.sample(TAGS, chance.choice((0, 0, 1, 2)))),
        terms=terms(**pair._asdict()),
        occurred_at=at,
    )
    last = chance.choice(
        [executed(3, order_id=order_id, venue=venue), failed(3, order_id=order_id)]
    )
    events = [first, routed(2, venue=venue, **about), last][: chance.choice((1, 2, 3, 3, 3))]
    wishes = [wish(OrderCancelRequested, order_id=order_id)]
    return [*events, *wishes[: chance.choice((0, 0, 1))]]


class Told:
    """Orders in the tables of a test, and the same as they are in truth."""

    def __init__(self, url):
        self.url = url
        self.rows = []
        self._records = []

    async def tell(self, stories):
        """Let these orders be projected."""
        self.rows += [row_of(replay(events)) for events in stories]
        told = [(one.order_id, encode(one), IN_TIME) for events in stories for one in events]
        known = len(self._records)
        self._records = delivered([*self._records_told(), *told])
        readings = [Reading(one, admit(one, TEST_PARTITIONS)) for one in self._records[known:]]
        async with opened_store(self.url) as store:
            await store.apply(readings)

    def _records_told(self):
        return [(one.key.decode(), one.value, IN_TIME) for one in self._records]


@pytest.fixture
async def told(database_url):
    """Return tables with orders of many kinds."""
    chance, there = random.Random(1), Told(database_url)
    # Many have the same moment.
    moments = (T0 + timedelta(seconds=n // 10, microseconds=n % 3) for n in range(COUNT))
    await there.tell([story(at, chance) for at in moments])
    return there


@pytest.fixture
async def queries(database_url):
    database = Database(database_url, 1)
    await database.open()
    yield Queries(database, TEST_PARTITIONS)
    await database.close()


async def read(queries, wanted, limit, meanwhile=None):
    """Return the ids on all pages of a list, and how many pages there were."""
    ids, place = [], None
    for number in itertools.count(1):
        page = await queries.page(wanted, limit, place)
        assert len(page.orders) <= limit
        ids += [order.order_id for order in page.orders]
        place = page.after
        if place is None:
            return ids, number
        if meanwhile is not None:
            await meanwhile()
    raise AssertionError


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(wanted=WANTED, limit=st.sampled_from([9, 50, 500]), scanned=st.sampled_from([10, 2500]))
async def test_pages_are_what_the_list_is(told, queries, wanted, limit, scanned):
    queries.scanned = scanned
    expected = [row.order_id for row in listed(told.rows, wanted)]
    ids, pages = await read(queries, wanted, limit)
    assert ids == expected
    if scanned > COUNT:
        assert pages == max(1, -(-len(expected) // limit))


@pytest.mark.parametrize("ascending", [False, True])
@pytest.mark.parametrize("user", ["ann", NOWHERE])
async def test_a_place_in_the_list_of_a_user_names_no_order_of_another(
    told, queries, user, ascending
):
    queries.scanned = 10
    theirs = {row.order_id for row in told.rows if row.user_id != user}
    for tag in TAGS:
        place, wanted = None, Wanted(user_id=user, tag=tag, ascending=ascending)
        while (page := await queries.page(wanted, 9, place)).after is not None:
            place = page.after
            assert place.order_id not in theirs


@pytest.mark.parametrize("ascending", [False, True])
@pytest.mark.parametrize(
    "filters",
    [
        {},
        {"user_id": "maker"},
        {"statuses": ("completed", "failed")},
        {"tag": "bot"},
        {"pair": PAIRS[0], "venue": RAYDIUM},
    ],
)
async def test_pages_neither_repeat_nor_skip_while_orders_arrive(told, queries, filters, ascending):
    queries.scanned = 20
    chance = random.Random(2)
    wanted = Wanted(**filters, ascending=ascending)
    before = [row.order_id for row in listed(told.rows, wanted)]

    async def arrive():
        if len(told.rows) < COUNT + 60:
            await told.tell([story(seconds(len(told.rows)), chance) for _ in range(3)])

    ids, _ = await read(queries, wanted, 9, arrive)
    assert len(set(ids)) == len(ids)
    if ascending:
        assert ids == [row.order_id for row in listed(told.rows, wanted)]
    else:
        assert ids == before


async def test_the_same_row_is_read_as_is_folded(told, queries):
    page = await queries.page(Wanted(), 500, None)
    assert page.orders == listed(told.rows, Wanted())
    assert (page.total, page.after) == (COUNT, None)


@pytest.mark.parametrize(
    ("wanted", "counted"),
    [
        (Wanted(), True),
        (Wanted(ascending=True), True),
        (Wanted(user_id="maker"), True),
        (Wanted(user_id=NOWHERE), True),
        (Wanted(statuses=("failed",)), True),
        (Wanted(statuses=("completed", "failed")), False),
        (Wanted(statuses=("failed",), user_id="maker"), False),
        (Wanted(tag="bot"), False),
        (Wanted(created_from=T0), False),
    ],
)
async def test_the_length_of_a_list_is_that_of_the_counters(told, queries, wanted, counted):
    page = await queries.page(wanted, 1, None)
    assert page.total == (len(listed(told.rows, wanted)) if counted else None)


@pytest.mark.parametrize(
    "text", ["' or 1=1 --", "'; drop table orders; --", "%(limit)s", "\\", "{}"]
)
async def test_sql_in_a_parameter_is_a_value_like_any_other(told, http, text):
    for name in ("userId", "tag", "clientOrderId"):
        wanted = {"userId": "user_id", "tag": "tag", "clientOrderId": "client_order_id"}[name]
        answer = await http.get("/api/orders", params={name: text, "limit": 500})
        if name == "clientOrderId" and " " in text:
            assert answer.status_code == 400
            continue
        ids = [order["id"] for order in answer.json()["orders"]]
        assert ids == [row.order_id for row in listed(told.rows, Wanted(**{wanted: text}))]
    for name in ("status", "type", "pair", "venue", "createdFrom", "createdTo", "sort", "cursor"):
        answer = await http.get("/api/orders", params={name: text})
        assert (answer.status_code, answer.json()["field"]) == (400, name)
    assert (await http.get("/api/orders")).json()["total"] == COUNT
