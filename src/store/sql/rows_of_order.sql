-- Whatever an order's chain should chain.
SELECT 'event', seq FROM events WHERE order_nr = $1
UNION ALL
SELECT 'decision', position FROM decisions WHERE order_nr = $1
UNION ALL
SELECT 'notice', id FROM notices WHERE order_nr = $1
UNION ALL
SELECT 'delivery', deliveries.id FROM notices JOIN deliveries ON deliveries.notice = notices.id WHERE notices.order_nr = $1
UNION ALL
SELECT 'receipt', receipts.id
FROM   notices
JOIN   deliveries ON deliveries.notice = notices.id
JOIN   receipts ON receipts.delivery = deliveries.id
WHERE  notices.order_nr = $1
UNION ALL
SELECT 'erasure', id FROM erasures WHERE order_nr = $1
