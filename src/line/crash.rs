//! Named places at which a test may kill the process, crash the engine or hold everything up.
//!
//! They exist in builds with the feature `crash-points` alone; without it they are nothing. `FAILPOINTS` arms them, as
//! the crate `fail` reads it: `FAILPOINTS="commit.after=2*off->1*return"` kills the process when it comes there for the
//! third time, `decide=1*panic` makes the engine panic once.

/// Where a kill must change nothing: before and after each step of the line, in the order in which a message and its
/// alert come through. The fault campaign kills at each of them, and each stands in the code once.
pub const POINTS: [&str; 19] = [
    "receive.before",
    "receive.after",
    "decide.before",
    "decide.after",
    "commit.before",
    "commit.inside",
    "commit.after",
    "acknowledge.before",
    "acknowledge.after",
    "reply.before",
    "reply.after",
    "claim.before",
    "claim.after",
    "send.before",
    "send.after",
    "record.before",
    "record.after",
    "tell.before",
    "tell.after",
];

/// Reads `FAILPOINTS`. Once, when the process starts.
pub fn arm() {
    #[cfg(feature = "crash-points")]
    // Dropping the scenario would disarm them again.
    std::mem::forget(fail::FailScenario::setup());
}

/// The process may die here, at once and without a word.
#[inline]
pub fn point(_name: &'static str) {
    #[cfg(feature = "crash-points")]
    fail::fail_point!(_name, |_| std::process::abort());
}

/// The task may hang here for good, as behind a call that never returns; the others go on. Armed as `NAME=return`.
pub async fn stall(_name: &'static str) {
    #[cfg(feature = "crash-points")]
    if stalls(_name) {
        std::future::pending::<()>().await;
    }
}

#[cfg(feature = "crash-points")]
fn stalls(name: &'static str) -> bool {
    fail::fail_point!(name, |_| true);
    false
}

/// What a test arms and disarms places with, in its own process.
#[cfg(feature = "crash-points")]
pub use fail::{FailGuard, cfg as arm_point, remove as disarm_point};
