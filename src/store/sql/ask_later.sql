UPDATE awaited SET asked = asked + 1, ask_at = $2 WHERE delivery = $1
