//! The line: what arrives is numbered, stamped, decided, written down and then acknowledged, and the same engine and line
//! lived through under a seed.
//!
//! Apart from what brings messages in, carries alerts out and shows pages: the list of what this part depends on is short.
//! `cordon` shows these modules as its own, on the floors that its map says.

pub mod crash;
pub mod database;

pub use cordon_core::{domain, engine, geometry};

pub mod clock;
pub mod course;
pub mod retry;
pub mod store;
pub mod vitals;

pub mod sequencer;

pub mod simulate;
