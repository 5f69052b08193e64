SELECT (SELECT count(*) FROM notices WHERE state = 'queued'),
       (SELECT min(due_at) FROM notices WHERE state = 'queued'),
       (SELECT count(*) FROM notices WHERE state IN ('failed', 'given-up') AND state = 'failed'),
       (SELECT count(*) FROM notices WHERE state IN ('failed', 'given-up') AND state = 'given-up')
