//! Whether a batch's rows continue the journal, are already in it, or belong to somebody else's.

use super::{JournalRow, StoreError};

/// What identifies a row that is already in the journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mark {
    pub(super) no: i64,
    pub(super) digest: Vec<u8>,
    pub(super) chain: Vec<u8>,
}

impl Mark {
    fn is_of(&self, row: &JournalRow) -> bool {
        self.no == row.no && self.digest == row.digest && self.chain == row.chain
    }
}

/// How many of `rows`, from the first, are already in the journal; the rest follow its last row `head` without a gap.
/// `there` are the journal's rows with the numbers of `rows`, in order.
///
/// # Errors
/// `Conflict` with the number of the first row that fits neither way.
pub(super) fn already_there(
    rows: &[JournalRow],
    head: Option<i64>,
    there: &[Mark],
) -> Result<usize, StoreError> {
    if let Some(first) = rows.first().filter(|first| first.no < 1) {
        return Err(StoreError::Conflict(first.no));
    }
    if let Some(pair) = rows.windows(2).find(|pair| pair[0].no.checked_add(1) != Some(pair[1].no)) {
        return Err(StoreError::Conflict(pair[1].no));
    }
    if let Some((_, row)) = there.iter().zip(rows).find(|(mark, row)| !mark.is_of(row)) {
        return Err(StoreError::Conflict(row.no));
    }
    match (rows.get(there.len()), head) {
        (Some(row), Some(head)) if Some(row.no) != head.checked_add(1) => Err(StoreError::Conflict(row.no)),
        _ => Ok(there.len()),
    }
}
