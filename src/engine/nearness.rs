//! How near to a zone a wearer is: in which order tags are judged when all of them speak at once, and which of too many
//! pings must not be passed over.

use super::{Engine, track::Point, zone_watch::LOOK_SIGMAS};
use crate::{
    domain::{Fix, Ping, TagId, Timestamp, WearerId, ZoneId},
    geometry::LatLon,
};

/// Zones farther away than this, metres, are not looked for: ten minutes by car.
const LOOK_M: f64 = 9_000.0;

impl Engine {
    /// Metres from where the tag's wearer was last seen to the nearest border of a zone in force, negative inside;
    /// `None` for a tag that nobody wears. A wearer who was never seen may be anywhere: 0.
    #[must_use]
    pub fn border_m(&self, tag: &TagId, at: Timestamp) -> Option<f64> {
        let wearer = self.rulebook.wearer_of(tag, at)?;
        let last = self.wearers.get(wearer).and_then(|state| state.track.last().copied());
        Some(last.map_or(0.0, |Point { position, .. }| {
            self.borders(wearer, position, [at, at]).map(|(_, metres)| metres).fold(LOOK_M, f64::min)
        }))
    }

    /// How far outside of every zone, metres, a ping's fixes are at the least that their error allows; below 0 if one may
    /// be inside. Whoever wears the tag now or did then counts, and zones in force now or then. `None`: no zone is near.
    #[must_use]
    pub fn nearest_m(&self, tag: &TagId, ping: &Ping, at: Timestamp) -> Option<f64> {
        let of_fix = |fix: &Fix| {
            let worn_by = [at, fix.at].map(|time| self.rulebook.wearer_of(tag, time));
            let doubt_m = LOOK_SIGMAS * fix.accuracy.sigma_m();
            let borders = worn_by
                .into_iter()
                .flatten()
                .flat_map(move |wearer| self.borders(wearer, fix.position, [at, fix.at]));
            borders.map(|(_, metres)| metres - doubt_m).min_by(f64::total_cmp)
        };
        ping.fixes.iter().filter_map(of_fix).min_by(f64::total_cmp)
    }

    fn borders(
        &self,
        wearer: &WearerId,
        position: LatLon,
        times: [Timestamp; 2],
    ) -> impl Iterator<Item = (ZoneId, f64)> {
        let ids = self.rulebook.zones_near(wearer, None, position, LOOK_M).into_iter();
        let zones = ids.filter_map(|id| Some((self.rulebook.bound_zone(&id)?, id)));
        let in_force = zones
            .filter(move |(bound, _)| times.into_iter().any(|at| self.rulebook.applies(bound, wearer, at)));
        in_force.map(move |(bound, id)| (id, bound.zone.shape.0.signed_distance_m(position)))
    }
}
