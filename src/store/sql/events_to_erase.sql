SELECT seq, type, body, salt FROM events WHERE order_nr = $1 ORDER BY seq
