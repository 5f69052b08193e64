-- The later of two instants holds.
INSERT INTO closed (key, until) VALUES ($1, $2)
ON CONFLICT (key) DO UPDATE SET until = max(until, excluded.until)
