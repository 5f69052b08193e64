SELECT entry, chain, n, content, hash FROM ledger WHERE entry > $1 AND entry <= $2 ORDER BY entry
