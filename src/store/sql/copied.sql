SELECT (SELECT count(*) FROM orders), (SELECT coalesce(max(entry), 0) FROM ledger)
