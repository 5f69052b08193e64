SELECT nr, id, chain_count, chain_head FROM orders WHERE id = $1
