//! How Cordon's own parts are, as each of them says in passing.
//!
//! Whoever asks never waits for a part: one that is stuck says nothing any more, and that is the answer. All times are by
//! `Clock::real_us`, so that a clock that is set changes nothing.

use std::sync::{
    Mutex, MutexGuard, PoisonError,
    atomic::{AtomicI64, Ordering},
};

use serde::{Deserialize, Serialize};

use crate::domain::Hop;

/// Nothing of the sort.
const NEVER: i64 = i64::MAX;

/// What the parts have said. All of them have just been well when it is made, with the process.
#[derive(Debug)]
pub struct Vitals {
    turned_us: AtomicI64,
    committed_us: AtomicI64,
    unwritten_since_us: AtomicI64,
    alert_waits_since_us: AtomicI64,
    rounded_us: AtomicI64,
    canary: Mutex<Option<Canary>>,
    beats: Mutex<Beats>,
}

/// How Cordon's canary does, since the start.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Canary {
    /// It is booked this often, milliseconds.
    pub interval_ms: i64,
    /// Booked so far.
    pub booked: u64,
    /// Come through in time.
    pub came: u64,
    /// Not come through in time.
    pub missed: u64,
    /// When the last one came through, by `Clock::real_us`.
    pub came_us: Option<i64>,
    /// How long the last one took.
    pub took: Option<Took>,
    /// Where the last one got stuck, if it did.
    pub stuck_at: Option<Hop>,
}

/// How long a canary took, milliseconds. A hop that could not be seen counts with the next one.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Took {
    /// Until the broker had taken it.
    pub broker_ms: f64,
    /// From there until it was decided and written down.
    pub line_ms: f64,
    /// From there until everybody had been told.
    pub dispatch_ms: f64,
}

/// The outbound heartbeat, since the start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Beats {
    /// Taken by the outside monitor.
    pub sent: u64,
    /// Not taken by it.
    pub failed: u64,
    /// Held back, since the canary had not come through.
    pub held_back: u64,
}

/// How old the last sign of life of each part is: what an outside watchdog is told. No person, no place.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Ages {
    /// The wall clock, Unix milliseconds.
    pub wall_ms: i64,
    /// Since the process started, seconds.
    pub up_s: f64,
    /// Since the line last turned, seconds. It does so every second at least.
    pub turn_s: f64,
    /// Since something was last written down, seconds. Long where nothing happens.
    pub commit_s: f64,
    /// How long the oldest of what is decided has not been written down, seconds; 0 if everything is.
    pub unwritten_s: f64,
    /// Since dispatch last looked at the whole outbox, seconds. It does so every five seconds at least.
    pub dispatch_s: f64,
    /// How long the oldest alert has been waiting to be taken, seconds; 0 if none is.
    pub oldest_alert_s: f64,
    /// Since a canary last came through, or the start, seconds; none without a canary.
    pub canary_s: Option<f64>,
    /// Every source of pings can be heard.
    pub brokers_up: bool,
}

impl Vitals {
    /// Everything has just been well.
    #[must_use]
    pub fn new(now_us: i64) -> Self {
        Self {
            turned_us: now_us.into(),
            committed_us: now_us.into(),
            unwritten_since_us: NEVER.into(),
            alert_waits_since_us: NEVER.into(),
            rounded_us: now_us.into(),
            canary: Mutex::new(None),
            beats: Mutex::default(),
        }
    }

    /// The line has turned. What it had decided has not been written down for so many milliseconds.
    pub fn turned(&self, now_us: i64, unwritten_ms: i64) {
        self.turned_us.store(now_us, Ordering::Relaxed);
        self.unwritten_since_us.store(since(now_us, unwritten_ms), Ordering::Relaxed);
    }

    /// Something was written down.
    pub fn committed(&self, now_us: i64) {
        self.committed_us.store(now_us, Ordering::Relaxed);
    }

    /// The oldest alert has been waiting for so many milliseconds; 0 for none.
    pub fn alert_waits(&self, now_us: i64, for_ms: i64) {
        self.alert_waits_since_us.store(since(now_us, for_ms), Ordering::Relaxed);
    }

    /// Dispatch has looked at the whole outbox.
    pub fn rounded(&self, now_us: i64) {
        self.rounded_us.store(now_us, Ordering::Relaxed);
    }

