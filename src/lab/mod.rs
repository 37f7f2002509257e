//! The engine outside of live service.

mod alone;
pub mod evaluate;
mod explain;
pub mod playback;
pub mod policy;
pub mod rehearse;
mod rows;
mod ticks;
mod turned;

pub use explain::{ExplainError, Explanation, explain};
pub use ticks::ticks;

pub use crate::course::{Course, SOURCE, proven};
