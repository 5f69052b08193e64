-- All events of these orders (a JSON array of nrs), by arrival within each.
SELECT events.order_nr, events.seq, events.source, events.id, events.type, events.at, events.recorded_at, events.body
FROM   json_each($1) AS chosen
CROSS  JOIN events ON events.order_nr = chosen.value
ORDER  BY chosen.rowid, events.seq
