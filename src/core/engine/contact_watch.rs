//! Whether a tag can be heard and can see where it is: LostContact and Blind.
//!
//! A tag promises when its next ping comes at the latest. Past that it is lost; and as soon as its wearer could have
//! reached a zone since the last trustworthy fix, Cordon is blind: an incident before any fix proves a Violation. A wearer
//! gets farther only while their tag says that it moves, or says nothing.

use serde::{Deserialize, Serialize};

use super::{
    decision::quantised,
    nearness::nearest_border_m,
    rulebook::Rulebook,
    trail::{Ground, next_edge},
};
use crate::{
    domain::{IncidentKind, Motion, Priority, Reason, Risk, Timestamp, WearerId},
    geometry::LatLon,
};

/// A tag is lost after this many promised intervals ...
const PROMISES: i64 = 3;
/// ... of a high-risk wearer after three minutes at the latest, unless it promised less often.
const HIGH_RISK_MS: i64 = 180_000;
/// A wearer whose tag is heard, but sees nothing, is unseen after this long at the earliest: however often it reports, a
/// street between high houses hides the sky for a minute or two.
const UNSEEN_MS: i64 = 180_000;
/// A promise is judged with this much grace for the network.
const GRACE_MS: i64 = 15_000;
/// How fast a wearer nobody sees may move: a car in a city.
pub(super) const REACH_MPS: f64 = 15.0;
/// How far a wearer whose tag reports no motion may be from where it was seen.
const STILL_M: f64 = 100.0;
/// Nobody gets anywhere in the first of a motion, milliseconds: it is somebody who walks about the house ...
const ABOUT_MS: i64 = 120_000;
/// ... unless they were last seen in motion, and this near to a zone, metres.
const NEAR_M: f64 = 1_000.0;
/// A shorter stop is a traffic light, and the motion goes on, milliseconds.
const STOP_MS: i64 = 45_000;
/// How far around the last fix zones are looked for: half an hour by car.
pub(super) const LOOK_M: f64 = 30_000.0;
/// A fix with a worse scale than this does not say where a wearer is, only where they are not ...
const SIGHT_SIGMA_M: f64 = 150.0;
/// ... up to this one, and so many scales from there.
const GLIMPSE_SIGMA_M: f64 = 2_000.0;
const GLIMPSE_SIGMAS: f64 = 2.0;

/// What is known of the contact with a wearer's tag.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Contact {
    pub(super) heard_at: Timestamp,
    promised_s: u32,
    pub(super) motion: Motion,
    pub(super) source: String,
    /// When it was first heard.
    known_since: Timestamp,
    /// When its newest ping came.
    newest_at: Timestamp,
    /// Since when it has not said that it lies still; `None` while it does.
    moving_since: Option<Timestamp>,
    /// When it last did not say so.
    moved_at: Timestamp,
    /// The last trustworthy fix.
    sight: Option<Sight>,
    /// The last poor one.
    glimpse: Option<Sight>,
}

/// Where a wearer was seen.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct Sight {
    at: Timestamp,
    position: LatLon,
    /// How far from there they may have been, metres.
    doubt_m: f64,
    /// How long they were on their way since then, in motions that are over, milliseconds.
    moved_ms: i64,
}

impl Sight {
    /// From when on a motion may lead away from there. Of a tag that cannot feel motion all counts.
    fn on_the_way_since(&self, since: Timestamp, motion: Motion, near: bool) -> Timestamp {
        let all_counts = motion == Motion::Unknown || near && since <= self.at;
        since.max(self.at).plus_ms(if all_counts { 0 } else { ABOUT_MS })
    }
}

/// What is wrong with the contact, and when to look again.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Verdict {
    pub(super) wrong: Option<(IncidentKind, Priority, Reason)>,
    pub(super) look_again: Option<Timestamp>,
}

impl Contact {
    pub(super) fn new(at: Timestamp, promised_s: u32, motion: Motion, source: &str) -> Self {
        Self {
            heard_at: at,
            promised_s,
            motion,
            source: source.into(),
            known_since: at,
            newest_at: at,
            moving_since: (motion != Motion::Still).then_some(at),
            moved_at: at,
            sight: None,
            glimpse: None,
        }
    }

