-- The deliveries on a channel of one of our messages that may have arrived, the newest of each notice.
SELECT max(id), notice, address
FROM   deliveries
WHERE  message = $2 AND channel = $1 AND outcome IN ('accepted', 'unknown', 'interrupted')
GROUP  BY notice, address
ORDER  BY 1
