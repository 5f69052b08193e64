-- Decisions that a person lifted after they were fed, each with its own place in the feed. Never changed.
CREATE TABLE liftings (
    position INTEGER PRIMARY KEY,                   -- in one sequence with decisions and approvals
    decision INTEGER NOT NULL UNIQUE REFERENCES decisions (position),
    by       TEXT,                                  -- who lifted it
    body     TEXT    NOT NULL                       -- as it is fed: shaped like a revocation
) STRICT;
