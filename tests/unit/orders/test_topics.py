"""The names of the topics."""

from datetime import timedelta

from orders.topics import Topics


def test_every_topic_is_told_from_every_other_and_from_those_of_another_engine():
    topics, others = Topics("mine."), Topics("theirs.")
    names = [names_of(topics), names_of(others)]
    assert len({*names[0], *names[1]}) == 2 * len(names[0])
    assert all(name.startswith("mine.") for name in names[0])


def names_of(topics):
    market = [topics.prices, topics.pools, topics.moves]
    return [topics.events, topics.dead_letter, *topics.retries.values(), *market]


def test_an_order_waits_on_the_shortest_rung_that_is_long_enough():
    topics = Topics()
    assert topics.rung(timedelta(seconds=3)) == topics.retry(timedelta(seconds=4))
    assert topics.rung(timedelta(hours=1)) == [*topics.retries.values()][-1]
