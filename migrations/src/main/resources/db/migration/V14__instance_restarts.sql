-- How often an admin has restarted all that runs for a target: each replica ends its own when the
-- number grows.
create table instance_restarts (
  target_id uuid primary key references targets (id) on delete cascade,
  restarts bigint not null
);

create trigger instance_restarts_changed after insert or update on instance_restarts
  for each statement execute function reflow_notify_changed();
