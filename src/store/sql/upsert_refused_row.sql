-- Keeps a refused row, unless so many are kept already: then nothing is written, and the caller notes from where to read again.
INSERT INTO refused_rows (source, place, position, column_name, reason, at)
SELECT $1, $2, $3, $4, $5, $6
WHERE  (SELECT count(*) FROM refused_rows WHERE source = $1) < $7
   OR  EXISTS (SELECT 1 FROM refused_rows WHERE source = $1 AND place = $2)
ON CONFLICT (source, place) DO UPDATE
SET position = excluded.position, column_name = excluded.column_name, reason = excluded.reason, at = excluded.at
