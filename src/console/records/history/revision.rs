//! The revisions of a case, as the journal holds them: found by their subject, a page at a time.

use crate::{
    console::{App, refusal::Refusal},
    domain::{Book, Case, Timestamp},
    engine::{By, Input, Told},
    sequencer::{input_of, revision_of},
    store::JournalRow,
};

/// As the journal has it.
const KIND: &str = "publish";
/// Rows read at a time, and for one page: some revisions were refused.
const READ_ROWS: i64 = 32;
const READS_MAX: usize = 8;

/// A revision of a case.
pub(super) struct Revision {
    /// The number of its row, by which it is asked for.
    pub(super) no: i64,
    /// The how many-th it is, from 1.
    pub(super) number: u64,
    pub(super) at: Timestamp,
    /// Through whose hands it went, or what is said where nobody is named.
    pub(super) by: Result<By, &'static str>,
    /// What it published; `None` if that can no longer be read, or is another unit's.
    pub(super) case: Option<Case>,
}

impl Revision {
    /// `None` of a row that published nothing.
    fn of(row: &JournalRow, case: &Case) -> Option<Self> {
        let number = revision_of(row)?;
        const UNNAMED: &str = "Not recorded";
        let (book, by) = match input_of(row) {
            Ok(Input::Told(Told::Publish(book))) => (Some(book), Err("A rulebook file")),
            Ok(Input::Told(Told::Revise { book, by, .. })) => (Some(book), by.map(|by| *by).ok_or(UNNAMED)),
            _ => (None, Err(UNNAMED)),
        };
        let (case, by) = match book {
            Some(Book::Case(then)) if then.unit == case.unit => (Some(then), by),
            // A case that came from another unit was theirs to see, and so is who worked on it, and why.
            Some(_) => (None, Err("Another unit")),
            None => (None, by),
        };
        Some(Self { no: row.no, number, at: row.wall, by, case })
    }
}

/// The newest revisions of a case of rows before one, at most so many, and whether there are older ones.
pub(super) async fn newest(
    app: &App,
    case: &Case,
    mut before: i64,
    limit: usize,
) -> Result<(Vec<Revision>, bool), Refusal> {
    let (subject, mut found) = (format!("case:{}", case.id), Vec::new());
    for _ in 0..READS_MAX {
        let rows = app.store.newest_of(KIND, &subject, before, READ_ROWS).await?;
        let is_all = i64::try_from(rows.len()).is_ok_and(|read| read < READ_ROWS);
        for row in rows {
            before = row.no;
            let Some(revision) = Revision::of(&row, case) else { continue };
            if found.len() == limit {
                return Ok((found, true));
            }
            found.push(revision);
        }
        if is_all {
            return Ok((found, false));
        }
    }
    Ok((found, true))
}

/// The revision of a case that stands in a row.
pub(super) async fn one(app: &App, case: &Case, no: i64) -> Result<Revision, Refusal> {
    let subject = format!("case:{}", case.id);
    let rows = app.store.newest_of(KIND, &subject, no.saturating_add(1), 1).await?;
    let row = rows.first().filter(|row| row.no == no);
    row.and_then(|row| Revision::of(row, case)).ok_or_else(Refusal::no_record)
}
