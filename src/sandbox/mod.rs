//! The outside world, small enough to run on one machine: for the demo and for tests.

mod accounts;
pub mod broker;
pub mod phones;
pub mod script;
pub mod town;
