-- All events of these orders (a JSON array of nrs), gathered for some orders at a time: in no certain order.
SELECT group_concat(events.order_nr || char(31) || events.seq || char(31) || events.source || char(31) || events.id ||
                    char(31) || events.type || char(31) || events.at || char(31) || events.recorded_at || char(31) ||
                    events.body, char(30))
FROM   json_each($1) AS chosen
CROSS  JOIN events ON events.order_nr = chosen.value
GROUP  BY chosen.key / 64
