SELECT nr, attributes, chain_count, chain_head FROM orders WHERE id = $1
