//! One wearer and one zone: from the next fix in fix order to the next stage, with its reason.
//!
//! The numbers below were chosen on recorded tracks with ground truth (`tests/scenarios`), one set for every zone.

use std::cell::OnceCell;

use super::{
    belief::{Belief, Instant},
    decision::quantised,
    evidence::{EVIDENCE_MS, Evidence},
    rule::Rule,
    rulebook::{BoundZone, Rulebook},
    trail::Point,
};
use crate::{
    domain::{Reason, Stage, Timestamp, WearerId, ZoneId},
    geometry::{View, crossing},
};

/// Degrees of freedom of the Student-t that position errors are judged with: tails far heavier than a Gaussian's.
pub(super) const DOF: f64 = 4.0;
/// A wearer last seen with this probability of being inside is there when the zone begins to apply.
const P_INSIDE: f64 = 0.7;
/// A fix speaks for having left below this probability.
const P_OUTSIDE: f64 = 0.2;
/// Having left takes two fixes at least this far apart.
const LEAVING_MS: i64 = 60_000;
/// A wearer is in the warning zone from this probability on ...
const P_NEAR: f64 = 0.6;
/// ... until that of being at most so much farther out falls below this one: who walks along its edge is there once.
const P_FAR: f64 = 0.3;
const EDGE: f64 = 1.25;
/// The accuracy circle, in scales, that must touch the warning zone for Watch.
const WATCH_SIGMAS: f64 = 2.0;
/// How deep, in scales of the worse fix, a straight path must lie inside to prove a crossing: 85 % of a Student-t.
const CROSSING_SIGMAS: f64 = 1.2;
/// ... and, since roads bend around things, in shares of the path's length.
const CROSSING_BEND: f64 = 0.15;
/// When a zone begins to apply, a wearer last seen inside it this long ago is taken to be there still.
pub(super) const STILL_THERE_MS: i64 = 15 * 60_000;
/// How far from a fix zones are looked at, in its scales: beyond, no stage but Clear is possible.
pub(super) const LOOK_SIGMAS: f64 = 3.0;

/// What is remembered of one zone while it is not plainly far away.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct ZoneState {
    since: Option<Timestamp>,
    pub(super) stage: Stage,
    /// When the zone began to apply to a wearer who was inside, if that is how the Violation began.
    begun: Option<Timestamp>,
    evidence: Evidence,
    pub(super) outside_since: Option<Timestamp>,
    /// When the last Violation ended: an instant before that proves no other one.
    left_at: Option<Timestamp>,
}

/// A change of stage.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Transition {
    pub(super) zone: ZoneId,
    pub(super) from: Stage,
    pub(super) to: Stage,
    /// When it really happened, in fix time.
    pub(super) true_time: Timestamp,
    pub(super) reason: Reason,
}

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

