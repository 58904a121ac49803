-- What targets hear of their clients: fingerprint (what they can do), or superset (everything).
alter table targets add column capabilities text not null default 'fingerprint';
