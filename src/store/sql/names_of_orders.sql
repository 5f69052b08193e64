-- The ids of these orders (a JSON array of nrs).
SELECT orders.nr, orders.id FROM json_each($1) AS chosen JOIN orders ON orders.nr = chosen.value
