//! One wearer and one drawn zone: from the next fix in fix order to the next stage, with its reason.
//!
//! The numbers here and in `stages` were chosen on recorded tracks with ground truth (`tests/scenarios`), one set for
//! every zone.

use std::cell::OnceCell;

use super::{
    belief::{Belief, Instant},
    decision::quantised,
    evidence::EVIDENCE_MS,
    rule::Rule,
    rulebook::{BoundZone, Rulebook},
    stages::{DOF, Glance, Stages, Transition, ZoneState},
    trail::Point,
};
use crate::{
    domain::{Reason, Stage, Timestamp, WearerId},
    geometry::crossing,
};

/// A wearer last seen with this probability of being inside is there when the zone begins to apply.
const P_INSIDE: f64 = 0.7;
/// How deep, in scales of the worse fix, a straight path must lie inside to prove a crossing: 85 % of a Student-t.
const CROSSING_SIGMAS: f64 = 1.2;
/// ... and, since roads bend around things, in shares of the path's length.
const CROSSING_BEND: f64 = 0.15;
/// When a zone begins to apply, a wearer last seen inside it this long ago is taken to be there still.
pub(super) const STILL_THERE_MS: i64 = 15 * 60_000;
/// How far from a fix zones are looked at, in its scales: beyond, no stage but Clear is possible.
pub(super) const LOOK_SIGMAS: f64 = 3.0;

/// How a fix agrees with those before it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Agrees {
    /// With one of the last two: a wrong fix in between takes nothing away from two that agree.
    pub(super) place: bool,
    /// With the last one, so that the wearer may have gone straight from there.
    pub(super) path: bool,
}

/// A fix, and what is known besides.
pub(super) struct Seen<'a> {
    pub(super) fix: &'a Point,
    pub(super) before: Option<&'a Point>,
    pub(super) agrees: Agrees,
    pub(super) belief: &'a Belief,
    /// Worked out when a zone needs it first.
    pub(super) past: OnceCell<Vec<Instant>>,
}

impl Seen<'_> {
    /// Where the wearer was before, by all fixes together, rising in time.
    fn past(&self) -> &[Instant] {
        self.past.get_or_init(|| self.belief.past())
    }
}

/// One zone's judge for one fix.
pub(super) struct Judge<'a> {
    pub(super) rule: Rule,
    pub(super) rulebook: &'a Rulebook,
    pub(super) wearer: &'a WearerId,
    pub(super) bound: &'a BoundZone,
    pub(super) out: &'a mut Vec<Transition>,
}

