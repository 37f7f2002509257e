//! Whether a channel's provider takes messages: one word when it no longer does, however many alerts fail, and one when
//! it does again.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, PoisonError},
};

use crate::{
    domain::{Alert, Channel, Sent, Timestamp},
    engine::ServiceReport,
};

/// Messages to so many different addresses failed, with none taken in between: it is not about an address.
const ADDRESSES: usize = 3;
/// Or nothing but failures for this long, milliseconds.
const FAILING_MS: i64 = 15_000;
/// A provider that now takes messages and now does not is not reported as failing more often than this, milliseconds.
const REPORT_MS_MIN: i64 = 60_000;

/// How every provider does.
#[derive(Debug, Default)]
pub struct Health(Mutex<BTreeMap<Channel, Doing>>);

/// How one does.
#[derive(Debug, Default)]
struct Doing {
    /// When the first of the failures in a row began, and whom they were for; bounded by [`ADDRESSES`].
    failing: Option<(Timestamp, BTreeSet<String>)>,
    /// What the engine believes; nobody knows at the start.
    told: Option<bool>,
    told_down_at: Option<Timestamp>,
}

impl Health {
    /// Takes note of a try that began and ended then; returns what the engine must be told.
    pub fn note(
        &self,
        alert: &Alert,
        sent: &Sent,
        began: Timestamp,
        ended: Timestamp,
    ) -> Option<ServiceReport> {
        // Every change is one step, so a panic elsewhere leaves nothing half done.
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let doing = all.entry(alert.channel).or_default();
        let failed = match sent {
            Sent::Accepted { .. } => None,
            Sent::Retry { reason } | Sent::Busy { reason, .. } => Some((reason, true)),
            // One message that is refused says nothing about the provider; many in a row do.
            Sent::Refused { reason } => Some((reason, false)),
            Sent::NoSuchAddress { .. } => return None,
        };
        let (up, reason) = match failed {
            None => (doing.taken(), String::new()),
            Some((reason, by_time)) => (doing.failed(&alert.address, began, ended, by_time), reason.clone()),
        };
        Some(ServiceReport::Provider { channel: alert.channel, up: up?, reason })
    }
}

impl Doing {
    fn taken(&mut self) -> Option<bool> {
        self.failing = None;
        (self.told != Some(true)).then(|| {
            self.told = Some(true);
            true
        })
    }

    fn failed(&mut self, address: &str, began: Timestamp, ended: Timestamp, by_time: bool) -> Option<bool> {
        let (since, addresses) = self.failing.get_or_insert_with(|| (began, BTreeSet::new()));
        if addresses.len() < ADDRESSES {
            addresses.insert(address.into());
        }
        let lasts = by_time && ended.ms_since(*since) >= FAILING_MS;
        let may_tell = self.told_down_at.is_none_or(|at| ended.ms_since(at) >= REPORT_MS_MIN);
        let down = addresses.len() >= ADDRESSES || lasts;
        (down && self.told != Some(false) && may_tell).then(|| {
            (self.told, self.told_down_at) = (Some(false), Some(ended));
            false
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Timestamp = Timestamp::from_ms(1_780_000_000_000);

    /// A try of an alert to `address` that ends after `after_s` seconds: whether the provider was reported up or down.
    fn note(doing: &mut Doing, address: &str, after_s: i64, taken: bool) -> Option<bool> {
        let at = START.plus_ms(after_s * 1_000);
        if taken { doing.taken() } else { doing.failed(address, at, at, true) }
    }

    #[test]
    fn three_addresses_or_fifteen_seconds_of_failures_are_told_once_and_so_is_the_end() {
        let mut doing = Doing::default();
        assert_eq!(note(&mut doing, "a", 0, true), Some(true), "nobody knew");
        assert_eq!(note(&mut doing, "a", 1, false), None);
        assert_eq!(note(&mut doing, "b", 2, false), None);
        assert_eq!(note(&mut doing, "a", 3, false), None, "the same again");
        assert_eq!(note(&mut doing, "c", 4, false), Some(false));
        assert_eq!(note(&mut doing, "d", 5, false), None);
        assert_eq!(note(&mut doing, "a", 6, true), Some(true));
        assert_eq!(note(&mut doing, "a", 7, true), None);
        for (after_s, expected) in [(100, None), (114, None), (115, Some(false)), (116, None)] {
            assert_eq!(note(&mut doing, "a", after_s, false), expected, "{after_s}");
        }
    }

    #[test]
    fn one_that_wavers_is_not_reported_all_the_time() {
        let mut doing = Doing::default();
        let mut reports = 0;
        for after_s in 0..600 {
            let address = ["a", "b", "c", "d"][after_s as usize % 4];
            reports += u32::from(note(&mut doing, address, after_s, after_s % 5 == 0) == Some(false));
        }
        assert_eq!(reports, 10);
    }

    #[test]
    fn refused_messages_are_no_matter_of_time() {
        let mut doing = Doing::default();
        let at = |after_s: i64| START.plus_ms(after_s * 1_000);
        assert_eq!(doing.failed("a", at(0), at(0), false), None);
        assert_eq!(doing.failed("a", at(60), at(60), false), None);
        assert_eq!(doing.failed("b", at(61), at(61), false), None);
        assert_eq!(doing.failed("c", at(62), at(62), false), Some(false));
    }
}
