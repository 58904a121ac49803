-- At which replica the child process of a stateful target runs that serves a user outside of
-- sessions: what it remembers is there only, so that all such calls go there.
create table upstream_lease (
  target_id uuid not null references targets on delete cascade,
  user_id uuid not null references users on delete cascade,
  -- the epoch of the replica; the lease is over with its life
  owner bigint not null,
  primary key (target_id, user_id)
);
create index upstream_lease_owner on upstream_lease (owner);
