//! How near to a zone a wearer is: in which order tags are judged when all of them speak at once, and which of too many
//! pings must not be passed over.

use super::{Engine, track::Point};
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

    /// For each zone near a ping's fixes that is in force now or was then: metres from its border, negative inside.
    #[must_use]
    pub fn borders_of(&self, tag: &TagId, ping: &Ping, at: Timestamp) -> Vec<(ZoneId, f64)> {
        let Some(wearer) = self.rulebook.wearer_of(tag, at) else {
            return Vec::new();
        };
        let of_fix = |fix: &Fix| self.borders(wearer, fix.position, [at, fix.at]).collect::<Vec<_>>();
        ping.fixes.iter().flat_map(of_fix).collect()
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
