from types import SimpleNamespace

from local import topics
from local.topics import Keeping, Layout


class Hearsay:
    """An admin client of a cluster whose brokers hear of a new topic one after the other."""

    def __init__(self):
        self._created = set()
        self._asked = 0

    async def create_topics(self, new):
        self._created |= {one.name for one in new}
        return SimpleNamespace(topic_errors=[(one.name, 0, None) for one in new])

    async def list_topics(self):
        return sorted(self._created)

    async def describe_topics(self, names):
        self._asked += 1
        known = [{"leader": 1}] * 3 if self._asked > 1 else []
        return [{"topic": name, "partitions": known} for name in names]


async def test_a_broker_that_has_not_heard_of_a_new_topic_is_asked_again():
    created = await topics._create_missing(Hearsay(), {"orders.events": Keeping()}, Layout(3, 3))
    assert created == ["orders.events"]
