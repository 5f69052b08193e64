SELECT notices.state, notices.key, orders.id
FROM   notices
LEFT   JOIN orders ON orders.nr = notices.order_nr
WHERE  notices.id = $1
