-- What stands beside the read model, whichever schema that is in. schema.py runs this when one of
-- the tables is missing.

-- Which schema is active: readers set their search_path to it in the transaction they read in. The
-- epoch is that of the numbering (seq), the layout that of the tables.
create table if not exists public.projection_pointer (
    id int primary key check (id = 1),
    schema_name text not null,
    epoch uuid not null,
    partitions int not null,
    layout int not null
);

-- Which projector is active. Times are the database's own.
create table if not exists public.projection_lease (
    id int primary key check (id = 1),
    holder text not null,
    epoch bigint not null,
    backend_pid int,
    backend_start timestamptz,
    expires_at timestamptz not null
);

insert into public.projection_lease values (1, '', 0, null, null, to_timestamp(0))
on conflict do nothing;
