-- Something became known of a notice while it was claimed.
UPDATE notices SET look_again = 1 WHERE id = $1
