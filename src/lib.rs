//! Cordon: warns a person before the one they must be kept safe from is near.

pub mod clock;
pub mod domain;
pub mod engine;
pub mod geometry;
pub mod notify;
pub mod sequencer;
pub mod store;
