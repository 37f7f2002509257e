//! The pure engine.

mod input;
mod rulebook;

pub use input::{Action, DeadlineKey, DeliveryReport, Input, Refused, Told};
pub use rulebook::Rulebook;
