//! Where a wearer was, in fix order, whatever the order in which the fixes came.
//!
//! The last fixes are kept beside the state from before them. A fix that comes late goes to its place and everything
//! after it is judged again, so that the same fixes give the same episodes in every order of arrival. The live state
//! never moves back: it is always that of the newest fix.

use serde::{Deserialize, Serialize};

use super::{
    belief::Heading,
    evidence::EVIDENCE_MS,
    stages::Transition,
    trail::{Ground, Point, Trail, Zones, near, next_edge, with_zone},
    zone_watch::STILL_THERE_MS,
};
use crate::domain::{Reason, Stage, Timestamp, ZoneId};

/// Fixes kept at least: pings that come up to 32 pings late find their place, with two fixes in each ...
const WINDOW_FIXES: usize = 64;
/// ... and, with more in each, those of the last 15 minutes ...
const WINDOW_MS: i64 = 15 * 60_000;
/// ... up to this many: 16 in each of 32 pings. A bound, since a late fix has all of them judged again.
const WINDOW_FIXES_MAX: usize = 512;
/// Fixes older than the window that are kept while more of them come: 8 hours of a buffer at one a minute.
const LATE_FIXES_MAX: usize = 512;
/// Fixes that the newest is compared with.
const RECENT_FIXES: usize = 16;
/// Stays that were found in fixes older than the window, remembered for each wearer.
const PAST_STAYS: usize = 8;

/// A wearer's track.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Track {
    /// The state before the window, and what is carried on from there.
    base: Zones,
    base_trail: Trail,
    /// In fix order.
    window: Vec<Point>,
    pub(super) zones: Zones,
    trail: Trail,
    /// Episodes that began in the window.
    episodes: Vec<(ZoneId, Timestamp)>,
    /// Stays found in fixes older than the window: zone, first and last fix.
    past: Vec<(ZoneId, Timestamp, Timestamp)>,
    /// Fixes that came when the window was past them, in fix order: they are judged together, whatever their order.
    late: Vec<Point>,
    /// When the last fix came out of order: until a while later, those that leave the window are kept here, too.
    late_came: Option<Timestamp>,
}

/// An episode that a late fix brought to light.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Found {
    pub(super) zone: ZoneId,
    pub(super) from: Timestamp,
    pub(super) reason: Reason,
}

/// What a fix changed.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Judged {
    /// Changes of the live stage, in order.
    pub(super) transitions: Vec<Transition>,
    /// Episodes in the past that were not known.
    pub(super) found: Vec<Found>,
    /// Episodes that were known and are no longer proven, or are part of an earlier one.
    pub(super) disproved: Vec<(ZoneId, Timestamp)>,
    /// Episodes that were known to begin at the first time, and began at the second.
    pub(super) earlier: Vec<(ZoneId, Timestamp, Timestamp)>,
}

impl Judged {
    /// A stay whose beginning has moved a little is the same one: nobody is told of it again.
    fn pair_moved(&mut self) {
        let mut found = Vec::new();
        for one in std::mem::take(&mut self.found) {
            let is_same = |(zone, from): &(ZoneId, Timestamp)| {
                *zone == one.zone && from.ms_since(one.from).abs() <= EVIDENCE_MS
            };
            match self.disproved.iter().position(is_same) {
                Some(place) => {
                    let (zone, began) = self.disproved.remove(place);
                    self.earlier.push((zone, began, one.from));
                }
                None => found.push(one),
            }
        }
        self.found = found;
    }
}

impl Track {
    /// The newest fix.
    pub(super) fn last(&self) -> Option<&Point> {
        self.trail.last[0].as_ref()
    }

    /// The newest fixes, the newest first.
    pub(super) fn recent(&self) -> Vec<Point> {
        self.newest().take(RECENT_FIXES).copied().collect()
    }

    /// All fixes of the window, the newest first.
    pub(super) fn newest(&self) -> impl Iterator<Item = &Point> {
        self.window.iter().rev()
    }