impl ZoneState {
    /// Nothing in it differs from a zone never looked at.
    pub(super) fn is_idle(&self) -> bool {
        self.stage == Stage::Clear && self.evidence.is_empty() && self.left_at.is_none()
    }
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
            return self.ended(state, fix.at);
        }
        let view = self.bound.zone.shape.0.seen_from(fix.position);
        let p = view.probability_inside(fix.sigma_m(), DOF);
        state.evidence.remember(fix.at, p);
        let trusted = fix.accuracy.is_trusted() && agrees.place;
        let from = before.filter(|_| agrees.path);
        if state.stage == Stage::Violation {
            self.leaving(state, fix, &view, p);
        } else if let Some((true_time, reason)) =
            self.proof(state, from, fix, &view, p, trusted).or_else(|| self.was_inside(state, seen.past()))
        {
            self.change(state, Stage::Violation, true_time, reason);
            if p < P_OUTSIDE {
                state.outside_since = Some(fix.at);
            }
        } else {
            self.nearness(state, fix, &view);
        }
        state.evidence.forget_unlikely();
        state.left_at = state.left_at.filter(|left_at| fix.at.ms_since(*left_at) <= EVIDENCE_MS);
    }

    /// Judges the last known fix at a moment when no new one has come: zones begin and cease to apply by themselves.
    pub(super) fn moment(&mut self, state: &mut ZoneState, last: &Point, now: Timestamp) {
        self.renew(state, Some(last));
        self.begins_between(state, last, now);
        if !self.rulebook.applies(self.bound, self.wearer, now) {
            self.ended(state, now);
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
            self.change(state, Stage::Clear, since, Reason::ZoneEnded);
        }
        let begun = stays.then_some(since);
        *state = ZoneState { since: Some(since), stage: state.stage, begun, ..ZoneState::default() };
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
            self.change(state, Stage::Violation, begin, reason);
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

    fn ended(&mut self, state: &mut ZoneState, at: Timestamp) {
        if state.stage != Stage::Clear {
            self.change(state, Stage::Clear, at, Reason::ZoneEnded);
        }
        state.evidence.clear();
        state.left_at = None;
    }

    fn proof(
        &self,
        state: &ZoneState,
        before: Option<&Point>,
        fix: &Point,
        view: &View<'_>,
        p: f64,
        trusted: bool,
    ) -> Option<(Timestamp, Reason)> {
        let border_m = quantised(view.signed_distance_m(), 1);
        if trusted && p >= self.rule.p_trusted {
            let reason =
                Reason::TrustedFix { p: quantised(p, 3), border_m, sigma_m: quantised(fix.sigma_m(), 1) };
            return Some((fix.at, reason));
        }
        if let Some((weight, earliest)) = state.evidence.agreement(self.rule) {
            let reason = Reason::Agreeing { p: quantised(p, 3), weight: quantised(weight, 2), border_m };
            return Some((earliest, reason));
        }
        if let Some(balance) = state.evidence.balance(self.rule) {
            return Some((
                balance.earliest,
                Reason::Agreeing { p: quantised(p, 3), weight: quantised(balance.weight, 2), border_m },
            ));
        }
        self.crossed(before.filter(|_| trusted)?, fix)
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

    fn leaving(&mut self, state: &mut ZoneState, fix: &Point, view: &View<'_>, p: f64) {
        if p >= P_OUTSIDE {
            state.outside_since = None;
            return;
        }
        let first = *state.outside_since.get_or_insert(fix.at);
        if fix.at.ms_since(first) >= LEAVING_MS {
            let reason =
                Reason::TwoFixesOutside { p: quantised(p, 3), apart_s: quantised(fix.at.s_since(first), 1) };
            let margin_m = self.bound.zone.margin_m.metres();
            let to = if touches(view, margin_m, fix) { Stage::Left } else { Stage::Clear };
            self.change(state, to, fix.at, reason);
            state.left_at = Some(first);
        }
    }

    fn nearness(&mut self, state: &mut ZoneState, fix: &Point, view: &View<'_>) {
        let margin_m = self.bound.zone.margin_m.metres();
        let (within_m, p_near) = match state.stage {
            Stage::Approach => (EDGE * margin_m, P_FAR),
            _ => (margin_m, P_NEAR),
        };
        let p = view.probability_within(within_m, fix.sigma_m(), DOF);
        let near = p >= p_near;
        let to = match (state.stage, near, touches(view, margin_m, fix)) {
            (Stage::Left, true, _) | (Stage::Left, _, true) => Stage::Left,
            (_, true, _) => Stage::Approach,
            (_, false, true) => Stage::Watch,
            (_, false, false) => Stage::Clear,
        };
        if to != state.stage {
            let reason =
                Reason::NearZone { p: quantised(p, 3), border_m: quantised(view.signed_distance_m(), 1) };
            self.change(state, to, fix.at, reason);
        }
    }

    fn change(&mut self, state: &mut ZoneState, to: Stage, true_time: Timestamp, reason: Reason) {
        let zone = self.bound.zone.id.clone();
        self.out.push(Transition { zone, from: state.stage, to, true_time, reason });
        state.stage = to;
        state.begun = None;
        state.outside_since = None;
    }
}

/// The accuracy circle touches the warning zone.
fn touches(view: &View<'_>, margin_m: f64, fix: &Point) -> bool {
    view.signed_distance_m() - margin_m < WATCH_SIGMAS * fix.sigma_m()
}
