-- The events of this transaction, which are those from a number on.
SELECT seq FROM events WHERE seq >= $1
