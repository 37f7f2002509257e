//! The stages of one wearer and one zone, whatever its border is drawn around: from what a fix says of the border to the
//! next stage, with its reason.

use serde::{Deserialize, Serialize};

use super::{
    decision::quantised,
    evidence::{EVIDENCE_MS, Evidence},
    rule::Rule,
};
use crate::{
    domain::{Reason, Stage, Timestamp, ZoneId},
    geometry::View,
};

/// Degrees of freedom of the Student-t that position errors are judged with: tails far heavier than a Gaussian's.
pub(super) const DOF: f64 = 4.0;
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

/// What is remembered of one zone while it is not plainly far away.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct ZoneState {
    pub(super) since: Option<Timestamp>,
    pub(super) stage: Stage,
    /// When the zone began to apply to a wearer who was inside, if that is how the Violation began.
    pub(super) begun: Option<Timestamp>,
    pub(super) evidence: Evidence,
    pub(super) outside_since: Option<Timestamp>,
    /// When the last Violation ended: an instant before that proves no other one.
    pub(super) left_at: Option<Timestamp>,
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

/// What a fix says of a zone; of one around a person, what it says together with the person's.
pub(super) struct Glance<'v> {
    at: Timestamp,
    view: &'v View<'v>,
    sigma_m: f64,
    trusted: bool,
    /// Of being inside.
    p: f64,
}

/// Where the changes of one zone's stage go.
pub(super) struct Stages<'a> {
    pub(super) zone: &'a ZoneId,
    pub(super) margin_m: f64,
    pub(super) out: &'a mut Vec<Transition>,
}

impl<'v> Glance<'v> {
    pub(super) fn new(at: Timestamp, view: &'v View<'v>, sigma_m: f64, trusted: bool) -> Self {
        Self { at, view, sigma_m, trusted, p: view.probability_inside(sigma_m, DOF) }
    }

    /// Whether it alone proves a Violation: since when, and why.
    pub(super) fn proof(&self, rule: Rule) -> Option<(Timestamp, Reason)> {
        let (p, border_m) = (self.quantised_p(), self.border_m());
        let reason = Reason::TrustedFix { p, border_m, sigma_m: quantised(self.sigma_m, 1) };
        (self.trusted && self.p >= rule.p_trusted).then_some((self.at, reason))
    }

    fn border_m(&self) -> f64 {
        quantised(self.view.signed_distance_m(), 1)
    }

    fn quantised_p(&self) -> f64 {
        quantised(self.p, 3)
    }

    /// The accuracy circle touches the warning zone.
    fn touches(&self, margin_m: f64) -> bool {
        self.view.signed_distance_m() - margin_m < WATCH_SIGMAS * self.sigma_m
    }
}

impl ZoneState {
    /// Nothing in it differs from a zone never looked at.
    pub(super) fn is_idle(&self) -> bool {
        self.stage == Stage::Clear && self.evidence.is_empty() && self.left_at.is_none()
    }

    /// Takes note of what the newest fix says.
    pub(super) fn witness(&mut self, glance: &Glance<'_>) {
        self.evidence.remember(glance.at, glance.p);
    }

    /// Whether several fixes, the newest among them, together prove a Violation: since when, and why.
    pub(super) fn proof(&self, rule: Rule, glance: &Glance<'_>) -> Option<(Timestamp, Reason)> {
        let balance = || self.evidence.balance(rule).map(|balance| (balance.weight, balance.earliest));
        let (weight, earliest) = self.evidence.agreement(rule).or_else(balance)?;
        let (p, border_m) = (glance.quantised_p(), glance.border_m());
        Some((earliest, Reason::Agreeing { p, weight: quantised(weight, 2), border_m }))
    }
}

impl Stages<'_> {
    /// From what the newest fix says, and whether a Violation is proven, to the next stage.
    pub(super) fn settle(
        &mut self,
        state: &mut ZoneState,
        glance: &Glance<'_>,
        proof: Option<(Timestamp, Reason)>,
    ) {
        if state.stage == Stage::Violation {
            self.leaving(state, glance);
        } else if let Some((true_time, reason)) = proof {
            self.change(state, Stage::Violation, true_time, reason);
            if glance.p < P_OUTSIDE {
                state.outside_since = Some(glance.at);
            }
        } else {
            self.nearness(state, glance);
        }
        state.evidence.forget_unlikely();
        state.left_at = state.left_at.filter(|left_at| glance.at.ms_since(*left_at) <= EVIDENCE_MS);
    }

    /// Nothing is known of the zone any more, or it no longer applies.
    pub(super) fn end(&mut self, state: &mut ZoneState, at: Timestamp, reason: Reason) {
        if state.stage != Stage::Clear {
            self.change(state, Stage::Clear, at, reason);
        }
        state.evidence.clear();
        state.left_at = None;
    }

    pub(super) fn change(&mut self, state: &mut ZoneState, to: Stage, true_time: Timestamp, reason: Reason) {
        let zone = self.zone.clone();
        self.out.push(Transition { zone, from: state.stage, to, true_time, reason });
        state.stage = to;
        state.begun = None;
        state.outside_since = None;
    }

    fn leaving(&mut self, state: &mut ZoneState, glance: &Glance<'_>) {
        if glance.p >= P_OUTSIDE {
            state.outside_since = None;
            return;
        }
        let first = *state.outside_since.get_or_insert(glance.at);
        if glance.at.ms_since(first) >= LEAVING_MS {
            let apart_s = quantised(glance.at.s_since(first), 1);
            let reason = Reason::TwoFixesOutside { p: glance.quantised_p(), apart_s };
            let to = if glance.touches(self.margin_m) { Stage::Left } else { Stage::Clear };
            self.change(state, to, glance.at, reason);
            state.left_at = Some(first);
            // What proved this stay proves no other one.
            state.evidence.clear();
        }
    }

    fn nearness(&mut self, state: &mut ZoneState, glance: &Glance<'_>) {
        let (within_m, p_near) = match state.stage {
            Stage::Approach => (EDGE * self.margin_m, P_FAR),
            _ => (self.margin_m, P_NEAR),
        };
        let p = glance.view.probability_within(within_m, glance.sigma_m, DOF);
        let near = p >= p_near;
        let to = match (state.stage, near, glance.touches(self.margin_m)) {
            (Stage::Left, true, _) | (Stage::Left, _, true) => Stage::Left,
            (_, true, _) => Stage::Approach,
            (_, false, true) => Stage::Watch,
            (_, false, false) => Stage::Clear,
        };
        if to != state.stage {
            let reason = Reason::NearZone { p: quantised(p, 3), border_m: glance.border_m() };
            self.change(state, to, glance.at, reason);
        }
    }
}