impl Judge<'_> {
    /// Judges the next fix in fix order.
    pub(super) fn next_fix(&mut self, state: &mut ZoneState, seen: &Seen<'_>) {
        let (fix, before, agrees) = (seen.fix, seen.before, seen.agrees);
        self.renew(state, before);
        if let Some(before) = before {
            self.begins_between(state, before, fix.at);
        }
        if state.begun.is_some_and(|begun| fix.at < begun) {
            // From just before the zone began to apply to somebody inside: it does not end what began later.
            return;
        }
        if !self.rulebook.applies(self.bound, self.wearer, fix.at) {
            return self.stages().end(state, fix.at, Reason::ZoneEnded);
        }
        let view = self.bound.zone.shape.0.seen_from(fix.position);
        let trusted = fix.accuracy.is_trusted() && agrees.place;
        let glance = Glance::new(fix.at, &view, fix.sigma_m(), trusted);
        let from = before.filter(|_| agrees.path && trusted);
        state.witness(&glance);
        let proof = match state.stage {
            Stage::Violation => None,
            _ => glance
                .proof(self.rule)
                .or_else(|| state.proof(self.rule, &glance))
                .or_else(|| self.crossed(from?, fix))
                .or_else(|| self.was_inside(state, seen.past())),
        };
        self.stages().settle(state, &glance, proof);
    }

    /// Judges the last known fix at a moment when no new one has come: zones begin and cease to apply by themselves.
    pub(super) fn moment(&mut self, state: &mut ZoneState, last: &Point, now: Timestamp) {
        self.renew(state, Some(last));
        self.begins_between(state, last, now);
        if !self.rulebook.applies(self.bound, self.wearer, now) {
            self.stages().end(state, now, Reason::ZoneEnded);
        }
    }

    /// A zone that was published anew starts from nothing, unless it was drawn anew around somebody who was in it.
    fn renew(&mut self, state: &mut ZoneState, last: Option<&Point>) {
        let since = self.bound.since;
        if state.since == Some(since) {
            return;
        }
        let stays = state.stage == Stage::Violation
            && last.is_some_and(|last| {
                self.inside_at(last, since).is_some() && self.rulebook.applies(self.bound, self.wearer, since)
            });
        if !stays && state.stage != Stage::Clear {
            self.stages().change(state, Stage::Clear, since, Reason::ZoneEnded);
        }
        let begun = stays.then_some(since);
        *state = ZoneState { since: Some(since), stage: state.stage, begun, ..ZoneState::default() };
    }

    fn stages(&mut self) -> Stages<'_> {
        let zone = &self.bound.zone;
        Stages { zone: &zone.id, margin_m: zone.margin_m.metres(), out: self.out }
    }

    /// The probability that a wearer last seen at `last` is inside at `at`, if it is one to act on.
    fn inside_at(&self, last: &Point, at: Timestamp) -> Option<f64> {
        if at.ms_since(last.at) > STILL_THERE_MS {
            return None;
        }
        let view = self.bound.zone.shape.0.seen_from(last.position);
        let p = view.probability_inside(last.sigma_m(), DOF);
        (p >= P_INSIDE).then_some(p)
    }

    /// Level-triggered: whoever is inside when a zone begins to apply is in Violation from then on.
    fn begins_between(&mut self, state: &mut ZoneState, before: &Point, until: Timestamp) {
        let Some(begin) = self.begin_between(before.at, until) else {
            return;
        };
        if state.stage == Stage::Violation {
            return;
        }
        if let Some(p) = self.inside_at(before, begin) {
            let p = quantised(p, 3);
            let published = begin == self.bound.since || begin == self.bound.binds_since;
            let reason = if published { Reason::ZonePublished { p } } else { Reason::ScheduleBegan { p } };
            self.stages().change(state, Stage::Violation, begin, reason);
            state.begun = Some(begin);
        }
    }

    /// The latest instant in (`after`, `until`] at which the zone began to apply.
    fn begin_between(&self, after: Timestamp, until: Timestamp) -> Option<Timestamp> {
        let schedule = self.bound.zone.schedule.as_ref().and_then(|s| s.last_start_between(after, until));
        let basis =
            self.bound.case.as_ref().and_then(|id| self.rulebook.case(id)).map(|case| case.basis.from);
        let published = [self.bound.since, self.bound.binds_since].map(Some);
        let begins = [schedule, basis].into_iter().chain(published).flatten();
        begins
            .filter(|begin| {
                after < *begin && *begin <= until && self.rulebook.applies(self.bound, self.wearer, *begin)
            })
            .max()
    }

    /// All fixes together say that the wearer was inside at an instant before the newest one.
    fn was_inside(&self, state: &ZoneState, past: &[Instant]) -> Option<(Timestamp, Reason)> {
        let is_news = |instant: &&Instant| {
            state.left_at.is_none_or(|left_at| instant.at > left_at)
                && instant.at >= self.bound.since
                && self.rulebook.applies(self.bound, self.wearer, instant.at)
        };
        past.iter().filter(is_news).find_map(|instant| {
            let view = self.bound.zone.shape.0.seen_from(instant.position);
            let border_m = view.signed_distance_m();
            // At the border it is one half at most.
            if border_m >= 0.0 {
                return None;
            }
            let p = view.probability_inside(instant.sigma_m, DOF);
            (p >= self.rule.p_path).then(|| {
                let (p, border_m) = (quantised(p, 3), quantised(border_m, 1));
                (instant.at, Reason::WasInside { p, border_m, sigma_m: quantised(instant.sigma_m, 1) })
            })
        })
    }

    /// The straight path from the fix before went deep enough through the zone that the wearer did, too.
    fn crossed(&self, before: &Point, fix: &Point) -> Option<(Timestamp, Reason)> {
        let gap_ms = fix.at.ms_since(before.at);
        if !before.accuracy.is_trusted() || gap_ms > EVIDENCE_MS {
            return None;
        }
        let crossing = crossing(&self.bound.zone.shape.0, 0.0, before.position, fix.position)?;
        let path_m = crate::geometry::distance_m(before.position, fix.position);
        let needed_m = CROSSING_SIGMAS * before.sigma_m().max(fix.sigma_m()) + CROSSING_BEND * path_m;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_precision_loss,
            reason = "130,000 ms at the most"
        )]
        let entered = before.at.plus_ms((crossing.enter_fraction * gap_ms as f64) as i64);
        let in_force = self.rulebook.applies(self.bound, self.wearer, entered);
        (crossing.depth_m >= needed_m && in_force).then(|| {
            let reason = Reason::Crossed {
                depth_m: quantised(crossing.depth_m, 1),
                gap_s: quantised(fix.at.s_since(before.at), 1),
            };
            (entered, reason)
        })
    }
}
