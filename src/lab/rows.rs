//! Rows of the journal about somebody, and nobody else's.

use crate::{
    domain::Timestamp,
    store::{About, JournalRow, Store, StoreError},
};

/// Rows read at a time.
const PAGE_ROWS: i64 = 2_000;

/// Which rows: numbers above `after`, up to `last`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Numbers {
    pub(super) after: i64,
    pub(super) last: i64,
}

/// Rows of one kind about somebody, in order; more than `most` are not read. And whether there were more.
///
/// # Errors
/// If the store cannot be read.
pub(super) async fn at_most(
    store: &dyn Store,
    kind: &str,
    about: About<'_>,
    numbers: Numbers,
    most: usize,
) -> Result<(Vec<JournalRow>, bool), StoreError> {
    let (mut found, Numbers { mut after, last }) = (Vec::new(), numbers);
    loop {
        let page = store.journal_of(kind, about, after, PAGE_ROWS).await?;
        let Some(end) = page.last() else {
            return Ok((found, false));
        };
        after = end.no;
        found.extend(page.into_iter().take_while(|row| row.no <= last));
        if found.len() > most {
            found.truncate(most);
            return Ok((found, true));
        }
        if after >= last {
            return Ok((found, false));
        }
    }
}

/// The same, all of them.
///
/// # Errors
/// If the store cannot be read.
pub(super) async fn all(
    store: &dyn Store,
    kind: &str,
    about: About<'_>,
    numbers: Numbers,
) -> Result<Vec<JournalRow>, StoreError> {
    Ok(at_most(store, kind, about, numbers, usize::MAX).await?.0)
}

/// The number of the first row judged at `from` or later, between two that there are; of the last one where all are older.
///
/// # Errors
/// If the store cannot be read.
pub(super) async fn first_since(
    store: &dyn Store,
    first: i64,
    last: i64,
    from: Timestamp,
) -> Result<i64, StoreError> {
    let (mut low, mut high) = (first, last);
    while low < high {
        let middle = low + (high - low) / 2;
        match store.journal(middle - 1, 1).await?.first() {
            Some(row) if row.at < from => low = middle + 1,
            _ => high = middle,
        }
    }
    Ok(low)
}