    /// The newest ping has come.
    pub(super) fn heard(&mut self, at: Timestamp, promised_s: u32, motion: Motion, source: &str) {
        if motion != Motion::Still {
            self.moving_since = self.moving_since.or(Some(self.newest_at));
            self.moved_at = at;
        } else if let Some(since) = self.moving_since.filter(|_| at.ms_since(self.moved_at) >= STOP_MS) {
            self.arrived(since, at);
        }
        (self.heard_at, self.newest_at, self.promised_s, self.motion) = (at, at, promised_s, motion);
        self.source = source.into();
    }

    /// A motion is over.
    fn arrived(&mut self, since: Timestamp, until: Timestamp) {
        self.moving_since = None;
        for sight in self.sight.iter_mut().chain(&mut self.glimpse) {
            let moved_ms = until.ms_since(sight.on_the_way_since(since, self.motion, false)).max(0);
            sight.moved_ms = sight.moved_ms.saturating_add(moved_ms);
        }
    }

    /// A fix has come.
    pub(super) fn seen(&mut self, at: Timestamp, position: LatLon, sigma_m: f64) {
        let (known, doubt_m) = match sigma_m {
            sigma_m if sigma_m <= SIGHT_SIGMA_M => (&mut self.sight, sigma_m),
            sigma_m if sigma_m <= GLIMPSE_SIGMA_M => (&mut self.glimpse, GLIMPSE_SIGMAS * sigma_m),
            _ => return,
        };
        if known.is_none_or(|known| known.at < at) {
            *known = Some(Sight { at, position, doubt_m, moved_ms: 0 });
        }
        // A poor fix from before a good one says nothing any more.
        let seen_at = self.sight.map_or(Timestamp::MIN, |sight| sight.at);
        self.glimpse = self.glimpse.filter(|glimpse| glimpse.at > seen_at);
    }

    /// How long ago the wearer was last seen by a fix that says where, seconds.
    pub(super) fn unseen_s(&self, now: Timestamp) -> f64 {
        now.s_since(self.sight.map_or(self.known_since, |sight| sight.at)).max(0.0)
    }

    /// When silence is judged, going by the tag's promise alone.
    pub(super) fn limit_ms(&self, risk: Option<Risk>) -> i64 {
        let promised_ms = i64::from(self.promised_s) * 1_000;
        let limit_ms = if risk == Some(Risk::High) {
            (PROMISES * promised_ms).min(HIGH_RISK_MS)
        } else {
            PROMISES * promised_ms
        };
        limit_ms.max(promised_ms + GRACE_MS)
    }

    /// What is wrong at `now`. `judged_from`: silence is not judged before this time, `None` while Cordon itself is
    /// deaf. `met`: when last seen, the wearer was near a protected person whose Companion is heard.
    pub(super) fn judge(
        &self,
        ground: Ground<'_>,
        now: Timestamp,
        judged_from: Option<Timestamp>,
        met: bool,
    ) -> Verdict {
        let Some(judged_from) = judged_from else {
            return Verdict { wrong: None, look_again: None };
        };
        let risk = ground.rulebook.risk(ground.wearer, now);
        if risk.is_none() {
            return Verdict { wrong: None, look_again: None };
        }
        let limit_ms = self.limit_ms(risk);
        let lost_at = self.heard_at.plus_ms(limit_ms).max(judged_from);
        let lost = now >= lost_at;
        let blind = self.blind(ground, limit_ms, [lost_at, judged_from], now, met);
        let blind_at = blind.as_ref().and_then(|(at, _)| *at);
        let wrong = match blind {
            Some((Some(at), reason)) if now >= at => {
                let priority = if risk == Some(Risk::High) { Priority::P1 } else { Priority::P2 };
                Some((IncidentKind::Blind, priority, reason))
            }
            _ if lost => {
                let for_s = quantised(now.s_since(self.heard_at), 0);
                let reason = Reason::Silent { for_s, promised_s: self.promised_s };
                Some((IncidentKind::LostContact, Priority::P2, reason))
            }
            _ => None,
        };
        // Nobody will bring news of a silent one when a zone around them begins to apply.
        let edge = if lost { self.next_edge(ground, now) } else { None };
        let ahead = [Some(lost_at), blind_at, edge];
        Verdict { wrong, look_again: ahead.into_iter().flatten().filter(|at| *at > now).min() }
    }

