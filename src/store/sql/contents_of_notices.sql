SELECT notices.id, notices.key, orders.id, notices.decision, notices.kind, notices.target, notices.at, notices.expires_at,
       notices.confidential, coalesce(said.forms, notices.forms)
FROM   notices
LEFT   JOIN notices AS said ON said.id = notices.said_in
LEFT   JOIN orders ON orders.nr = notices.order_nr
WHERE  notices.id > $1 AND notices.id <= $2
ORDER  BY notices.id
