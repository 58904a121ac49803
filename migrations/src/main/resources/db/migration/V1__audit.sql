-- Tells all replicas that a table has changed: they load it anew.
create function reflow_notify_changed() returns trigger language plpgsql as $$
begin
  perform pg_notify('reflow_changed', tg_table_name);
  return null;
end
$$;

-- One row for every answer, a partition for every month (UTC). Replica and sequence name a row for
-- ever; the time belongs to the key because it decides the partition. A row that is sent again
-- brings the same three, so it is never there twice.
create table audit_log (
  time             timestamptz not null,
  replica          uuid        not null,
  sequence         bigint      not null,
  user_id          uuid,
  user_email       text,
  session_id       text,
  client_name      text,
  client_version   text,
  protocol_version text,
  method           text        not null,
  target_id        uuid,
  target_name      text,
  feature_kind     text,
  feature_name     text,
  policy           text,
  outcome          text        not null,
  error_code       integer,
  reason           text,
  duration_us      bigint,
  upstream_us      bigint,
  request_bytes    bigint,
  answer_bytes     bigint,
  credential_scope text,
  arguments_digest text,
  trace_id         text,
  primary key (time, replica, sequence)
) partition by range (time);

create table audit_log_default partition of audit_log default;

create index audit_log_user on audit_log (user_id, time);
create index audit_log_target on audit_log (target_name, time);
-- What is common is found fast by time alone.
create index audit_log_outcome on audit_log (outcome, time) where outcome <> 'allowed';
create index audit_log_method on audit_log (method, time) where method <> 'tools/call';

-- Makes the partition of a month if there is none yet; replicas may call it at once.
create function reflow_add_audit_partition(month date) returns void language plpgsql as $$
declare
  first date := date_trunc('month', month)::date;
  name  text := 'audit_log_' || to_char(first, 'YYYY_MM');
begin
  if to_regclass(name) is not null then
    return;
  end if;
  perform pg_advisory_xact_lock(hashtext('reflow_add_audit_partition'));
  execute format(
    'create table if not exists %I partition of audit_log for values from (%L) to (%L)',
    name, first || ' 00:00:00+00', (first + interval '1 month')::date || ' 00:00:00+00');
end
$$;
