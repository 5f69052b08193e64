-- The newest migration that this file has seen.
SELECT coalesce(max(version), 0) FROM _sqlx_migrations
