-- Positions are gapless and ascend with commits: nothing comes later at a position already passed.
SELECT decisions.position, orders.id, decisions.body
FROM   decisions
JOIN   orders ON orders.nr = decisions.order_nr
WHERE  decisions.position > $1
ORDER  BY decisions.position
LIMIT  $2
