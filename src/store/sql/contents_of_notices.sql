SELECT notices.id, notices.key, orders.id, notices.decision, notices.kind, notices.target, notices.at, notices.expires_at,
       notices.confidential, notices.forms
FROM   notices
LEFT   JOIN orders ON orders.nr = notices.order_nr
WHERE  notices.id > $1 AND notices.id <= $2
ORDER  BY notices.id
