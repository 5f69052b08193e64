UPDATE orders SET chain_count = $2, chain_head = $3 WHERE nr = $1
