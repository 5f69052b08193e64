SELECT nr, id FROM orders WHERE nr > $1 ORDER BY nr LIMIT $2
