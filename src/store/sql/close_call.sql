-- Somebody was reached after all: nobody need call them.
UPDATE calls SET state = 'closed', ended_at = $3 WHERE notice = $1 AND party = $2 AND state = 'open'
