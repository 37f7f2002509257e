//! The engine outside of live service.

mod compare;

pub use compare::compare;
