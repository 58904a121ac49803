-- Whether a target's processes may reach the network.
alter table targets add column network boolean not null default true;
