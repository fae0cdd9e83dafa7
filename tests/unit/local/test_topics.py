from types import SimpleNamespace

from local import topics
from local.topics import Keeping, Layout


class Hearsay:
    """Both clients of a cluster whose brokers hear of a new topic one after the other."""

    def __init__(self):
        self._created = set()
        self._asked = 0

    async def create_topics(self, new):
        self._created |= {one.name for one in new}
        return SimpleNamespace(topic_errors=[(one.name, 0, None) for one in new])

    def get_random_node(self):
        return 1

    async def send(self, _node, _request):
        self._asked += bool(self._created)
        known = [{"leader": 1}] * 3 if self._asked > 1 else []
        told = {"topics": [{"topic": name, "partitions": known} for name in self._created]}
        return SimpleNamespace(to_object=lambda: told)


async def test_a_broker_that_has_not_heard_of_a_new_topic_is_asked_again():
    cluster = Hearsay()
    wanted = {"orders.events": Keeping()}
    created = await topics._create_missing(cluster, cluster, wanted, Layout(3, 3))
    assert created == ["orders.events"]