    /// How the canary does; `None` without one.
    #[must_use]
    pub fn canary(&self) -> Option<Canary> {
        *locked(&self.canary)
    }

    /// The canary says how it does.
    pub fn put_canary(&self, canary: Canary) {
        *locked(&self.canary) = Some(canary);
    }

    /// How the outbound heartbeat does.
    #[must_use]
    pub fn beats(&self) -> Beats {
        *locked(&self.beats)
    }

    /// The outbound heartbeat says how it does.
    pub fn put_beats(&self, beats: Beats) {
        *locked(&self.beats) = beats;
    }

    /// How old everything is. The process started at 0, by the same clock.
    #[must_use]
    pub fn ages(&self, now_us: i64, wall_ms: i64, brokers_up: bool) -> Ages {
        let age = |since_us: &AtomicI64| seconds(now_us, since_us.load(Ordering::Relaxed));
        Ages {
            wall_ms,
            up_s: seconds(now_us, 0),
            turn_s: age(&self.turned_us),
            commit_s: age(&self.committed_us),
            unwritten_s: age(&self.unwritten_since_us),
            dispatch_s: age(&self.rounded_us),
            oldest_alert_s: age(&self.alert_waits_since_us),
            canary_s: self.canary().map(|canary| seconds(now_us, canary.came_us.unwrap_or(0))),
            brokers_up,
        }
    }
}

impl Canary {
    /// Whether one has come through so lately that at most one was missed since.
    #[must_use]
    pub fn is_fresh(&self, now_us: i64) -> bool {
        self.came_us.is_some_and(|came_us| now_us.saturating_sub(came_us) <= 2 * self.interval_ms * 1_000)
    }
}

fn locked<T>(state: &Mutex<T>) -> MutexGuard<'_, T> {
    // Every change is one step, so a panic elsewhere leaves nothing half done.
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

fn since(now_us: i64, for_ms: i64) -> i64 {
    if for_ms > 0 { now_us.saturating_sub(for_ms.saturating_mul(1_000)) } else { NEVER }
}

/// How long ago, to the millisecond; 0 for what has not been.
#[expect(clippy::cast_precision_loss, reason = "milliseconds of a process's life")]
fn seconds(now_us: i64, since_us: i64) -> f64 {
    (now_us.saturating_sub(since_us).max(0) / 1_000) as f64 / 1_000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_that_says_nothing_any_more_grows_old() {
        let vitals = Vitals::new(1_000_000);
        let s = |s: i64| s * 1_000_000;
        let ages = |now_s: i64| vitals.ages(s(now_s), 7, true);
        let fresh = ages(1);
        assert_eq!((fresh.turn_s, fresh.commit_s, fresh.dispatch_s, fresh.up_s), (0.0, 0.0, 0.0, 1.0));
        assert_eq!((fresh.unwritten_s, fresh.oldest_alert_s, fresh.canary_s), (0.0, 0.0, None));

        vitals.turned(s(10), 2_500);
        vitals.committed(s(11));
        vitals.rounded(s(12));
        vitals.alert_waits(s(13), 3_000);
        let canary = Canary { interval_ms: 60_000, came_us: Some(s(14)), ..Canary::default() };
        vitals.put_canary(canary);
        let old = ages(110);
        assert_eq!((old.turn_s, old.commit_s, old.dispatch_s), (100.0, 99.0, 98.0));
        assert_eq!((old.unwritten_s, old.oldest_alert_s, old.canary_s), (102.5, 100.0, Some(96.0)));
        assert!(canary.is_fresh(s(134)) && !canary.is_fresh(s(135)));

        vitals.turned(s(111), 0);
        vitals.alert_waits(s(111), 0);
        assert_eq!((ages(120).turn_s, ages(120).unwritten_s, ages(120).oldest_alert_s), (9.0, 0.0, 0.0));
    }

    #[test]
    fn a_canary_that_has_never_come_through_is_as_old_as_the_process() {
        let vitals = Vitals::new(0);
        vitals.put_canary(Canary { interval_ms: 60_000, ..Canary::default() });
        assert_eq!(vitals.ages(90_000_000, 0, false).canary_s, Some(90.0));
        assert!(!vitals.canary().is_some_and(|canary| canary.is_fresh(0)));
    }
}
