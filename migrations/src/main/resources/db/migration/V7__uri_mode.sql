-- What clients call the resources of a target: passthrough, or wrap.
alter table targets add column uri_mode text not null default 'passthrough';
