SELECT id, notice, attempt, channel, address, at, outcome, detail, provider_id, message, party
FROM   deliveries
WHERE  id > $1 AND id <= $2
ORDER  BY id
