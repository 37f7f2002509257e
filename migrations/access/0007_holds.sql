-- Legal holds: while one of a subject is not lifted, nothing of theirs is erased. Rows stay when they are lifted.
CREATE TABLE holds (
    no        INTEGER PRIMARY KEY AUTOINCREMENT,
    -- wearer:ID or person:ID.
    subject   TEXT    NOT NULL,
    -- Who placed it, as the audit log names them, and why, in their words.
    author    TEXT    NOT NULL,
    reason    TEXT    NOT NULL,
    placed_at INTEGER NOT NULL,
    -- Who lifted it, why and when; NULL while it stands.
    lifted_by  TEXT,
    lifted_why TEXT,
    lifted_at  INTEGER
) STRICT;

CREATE INDEX holds_subject ON holds (subject, no);
