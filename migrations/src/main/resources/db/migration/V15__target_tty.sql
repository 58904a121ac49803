-- Whether a child process finds a terminal where others have pipes.
alter table targets add column tty boolean not null default false;
