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
