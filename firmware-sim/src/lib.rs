//! A tag in software: what the demo, the simulator and the tests wear on the ankle.
//!
//! | Part | What is in it |
//! |---|---|
//! | [`route`] | true motion: routes, waits, wandering; a position for every second |
//! | [`gnss`] | what a receiver makes of it: errors with heavy tails and a memory |
//! | [`world`] | generated cities, travellers, lives at home, and zones with their truth |
//! | [`Tag`] | the firmware: interval, battery, strap, store-and-forward until acknowledged |
//! | [`kept`] | the store of pings that are not acknowledged yet |
//! | [`track`] | recorded fixes from a CSV file, thinned into the pings a tag would have sent |
//! | [`source`] | what makes pings: a tag in its world, or a recorded track |
//! | [`link`] | one tag's MQTT session |
//! | [`random`] | seeded random numbers |
//! | [`clock`] | virtual time from wall time: the only file that reads the time or waits |
//!
//! Invariant: everything but [`link`] and [`clock`] is pure. Time is an argument, randomness comes from
//! a seed, and the same calls give the same bytes.

pub mod clock;
pub mod gnss;
pub mod kept;
pub mod link;
pub mod random;
pub mod route;
pub mod source;
mod tag;
pub mod track;
pub mod world;

pub use tag::{Tag, TagConfig};
