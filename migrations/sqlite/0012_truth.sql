-- What became of each notice, as its deliveries and their receipts say: queued, sent, accepted, delivered, failed, unknown,
-- expired or cancelled.
ALTER TABLE notices ADD COLUMN is_open    INTEGER NOT NULL DEFAULT 1;  -- whether it is to be looked at when due_at comes
ALTER TABLE notices ADD COLUMN sending    TEXT;                        -- the request that is on its way
ALTER TABLE notices ADD COLUMN bundle     INTEGER;                     -- goes out as one message with those of this bundle
ALTER TABLE notices ADD COLUMN look_again INTEGER NOT NULL DEFAULT 0;  -- something became known while it was claimed
ALTER TABLE notices ADD COLUMN retries    INTEGER NOT NULL DEFAULT 0;  -- how often a person had it tried again
ALTER TABLE notices ADD COLUMN forgiven   INTEGER NOT NULL DEFAULT 0;  -- so many of its first deliveries lie before that
ALTER TABLE notices ADD COLUMN calendar   TEXT;                        -- by which its working time is counted
UPDATE notices SET is_open = 0 WHERE state <> 'queued';
UPDATE notices SET state = 'delivered' WHERE state = 'sent' AND target LIKE '{"channel":%';
UPDATE notices SET state = 'accepted' WHERE state = 'sent';
UPDATE notices SET state = 'failed', reason = '多次发送未成：' || coalesce(reason, '没有收到回应') WHERE state = 'given-up';
UPDATE notices SET state = 'unknown'
WHERE  state = 'failed'
  AND  'unknown' = (SELECT outcome FROM deliveries WHERE deliveries.notice = notices.id ORDER BY deliveries.id DESC LIMIT 1);
DROP INDEX notices_queued;
DROP INDEX notices_unsent;
CREATE INDEX notices_open ON notices (due_at, id) WHERE is_open = 1;
CREATE INDEX notices_by_state ON notices (state, id);
CREATE INDEX notices_of_bundle ON notices (bundle) WHERE bundle IS NOT NULL;
ALTER TABLE deliveries ADD COLUMN message TEXT;     -- the message's id; none: older than this
ALTER TABLE deliveries ADD COLUMN party   TEXT;     -- who it was for; personal; empty: a group or another system
CREATE INDEX deliveries_of_message ON deliveries (message) WHERE message IS NOT NULL;
CREATE INDEX deliveries_of_provider ON deliveries (provider_id, channel) WHERE provider_id IS NOT NULL;
-- What the other side said later of a message that it took, or may have taken. Never changed.
CREATE TABLE receipts (
    id       INTEGER PRIMARY KEY,
    delivery INTEGER NOT NULL REFERENCES deliveries (id),
    at       INTEGER NOT NULL,                      -- when it was delivered or given up, as the other side says
    known_at INTEGER NOT NULL,
    source   TEXT    NOT NULL,                      -- callback, asked
    outcome  TEXT    NOT NULL,                      -- delivered, failed
    detail   TEXT,
    UNIQUE (delivery, outcome)
) STRICT;
-- Messages whose receipt is asked for: by whoever has moved ask_at on.
CREATE TABLE awaited (
    delivery INTEGER PRIMARY KEY REFERENCES deliveries (id),
    asked    INTEGER NOT NULL,                      -- how often
    ask_at   INTEGER NOT NULL,
    until    INTEGER NOT NULL                       -- from then on nobody asks any more
) STRICT;
CREATE INDEX awaited_due ON awaited (ask_at);
-- Receipts of no message known so far: one may come before the answer that names its message is recorded.
CREATE TABLE strays (
    id       INTEGER PRIMARY KEY,
    channel  TEXT    NOT NULL,
    name     TEXT    NOT NULL,                      -- by what it names its message
    is_ours  INTEGER NOT NULL,                      -- whether that is our id, echoed
    address  TEXT    NOT NULL,                      -- personal; empty: not named
    at       INTEGER NOT NULL,
    known_at INTEGER NOT NULL,
    outcome  TEXT    NOT NULL,
    detail   TEXT,
    UNIQUE (channel, name, is_ours, address, outcome)
) STRICT;
CREATE INDEX strays_by_age ON strays (known_at);
-- Those who could not be reached by any channel: somebody is to call them.
CREATE TABLE calls (
    id       INTEGER PRIMARY KEY,
    notice   INTEGER NOT NULL REFERENCES notices (id),
    party    TEXT    NOT NULL,                      -- whom; personal
    number   TEXT,                                  -- personal; none: the directory has none
    why      TEXT    NOT NULL,
    at       INTEGER NOT NULL,
    state    TEXT    NOT NULL,                      -- open; done: somebody called; closed: no longer needed
    is_told  INTEGER NOT NULL DEFAULT 0,            -- whether the operators were told of it
    ended_at INTEGER,
    by       TEXT,
    note     TEXT,
    UNIQUE (notice, party)
) STRICT;
CREATE INDEX calls_open ON calls (id) WHERE state = 'open';
