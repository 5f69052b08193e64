-- The deliveries on a channel that the other side knows by an id, the newest of each notice.
SELECT max(id), notice, address
FROM   deliveries
WHERE  provider_id = $2 AND channel = $1
GROUP  BY notice, address
ORDER  BY 1
