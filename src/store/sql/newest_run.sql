SELECT at, late, attempt, lease_ends_at, outcome FROM jobs WHERE job = $1 ORDER BY at DESC LIMIT 1
