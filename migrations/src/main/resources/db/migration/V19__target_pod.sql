-- What the pods of a target are made of, where it runs as pods.
alter table targets add column pod jsonb;
