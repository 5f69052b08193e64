-- Notices by state, kind, channel, recipient or person, order and age, the newest first. Lists are JSON arrays.
SELECT notices.id
FROM   notices
WHERE  notices.id < $7
  AND  ($1 IS NULL OR notices.state IN (SELECT value FROM json_each($1)))
  AND  ($2 IS NULL OR notices.kind IN (SELECT value FROM json_each($2)))
  AND  ($5 IS NULL OR notices.order_nr = (SELECT nr FROM orders WHERE id = $5))
  AND  ($6 IS NULL OR notices.at >= $6)
  AND  ($3 IS NULL OR json_extract(notices.target, '$.channel') = $3
        OR EXISTS (SELECT 1 FROM deliveries WHERE deliveries.notice = notices.id AND deliveries.channel = $3))
  AND  ($4 IS NULL
        OR json_extract(notices.target, '$.recipient.recipient') IN (SELECT value FROM json_each($4))
        OR json_extract(notices.target, '$.channel') IN (SELECT value FROM json_each($4))
        OR EXISTS (SELECT 1
                   FROM   deliveries
                   WHERE  deliveries.notice = notices.id AND deliveries.party IN (SELECT value FROM json_each($4))))
ORDER  BY notices.id DESC
LIMIT  $8
