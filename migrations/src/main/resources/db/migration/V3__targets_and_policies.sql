-- The MCP servers behind the gateway.
create table targets (
  id uuid primary key,
  name text not null unique,
  transport_type text not null,
  url text,
  command text,
  args text[] not null default '{}',
  statefulness text not null default 'stateless',
  isolation_boundary text not null default 'shared',
  auth_type text not null default 'none',
  auth_header_name text,
  protocol text not null default 'auto',
  title text,
  description text,
  priority integer not null default 0,
  -- null: the name; empty: none
  tool_prefix text,
  features jsonb not null default '{}',
  replay_safe boolean not null default false,
  trusted boolean not null default false,
  enabled boolean not null default true,
  -- grows at each change
  revision bigint not null default 1,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
-- One target must not pass for another.
create unique index targets_prefix on targets ((coalesce(tool_prefix, name)))
  where coalesce(tool_prefix, name) <> '';

-- Who may reach what. No rule, no way in.
create table policies (
  id uuid primary key,
  name text not null,
  description text not null default '',
  -- null: every target
  target_id uuid references targets on delete cascade,
  resource_type text not null default 'all',
  -- null: every name
  resource_pattern text,
  effect text not null,
  priority integer not null default 0,
  enabled boolean not null default true,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create index policies_target on policies (target_id);

create table policy_subjects (
  id uuid primary key,
  policy_id uuid not null references policies on delete cascade,
  subject_type text not null,
  -- empty for everyone
  subject_value text not null default '',
  unique (policy_id, subject_type, subject_value)
);

-- What is injected into targets, encrypted.
create table env_configs (
  target_id uuid not null references targets on delete cascade,
  scope_kind text not null,
  -- a role, a group or a user's id; empty for the default scope
  scope_value text not null default '',
  key text not null,
  -- both null: the key is declared, and has no value in this scope
  key_id text,
  ciphertext bytea,
  description text not null default '',
  user_settable boolean not null default false,
  updated_at timestamptz not null default now(),
  primary key (target_id, scope_kind, scope_value, key),
  check ((key_id is null) = (ciphertext is null))
);

-- A known text under each encryption key that was ever in use: shows a wrong key at once.
create table encryption_canaries (
  key_id text primary key,
  ciphertext bytea not null,
  created_at timestamptz not null default now()
);

create trigger targets_changed after insert or update or delete on targets
  for each statement execute function reflow_notify_changed();
create trigger policies_changed after insert or update or delete on policies
  for each statement execute function reflow_notify_changed();
create trigger policy_subjects_changed after insert or update or delete on policy_subjects
  for each statement execute function reflow_notify_changed();
create trigger env_configs_changed after insert or update or delete on env_configs
  for each statement execute function reflow_notify_changed();

-- The only rule that a new gateway has.
insert into policies (id, name, description, resource_type, effect, priority)
values ('00000000-0000-4000-8000-000000000001', 'Admins',
        'Admins may use everything', 'all', 'allow', 0);
insert into policy_subjects (id, policy_id, subject_type, subject_value)
values ('00000000-0000-4000-8000-000000000002', '00000000-0000-4000-8000-000000000001',
        'role', 'admin');
