-- What the engine remembered after a row of the journal: a start goes on from there instead of from the first row.

-- Complete ones; parts without their row here are left over from a process that died.
CREATE TABLE snapshots (
    no     BIGINT PRIMARY KEY,
    chain  BYTEA  NOT NULL,
    form   BIGINT NOT NULL,
    parts  BIGINT NOT NULL,
    digest BYTEA  NOT NULL
);

CREATE TABLE snapshot_parts (
    snapshot BIGINT NOT NULL,
    nth      BIGINT NOT NULL,
    -- As in the journal.
    subject  TEXT   NOT NULL,
    content  BYTEA  NOT NULL,
    PRIMARY KEY (snapshot, nth)
);
