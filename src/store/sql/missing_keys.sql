SELECT position, key FROM decisions WHERE position > $1 ORDER BY position LIMIT $2
