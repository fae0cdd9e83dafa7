"""The table `order_counts` held against the orders themselves."""

import psycopg

ACTIVE = "select set_config('search_path', schema_name, true) from public.projection_pointer"
COUNTS = "select scope, key, n from order_counts where n <> 0"
RECOUNT = """
select 'all', '', count(*) from orders having count(*) > 0
union all select 'status', status, count(*) from orders group by status
union all select 'user', user_id, count(*) from orders where user_id is not null group by user_id
union all select 'unfinished', '', count(*) from orders
where status not in ('completed', 'failed') having count(*) > 0
"""


def assert_counts_agree(database_url):
    """Fail unless `order_counts` is what counting the orders gives."""
    with psycopg.connect(database_url) as connection:
        connection.execute(ACTIVE)
        counted = connection.execute(RECOUNT).fetchall()
        assert sorted(connection.execute(COUNTS)) == sorted(counted)
