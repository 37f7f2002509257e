-- The line: what came in, what was concluded, whom it was told, and how that went.
-- The same tables and columns as migrations/postgres; a test compares the two.
--
-- Instants are microseconds since 1970. Every number is 64 bits wide: a 32-bit key once ran out and delayed the alerts
-- of 16,000 people by twelve hours. STRICT, because SQLite would otherwise take any type in any column.

-- Inputs in the order in which they were judged. Rows are only ever added.
CREATE TABLE journal (
    no       INTEGER PRIMARY KEY CHECK (no >= 1),
    at       INTEGER NOT NULL,
    wall     INTEGER NOT NULL,
    kind     TEXT    NOT NULL,
    -- Unknown for the service's own rows and for a tag that nobody wears.
    unit     TEXT,
    subject  TEXT    NOT NULL,
    codec    INTEGER NOT NULL,
    payload  BLOB    NOT NULL,
    decision TEXT    NOT NULL,
    engine   INTEGER NOT NULL,
    salt     BLOB    NOT NULL,
    digest   BLOB    NOT NULL,
    chain    BLOB    NOT NULL
) STRICT;

-- `record` is the whole incident as JSON, written as `codec` says; the columns beside it are what is asked for.
CREATE TABLE incidents (
    id        INTEGER PRIMARY KEY,
    unit      TEXT    NOT NULL,
    subject   TEXT    NOT NULL,
    cause     TEXT    NOT NULL,
    case_id   TEXT,
    kind      TEXT    NOT NULL,
    priority  INTEGER NOT NULL,
    handling  TEXT    NOT NULL,
    ongoing   INTEGER NOT NULL,
    raised_at INTEGER NOT NULL,
    codec     INTEGER NOT NULL,
    record    TEXT    NOT NULL
) STRICT;

-- Killed, restarted or run twice: one cause never has two open incidents.
CREATE UNIQUE INDEX incidents_one_open ON incidents (subject, cause) WHERE handling <> 'closed';

-- The outbox, and what became of it. The sequencer writes up to `record`, dispatch writes what stands below it.
CREATE TABLE alerts (
    id              INTEGER PRIMARY KEY,
    incident        INTEGER NOT NULL REFERENCES incidents (id),
    unit            TEXT    NOT NULL,
    -- The recipient, person:ID or staff:ID.
    subject         TEXT    NOT NULL,
    channel         TEXT    NOT NULL,
    priority        INTEGER NOT NULL,
    raised_at       INTEGER NOT NULL,
    state           TEXT    NOT NULL,
    codec           INTEGER NOT NULL,
    record          TEXT    NOT NULL,
    due_at          INTEGER NOT NULL,
    lease_owner     TEXT,
    lease_until     INTEGER,
    tries           INTEGER NOT NULL DEFAULT 0,
    first_try_at    INTEGER,
    told_no_success INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE INDEX alerts_by_incident ON alerts (incident, id);
-- In the order of claiming, and no larger than what waits: a claim does not slow down as the years add up.
CREATE INDEX alerts_waiting ON alerts (priority, raised_at, id) WHERE state = 'waiting';

-- Tries. `at` is part of the key: an owner whose lease ran out may have made the same try as its successor, and both
-- are evidence, while a record that is written twice is one try.
CREATE TABLE attempts (
    alert        INTEGER NOT NULL REFERENCES alerts (id),
    nth          INTEGER NOT NULL,
    at           INTEGER NOT NULL,
    unit         TEXT    NOT NULL,
    -- The alert's recipient.
    subject      TEXT    NOT NULL,
    took_ms      INTEGER NOT NULL,
    result       TEXT    NOT NULL,
    reason       TEXT    NOT NULL,
    provider_ref TEXT    NOT NULL,
    PRIMARY KEY (alert, nth, at)
) STRICT, WITHOUT ROWID;

-- Inputs from another process, deleted in the transaction that journals them: the journal row names subject and unit.
-- AUTOINCREMENT, because a number that is used again could be taken up by the repetition of an older commit.
CREATE TABLE hand_ins (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    payload TEXT NOT NULL
) STRICT;
