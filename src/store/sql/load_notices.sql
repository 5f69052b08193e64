-- Notices by number (a JSON array), with their words, which an earlier notice may have.
SELECT notices.*, orders.id AS order_id, coalesce(said.forms, notices.forms) AS words
FROM   json_each($1) AS chosen
CROSS  JOIN notices ON notices.id = chosen.value
LEFT   JOIN notices AS said ON said.id = notices.said_in
LEFT   JOIN orders ON orders.nr = notices.order_nr
ORDER  BY chosen.rowid
