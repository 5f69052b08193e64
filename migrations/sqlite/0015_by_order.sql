-- What an order was decided and told stands together in its indexes, so that a heap of dues touches few pages: keys are told
-- apart within their order. By its key alone a decision is found in `keyed`, which is filled for many at a time.
CREATE TABLE decisions_by_order (
    position INTEGER PRIMARY KEY,
    key      TEXT    NOT NULL,
    order_nr INTEGER NOT NULL REFERENCES orders (nr),
    at       INTEGER NOT NULL,
    made_at  INTEGER NOT NULL,
    kind     TEXT    NOT NULL,
    proposal INTEGER NOT NULL,                      -- whether it waits for approval: it is fed from then on, not from here
    body     TEXT    NOT NULL,
    UNIQUE (order_nr, key)
) STRICT;
INSERT INTO decisions_by_order (position, key, order_nr, at, made_at, kind, proposal, body)
SELECT position, key, order_nr, at, made_at, kind, proposal, body FROM decisions ORDER BY position;
DROP TABLE decisions;
ALTER TABLE decisions_by_order RENAME TO decisions;
CREATE TABLE keyed (
    short    INTEGER NOT NULL,                      -- the first bytes of a decision's key
    position INTEGER NOT NULL REFERENCES decisions (position),
    PRIMARY KEY (short, position)
) STRICT, WITHOUT ROWID;
ALTER TABLE state ADD COLUMN keyed_until INTEGER NOT NULL DEFAULT 0;  -- decisions after this position are not in `keyed` yet
CREATE TABLE notices_by_order (
    id           INTEGER PRIMARY KEY,
    key          TEXT    NOT NULL,                  -- queued once
    order_nr     INTEGER REFERENCES orders (nr),
    decision     TEXT,
    kind         TEXT    NOT NULL,
    target       TEXT    NOT NULL,
    at           INTEGER NOT NULL,
    expires_at   INTEGER,
    confidential INTEGER NOT NULL,
    forms        TEXT    NOT NULL,                  -- as rendered when it was decided
    said_in      INTEGER REFERENCES notices (id) DEFERRABLE INITIALLY DEFERRED,  -- the notice that has its words
    calendar     TEXT,                              -- by which its working time is counted
    state        TEXT    NOT NULL,
    is_open      INTEGER NOT NULL DEFAULT 1,        -- whether it is to be looked at when due_at comes
    due_at       INTEGER NOT NULL,                  -- when it is next to be tried, or its lease ends
    attempt      INTEGER NOT NULL DEFAULT 0,
    lease_token  INTEGER,                           -- the newest claim: only its holder settles
    sending      TEXT,                              -- the request that is on its way
    bundle       INTEGER,                           -- goes out as one message with those of this bundle
    look_again   INTEGER NOT NULL DEFAULT 0,        -- something became known while it was claimed
    retries      INTEGER NOT NULL DEFAULT 0,        -- how often a person had it tried again
    forgiven     INTEGER NOT NULL DEFAULT 0,        -- so many of its first deliveries lie before that
    held         TEXT,                              -- why it is held, where its channel is not the reason
    settled_at   INTEGER,
    reason       TEXT,
    FOREIGN KEY (order_nr, decision) REFERENCES decisions (order_nr, key) DEFERRABLE INITIALLY DEFERRED
) STRICT;
INSERT INTO notices_by_order (id, key, order_nr, decision, kind, target, at, expires_at, confidential, forms, said_in, calendar,
                              state, is_open, due_at, attempt, lease_token, sending, bundle, look_again, retries, forgiven, held,
                              settled_at, reason)
SELECT id, key, order_nr, decision, kind, target, at, expires_at, confidential, forms, said_in, calendar,
       state, is_open, due_at, attempt, lease_token, sending, bundle, look_again, retries, forgiven, held,
       settled_at, reason
FROM   notices
ORDER  BY id;
DROP TABLE notices;
ALTER TABLE notices_by_order RENAME TO notices;
CREATE UNIQUE INDEX notices_of_order ON notices (order_nr, key) WHERE order_nr IS NOT NULL;
CREATE UNIQUE INDEX notices_of_none ON notices (key) WHERE order_nr IS NULL;
CREATE INDEX notices_open ON notices (due_at, id) WHERE is_open = 1;
CREATE INDEX notices_by_state ON notices (state, id);
CREATE INDEX notices_of_bundle ON notices (bundle) WHERE bundle IS NOT NULL;
CREATE INDEX notices_digested ON notices (target) WHERE is_open = 1 AND held = 'digest';
