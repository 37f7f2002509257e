-- What a machine or a script shows in place of a session: it acts as its account, and only for what it was made for.
-- The token itself is not kept, its hash alone.
CREATE TABLE tokens (
    -- Never given twice: the audit log names it.
    no         INTEGER PRIMARY KEY AUTOINCREMENT,
    account    TEXT    NOT NULL REFERENCES accounts (id),
    name       TEXT    NOT NULL,
    hash       BLOB    NOT NULL UNIQUE,
    -- Words with spaces between.
    permits    TEXT    NOT NULL,
    made_at    INTEGER NOT NULL,
    until      INTEGER NOT NULL,
    revoked_at INTEGER,
    -- The last day on which it was used, in days since 1970, and on how many days it was.
    used_day   INTEGER,
    days_used  INTEGER NOT NULL
) STRICT;

CREATE INDEX tokens_account ON tokens (account, no);
