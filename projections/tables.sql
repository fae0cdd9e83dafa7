-- The read model, in the schema that the search_path names: the fold of the log and nothing else.
-- Here are the tables with what their writer needs; what only readers need stands in indexes.sql.
-- Whatever is changed in either raises LAYOUT in schema.py, and so has every engine rebuild its
-- tables.

create table orders (
    -- What the placement settles.
    order_id text primary key,
    partition int not null,
    placed_offset bigint not null,
    user_id text,
    client_order_id text,
    tags text[] not null,
    order_type text not null,
    token_in text not null,
    token_out text not null,
    time_in_force text not null,
    pool_provider text,
    min_liquidity numeric,
    created_at timestamptz not null,
    not_after timestamptz not null,

    -- What later events can change.
    amount numeric,
    slippage numeric,
    target_price numeric,
    expires_at timestamptz,
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
    updated_at timestamptz not null,
    quarantined bool not null,
    cancel_requested bool not null,
    state text,
    state_schema_version int not null,

    -- What indexes know of that. Both stay as they are when an order begins to execute: that change
    -- is written to no index, where its page has room for one row more.
    open bool generated always as (state is not null) stored,
    stage text generated always as (
        case when status in ('pending', 'executing') then 'moving' else status end
    ) stored
) with (
    -- Entries of ended orders in the index of the open ones must not grow with the history.
    autovacuum_vacuum_scale_factor = 0.02,
    vacuum_index_cleanup = on
);

-- The words of clients by which their orders are found, written once with the order: each of its
-- tags (kind 'tag'), and its client order id (kind 'client'). They never change.
create table order_labels (
    kind text not null,
    label text not null,
    created_at timestamptz not null,
    order_id text not null
);

-- How many orders there are: all of them, with one status, of one user, and the unfinished ones.
create table order_counts (
    scope text,
    key text,
    n bigint not null check (n >= 0),
    primary key (scope, key)
);

create table order_events (
    seq bigint not null,
    partition int not null,
    "offset" bigint not null,
    order_id text not null,
    version int,
    type text not null,
    superseded bool not null,
    occurred_at timestamptz not null,
    appended_at timestamptz not null,
    data text not null
);

create table projection_offsets (
    partition int primary key,
    next_offset bigint not null
);
