//! The outside world, small enough to run on one machine: for demo, tests and vendors.

pub mod script;
pub mod town;
