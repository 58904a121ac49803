-- Sessions outlive the process that opened them, and any replica can go on with one.

-- Each start of a replica is a life of its own, with a number that never comes again.
create sequence replica_epoch;

-- The replicas that run, or did until lately. Times are those of this server's clock.
create table replica (
  id uuid primary key,
  epoch bigint not null unique,
  -- where the others reach it; null: it takes nothing from others
  address text,
  started_at timestamptz not null default now(),
  heartbeat_at timestamptz not null default now()
);

-- The MCP sessions of clients of the initialize era.
create table mcp_session (
  -- SHA-256 of the id, which is stored nowhere
  digest text primary key,
  user_id uuid not null references users on delete cascade,
  -- of the user when the session was opened: it ends when they change
  role text not null,
  groups text[] not null,
  protocol_version text not null,
  client_name text not null,
  client_version text not null,
  -- what the client can be asked for, as JSON
  capabilities text not null,
  -- the one target of /mcp/{target}; null for all
  target text,
  log_level text not null,
  -- URIs of resources that the client follows
  subscriptions text[] not null default '{}',
  -- the epoch of the replica that has it in memory; null: whoever is asked next
  owner bigint,
  opened_at timestamptz not null default now(),
  -- to the minute
  last_seen timestamptz not null default now()
);
create index mcp_session_user on mcp_session (user_id);
create index mcp_session_owner on mcp_session (owner);
create index mcp_session_last_seen on mcp_session (last_seen);
