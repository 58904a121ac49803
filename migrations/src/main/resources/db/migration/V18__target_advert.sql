-- What targets said of themselves, so that clients are told of it right after a start, too. It is
-- learned anew whenever a target is connected: nothing here is needed.
create table target_advert (
  target_id uuid not null references targets (id) on delete cascade,
  -- those who share the instance that said it; empty: what it said is for one user
  scope text not null,
  -- of the target: what was said under other settings does not count
  revision bigint not null,
  version text not null,
  capabilities text not null,
  server_info text not null,
  offers text not null,
  instructions text,
  fetched_at timestamptz not null default now(),
  primary key (target_id, scope)
);
