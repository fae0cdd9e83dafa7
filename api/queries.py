"""The read model in PostgreSQL, made of what each kind of read asks of it."""

from api.feed_queries import FeedQueries
from api.list_queries import ListQueries
from api.order_queries import OrderQueries


class Queries(OrderQueries, ListQueries, FeedQueries):
    """The projection in PostgreSQL, read; made as `OrderQueries` is."""
