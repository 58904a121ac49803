-- Each replica chains its rows: chain_mac covers the row, its place in the chain, and the chain_mac
-- before it. The key is not in the database. Rows of versions before this one have neither.
alter table audit_log
  add column arguments      text,
  add column answer         text,
  add column chain_position bigint,
  add column chain_mac      bytea;

create index audit_log_chain on audit_log (replica, chain_position);
create index audit_log_target_id on audit_log (target_id, time);

-- How far each chain has come; written together with its rows.
create table audit_chain (
  replica    uuid        primary key,
  position   bigint      not null,
  mac        bytea       not null,
  changed_at timestamptz not null default now()
);

-- The ends of the chains at a moment, signed. The signature covers the one before it; heads are
-- those that have moved since then.
create table audit_checkpoint (
  number    bigint      primary key,
  time      timestamptz not null,
  replica   uuid        not null,
  signature bytea       not null
);

create table audit_checkpoint_head (
  number   bigint not null references audit_checkpoint on delete cascade,
  replica  uuid   not null,
  position bigint not null,
  mac      bytea  not null,
  primary key (number, replica)
);

create index audit_checkpoint_head_replica on audit_checkpoint_head (replica, number);

-- What retention has taken away, signed: runs of rows of a chain, with the chain_mac of the last.
-- Without a replica: checkpoints.
create table audit_dropped (
  id             bigint      generated always as identity primary key,
  dropped_at     timestamptz not null default now(),
  replica        uuid,
  first_position bigint      not null,
  last_position  bigint      not null,
  last_mac       bytea,
  signature      bytea       not null
);

create index audit_dropped_replica on audit_dropped (replica, first_position);
