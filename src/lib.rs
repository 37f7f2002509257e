//! Cordon: warns a person before the one they must be kept safe from is near.

pub mod geometry;

pub mod domain;

pub mod engine;

pub mod clock;
pub mod notify;
pub mod store;

pub mod sequencer;

pub mod sandbox;
