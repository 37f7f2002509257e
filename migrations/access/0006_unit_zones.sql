-- Zones that bind everybody of a unit wait for a second person, too. A row is about a case and its wearer, or about a unit:
-- the other columns are '' then.
ALTER TABLE proposals ADD COLUMN unit_id TEXT NOT NULL DEFAULT '';
CREATE INDEX proposals_unit ON proposals (unit_id);
