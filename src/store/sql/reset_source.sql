-- The source is read from a position on, or from its beginning.
UPDATE sources SET position = $2, rewind = NULL, configured = '' WHERE name = $1
