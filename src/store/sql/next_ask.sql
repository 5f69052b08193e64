SELECT min(ask_at) FROM awaited
