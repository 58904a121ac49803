-- How often the sessions of a user were ended by hand. A replica that sees a higher number than
-- before ends what is under way of that user without a session, which no other table tells of.
create table user_recycle (
  user_id uuid primary key references users on delete cascade,
  times bigint not null
);