    /// Where the wearer is and where they are going.
    pub(super) fn heading(&self) -> Option<Heading> {
        self.trail.belief.heading()
    }

    /// Whether a fix comes after all those known.
    pub(super) fn is_news(&self, fix: &Point) -> bool {
        self.last().is_none_or(|last| fix.key() > last.key())
    }

    /// Takes fixes in at their places, none of them news, and judges what they change together. `now` is the engine's time.
    pub(super) fn insert(&mut self, ground: Ground<'_>, fixes: &[Point], now: Timestamp) -> Vec<Judged> {
        let mut all = Vec::new();
        let mut is_changed = false;
        for fix in fixes {
            if self.base_trail.last[0].is_some_and(|base| fix.key() <= base.key()) {
                all.push(self.insert_past(ground, *fix, now));
            } else if let Err(place) = self.window.binary_search_by_key(&fix.key(), Point::key) {
                self.window.insert(place, *fix);
                is_changed = true;
            }
        }
        if is_changed {
            let mut judged = self.judge_again(ground, now);
            // More may come from the time of the fixes that leave the window.
            self.late_came = Some(now);
            self.fold(ground, &mut judged);
            all.push(judged);
        }
        all
    }

    /// Judges the newest fix at `now`: zones begin and cease to apply by themselves.
    pub(super) fn moment(&mut self, ground: Ground<'_>, now: Timestamp) -> Judged {
        let mut transitions = Vec::new();
        let mut zones = std::mem::take(&mut self.zones);
        self.at_moment(ground, now, &mut zones, &mut transitions);
        self.zones = zones;
        self.note_episodes(&transitions);
        if self.late_came.is_some_and(|came| now.ms_since(came) > STILL_THERE_MS) {
            (self.late, self.late_came) = (Vec::new(), None);
        }
        Judged { transitions, ..Judged::default() }
    }

    /// When a zone near the newest fix next begins or ceases to apply.
    pub(super) fn next_moment(&self, ground: Ground<'_>, now: Timestamp) -> Option<Timestamp> {
        next_edge(ground, &near(ground, None, self.last()?, &self.zones), now)
    }

    /// Takes the next fix in.
    pub(super) fn append(&mut self, ground: Ground<'_>, fix: Point) -> Judged {
        let mut transitions = Vec::new();
        self.trail.step(ground, &fix, &mut self.zones, &mut transitions);
        self.window.push(fix);
        self.note_episodes(&transitions);
        let mut judged = Judged { transitions, ..Judged::default() };
        self.fold(ground, &mut judged);
        judged
    }

    fn judge_again(&mut self, ground: Ground<'_>, now: Timestamp) -> Judged {
        let (mut zones, mut trail, mut all) = (self.base.clone(), self.base_trail.clone(), Vec::new());
        for fix in &self.window {
            trail.step(ground, fix, &mut zones, &mut all);
        }
        self.trail = trail;
        self.at_moment(ground, now, &mut zones, &mut all);
        let known = std::mem::take(&mut self.episodes);
        self.note_episodes(&all);
        let begins = all.iter().filter(|change| change.to == Stage::Violation);
        let found = begins.filter(|change| !known.contains(&(change.zone.clone(), change.true_time)));
        let found = found
            .map(|c| Found { zone: c.zone.clone(), from: c.true_time, reason: c.reason.clone() })
            .collect();
        // What a zone proved as it stood before stays proven: it is no longer judged.
        let still_judged = |zone: &ZoneId, from: Timestamp| {
            let bound = ground.rulebook.bound_zone(zone);
            bound.is_some_and(|bound| bound.since <= from)
        };
        let disproved = known
            .into_iter()
            .filter(|episode| !self.episodes.contains(episode))
            .filter(|(zone, from)| still_judged(zone, *from))
            .collect();
        let transitions = self.net_changes(&zones, &all);
        self.zones = zones;
        let mut judged = Judged { transitions, found, disproved, earlier: Vec::new() };
        judged.pair_moved();
        judged
    }

