//! The truth about stays in zones: a wearer who truly stays inside, and whose good fixes from there have come through, has
//! been found there.

use std::collections::{BTreeMap, BTreeSet};

use super::checks::{Checks, Law};
use crate::domain::{Cause, Incident, IncidentKind, Subject, Timestamp, WearerId, ZoneId};

/// Deeper than this, metres, is truly inside.
pub(super) const DEEP_M: f64 = 50.0;
/// A fix is good whose error is no larger, metres.
pub(super) const ERROR_M: f64 = 25.0;
/// So many good fixes, and so far apart, leave no doubt; milliseconds.
const FIXES: usize = 6;
const SPAN_MS: i64 = 180_000;
/// After a longer pause it is another stay, milliseconds.
const PAUSE_MS: i64 = 900_000;
/// An episode belongs to a stay that begins or ends no farther from it, milliseconds.
const AROUND_MS: i64 = 900_000;

/// A stay, by the good fixes from inside.
struct Stay {
    wearer: WearerId,
    zone: ZoneId,
    last: Timestamp,
    /// By the engine's time.
    come: Vec<Timestamp>,
    is_found: bool,
    /// It goes on from one in another shape of the zone: an episode may have begun long before.
    goes_on: bool,
}

/// Everybody's stays.
#[derive(Default)]
pub(super) struct Stays {
    stays: Vec<Stay>,
    /// The stay that a wearer is in.
    present: BTreeMap<usize, usize>,
    /// Wearers whose stay was cut short by a change of their zone.
    cut: BTreeSet<usize>,
    /// Which stay a tag's ping is of, and when its fix was taken.
    pings: BTreeMap<(usize, u64), (usize, Timestamp)>,
    pub(super) found: u32,
}

impl Stays {
    /// A ping with a good fix from inside has been made.
    pub(super) fn made(&mut self, wearer: usize, tag: usize, seq: u64, at: Timestamp) {
        if self.pings.contains_key(&(tag, seq)) {
            return;
        }
        let goes_on = self.present.get(&wearer).copied().filter(|nth| {
            let ago_ms = at.ms_since(self.stays[*nth].last).abs();
            ago_ms <= PAUSE_MS
        });
        let nth = goes_on.unwrap_or_else(|| {
            let wearer_no = wearer;
            let (wearer, zone) = (format!("w-{wearer}"), format!("z-{wearer}"));
            let id = "a letter, a dash and a number";
            self.stays.push(Stay {
                wearer: wearer.parse().expect(id),
                zone: zone.parse().expect(id),
                last: at,
                come: Vec::new(),
                is_found: false,
                goes_on: self.cut.remove(&wearer_no),
            });
            self.stays.len() - 1
        });
        self.present.insert(wearer, nth);
        self.stays[nth].last = self.stays[nth].last.max(at);
        self.pings.insert((tag, seq), (nth, at));
    }

    /// The zone is another one from now on.
    pub(super) fn zone_changes(&mut self, wearer: usize) {
        if let Some(nth) = self.present.remove(&wearer) {
            // What was inside of the one need not be inside of the other.
            self.stays[nth].is_found = true;
            self.cut.insert(wearer);
        }
    }

    /// A ping has been committed. `ahead_ms` is how far the engine's time is ahead of the world's.
    pub(super) fn came(&mut self, tag: usize, seq: u64, ahead_ms: i64, now: Timestamp, checks: &mut Checks) {
        let Some((nth, at)) = self.pings.remove(&(tag, seq)) else { return };
        let stay = &mut self.stays[nth];
        stay.come.push(at.plus_ms(ahead_ms));
        let (first, last) = (stay.come.iter().min(), stay.come.iter().max());
        let (Some(first), Some(last)) = (first.copied(), last.copied()) else { return };
        if stay.is_found || stay.come.len() < FIXES || last.ms_since(first) < SPAN_MS {
            return;
        }
        stay.is_found = true;
        let is_found = |incident: &Incident| {
            let of_it = incident.subject == Subject::Wearer(stay.wearer.clone())
                && incident.cause == Cause::Zone(stay.zone.clone())
                && incident.kind == IncidentKind::Violation;
            let from = if stay.goes_on { Timestamp::MIN } else { first.plus_ms(-AROUND_MS) };
            let until = last.plus_ms(AROUND_MS);
            let mut episodes = incident.episodes.iter().filter(|episode| !episode.disproved);
            let lasts = incident.is_open() && incident.ongoing;
            of_it && (lasts || episodes.any(|episode| (from..=until).contains(&episode.from)))
        };
        if checks.incidents.values().any(is_found) {
            self.found += 1;
            return;
        }
        let what = format!(
            "{} good fixes of wearer {} from inside have come, and no violation",
            stay.come.len(),
            stay.wearer
        );
        checks.breaks(Law::StaysAreFound, now, what);
    }
}
