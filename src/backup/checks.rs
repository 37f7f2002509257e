//! Whether the rows are what was written: the chains of the journal and of the audit log, row by row.

use super::{BackupError, form::Of};
use crate::{
    access::audit::{Entry, Verdict, Walk},
    database::Value,
    domain::Timestamp,
    sequencer::wrong_with,
    store::{JournalHead, JournalRow},
};

/// Problems that are told one by one.
const TOLD_MAX: usize = 20;

/// What was found of both chains.
#[derive(Debug)]
pub struct Checked {
    /// The last row of the journal.
    pub journal: Option<JournalHead>,
    /// When that was, by the wall clock.
    pub newest: Option<Timestamp>,
    /// The last record of the audit log, and how many there are.
    pub audit: Verdict,
    /// What is not as it was written, a sentence each.
    pub problems: Vec<String>,
    /// Further ones.
    pub others: usize,
}

#[derive(Debug, Default)]
pub(super) struct Checks {
    journal: Option<JournalHead>,
    newest: Option<Timestamp>,
    audit: Walk,
    problems: Vec<String>,
    others: usize,
}

impl Checks {
    pub(super) fn row(
        &mut self,
        of: Of,
        table: &str,
        columns: &[String],
        values: &[Value],
    ) -> Result<(), BackupError> {
        let row = Row { columns, values };
        let whole = match (of, table) {
            (Of::Store, "journal") => row.journal().map(|row| self.journal_row(row)),
            (Of::Access, "audit") => row.audit().map(|entry| self.audit.step(&entry)),
            _ => Some(()),
        };
        whole.ok_or_else(|| BackupError::Form(format!("a row of {table} has another shape")))
    }

    fn journal_row(&mut self, row: JournalRow) {
        for problem in wrong_with(&row, self.journal.as_ref()) {
            if self.problems.len() < TOLD_MAX {
                self.problems.push(problem);
            } else {
                self.others += 1;
            }
        }
        self.newest = Some(row.wall);
        self.journal = Some(JournalHead { no: row.no, at: row.at, chain: row.chain });
    }

    pub(super) fn end(self) -> Checked {
        let Self { journal, newest, audit, mut problems, others } = self;
        let audit = audit.verdict();
        problems.extend(audit.problems.iter().map(|problem| format!("audit log: {problem}")));
        Checked { journal, newest, others: others + audit.others, audit, problems }
    }
}

struct Row<'r> {
    columns: &'r [String],
    values: &'r [Value],
}

impl Row<'_> {
    fn value(&self, name: &str) -> Option<&Value> {
        self.values.get(self.columns.iter().position(|column| column == name)?)
    }

    fn int(&self, name: &str) -> Option<i64> {
        self.value(name)?.int()
    }

    fn text(&self, name: &str) -> Option<String> {
        self.value(name)?.text().map(str::to_owned)
    }

    fn bytes(&self, name: &str) -> Option<Vec<u8>> {
        self.value(name)?.bytes().map(<[u8]>::to_vec)
    }

    fn journal(&self) -> Option<JournalRow> {
        let unit = match self.value("unit")? {
            Value::Null => None,
            unit => Some(unit.text()?.parse().ok()?),
        };
        Some(JournalRow {
            no: self.int("no")?,
            at: Timestamp::from_us(self.int("at")?),
            wall: Timestamp::from_us(self.int("wall")?),
            kind: self.text("kind")?,
            unit,
            subject: self.text("subject")?,
            codec: self.int("codec")?,
            payload: self.bytes("payload")?,
            decision: self.text("decision")?,
            engine: self.int("engine")?,
            salt: self.bytes("salt")?,
            digest: self.bytes("digest")?,
            chain: self.bytes("chain")?,
        })
    }

    fn audit(&self) -> Option<Entry> {
        Some(Entry {
            no: self.int("no")?,
            at: self.int("at")?,
            who: self.text("who")?,
            what: self.text("what")?,
            why: self.text("why")?,
            subject: self.text("subject")?,
            unit: self.text("unit")?,
            case_id: self.text("case_id")?,
            incident: self.int("incident")?,
            chain: self.bytes("chain")?,
        })
    }
}
