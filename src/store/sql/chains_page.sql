SELECT nr, id, chain_count, chain_head FROM orders WHERE nr > $1 ORDER BY nr LIMIT $2
