//! The rulebook in force.

/// Everything published.
#[derive(Debug, Clone, Default)]
pub struct Rulebook {}
