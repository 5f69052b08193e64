-- One chain. The ledger has no index by chain, which intake would pay for: this reads all of it, some seconds for ten
-- million entries.
SELECT ledger.entry, ledger.chain, ledger.n, ledger.kind, ledger.subject, ledger.content, ledger.hash, orders.id
FROM   ledger
LEFT   JOIN orders ON orders.nr = ledger.chain
WHERE  ledger.chain = $1
ORDER  BY ledger.entry
