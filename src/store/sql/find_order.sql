SELECT nr FROM orders WHERE id = $1
