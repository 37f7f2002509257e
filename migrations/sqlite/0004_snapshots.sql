-- What the engine remembered after a row of the journal: a start goes on from there instead of from the first row.

-- Complete ones; parts without their row here are left over from a process that died.
CREATE TABLE snapshots (
    no     INTEGER PRIMARY KEY,
    chain  BLOB    NOT NULL,
    form   INTEGER NOT NULL,
    parts  INTEGER NOT NULL,
    digest BLOB    NOT NULL
) STRICT;

CREATE TABLE snapshot_parts (
    snapshot INTEGER NOT NULL,
    nth      INTEGER NOT NULL,
    -- As in the journal.
    subject  TEXT    NOT NULL,
    content  BLOB    NOT NULL,
    PRIMARY KEY (snapshot, nth)
) STRICT, WITHOUT ROWID;
