SELECT erasures.id, orders.id, erasures.at, erasures.by, erasures.reason, erasures.body
FROM   erasures
JOIN   orders ON orders.nr = erasures.order_nr
WHERE  erasures.id > $1 AND erasures.id <= $2
ORDER  BY erasures.id
