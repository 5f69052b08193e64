-- What ran at set times: one row for each job and instant, so that nothing runs twice and a run that was missed is seen.
CREATE TABLE jobs (
    job           TEXT    NOT NULL,                 -- the schedule's name
    at            INTEGER NOT NULL,                 -- the instant for which it ran; of a job's first row, since when it is known
    late          INTEGER NOT NULL,
    attempt       INTEGER NOT NULL,
    lease_ends_at INTEGER NOT NULL,
    ended_at      INTEGER,
    outcome       TEXT,                             -- known, done, failed
    detail        TEXT,
    PRIMARY KEY (job, at)
) STRICT, WITHOUT ROWID;
