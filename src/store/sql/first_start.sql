UPDATE state SET first_start = coalesce(first_start, $1) RETURNING first_start
