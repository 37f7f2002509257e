//! Whole days of everything, on virtual time, from one seed: the production engine, line and outbox between tags, a broker, a
//! disk, providers and people, all of which fail. What must hold is checked from outside (`checks`, `stays`).
//!
//! | Part | What is in it |
//! |---|---|
//! | `world`, `queue`, `chance`, `trace` | the time, what happens next, by what chance, and what is told of it |
//! | `mix`, `faults` | what goes wrong in a seed's days |
//! | `town`, `worn`, `people` | wearers and their zones; tags; those who get alerts, officers, who edits the rulebook |
//! | `ways` | how people can be reached, and what they have agreed to |
//! | `air`, `broker` | between tags and the service |
//! | `service`, `disk` | processes with the real line, one after the other, on one disk |
//! | `courier`, `phones` | dispatch, and the providers |
//! | `checks`, `stays` | what must hold |
//! | `workings` | the seams at which a test puts something broken in |

mod air;
mod broker;
mod chance;
mod checks;
mod courier;
mod disk;
mod faults;
mod mix;
mod people;
mod phones;
mod queue;
mod service;
mod stays;
mod town;
mod trace;
mod ways;
mod workings;
mod world;
mod worn;

use std::{
    num::NonZero,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    thread,
};

use serde::Serialize;

pub use checks::{Broken, Law};
pub use workings::{AsBuilt, Workings};

use world::{CALM_MS, World};

/// So much of the world's time passes between two looks at what is broken, milliseconds. What comes after is of no use.
const STEP_MS: i64 = 60_000;

/// What to simulate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plan {
    /// The first seed.
    pub first_seed: u64,
    /// How many, one after the other.
    pub seeds: u64,
    /// Days of each.
    pub days: u32,
    /// Tags in each world.
    pub tags: usize,
}

/// What came of one seed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Outcome {
    /// The seed.
    pub seed: u64,
    /// Rows of the journal.
    pub rows: u64,
    /// Starts of the service.
    pub starts: u64,
    /// Incidents.
    pub incidents: u64,
    /// Alerts.
    pub alerts: u64,
    /// True stays in a zone that were found.
    pub stays: u32,
    /// Messages that a phone got again.
    pub repeats: u64,
    /// Rules that were broken.
    pub broken: Vec<Broken>,
}

/// What came of all seeds.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Summary {
    /// How many.
    pub seeds: u64,
    /// Of all together.
    pub rows: u64,
    /// Of all together.
    pub starts: u64,
    /// Of all together.
    pub incidents: u64,
    /// Of all together.
    pub alerts: u64,
    /// Of all together.
    pub stays: u64,
    /// Of all together.
    pub repeats: u64,
    /// The seeds in which a rule was broken.
    pub broken: Vec<Outcome>,
}

impl Summary {
    fn add(&mut self, outcome: Outcome) {
        self.seeds += 1;
        self.rows += outcome.rows;
        self.starts += outcome.starts;
        self.incidents += outcome.incidents;
        self.alerts += outcome.alerts;
        self.stays += u64::from(outcome.stays);
        self.repeats += outcome.repeats;
        if !outcome.broken.is_empty() {
            self.broken.push(outcome);
        }
    }
}

/// Simulates every seed, on all processors. `progress` is told how many of how many are done.
#[must_use]
pub fn simulate(plan: Plan, workings: &dyn Workings, progress: &(dyn Fn(usize, usize) + Sync)) -> Summary {
    let (next, outcomes) = (AtomicU64::new(0), Mutex::new(Vec::new()));
    let work = || {
        loop {
            let nth = next.fetch_add(1, Ordering::Relaxed);
            if nth >= plan.seeds {
                return;
            }
            let outcome = one(plan, plan.first_seed.wrapping_add(nth), workings);
            // Whoever panicked has left it whole: pushing is one step.
            let mut outcomes = outcomes.lock().unwrap_or_else(PoisonError::into_inner);
            outcomes.push(outcome);
            progress(outcomes.len(), usize::try_from(plan.seeds).unwrap_or(usize::MAX));
        }
    };
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, NonZero::get) {
            scope.spawn(work);
        }
    });
    let mut outcomes = outcomes.into_inner().unwrap_or_else(PoisonError::into_inner);
    outcomes.sort_by_key(|outcome| outcome.seed);
    let mut summary = Summary::default();
    outcomes.into_iter().for_each(|outcome| summary.add(outcome));
    summary
}

/// Simulates one seed.
#[must_use]
pub fn one(plan: Plan, seed: u64, workings: &dyn Workings) -> Outcome {
    run(plan, seed, workings, None)
}

/// Simulates one seed and hands on all that happens in it, as lines of text: the same bytes every time.
pub fn trace(plan: Plan, seed: u64, workings: &dyn Workings, read: &mut dyn FnMut(&str)) -> Outcome {
    run(plan, seed, workings, Some(read))
}

fn run(plan: Plan, seed: u64, workings: &dyn Workings, mut read: Option<&mut dyn FnMut(&str)>) -> Outcome {
    // The line gives up a commit that takes too long by a timer of its own, which needs somewhere to be.
    let timers = tokio::runtime::Builder::new_current_thread().enable_time().build();
    let _inside = timers.as_ref().map(|timers| timers.enter());
    let mut world = World::new(seed, plan.days, plan.tags, workings, read.is_some());
    let ends = world.calm_from.plus_ms(CALM_MS);
    while world.now < ends && world.checks.broken.is_empty() {
        let text = world.pass_to(ends.min(world.now.plus_ms(STEP_MS)));
        if let Some(read) = &mut read {
            read(&text);
        }
    }
    if world.checks.broken.is_empty() {
        world.ends();
    }
    Outcome {
        seed,
        rows: world.service.rows,
        starts: world.service.starts,
        incidents: world.checks.incidents.len() as u64,
        alerts: world.checks.alerts.len() as u64,
        stays: world.stays.found,
        repeats: world.phones.repeats,
        broken: world.checks.broken,
    }
}
