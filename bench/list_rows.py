"""A million orders and their events as rows of the projection, made by the database: no log.

A few users have very many orders and most have few; a few orders are open; a few words and pairs
are rare. The same number makes the same rows.
"""

import psycopg

PARTITIONS = 8
LAST = 1_000
"""Of so many orders at the end some are still open."""

_SEED = "select setseed(0.4)"
_ORDERS = """
insert into orders
select order_id, i %% 8, i / 8, user_id, client_order_id, tags, 'market', token_in, token_out,
    'GTC', null, null, created_at, created_at + interval '10 s', 10, 0.01, null, null, status,
    case when status <> 'pending' then venue end, case when status = 'completed' then 149.9 end,
    case when status = 'completed' then 1499 end,
    case when status = 'completed' then repeat('5', 88) end, (status <> 'pending')::int, null,
    case when status = 'failed' then 'NO_LIQUIDITY' end,
    case when status = 'failed' then 'nobody quotes' end,
    case status when 'pending' then 1 when 'executing' then 2 else 3 end,
    created_at + interval '1 s', false, false,
    case when status in ('pending', 'executing') then json_build_object('kind', repeat('x', 600))
    end, 4
from (
    select i, created_at,
        case when u < 0.20 then 'maker' when u < 0.25 then 'fund'
            when u < 0.97 then 'user-' || floor(50000 * power(random(), 3)) end as user_id,
        case when c < 0.30 then 'c-' || i when c < 0.32 then 'order-1' end as client_order_id,
        case when g < 0.15 then array['bot'] when g < 0.18 then array['desk-' || i %% 200]
            when g < 0.1802 then array['bot', 'rare-' || i %% 20] else '{}' end as tags,
        case when p < 0.60 then 'SOL' when p < 0.80 then 'USDC' when p < 0.90 then 'SOL'
            when p < 0.97 then 'JUP' when p < 0.9999 then 'BONK' else 'PYTH' end as token_in,
        case when p < 0.60 then 'USDC' when p < 0.80 then 'SOL' when p < 0.90 then 'USDT'
            when p < 0.97 then 'USDC' when p < 0.9999 then 'SOL' else 'BONK' end as token_out,
        case when i > %(count)s - 400 and s < 0.5 then 'pending'
            when i > %(count)s - %(last)s and s < 0.5 or s < 0.0001 then 'executing'
            when s < 0.06 then 'failed' else 'completed' end as status,
        case when v < 0.55 then 'RAYDIUM' when v < 0.9999 then 'METEORA' else 'ORCA' end as venue
    from (
        select i, timestamptz '2026-11-01Z' + i * interval '0.8 s' + random() * interval '2 s'
            as created_at, random() u, random() c, random() g, random() p, random() s, random() v
        from generate_series(1, %(count)s) i
    ) as drawn
) as named, lateral (
    select lpad(to_hex((extract(epoch from created_at) * 1000)::bigint), 12, '0') as t, md5(i::text)
) as made (t, m), lateral (
    select substr(t, 1, 8) || '-' || substr(t, 9) || '-7' || substr(m, 1, 3) || '-8'
        || substr(m, 4, 3) || '-' || substr(m, 7, 12)
) as joined (order_id)
"""
_LABELS = """
insert into order_labels
select 'tag', unnest(tags), created_at, order_id from orders
union all
select 'client', client_order_id, created_at, order_id from orders where client_order_id is not null
"""
_COUNTS = """
insert into order_counts
select 'all', '', count(*) from orders
union all select 'status', status, count(*) from orders group by status
union all select 'user', user_id, count(*) from orders where user_id is not null group by user_id
"""
# Three events each, before all that the log tells: their numbers and offsets are below none. What
# they say is left out; what they cost who writes the next one stands in the indexes.
_EVENTS = """
insert into order_events
select 3 * (8 * placed_offset + partition - %(count)s) + step - 4 as number, partition,
    3 * placed_offset + step - 4 * %(count)s, order_id, step,
    (array['OrderPlaced', 'OrderRouted', 'OrderExecuted'])[step], false, created_at, created_at,
    '{}'
from orders, generate_series(1, 3) step
order by number
"""


def fill(url: str, count: int) -> None:
    """Put so many orders into the empty tables of a new engine."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("set search_path to projection_1")
        connection.execute(_SEED)
        connection.execute(_ORDERS, {"count": count, "last": LAST})
        for statement in (_LABELS, _COUNTS):
            connection.execute(statement)
        connection.execute(_EVENTS, {"count": count})
