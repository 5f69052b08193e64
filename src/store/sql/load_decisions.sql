-- What stands for these orders (a JSON array of nrs), in the order made.
SELECT decisions.order_nr, decisions.position, decisions.body
FROM   json_each($1) AS chosen
CROSS  JOIN decisions ON decisions.order_nr = chosen.value
ORDER  BY chosen.rowid, decisions.position
