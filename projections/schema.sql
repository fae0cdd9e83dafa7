-- The read model. schema.py runs this at every start, in one transaction, with the number of
-- partitions in engine.partitions. Tables that are there are not touched: nobody waits here for a
-- projector that stands still.

do $$
begin
    perform from pg_tables where schemaname = 'public' and tablename = 'projection_pointer';
    if found then
        return;
    end if;
    -- Two that start at once create them one after the other: the second finds them there. It looks
    -- by a query, for to_regclass may remember that they were missing.
    perform pg_advisory_xact_lock(hashtext('projection schema'));
    perform from pg_tables where schemaname = 'public' and tablename = 'projection_pointer';
    if found then
        return;
    end if;

    -- Which schema is active: readers set their search_path to it in the transaction they read in.
    create table public.projection_pointer (
        id int primary key check (id = 1),
        schema_name text not null,
        epoch uuid not null,
        partitions int not null
    );

    -- Which projector is active. Times are the database's own.
    create table public.projection_lease (
        id int primary key check (id = 1),
        holder text not null,
        epoch bigint not null,
        backend_pid int,
        backend_start timestamptz,
        expires_at timestamptz not null
    );

    create schema projection_1;

    create table projection_1.orders (
        order_id text primary key,
        partition int not null,
        placed_offset bigint not null,
        user_id text,
        client_order_id text,
        order_type text not null,
        token_in text not null,
        token_out text not null,
        amount numeric,
        slippage numeric,
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
        state json,
        state_schema_version int not null
    );

    -- The api's lists: newest first, all of them, of one user, with one status.
    create index orders_newest on projection_1.orders (created_at, order_id);
    create index orders_of_user on projection_1.orders (user_id, created_at, order_id)
        where user_id is not null;
    create index orders_with_status on projection_1.orders (status, created_at, order_id);

    -- The recovery of a partition in streams: open orders, and closed ones that could be placed again.
    create index orders_open on projection_1.orders (partition) where state is not null;
    create index orders_closed on projection_1.orders (partition, not_after) where state is null;

    -- How many orders there are: all of them, with one status, of one user, and the unfinished ones.
    create table projection_1.order_counts (
        scope text,
        key text,
        n bigint not null check (n >= 0),
        primary key (scope, key)
    );

    create table projection_1.order_events (
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

    create index order_events_of_order on projection_1.order_events (order_id, seq);

    create table projection_1.projection_offsets (
        partition int primary key,
        next_offset bigint not null
    );

    insert into public.projection_pointer
        values (1, 'projection_1', gen_random_uuid(), current_setting('engine.partitions')::int);
    insert into public.projection_lease values (1, '', 0, null, null, to_timestamp(0));
    insert into projection_1.projection_offsets
        select generate_series(0, current_setting('engine.partitions')::int - 1), 0;
end
$$;
