DELETE FROM awaited WHERE delivery = $1
