//! Which rows of the journal have erased somebody's data.

use super::record::{ERASE, erased_of};
use crate::{
    domain::DataSubject,
    store::{About, Store, StoreError},
};

/// Rows read at a time.
const PAGE_ROWS: i64 = 1_000;

/// The rows after `after` that have made the engine forget somebody, in order, each with whom.
///
/// # Errors
/// If the store cannot be read.
pub async fn erasures(store: &dyn Store, after: i64) -> Result<Vec<(i64, DataSubject)>, StoreError> {
    let mut found = Vec::new();
    for sort in ["wearer", "person"] {
        let mut after = after;
        loop {
            let rows = store.journal_of(ERASE, About::Every(sort), after, PAGE_ROWS).await?;
            let Some(last) = rows.last() else { break };
            after = last.no;
            found.extend(rows.iter().filter_map(|row| Some((row.no, erased_of(row)?))));
        }
    }
    found.sort_by_key(|(no, _)| *no);
    Ok(found)
}

/// The first of them; 0 without one. Before it everything can be decided again.
pub(super) async fn first_erasure(store: &dyn Store) -> Result<i64, StoreError> {
    Ok(erasures(store, 0).await?.first().map_or(0, |(no, _)| *no))
}

/// The last of them; 0 without one.
pub(super) async fn last_erasure(store: &dyn Store) -> Result<i64, StoreError> {
    Ok(erasures(store, 0).await?.last().map_or(0, |(no, _)| *no))
}
