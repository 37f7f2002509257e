//! Cordon: warns a person before the one they must be kept safe from is near.

pub mod geometry;
