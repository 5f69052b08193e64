-- The ids of these orders (a JSON array of nrs).
SELECT orders.nr, orders.id FROM json_each($1) AS chosen CROSS JOIN orders ON orders.nr = chosen.value
