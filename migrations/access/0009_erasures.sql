-- Erasures of one person's data: asked for by one, agreed to by another, and what went. Rows stay when it is done; there is
-- no name in them. What is taken back before it is agreed to goes: the audit log has it.
CREATE TABLE erasures (
    no        INTEGER PRIMARY KEY,
    -- wearer:ID or person:ID, and their unit: their record is gone afterwards.
    subject   TEXT    NOT NULL,
    unit      TEXT    NOT NULL,
    -- As the audit log names them; why, in their words.
    asked_by  TEXT    NOT NULL,
    why       TEXT    NOT NULL,
    asked_at  INTEGER NOT NULL,
    agreed_by TEXT,
    agreed_at INTEGER,
    -- The row of the journal by which the engine forgot them: theirs before it go. Found by then, in JSON.
    row       INTEGER UNIQUE,
    counts    TEXT    NOT NULL DEFAULT '{}',
    done_at   INTEGER,
    CHECK ((agreed_by IS NULL) = (agreed_at IS NULL) AND (done_at IS NULL OR row IS NOT NULL))
) STRICT;

-- One at a time for a subject, until the engine has forgotten them.
CREATE UNIQUE INDEX erasures_asked ON erasures (subject) WHERE row IS NULL;
