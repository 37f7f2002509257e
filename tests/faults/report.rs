//! What a run has shown, a line of JSON for each row: kept where `CORDON_REPORT` says, beside the test's own verdict.
#![allow(dead_code, reason = "no suite uses all of it")]

use std::{fs::File, io::Write};

use serde_json::{Value, json};

/// Whether this is a long run (`CORDON_LONG=1`): thousands of kills, all seconds of every outage.
pub(crate) fn is_long() -> bool {
    std::env::var("CORDON_LONG").as_deref() == Ok("1")
}

/// The seed of this run: `CORDON_SEED`, or another each time. Printed, so that a failure can be repeated.
pub(crate) fn seed() -> u64 {
    let given = std::env::var("CORDON_SEED").ok().and_then(|seed| seed.parse().ok());
    let seed = given.unwrap_or_else(|| firmware_sim::clock::wall_now_ms().unsigned_abs());
    println!("CORDON_SEED={seed}");
    seed
}

/// Notes that a row of the fault list (numbered as there) has shown what it must, with its figures.
pub(crate) fn shown(row: u32, what: &str, figures: Value) {
    let line = json!({ "row": row, "what": what, "figures": figures });
    println!("{line}");
    if let Some(file) = std::env::var_os("CORDON_REPORT") {
        let mut report = File::options().create(true).append(true).open(file).unwrap();
        writeln!(report, "{line}").unwrap();
    }
}
