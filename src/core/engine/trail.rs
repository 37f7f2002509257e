//! What is carried from fix to fix: each is judged by every zone that is near it, in fix order.

use std::{cell::OnceCell, collections::BTreeMap};

use serde::{Deserialize, Serialize};

use super::{
    belief::Belief,
    rule::Rule,
    rulebook::Rulebook,
    stages::{Transition, ZoneState},
    zone_watch::{Agrees, Judge, LOOK_SIGMAS, STILL_THERE_MS, Seen},
};
use crate::{
    domain::{Accuracy, Fix, Reason, Source, Stage, Timestamp, WearerId, ZoneId},
    geometry::{LatLon, distance_m, farthest_m},
};

/// Faster than this is no wearer but a wrong fix, or two.
const PLAUSIBLE_MPS: f64 = 70.0;

/// A fix as the track keeps it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(super) struct Point {
    pub(super) at: Timestamp,
    pub(super) position: LatLon,
    pub(super) accuracy: Accuracy,
    pub(super) source: Source,
}

/// What is carried from fix to fix in fix order.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Trail {
    /// The last fix and the one before it.
    pub(super) last: [Option<Point>; 2],
    pub(super) belief: Belief,
}

/// The zones that are not plainly far away.
pub(super) type Zones = BTreeMap<ZoneId, ZoneState>;

/// Whose zones a track is judged by.
#[derive(Clone, Copy)]
pub(super) struct Ground<'a> {
    pub(super) rule: Rule,
    pub(super) rulebook: &'a Rulebook,
    pub(super) wearer: &'a WearerId,
}

impl Point {
    pub(super) fn of(fix: &Fix) -> Self {
        Self { at: fix.at, position: fix.position, accuracy: fix.accuracy, source: fix.source }
    }

    pub(super) fn sigma_m(&self) -> f64 {
        self.accuracy.sigma_m()
    }

    /// Fix order; ties are broken by content, so that the order is the same however the fixes came.
    pub(super) fn key(&self) -> (Timestamp, Source, [u64; 3]) {
        let position = [self.position.lat_deg(), self.position.lon_deg(), self.sigma_m()];
        (self.at, self.source, position.map(f64::to_bits))
    }
}

impl Trail {
    /// Judges the next fix in fix order by every zone that is near it, near the path to it, or not clear.
    pub(super) fn step(
        &mut self,
        ground: Ground<'_>,
        fix: &Point,
        zones: &mut Zones,
        out: &mut Vec<Transition>,
    ) {
        let [before, earlier] = self.last;
        let agrees = agreement(before.as_ref(), earlier.as_ref(), fix);
        self.belief.take(fix);
        self.last = [Some(*fix), before];
        let ids = near(ground, before.as_ref(), fix, zones);
        if ids.is_empty() {
            return;
        }
        let seen = Seen { fix, before: before.as_ref(), agrees, belief: &self.belief, past: OnceCell::new() };
        for id in ids {
            with_zone(ground, &id, fix.at, zones, out, |judge, state| judge.next_fix(state, &seen));
        }
    }
}

/// Judges by one zone, if there still is one and it binds the wearer.
pub(super) fn with_zone(
    ground: Ground<'_>,
    id: &ZoneId,
    at: Timestamp,
    zones: &mut Zones,
    out: &mut Vec<Transition>,
    judge: impl FnOnce(&mut Judge<'_>, &mut ZoneState),
) {
    let mut state = zones.remove(id).unwrap_or_default();
    let bound = ground.rulebook.bound_zone(id).filter(|bound| ground.rulebook.binds(bound, ground.wearer));
    let Some(bound) = bound else {
        // Taken out of the rulebook, or bound to somebody else.
        if state.stage != Stage::Clear {
            let (zone, reason) = (id.clone(), Reason::ZoneEnded);
            out.push(Transition { zone, from: state.stage, to: Stage::Clear, true_time: at, reason });
        }
        return;
    };
    judge(
        &mut Judge { rule: ground.rule, rulebook: ground.rulebook, wearer: ground.wearer, bound, out },
        &mut state,
    );
    if !state.is_idle() {
        zones.insert(id.clone(), state);
    }
}

/// The zones that are near a fix, or near the path to it, or not clear.
pub(super) fn near(ground: Ground<'_>, before: Option<&Point>, fix: &Point, zones: &Zones) -> Vec<ZoneId> {
    // Over a longer gap nothing is concluded from the path.
    let from =
        before.filter(|before| fix.at.ms_since(before.at) <= STILL_THERE_MS).map(|before| before.position);
    let reach_m = LOOK_SIGMAS * fix.sigma_m().max(before.map_or(0.0, Point::sigma_m));
    let mut ids = ground.rulebook.zones_near(ground.wearer, from, fix.position, reach_m);
    if !zones.is_empty() {
        ids.extend(zones.keys().cloned());
        ids.sort();
        ids.dedup();
    }
    ids
}

/// When one of the zones next begins or ceases to apply.
pub(super) fn next_edge(ground: Ground<'_>, ids: &[ZoneId], now: Timestamp) -> Option<Timestamp> {
    let zones = ids.iter().filter_map(|id| ground.rulebook.bound_zone(id));
    let edges = zones.flat_map(|bound| {
        let schedule = bound.zone.schedule.as_ref().and_then(|schedule| schedule.next_change(now));
        let basis = bound.case.as_ref().and_then(|id| ground.rulebook.case(id)).map(|case| &case.basis);
        [schedule, basis.map(|basis| basis.from), basis.and_then(|basis| basis.until)]
    });
    edges.flatten().filter(|edge| *edge > now).min()
}

/// How a fix agrees with the last one and the one before that.
pub(super) fn agreement(before: Option<&Point>, earlier: Option<&Point>, fix: &Point) -> Agrees {
    let path = before.is_none_or(|before| !implausible(before, fix));
    let place = path || earlier.is_some_and(|earlier| !implausible(earlier, fix));
    Agrees { place, path }
}

/// Too far from the fix before to be true of both, even with both errors at twice their scale.
pub(super) fn implausible(before: &Point, fix: &Point) -> bool {
    let doubt_m = 2.0 * (before.sigma_m() + fix.sigma_m());
    let most_m = PLAUSIBLE_MPS * fix.at.s_since(before.at);
    let is_far = |metres: f64| metres - doubt_m > most_m;
    // Most fixes need no exact distance.
    is_far(farthest_m(before.position, fix.position)) && is_far(distance_m(before.position, fix.position))
}
