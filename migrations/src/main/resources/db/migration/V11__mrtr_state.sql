-- What stateless targets want back with the answers to their questions, where it is too large for
-- clients to carry.
create table mrtr_state (
  id uuid primary key,
  user_id uuid not null references users on delete cascade,
  -- a JSON string, as the target wrote it
  state text not null,
  expires_at timestamptz not null
);
create index mrtr_state_user on mrtr_state (user_id);
create index mrtr_state_expires on mrtr_state (expires_at);