    fn at_moment(&self, ground: Ground<'_>, now: Timestamp, zones: &mut Zones, out: &mut Vec<Transition>) {
        let Some(last) = self.last() else { return };
        for id in near(ground, None, last, zones) {
            with_zone(ground, &id, now, zones, out, |judge, state| {
                judge.moment(state, last, now);
            });
        }
    }

    /// A fix from before the window is judged among its neighbours, as far as they are known.
    fn insert_past(&mut self, ground: Ground<'_>, fix: Point, now: Timestamp) -> Judged {
        let Err(place) = self.late.binary_search_by_key(&fix.key(), Point::key) else {
            return Judged::default();
        };
        self.keep_late(place, fix);
        self.late_came = Some(now);
        let (mut zones, mut trail, mut all) = (Zones::new(), Trail::default(), Vec::new());
        let mut stays = Vec::new();
        for near in self.neighbours(&fix) {
            trail.step(ground, &near, &mut zones, &mut all);
            if near == fix {
                stays = inside(&zones);
            }
        }
        let base = self.base_trail.last[0].map_or(Timestamp::MAX, |base| base.at);
        let mut judged = Judged::default();
        for change in all.into_iter().filter(|c| c.to == Stage::Violation && c.true_time <= base) {
            let Transition { zone, true_time: from, reason, .. } = change;
            if !self.note_stay(&zone, from, &mut judged) {
                continue;
            }
            match self.begins_in_window(&zone, from) {
                Some(began) => judged.earlier.push((zone, began, from)),
                None => judged.found.push(Found { zone, from, reason }),
            }
        }
        for zone in stays {
            self.note_stay(&zone, fix.at, &mut judged);
        }
        judged
    }

    fn keep_late(&mut self, place: usize, fix: Point) {
        self.late.insert(place, fix);
        if self.late.len() > LATE_FIXES_MAX {
            // Whichever end is farther from what comes at present.
            let far = if place > LATE_FIXES_MAX / 2 { 0 } else { LATE_FIXES_MAX };
            self.late.remove(far);
        }
    }

    /// The episode whose first fixes in the window belong together with those from before it.
    fn begins_in_window(&self, zone: &ZoneId, from: Timestamp) -> Option<Timestamp> {
        let same = |(known, began): &&(ZoneId, Timestamp)| {
            known == zone && *began > from && began.ms_since(from) <= EVIDENCE_MS
        };
        self.episodes.iter().filter(same).map(|(_, began)| *began).min()
    }

    /// What is known of the time around a fix from before the window, in fix order, itself among it.
    fn neighbours(&self, fix: &Point) -> Vec<Point> {
        let at = fix.at;
        let close = |near: &&Point| near.at.ms_since(at).abs() <= EVIDENCE_MS;
        let folded = self.base_trail.last.iter().flatten().chain(&self.window);
        let mut near: Vec<Point> = self.late.iter().chain(folded).filter(close).copied().collect();
        near.sort_by_key(Point::key);
        near.dedup();
        near
    }

