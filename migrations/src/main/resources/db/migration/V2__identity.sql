-- Users. The e-mail is kept in lower case, so that unique means unique in any spelling.
create table users (
  id uuid primary key,
  email text not null unique check (email = lower(email)),
  password_hash text not null,
  role text not null default 'user',
  groups text[] not null default '{}',
  enabled boolean not null default true,
  -- A login token carries the generation in which it was issued and counts only in that one; a
  -- changed password begins the next. The one token that asked for the change is kept by its name.
  login_generation integer not null default 0,
  kept_login text,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

create trigger users_changed
  after insert or update or delete on users
  for each statement execute function reflow_notify_changed();

-- API tokens: opaque, only their SHA-256 is kept.
create table api_tokens (
  id uuid primary key,
  user_id uuid not null references users (id) on delete cascade,
  name text not null,
  digest bytea not null unique check (octet_length(digest) = 32),
  scopes text[] not null,
  created_at timestamptz not null default now(),
  expires_at timestamptz
);

create index api_tokens_by_user on api_tokens (user_id);

create trigger api_tokens_changed
  after insert or update or delete on api_tokens
  for each statement execute function reflow_notify_changed();

-- When a token was last used. Apart from the tokens, since nobody has to reload anything for it.
create table api_token_use (
  token_id uuid primary key references api_tokens (id) on delete cascade,
  last_used_at timestamptz not null
);
