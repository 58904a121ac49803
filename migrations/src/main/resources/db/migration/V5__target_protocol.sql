-- Which era of MCP each target turned out to speak, with the settings that config_hash stands for.
-- A cache: whatever is missing here, or does not fit the target any more, is found out again.
create table target_protocol (
  target_id   uuid        primary key references targets (id) on delete cascade,
  config_hash text        not null,
  era         text        not null,
  version     text,
  transport   text        not null,
  probed_at   timestamptz not null
);
