//! Worlds from seeds: what must hold does, and a service that is broken in any of many ways is found out.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "simulation/broken.rs"]
mod broken;
#[path = "faults/report.rs"]
mod report;
#[path = "simulation/tampered.rs"]
mod tampered;

use std::process::Command;

use cordon::simulate::{AsBuilt, Plan, one, simulate, trace};
use serde_json::{Value, json};

use crate::report::is_long;

/// So many worlds are lived on every build: what two cores have the time for.
const SEEDS: u64 = 60;
const SMALL: Plan = Plan { first_seed: 1, seeds: 1, days: 1, tags: 6 };

#[test]
fn whatever_goes_wrong_what_must_hold_does() {
    let plan = Plan { first_seed: 1, seeds: if is_long() { 2_000 } else { SEEDS }, days: 1, tags: 50 };
    let summary = simulate(plan, &AsBuilt, &|_, _| {});
    println!("{}", serde_json::to_string(&summary).unwrap());
    assert_eq!(summary.broken, []);
    assert!(summary.starts > 2 * plan.seeds, "processes die");
    assert!(summary.stays > plan.seeds, "wearers go where they must not");
    assert!(summary.alerts > plan.seeds, "and people are told");
}

/// Seeds that found something, and how many tags their worlds have: see `src/line/simulate/README.md`.
const FOUND: [(u64, usize); 1] = [(96, 20)];

#[test]
fn what_was_found_once_stays_mended() {
    for (seed, tags) in FOUND {
        let outcome = one(Plan { tags, ..SMALL }, seed, &AsBuilt);
        assert_eq!(outcome.broken, [], "seed {seed}");
    }
}

#[test]
fn the_same_seed_gives_the_same_bytes() {
    for seed in 1..=4 {
        let [first, second] = [0; 2].map(|_| {
            let mut text = String::new();
            trace(SMALL, seed, &AsBuilt, &mut |more| text.push_str(more));
            text
        });
        assert!(first.lines().count() > 1_000, "seed {seed}");
        assert!(first == second, "seed {seed}");
    }
}

#[test]
fn the_command_prints_what_it_found_and_a_trace() {
    let run = |line: &str| {
        let output = Command::new(env!("CARGO_BIN_EXE_cordon")).args(line.split(' ')).output().unwrap();
        assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let found = run("simulate --seeds 2 --seed 5 --tags 4 --json");
    let found: Value = serde_json::from_str(found.lines().last().unwrap()).unwrap();
    assert_eq!((&found["seeds"], &found["broken"]), (&json!(2), &json!([])));
    let [first, second] = [0; 2].map(|_| run("simulate --trace --seed 5 --tags 4"));
    assert!(first == second && first.contains("process 1 starts"));
}
