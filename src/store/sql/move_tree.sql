UPDATE state SET tree_entries = $2 WHERE tree_entries = $1
