-- The newest message that a number was sent by a channel before an instant, among the newest deliveries: further back nobody
-- looks for what a reply answers.
SELECT message
FROM   deliveries
WHERE  id > (SELECT max(id) FROM deliveries) - 200000
  AND  channel = $1
  AND  at <= $3
  AND  substr(replace(replace(address, '-', ''), ' ', ''), -11) = substr($2, -11)
  AND  message IS NOT NULL
  AND  outcome IN ('accepted', 'unknown', 'interrupted')
ORDER  BY id DESC
LIMIT  1
