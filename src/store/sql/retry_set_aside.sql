UPDATE orders SET set_aside = NULL, set_aside_at = NULL, due_at = $1 WHERE set_aside IS NOT NULL