    /// When a zone that the wearer might get to next begins to apply, or one of their cases to be in force.
    fn next_edge(&self, ground: Ground<'_>, now: Timestamp) -> Option<Timestamp> {
        let seen = self.sight.iter().chain(&self.glimpse);
        let zones = seen
            .flat_map(|sight| ground.rulebook.zones_near(ground.wearer, None, sight.position, LOOK_M))
            .collect::<Vec<_>>();
        let cases = ground.rulebook.cases_of(ground.wearer).map(|case| case.basis.from);
        cases.filter(|from| *from > now).chain(next_edge(ground, &zones, now)).min()
    }

    /// When the wearer can be in a zone without having been seen, and why; `None` if nobody minds.
    fn blind(
        &self,
        ground: Ground<'_>,
        limit_ms: i64,
        [lost_at, judged_from]: [Timestamp; 2],
        now: Timestamp,
        met: bool,
    ) -> Option<(Option<Timestamp>, Reason)> {
        // Unseen from here on: no fix for as long as a silence would be tolerated, or longer while the tag is heard.
        let last_seen = self.sight.map_or(self.known_since, |sight| sight.at);
        let silent_at = last_seen.plus_ms(limit_ms).max(lost_at);
        let unseen_at = last_seen.plus_ms(limit_ms.max(UNSEEN_MS)).min(silent_at).max(judged_from);
        let for_s = quantised(now.s_since(last_seen), 0);
        if met {
            return Some((Some(unseen_at), Reason::OutOfSight { for_s, border_m: 0.0 }));
        }
        let seen: Vec<&Sight> = self.sight.iter().chain(&self.glimpse).collect();
        if seen.is_empty() && !ground.rulebook.is_bound(ground.wearer, now) {
            return None;
        }
        let (mut at, mut border_m) = (unseen_at, if seen.is_empty() { 0.0 } else { LOOK_M });
        let mut is_any_near = seen.is_empty();
        for sight in seen {
            let nearest =
                nearest_border_m(ground.rulebook, ground.wearer, sight.position, LOOK_M, [now, now]);
            border_m = nearest.unwrap_or(LOOK_M).min(border_m);
            // Each of them says where the wearer cannot be yet; with no zone so near, it takes at least as long as to the
            // edge of the look.
            let reached = self.reached_at(sight, nearest.unwrap_or(LOOK_M), lost_at);
            at = at.max(reached);
            is_any_near |= nearest.is_some();
        }
        let at = is_any_near.then_some(at);
        Some((at, Reason::OutOfSight { for_s, border_m: quantised(border_m, 0) }))
    }

    /// When a wearer seen there can have come so far.
    #[expect(clippy::cast_possible_truncation, reason = "30 km at 15 m/s are 2,000,000 ms")]
    fn reached_at(&self, sight: &Sight, border_m: f64, lost_at: Timestamp) -> Timestamp {
        let gap_m = (border_m - sight.doubt_m).max(0.0);
        if self.motion == Motion::Still && gap_m <= STILL_M {
            return sight.at;
        }
        let needed_ms = (gap_m / REACH_MPS * 1_000.0) as i64 - sight.moved_ms;
        if needed_ms <= 0 {
            return sight.at;
        }
        // A silent one may be on its way all the time.
        let silent = self.newest_at.plus_ms(needed_ms).max(lost_at);
        match self.moving_since {
            Some(since) => {
                let on_the_way = sight.on_the_way_since(since, self.motion, gap_m <= NEAR_M);
                on_the_way.plus_ms(needed_ms).min(silent)
            }
            None => silent,
        }
    }
}

/// How urgent a cut strap is: danger where the risk is high.
pub(super) fn tamper_priority(rulebook: &Rulebook, wearer: &WearerId, now: Timestamp) -> Priority {
    if rulebook.risk(wearer, now) == Some(Risk::High) { Priority::P1 } else { Priority::P2 }
}
