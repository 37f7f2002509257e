//! The engine outside of live service.

mod alone;
mod compare;
mod course;
pub mod evaluate;
mod explain;
pub mod playback;
pub mod policy;
pub mod rehearse;
mod rows;
pub mod simulate;
mod ticks;
mod turned;

pub use compare::compare;
pub use course::{Course, SOURCE, proven};
pub use explain::{ExplainError, Explanation, explain};
pub use ticks::ticks;
