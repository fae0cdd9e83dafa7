"""The read model of a test, as its readers see it."""

from contextlib import contextmanager

import psycopg
from psycopg.rows import dict_row

from tests.support.servers import wait_until

RECOUNT = """
select 'all' as scope, '' as key, count(*) as n from orders having count(*) > 0
union all select 'status', status, count(*) from orders group by status
union all select 'user', user_id, count(*) from orders where user_id is not null group by user_id
union all select 'unfinished', '', count(*) from orders
where status in ('pending', 'executing') having count(*) > 0
"""

STRUCTURE = (
    """
    select conrelid::regclass::text, conname, pg_get_constraintdef(oid)
    from pg_constraint where connamespace in (%s::regnamespace, %s::regnamespace) order by 1, 2
    """,
    """
    select tablename, replace(indexdef, %s, '')
    from pg_indexes where schemaname = %s order by indexname
    """,
)


class Tables:
    """The read model as its readers see it."""

    def __init__(self, url):
        self.url = url

    def rows(self, query, *values):
        with self.reading() as connection:
            return connection.execute(query, values).fetchall()

    def run(self, *statements):
        with self.reading() as connection:
            for statement in statements:
                connection.execute(statement)

    @contextmanager
    def reading(self):
        """Open a transaction on the active schema."""
        with psycopg.connect(self.url, row_factory=dict_row) as connection:
            connection.execute(
                "select set_config('search_path', schema_name || ', public', true) "
                "from public.projection_pointer"
            )
            yield connection

    @property
    def head(self):
        return self.rows("select coalesce(max(seq), 0) as head from order_events")[0]["head"]

    def wait_for(self, head, timeout=20):
        wait_until(lambda: self.head == head, timeout, f"event {head} is projected")

    @property
    def pointer(self):
        return self.rows("select * from projection_pointer")[0]

    @property
    def schemas(self):
        found = self.rows("select nspname from pg_namespace where nspname ~ '^projection_'")
        return {row["nspname"] for row in found}

    @property
    def contents(self):
        """Return every row of the active tables."""
        queries = (
            "select *, state::text as state from orders order by order_id",
            "select *, data::text as data from order_events order by seq",
            "select * from order_labels order by kind, label, created_at, order_id",
            "select * from order_counts where n <> 0 order by scope, key",
            "select * from projection_offsets order by partition",
        )
        return [self.rows(query) for query in queries]

    @property
    def structure(self):
        """Return the constraints and indexes of the active tables, but for the schema."""
        name = self.pointer["schema_name"]
        return [[*row.values()] for query in STRUCTURE for row in self.rows(query, name, name)]

    def assert_counts_agree(self):
        """Fail unless `order_counts` is what counting the orders gives."""
        counted = {tuple(row.values()) for row in self.rows(RECOUNT)}
        found = self.rows("select scope, key, n from order_counts where n <> 0")
        assert {tuple(row.values()) for row in found} == counted

    def assert_labels_agree(self):
        """Fail unless `order_labels` is what the rows of the orders call for."""
        expected = set()
        for row in self.rows("select * from orders"):
            place = (row["created_at"], row["order_id"])
            expected |= {("tag", tag, *place) for tag in row["tags"]}
            if row["client_order_id"] is not None:
                expected.add(("client", row["client_order_id"], *place))
        assert {tuple(row.values()) for row in self.rows("select * from order_labels")} == expected

    @property
    def lease(self):
        return self.rows("select *, expires_at > now() as held from projection_lease")[0]
