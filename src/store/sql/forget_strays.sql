DELETE FROM strays WHERE known_at <= $1
