-- Where a key's value goes: env, or header:<name>. Null: as a wider scope says, else env.
alter table env_configs add column inject text;
