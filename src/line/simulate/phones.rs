//! Providers, and the phones behind them.

use std::collections::BTreeSet;

use super::{chance::Chance, mix::Mix};
use crate::domain::{Alert, AlertId, Channel, Sent, Timestamp};

/// A provider that does not answer is given up after this time, milliseconds.
const GIVEN_UP_MS: i64 = 12_000;

/// How a provider fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Failing {
    /// It says that it cannot.
    Error,
    /// It does not answer.
    Hangs,
    /// It has too much to do, and wants a pause or says nothing of one.
    Busy(Option<i64>),
}

impl Failing {
    pub(super) const ALL: [Self; 5] =
        [Self::Error, Self::Hangs, Self::Busy(None), Self::Busy(Some(3_000)), Self::Busy(Some(3_600_000))];
}

/// Everybody's provider.
pub(super) struct Phones {
    chance: Chance,
    takings_lost: f64,
    refused: BTreeSet<String>,
    failing: [Option<Failing>; Channel::ALL.len()],
    /// Keys that were taken: the same one is the same message.
    keys: BTreeSet<String>,
    taken: BTreeSet<(AlertId, Timestamp)>,
    pub(super) repeats: u64,
}

/// What comes of a try.
pub(super) struct Taking {
    pub(super) answers_at: Timestamp,
    pub(super) sent: Sent,
    /// It was taken, and is new: when it is on its phone.
    pub(super) arrives_at: Option<Timestamp>,
}

impl Phones {
    pub(super) fn new(seed: u64, mix: &Mix) -> Self {
        Self {
            chance: Chance::of(seed, 5),
            takings_lost: mix.takings_lost,
            refused: BTreeSet::new(),
            failing: [None; Channel::ALL.len()],
            keys: BTreeSet::new(),
            taken: BTreeSet::new(),
            repeats: 0,
        }
    }

    /// A number that no provider takes.
    pub(super) fn refuse(&mut self, address: String) {
        self.refused.insert(address);
    }

    /// How a channel's provider does from now on.
    pub(super) fn befall(&mut self, channel: Channel, failing: Option<Failing>) {
        self.failing[channel as usize] = failing;
    }

    /// Alerts that were taken.
    pub(super) fn taken(&self) -> &BTreeSet<(AlertId, Timestamp)> {
        &self.taken
    }

    /// Somebody tries to send an alert at a time, under a key.
    pub(super) fn take(&mut self, alert: &Alert, key: String, now: Timestamp) -> Taking {
        let (channel, address) = (alert.channel, &alert.address);
        let answers_at = now.plus_ms(self.chance.ms(0.03, 2.0));
        let failed =
            |after_ms: i64, sent| Taking { answers_at: now.plus_ms(after_ms), sent, arrives_at: None };
        match self.failing[channel as usize] {
            Some(Failing::Error) => return failed(200, Sent::Retry { reason: "http_500".into() }),
            Some(Failing::Hangs) => return failed(GIVEN_UP_MS, Sent::Retry { reason: "timeout".into() }),
            Some(Failing::Busy(pause_ms)) => {
                return failed(200, Sent::Busy { reason: "http_429".into(), pause_ms });
            }
            None => {}
        }
        if self.refused.contains(address) {
            return failed(200, Sent::NoSuchAddress { reason: "unknown_number".into() });
        }
        self.taken.insert((alert.id, alert.raised_at));
        let is_new = self.keys.insert(key);
        self.repeats += u64::from(!is_new);
        let arrives_at = is_new.then(|| answers_at.plus_ms(self.chance.ms(0.5, 15.0)));
        if self.chance.happens(self.takings_lost) {
            let sent = Sent::Retry { reason: "timeout".into() };
            return Taking { answers_at: now.plus_ms(GIVEN_UP_MS), sent, arrives_at };
        }
        Taking { answers_at, sent: Sent::Accepted { provider_ref: None }, arrives_at }
    }
}
