-- Who owns the line. `epoch` rises with every take-over, and every commit names the one that it was made under; `until` is by
-- this database's clock.
CREATE TABLE owner (
    one     BIGINT PRIMARY KEY CHECK (one = 1),
    epoch   BIGINT NOT NULL,
    until   BIGINT NOT NULL,
    -- Which process, for those who look for it.
    process TEXT   NOT NULL,
    -- Always the service itself.
    subject TEXT   NOT NULL
);

INSERT INTO owner (one, epoch, until, process, subject) VALUES (1, 0, 0, '', 'service');
