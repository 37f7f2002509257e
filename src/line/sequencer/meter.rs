//! What the line has done since the process started, and how long it took.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

use super::{hops::Moved, step::Stepped};
use crate::domain::AlertId;

/// Latencies kept for the percentiles.
const LATENCIES_MAX: usize = 100_000;
/// Alerts waiting to be accepted that are timed.
const TIMED_MAX: usize = 100_000;

/// Counts and times.
#[derive(Debug, Default)]
pub struct Meter {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    pings: u64,
    duplicates: u64,
    hops: Hops,
    received_us: BTreeMap<AlertId, i64>,
    latencies_us: Vec<i64>,
}

/// What has come past the line's hops.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Hops {
    /// Messages judged.
    pub decided: u64,
    /// Of those, written down.
    pub committed: u64,
    /// Alerts and incidents, as far as that is written down.
    pub moved: Moved,
}

/// One reading.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Reading {
    /// Pings committed, duplicates among them.
    pub pings: u64,
    /// Pings that had been received before.
    pub duplicates: u64,
    /// From a message's receipt to its alert's acceptance by a provider, milliseconds.
    pub latency_ms: Percentiles,
}

/// Milliseconds.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Percentiles {
    /// Half are faster.
    pub p50: f64,
    /// 99 of 100 are faster.
    pub p99: f64,
    /// The slowest.
    pub max: f64,
}

impl Meter {
    /// So many messages were judged.
    pub fn decided(&self, messages: usize) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.hops.decided += messages as u64;
    }

    /// A batch is committed.
    pub fn committed(&self, stepped: &Stepped) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.hops.committed += stepped.tickets.len() as u64;
        state.hops.moved += stepped.moved;
        state.pings += stepped.pings;
        state.duplicates += stepped.duplicates;
        for (alert, received_us) in &stepped.caused {
            if state.received_us.len() < TIMED_MAX {
                state.received_us.insert(*alert, *received_us);
            }
        }
    }

    /// A provider has taken an alert.
    pub fn accepted(&self, alert: AlertId, real_us: i64) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(received_us) = state.received_us.remove(&alert)
            && state.latencies_us.len() < LATENCIES_MAX
        {
            state.latencies_us.push(real_us - received_us);
        }
    }

    /// Pings committed, and how many of them had been received before.
    #[must_use]
    pub fn pings(&self) -> (u64, u64) {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        (state.pings, state.duplicates)
    }

    /// What has come past each hop.
    #[must_use]
    pub fn hops(&self) -> Hops {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).hops
    }

    /// How it stands.
    #[must_use]
    pub fn read(&self) -> Reading {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let mut sorted = state.latencies_us.clone();
        sorted.sort_unstable();
        let latency_ms = Percentiles {
            p50: percentile(&sorted, 50),
            p99: percentile(&sorted, 99),
            max: percentile(&sorted, 100),
        };
        Reading { pings: state.pings, duplicates: state.duplicates, latency_ms }
    }
}

/// Nearest rank; 0 of nothing.
#[expect(clippy::cast_precision_loss, reason = "microseconds of a latency")]
fn percentile(sorted_us: &[i64], percent: usize) -> f64 {
    let rank = (sorted_us.len() * percent).div_ceil(100);
    sorted_us.get(rank.saturating_sub(1)).map_or(0.0, |us| *us as f64 / 1_000.0)
}
