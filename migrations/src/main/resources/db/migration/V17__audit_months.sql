-- As before, but rows of the month that had to go to the default partition, because it was not
-- there in time, move to it. Attaching lets readers and writers of the other months go on.
create or replace function reflow_add_audit_partition(month date) returns void language plpgsql as $$
declare
  first date := date_trunc('month', month)::date;
  name  text := 'audit_log_' || to_char(first, 'YYYY_MM');
  since timestamptz := (first || ' 00:00:00+00')::timestamptz;
  until timestamptz := ((first + interval '1 month')::date || ' 00:00:00+00')::timestamptz;
begin
  if to_regclass(name) is not null then
    return;
  end if;
  perform pg_advisory_xact_lock(hashtext('reflow_add_audit_partition'));
  if to_regclass(name) is not null then
    return;
  end if;
  execute format('create table %I (like audit_log including all)', name);
  execute format(
    'with moved as (delete from audit_log_default where time >= %L and time < %L returning *)
     insert into %I select * from moved', since, until, name);
  execute format(
    'alter table audit_log attach partition %I for values from (%L) to (%L)', name, since, until);
end
$$;
