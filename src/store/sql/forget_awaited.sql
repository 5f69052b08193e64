DELETE FROM awaited WHERE until <= $1
