-- Orders whose due has come after one instant and up to another, gathered: due means due, the very instant counts.
SELECT group_concat(nr || char(31) || id, char(30))
FROM   (SELECT nr, id
        FROM   orders
        WHERE  due_at > $1 AND due_at <= $2 AND due_at IS NOT NULL AND set_aside IS NULL
        ORDER  BY due_at, nr
        LIMIT  $3)
