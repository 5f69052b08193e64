INSERT INTO sent (key, at, count) VALUES ($1, $2, $3)
ON CONFLICT (key, at) DO UPDATE SET count = count + excluded.count
