-- Rows of a source that were refused.
SELECT place, position, column_name, reason, at FROM refused_rows WHERE source = $1 ORDER BY place LIMIT $2
