//! One person's data, erased: the rows of the journal that hold it are blanked, and what else the store and the access file
//! have of it is deleted.
//!
//! First the engine forgets them, by an input like any other ([`Told::Erase`](crate::engine::Told)); what is theirs is what
//! lies before its row. Everything here can be interrupted and begun again: what is gone is not found again, and the rows by
//! which theirs are found go last.
//!
//! | Part | What it does |
//! |---|---|
//! | `rows` | which rows are about them |
//! | `found` | which incidents and alerts are |
//! | `bites` | all of it, a little at a time |
//! | `task` | the eraser beside the line: what waits, when it may begin, and that it is done |

mod bites;
mod found;
mod rows;
mod task;

pub use bites::{Before, EraseError, Erasing, Plan};
pub use task::Eraser;

use std::collections::BTreeSet;

use crate::{
    access::{Access, AccessError},
    domain::DataSubject,
};

/// The legal holds that stand in the way of an erasure, a sentence each: on somebody, or on one of those whose data stands
/// in the same rows.
///
/// # Errors
/// The access file's.
pub async fn holds_in_the_way(
    access: &Access,
    subject: &DataSubject,
    others: &BTreeSet<DataSubject>,
) -> Result<Vec<String>, AccessError> {
    let mut first = Vec::new();
    for held in [subject].into_iter().chain(others) {
        let standing = access.holds(held).await?.into_iter().filter(|hold| hold.lifted.is_none());
        let beside = if held == subject { "" } else { ", whose data stands in the same rows" };
        first.extend(
            standing.map(|hold| format!("legal hold {} of {held} stands{beside}: lift it first", hold.no)),
        );
    }
    Ok(first)
}
