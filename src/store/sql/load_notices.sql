-- Notices by number (a JSON array).
SELECT notices.*, orders.id AS order_id
FROM   json_each($1) AS chosen
CROSS  JOIN notices ON notices.id = chosen.value
LEFT   JOIN orders ON orders.nr = notices.order_nr
ORDER  BY chosen.rowid
