UPDATE state SET marking_from = $1
