-- What tables.sql leaves out: readers need it, who fills new tables does not. Made over full tables
-- it costs a fraction of what it costs row by row.

-- The api's lists, by time: all orders, of one user, with one status, of one pair. Each is to be
-- read along its own index, and a planner that expects many of them among all orders would not: so
-- the index of all has a condition that holds always, and only who repeats it can use that one.
create index orders_newest on orders (created_at, order_id) where partition >= 0;
create index orders_of_user on orders (user_id, created_at, order_id)
    where user_id is not null;
create index orders_in_stage on orders (stage, created_at, order_id);
create index orders_of_pair on orders (token_in, token_out, created_at, order_id);

-- The recovery of a partition in streams: open orders, and closed ones that could be placed again.
create index orders_open on orders (partition) where open;
create index orders_closed on orders (partition, not_after) where not open;

-- Room beside each row for its next one. Whoever fills new tables writes most orders only once.
alter table orders set (fillfactor = 50);

alter table order_labels add primary key (kind, label, created_at, order_id);

alter table order_events add primary key (seq);
alter table order_events add unique (partition, "offset");
create index order_events_of_order on order_events (order_id, seq);
