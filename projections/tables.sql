-- The read model, in the schema that the search_path names: the fold of the log and nothing else.
-- Whatever is changed here raises LAYOUT in schema.py, and so has every engine rebuild its tables.

create table orders (
    order_id text primary key,
    partition int not null,
    placed_offset bigint not null,
    user_id text,
    client_order_id text,
    tags text[] not null,
    order_type text not null,
    token_in text not null,
    token_out text not null,
    amount numeric,
    slippage numeric,
    target_price numeric,
    expires_at timestamptz,
    time_in_force text not null,
    pool_provider text,
    min_liquidity numeric,
    status text not null,
    selected_dex text,
    executed_price numeric,
    amount_out numeric,
    tx_hash text,
    attempts int not null,
    next_retry_at timestamptz,
    error_code text,
    error_reason text,
    version int not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    not_after timestamptz not null,
    quarantined bool not null,
    cancel_requested bool not null,
    state json,
    state_schema_version int not null
) with (
    -- Entries of ended orders in the index of the open ones must not grow with the history.
    autovacuum_vacuum_scale_factor = 0.02,
    vacuum_index_cleanup = on
);

-- The api's lists, by time: all orders, of one user, with one status, of one pair. Each is to be
-- read along its own index, and a planner that expects many of them among all orders would not: so
-- the index of all has a condition that holds always, and only who repeats it can use that one.
create index orders_newest on orders (created_at, order_id) where version > 0;
create index orders_of_user on orders (user_id, created_at, order_id)
    where user_id is not null;
create index orders_with_status on orders (status, created_at, order_id);
create index orders_of_pair on orders (token_in, token_out, created_at, order_id);

-- The recovery of a partition in streams: open orders, and closed ones that could be placed again.
create index orders_open on orders (partition) where state is not null;
create index orders_closed on orders (partition, not_after) where state is null;

-- The words of clients by which their orders are found, written once with the order: each of its
-- tags (kind 'tag'), and its client order id (kind 'client'). They never change.
create table order_labels (
    kind text not null,
    label text not null,
    created_at timestamptz not null,
    order_id text not null,
    primary key (kind, label, created_at, order_id)
);

-- How many orders there are: all of them, with one status, of one user, and the unfinished ones.
create table order_counts (
    scope text,
    key text,
    n bigint not null check (n >= 0),
    primary key (scope, key)
);

create table order_events (
    seq bigint primary key,
    partition int not null,
    "offset" bigint not null,
    order_id text not null,
    version int,
    type text not null,
    superseded bool not null,
    occurred_at timestamptz not null,
    appended_at timestamptz not null,
    data json not null,
    unique (partition, "offset")
);

create index order_events_of_order on order_events (order_id, seq);

create table projection_offsets (
    partition int primary key,
    next_offset bigint not null
);
