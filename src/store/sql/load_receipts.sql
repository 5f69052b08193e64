-- What was said later of these deliveries' messages (a JSON array of notices), in the order known.
SELECT receipts.delivery, receipts.at, receipts.known_at, receipts.source, receipts.outcome, receipts.detail
FROM   json_each($1) AS chosen
CROSS  JOIN deliveries ON deliveries.notice = chosen.value
CROSS  JOIN receipts ON receipts.delivery = deliveries.id
ORDER  BY receipts.id
