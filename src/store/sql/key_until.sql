UPDATE state SET keyed_until = $1
