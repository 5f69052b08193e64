SELECT decisions.position, decisions.key, orders.id, decisions.at, decisions.made_at, decisions.kind, decisions.body
FROM   decisions
JOIN   orders ON orders.nr = decisions.order_nr
WHERE  decisions.position > $1 AND decisions.position <= $2
ORDER  BY decisions.position
