//! How near to a zone a wearer is: in which order tags are judged when all of them speak at once, and which of too many
//! pings must not be passed over.

use super::{Engine, rulebook::Rulebook, trail::Point, zone_watch::LOOK_SIGMAS};
use crate::{
    domain::{Fix, Ping, TagId, Timestamp, WearerId},
    geometry::LatLon,
};

/// Zones farther away than this, metres, are not looked for: ten minutes by car.
const LOOK_M: f64 = 9_000.0;
/// How far around a position is looked first, metres, and how many times farther each time after that.
const FIRST_LOOK_M: f64 = 500.0;
const WIDER: f64 = 4.0;
/// So few zones are looked at one by one.
const FEW_ZONES: usize = 4;

impl Engine {
    /// Metres from where the tag's wearer was last seen to the nearest border of a zone in force, negative inside;
    /// `None` for a tag that nobody wears. A wearer who was never seen may be anywhere, and so may one be near whom a
    /// Companion goes with: 0.
    #[must_use]
    pub fn border_m(&self, tag: &TagId, at: Timestamp) -> Option<f64> {
        if self.rulebook.accompanied_by(tag, at).is_some() {
            return Some(0.0);
        }
        let wearer = self.rulebook.wearer_of(tag, at)?;
        let last = self.wearers.get(wearer).and_then(|state| state.track.last().copied());
        Some(last.map_or(0.0, |Point { position, .. }| {
            nearest_border_m(&self.rulebook, wearer, position, LOOK_M, [at, at]).unwrap_or(LOOK_M)
        }))
    }

    /// How far outside of every zone, metres, a ping's fixes are at the least that their error allows; below 0 if one may
    /// be inside. Whoever wears the tag now or did then counts, and zones in force now or then. `None`: no zone is near.
    #[must_use]
    pub fn nearest_m(&self, tag: &TagId, ping: &Ping, at: Timestamp) -> Option<f64> {
        let of_fix = |fix: &Fix| {
            let worn_by = [at, fix.at].map(|time| self.rulebook.wearer_of(tag, time));
            let doubt_m = LOOK_SIGMAS * fix.accuracy.sigma_m();
            let of_wearer =
                |wearer| nearest_border_m(&self.rulebook, wearer, fix.position, LOOK_M, [at, fix.at]);
            let borders = worn_by.into_iter().flatten().filter_map(of_wearer);
            borders.map(|metres| metres - doubt_m).min_by(f64::total_cmp)
        };
        ping.fixes.iter().filter_map(of_fix).min_by(f64::total_cmp)
    }
}

/// Metres from a position to the nearest border, up to `upto_m`, of a zone that is in force for the wearer at one of these
/// times, negative inside; `None` if there is none so near.
pub(super) fn nearest_border_m(
    rulebook: &Rulebook,
    wearer: &WearerId,
    position: LatLon,
    upto_m: f64,
    times: [Timestamp; 2],
) -> Option<f64> {
    // Wider and wider: in a city there may be thousands of zones within half an hour, and one around the corner.
    // Where there are few, all at once.
    let is_crowded = rulebook.zones_around(wearer) > FEW_ZONES;
    let mut within_m = if is_crowded { FIRST_LOOK_M.min(upto_m) } else { upto_m };
    loop {
        let ids = rulebook.zones_near(wearer, None, position, within_m);
        let bound = ids.iter().filter_map(|id| rulebook.bound_zone(id));
        let in_force = bound.filter(|bound| times.iter().any(|at| rulebook.applies(bound, wearer, *at)));
        let nearest =
            in_force.map(|bound| bound.zone.shape.0.signed_distance_m(position)).min_by(f64::total_cmp);
        if let Some(metres) = nearest.filter(|metres| *metres <= within_m) {
            return Some(metres);
        }
        if within_m >= upto_m {
            return None;
        }
        within_m = (within_m * WIDER).min(upto_m);
    }
}
