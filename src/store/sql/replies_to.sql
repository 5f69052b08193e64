-- What was answered to the messages of a notice.
SELECT replies.channel, replies.address, replies.at, replies.text
FROM   replies
WHERE  replies.message IN (SELECT message FROM deliveries WHERE notice = $1 AND message IS NOT NULL)
ORDER  BY replies.at, replies.id
