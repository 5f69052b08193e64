SELECT id, notice, party, number, why, at, state, ended_at, by, note FROM calls WHERE id = $1
