SELECT decisions.position, orders.id, decisions.body, NULL
FROM   decisions
JOIN   orders ON orders.nr = decisions.order_nr
WHERE  decisions.position = $1
