-- The ledger chain of a notice's order; nothing where it has none.
SELECT orders.nr, orders.chain_count, orders.chain_head
FROM   notices
JOIN   orders ON orders.nr = notices.order_nr
WHERE  notices.id = $1
