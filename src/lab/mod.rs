//! The engine outside of live service.

mod alone;
mod compare;
mod course;
pub mod evaluate;
mod explain;
pub mod policy;
pub mod rehearse;
pub mod simulate;

pub use compare::compare;
pub use course::{Course, SOURCE, proven};
pub use explain::{ExplainError, Explanation, explain};
