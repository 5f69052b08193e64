-- The rows from a chain's leaf up to the root.
SELECT level, body FROM tree WHERE place = $1 >> (4 * (level + 1)) ORDER BY level
