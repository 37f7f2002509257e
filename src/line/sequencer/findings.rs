//! What deciding the journal again found.

use std::fmt;

use crate::store::JournalRow;

/// Differences named one by one.
const DIFFERENCES_MAX: usize = 20;
/// Of a line that differs so much is shown.
const LINE_CHARS_MAX: usize = 400;

/// What deciding the journal again found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Findings {
    /// The row of the snapshot that was gone on from; 0 if everything was decided again.
    pub from: i64,
    /// Snapshots that could not be believed, each in a sentence.
    pub passed_over: Vec<String>,
    /// Rows read.
    pub rows: i64,
    /// Rows decided by another version of the engine: read, not compared.
    pub other_versions: i64,
    /// Rows at which the integrity chain does not verify: they, or the row before them, are not what was written.
    pub broken: i64,
    /// Rows whose content was erased. Their digests stand, so that the chain verifies.
    pub erased: i64,
    /// Rows that could not be decided again because of it.
    pub undecided: Vec<Undecided>,
    /// The first row that is decided otherwise than was recorded.
    pub otherwise: Option<Otherwise>,
    /// The first rows that differ, each in a sentence; bounded.
    pub differences: Vec<String>,
}

impl Findings {
    /// Rows that were decided again.
    #[must_use]
    pub fn decided(&self) -> i64 {
        self.rows - self.undecided.iter().map(Undecided::rows).sum::<i64>()
    }

    pub(super) fn differs(&mut self, what: String) {
        if self.differences.len() < DIFFERENCES_MAX {
            self.differences.push(what);
        }
    }
}

/// From a row whose content was erased to the next snapshot: without that content nobody can say what followed from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Undecided {
    /// The first of them.
    pub first: i64,
    /// The last.
    pub last: i64,
    /// Of so many the content was erased.
    pub erased: i64,
}

impl Undecided {
    fn rows(&self) -> i64 {
        self.last - self.first + 1
    }
}

impl fmt::Display for Undecided {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { first, last, erased } = self;
        let rows = if *erased == 1 { "row" } else { "rows" };
        write!(
            f,
            "rows {first} to {last}: the content of {erased} {rows} was erased; the chain goes by their digests; they are \
             not decided again"
        )
    }
}

/// A row that is decided otherwise than was recorded: the first line that differs, if nobody's own words stand in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Otherwise {
    /// Its number.
    pub no: i64,
    /// What was recorded.
    pub recorded: String,
    /// What is decided now.
    pub decided: String,
}

impl Otherwise {
    pub(super) fn of(row: &JournalRow, decided: &str) -> Self {
        let (mut before, mut now) = (row.decision.lines(), decided.lines());
        loop {
            let lines = (before.next(), now.next());
            if lines.0 != lines.1 || lines == (None, None) {
                let [recorded, decided] = [lines.0, lines.1].map(shown);
                return Self { no: row.no, recorded, decided };
            }
        }
    }
}

/// A line of a decision; not if somebody's own words stand in it, which may be a name or an address.
fn shown(line: Option<&str>) -> String {
    match line {
        None => "nothing".into(),
        Some(line) if line.contains("\"answered\"") || line.contains("\"noted\"") => {
            "what somebody wrote, which is not shown".into()
        }
        Some(line) => line.chars().take(LINE_CHARS_MAX).collect(),
    }
}
