//! Rows of the journal whose content is gone, and whether the journal had said before that it would go.
//!
//! The chain verifies over a blank row, whoever has blanked it. So the numbers of the rows that an erasure takes stand in the
//! journal before it takes the first of them, and any other blank row is one that somebody else has blanked. The numbers
//! themselves, and no digest of them: it is known of each row at any time, also while an erasure waits half done.

use std::collections::BTreeSet;

use super::{
    erasures::erasures,
    record::{BLANK, input_of},
};
use crate::{
    domain::DataSubject,
    engine::{Input, Told},
    store::{About, Store, StoreError},
};

/// Rows read at a time.
const PAGE_ROWS: i64 = 1_000;

/// The rows that are said to go with somebody's data.
///
/// # Errors
/// If the store cannot be read.
pub async fn said_to_go(store: &dyn Store, subject: &DataSubject) -> Result<BTreeSet<i64>, StoreError> {
    said(store, About::One(&subject.to_string())).await
}

/// The rows whose content is gone although the journal has not said so.
///
/// # Errors
/// If the store cannot be read.
pub async fn gone_unsaid(store: &dyn Store) -> Result<Vec<i64>, StoreError> {
    let (mut gone, mut after) = (Vec::new(), 0);
    loop {
        let nos = store.blank_rows(after, PAGE_ROWS).await?;
        let Some(last) = nos.last() else { break };
        after = *last;
        gone.extend(nos);
    }
    if !gone.is_empty() {
        for sort in ["wearer", "person"] {
            let said = said(store, About::Every(sort)).await?;
            gone.retain(|no| !said.contains(no));
        }
    }
    Ok(gone)
}

/// What is said counts only of rows before the erasure that it follows.
async fn said(store: &dyn Store, about: About<'_>) -> Result<BTreeSet<i64>, StoreError> {
    let (erasures, mut said, mut after) = (erasures(store, 0).await?, BTreeSet::new(), 0);
    loop {
        let rows = store.journal_of(BLANK, about, after, PAGE_ROWS).await?;
        let Some(last) = rows.last() else { return Ok(said) };
        after = last.no;
        for row in &rows {
            let Ok(Input::Told(Told::Blank { subject, rows: nos })) = input_of(row) else { continue };
            let of_theirs = erasures.iter().rfind(|(no, whose)| *whose == subject && *no < row.no);
            if let Some((erased, _)) = of_theirs {
                said.extend(nos.as_slice().iter().filter(|no| *no < erased));
            }
        }
    }
}
