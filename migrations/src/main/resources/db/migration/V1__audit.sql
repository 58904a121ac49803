-- Tells all replicas that a table has changed: they load it anew.
create function reflow_notify_changed() returns trigger language plpgsql as $$
begin
  perform pg_notify('reflow_changed', tg_table_name);
  return null;
end
$$;
