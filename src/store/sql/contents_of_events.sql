SELECT events.seq, events.source, events.id, orders.id, events.type, events.at, events.recorded_at, events.body,
       events.salt, events.erased
FROM   events
LEFT   JOIN orders ON orders.nr = events.order_nr
WHERE  events.seq > $1 AND events.seq <= $2
ORDER  BY events.seq
