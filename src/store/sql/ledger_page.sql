SELECT ledger.entry, ledger.chain, ledger.n, ledger.kind, ledger.subject, ledger.content, ledger.hash, orders.id
FROM   ledger
LEFT   JOIN orders ON orders.nr = ledger.chain
WHERE  ledger.entry > $1
ORDER  BY ledger.entry
LIMIT  $2
