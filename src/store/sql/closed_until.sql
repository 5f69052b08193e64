SELECT until FROM closed WHERE key = $1
