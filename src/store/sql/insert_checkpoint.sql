-- Only the next one, and only of the tree as it stands.
INSERT INTO checkpoints (number, at, entries, text, signature)
SELECT $1, $2, $3, $4, $5
FROM   state
WHERE  tree_entries = $3 AND $1 = (SELECT coalesce(max(number), 0) + 1 FROM checkpoints)
