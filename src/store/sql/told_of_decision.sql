-- By which messages an address was told of the same decisions as these notices (a JSON array) tell, on the same occasion, as
-- another recipient: the notice, and how that ended, in the order tried.
SELECT notices.id, deliveries.message, deliveries.provider_id, deliveries.outcome,
       EXISTS (SELECT 1 FROM receipts WHERE receipts.delivery = deliveries.id AND receipts.outcome = 'failed')
FROM   json_each($1) AS chosen
CROSS  JOIN notices ON notices.id = chosen.value
CROSS  JOIN notices AS other
       ON other.order_nr = notices.order_nr AND other.decision = notices.decision AND other.kind = notices.kind
       AND other.at = notices.at AND other.id <> notices.id
CROSS  JOIN deliveries ON deliveries.notice = other.id
WHERE  deliveries.channel = $2 AND deliveries.address = $3 AND deliveries.message IS NOT NULL
  AND  other.id NOT IN (SELECT value FROM json_each($1))
ORDER  BY deliveries.id