    /// Notes that the wearer was inside at a time; whether that is a stay of its own. Stays that turn out to be one are
    /// joined: the later one did not begin when it was thought to.
    fn note_stay(&mut self, zone: &ZoneId, at: Timestamp, judged: &mut Judged) -> bool {
        let (mut same, other): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.past).into_iter().partition(|stay| belongs(stay, zone, at));
        self.past = other;
        same.sort_by_key(|(_, first, _)| *first);
        let (mut from, mut until) = (at, at);
        for (nth, (_, first, last)) in same.iter().enumerate() {
            (from, until) = (from.min(*first), until.max(*last));
            if nth > 0 {
                judged.disproved.push((zone.clone(), *first));
            } else if at < *first {
                judged.earlier.push((zone.clone(), *first, at));
            }
        }
        if self.past.len() == PAST_STAYS {
            self.past.remove(0);
        }
        self.past.push((zone.clone(), from, until));
        same.is_empty()
    }

    /// Moves the oldest fixes of an overfull window into the base. Their episodes are settled.
    fn fold(&mut self, ground: Ground<'_>, judged: &mut Judged) {
        while self.is_overfull() {
            let fix = self.window.remove(0);
            let mut settled = Vec::new();
            self.base_trail.step(ground, &fix, &mut self.base, &mut settled);
            if self.late_came.is_some()
                && let Err(place) = self.late.binary_search_by_key(&fix.key(), Point::key)
            {
                self.keep_late(place, fix);
            }
            for change in settled.into_iter().filter(|change| change.to == Stage::Violation) {
                self.episodes.retain(|(zone, from)| (zone, *from) != (&change.zone, change.true_time));
                self.note_stay(&change.zone, change.true_time, judged);
            }
            for zone in inside(&self.base) {
                // Long after the last stay it is no part of it, nor known to be one of its own: fixes in between may come.
                if self.past.iter().any(|stay| belongs(stay, &zone, fix.at)) {
                    self.note_stay(&zone, fix.at, judged);
                }
            }
        }
    }

    fn is_overfull(&self) -> bool {
        let spans_ms = match (self.window.first(), self.window.last()) {
            (Some(first), Some(last)) => last.at.ms_since(first.at),
            _ => 0,
        };
        let count = self.window.len();
        count > WINDOW_FIXES_MAX || count > WINDOW_FIXES && spans_ms > WINDOW_MS
    }

    fn note_episodes(&mut self, transitions: &[Transition]) {
        let begun = transitions.iter().filter(|change| change.to == Stage::Violation);
        self.episodes.extend(begun.map(|change| (change.zone.clone(), change.true_time)));
    }

    /// The changes from the live state to another one, with the reasons of the last change of each zone.
    fn net_changes(&self, after: &Zones, all: &[Transition]) -> Vec<Transition> {
        let stage = |zones: &Zones, id: &ZoneId| zones.get(id).map_or(Stage::Clear, |state| state.stage);
        let mut ids: Vec<&ZoneId> = self.zones.keys().chain(after.keys()).collect();
        ids.sort();
        ids.dedup();
        let changed = ids.into_iter().filter(|id| stage(&self.zones, id) != stage(after, id));
        changed
            .map(|id| {
                let last = all.iter().rev().find(|change| change.zone == *id);
                Transition {
                    zone: id.clone(),
                    from: stage(&self.zones, id),
                    to: stage(after, id),
                    true_time: last.map_or_else(|| self.began(id), |change| change.true_time),
                    reason: last.map_or(Reason::LateFixes, |change| change.reason.clone()),
                }
            })
            .collect()
    }

    /// Since when a zone's stage before the window has lasted.
    fn began(&self, zone: &ZoneId) -> Timestamp {
        let stays = self.past.iter().filter(|(known, ..)| known == zone).map(|(_, first, _)| *first);
        let base = || self.base_trail.last[0].map_or(Timestamp::MIN, |base| base.at);
        let is_inside = self.base.get(zone).is_some_and(|state| state.stage == Stage::Violation);
        stays.filter(|_| is_inside).max().unwrap_or_else(base)
    }
}

/// Whether being inside at a time is part of a stay.
fn belongs((known, first, last): &(ZoneId, Timestamp, Timestamp), zone: &ZoneId, at: Timestamp) -> bool {
    known == zone && first.ms_since(at) <= STILL_THERE_MS && at.ms_since(*last) <= STILL_THERE_MS
}

/// The zones that the wearer is in and has not begun to leave.
fn inside(zones: &Zones) -> Vec<ZoneId> {
    let inside = zones.iter().filter(|(_, z)| z.stage == Stage::Violation && z.outside_since.is_none());
    inside.map(|(id, _)| id.clone()).collect()
}
