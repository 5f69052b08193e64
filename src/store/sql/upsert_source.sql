-- Notes how a look at a source went. A failure keeps the instant of the first look that failed, until one succeeds. What is
-- to be read again stays until the configuration is another: then reading has gone back there.
INSERT INTO sources (name, position, rewind, configured, looked_at, caught_up_at, failed_at, failure, taken, duplicates, changed, refused)
VALUES ($1, $2, $3, coalesce($4, ''), $5, CASE WHEN $6 THEN $5 END, CASE WHEN $7 IS NOT NULL THEN $5 END, $7, $8, $9, $10, $11)
ON CONFLICT (name) DO UPDATE
SET position     = coalesce(excluded.position, position),
    rewind       = coalesce(CASE WHEN $4 IS NULL OR $4 = configured THEN rewind END, excluded.rewind),
    configured   = coalesce($4, configured),
    looked_at    = excluded.looked_at,
    caught_up_at = coalesce(excluded.caught_up_at, caught_up_at),
    failed_at    = CASE WHEN $7 IS NOT NULL THEN coalesce(failed_at, $5) END,
    failure      = $7,
    taken        = taken + excluded.taken,
    duplicates   = duplicates + excluded.duplicates,
    changed      = changed + excluded.changed,
    refused      = refused + excluded.refused
