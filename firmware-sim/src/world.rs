//! A generated world: cities, those who move in them, what receivers make of it, and zones with their truth.
//!
//! | Part | What is in it |
//! |---|---|
//! | [`City`] | streets, and routes along them |
//! | [`trip`] | walkers, drivers and buses, second by second |
//! | [`Life`] | somebody's months: home, work, shops, commuting past a zone |
//! | [`Scenario`] | circles over a trip, each breached or nearly missed, with the truth about it |
//! | [`folder`] | all of it as CSV files, for an evaluation |
//!
//! A seed gives the same world. Nothing in it is fitted to a rule that judges it.

mod city;
pub mod folder;
mod life;
mod scenario;
mod trip;

pub use city::{City, Keep};
pub use life::{Life, LifePlan, Neighbour, Span};
pub use scenario::{Kind, Scenario, scenarios};
pub use trip::{Row, Traveller, trip};

use crate::random::Random;

/// Random numbers for one part of a world: those of another part are independent of them.
fn part(seed: u64, part: u64) -> Random {
    let mut random = Random::new(seed ^ part.wrapping_mul(0xd134_2543_de82_ef95));
    // Seeds that are near each other are far apart after one step.
    Random::new(random.bits())
}
