-- What was tried for these notices (a JSON array), in the order tried.
SELECT deliveries.id, deliveries.notice, deliveries.attempt, deliveries.channel, deliveries.address, deliveries.at,
       deliveries.outcome, deliveries.detail, deliveries.provider_id, deliveries.message, deliveries.party
FROM   json_each($1) AS chosen
CROSS  JOIN deliveries ON deliveries.notice = chosen.value
ORDER  BY deliveries.id
