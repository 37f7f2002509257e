-- Who may come in, and what they did: a file of its own, so that neither a full disk nor a lock of it holds back an alert.
-- Instants are microseconds since 1970.

-- What was seen and changed, by whom and about whom. Rows are only ever added; each carries the chain up to itself.
-- Nobody's name stands here: ids alone.
CREATE TABLE audit (
    no       INTEGER PRIMARY KEY CHECK (no >= 1),
    at       INTEGER NOT NULL,
    who      TEXT    NOT NULL,
    what     TEXT    NOT NULL,
    why      TEXT    NOT NULL,
    -- About whom: wearer:ID, person:ID, staff:ID or service, and the unit, case and incident it was about; '' and 0 for none.
    subject  TEXT    NOT NULL,
    unit     TEXT    NOT NULL,
    case_id  TEXT    NOT NULL,
    incident INTEGER NOT NULL,
    chain    BLOB    NOT NULL
) STRICT;

CREATE INDEX audit_case ON audit (case_id, no) WHERE case_id <> '';
CREATE INDEX audit_incident ON audit (incident, no) WHERE incident <> 0;

CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;

-- A person who may sign in: the id of the member of staff in the rulebook, where they are one.
CREATE TABLE accounts (
    id         TEXT    PRIMARY KEY,
    name       TEXT    NOT NULL,
    made_at    INTEGER NOT NULL,
    revoked_at INTEGER,
    -- Rises with every change of what the account may do; sessions of an earlier one end.
    generation INTEGER NOT NULL
) STRICT;

CREATE TABLE grants (
    account TEXT NOT NULL REFERENCES accounts (id),
    role    TEXT NOT NULL,
    -- '' for every unit.
    unit    TEXT NOT NULL,
    PRIMARY KEY (account, role, unit)
) STRICT;

-- The cases of whoever has a role that sees only their own.
CREATE TABLE caseload (
    account TEXT NOT NULL REFERENCES accounts (id),
    case_id TEXT NOT NULL,
    PRIMARY KEY (account, case_id)
) STRICT;

-- What an account shows to be let in. `secret`: a password as argon2 writes it, a TOTP key, the hash of a recovery code.
CREATE TABLE credentials (
    account TEXT    NOT NULL REFERENCES accounts (id),
    kind    TEXT    NOT NULL,
    no      INTEGER NOT NULL,
    secret  BLOB    NOT NULL,
    made_at INTEGER NOT NULL,
    -- TOTP: the step of the last code that was taken. A recovery code: 1 once it is used.
    used    INTEGER NOT NULL,
    PRIMARY KEY (account, kind, no)
) STRICT;

-- Links that let somebody choose their password; only the newest of an account works, once.
CREATE TABLE invitations (
    account TEXT    PRIMARY KEY REFERENCES accounts (id),
    hash    BLOB    NOT NULL UNIQUE,
    until   INTEGER NOT NULL
) STRICT;

-- What this installation signs its own cookies with.
CREATE TABLE keys (
    name TEXT PRIMARY KEY,
    key  BLOB NOT NULL
) STRICT;
