//! What stands in for the outside world in the demo and in tests.

mod accounts;
pub mod broker;
