//! `cordon simulate`.

use std::io::Write;

use anyhow::bail;

use super::{progress, say};
use crate::{
    cli,
    simulate::{AsBuilt, Outcome, Plan, simulate as run, trace},
};

/// `cordon simulate`: worlds from seeds, and what must hold in them.
///
/// # Errors
/// If something did not hold.
pub fn simulate(args: &cli::Simulate) -> anyhow::Result<()> {
    let plan =
        Plan { first_seed: args.seed, seeds: args.seeds, days: args.days, tags: usize::from(args.tags) };
    if args.trace {
        return print_trace(plan);
    }
    let summary = run(plan, &AsBuilt, &progress);
    for outcome in &summary.broken {
        say(&in_words(outcome))?;
    }
    if args.json {
        say(&serde_json::to_string(&summary)?)?;
    } else {
        say(&format!(
            "{} seeds: {} journal rows, {} starts, {} incidents, {} alerts, {} stays in zones found; {} seeds in \
             which something did not hold",
            summary.seeds,
            summary.rows,
            summary.starts,
            summary.incidents,
            summary.alerts,
            summary.stays,
            summary.broken.len()
        ))?;
    }
    if summary.broken.is_empty() { Ok(()) } else { bail!("not everything held") }
}

fn print_trace(plan: Plan) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    let mut written = Ok(());
    let outcome = trace(plan, plan.first_seed, &AsBuilt, &mut |text| {
        if written.is_ok() {
            written = out.write_all(text.as_bytes());
        }
    });
    written?;
    drop(out);
    if outcome.broken.is_empty() { Ok(()) } else { bail!("{}", in_words(&outcome)) }
}

/// What did not hold in a seed, and how to see it.
fn in_words(outcome: &Outcome) -> String {
    let seed = outcome.seed;
    let broken = outcome.broken.iter();
    let lines = broken
        .map(|broken| format!("seed {seed}, {}: not so: {}: {}", broken.at, broken.law.words(), broken.what));
    lines.collect::<Vec<_>>().join("\n")
}
