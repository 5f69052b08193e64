-- A row is refused no more, or gone.
DELETE FROM refused_rows WHERE source = $1 AND place = $2
