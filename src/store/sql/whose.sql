-- Whose file this is, whether anything is in it, and whether it was ever given a schema.
SELECT (SELECT application_id FROM pragma_application_id),
       (SELECT count(*) FROM sqlite_master),
       (SELECT count(*) FROM sqlite_master WHERE name = '_sqlx_migrations')
