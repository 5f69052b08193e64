-- The messages whose receipt is to be asked for now.
SELECT awaited.delivery, awaited.asked, deliveries.channel, deliveries.message, deliveries.provider_id,
       deliveries.address, deliveries.at
FROM   awaited
JOIN   deliveries ON deliveries.id = awaited.delivery
WHERE  awaited.ask_at <= $1
ORDER  BY awaited.ask_at
LIMIT  $2
