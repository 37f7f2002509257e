//! Where the wearer was, in metres from the zone's middle.

use crate::{
    domain::{Fix, Motion, Timestamp, Zone},
    geometry::Plane,
};

/// Positions worse than this, metres, say that the wearer was near, not by which way.
const SURE_SIGMA_M: f64 = 60.0;

/// Metres east and north of the zone's middle.
pub(super) type Point = [f64; 2];

/// A position.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Seen {
    pub(super) at: Timestamp,
    pub(super) place: Point,
    /// To the exclusion zone's border, negative inside.
    pub(super) border_m: f64,
    pub(super) sigma_m: f64,
    pub(super) is_trusted: bool,
    pub(super) is_still: bool,
}

/// All positions in the order of their times.
pub(super) struct Track {
    plane: Plane,
    zone: Zone,
    seen: Vec<Seen>,
    sure: Vec<Seen>,
}

impl Track {
    pub(super) fn around(zone: &Zone) -> Self {
        Self {
            plane: Plane::about(zone.shape.0.centre()),
            zone: zone.clone(),
            seen: Vec::new(),
            sure: Vec::new(),
        }
    }

    pub(super) fn note(&mut self, fix: &Fix, motion: Motion) {
        self.seen.push(Seen {
            at: fix.at,
            place: self.plane.project(fix.position),
            border_m: self.zone.shape.0.signed_distance_m(fix.position),
            sigma_m: fix.accuracy.sigma_m(),
            is_trusted: fix.accuracy.is_trusted(),
            is_still: motion == Motion::Still,
        });
    }

    /// In order, and each once, whatever the order in which they came.
    pub(super) fn settle(&mut self) {
        let key = |seen: &Seen| (seen.at, seen.place.map(f64::to_bits), seen.sigma_m.to_bits());
        self.seen.sort_by_key(key);
        self.seen.dedup_by_key(|seen| key(seen));
        self.sure = self.seen.iter().filter(|seen| seen.sigma_m <= SURE_SIGMA_M).copied().collect();
    }

    pub(super) fn all(&self) -> &[Seen] {
        &self.seen
    }

    /// Those that say by which way.
    pub(super) fn sure(&self) -> &[Seen] {
        &self.sure
    }

    /// Width of the warning zone.
    pub(super) fn margin_m(&self) -> f64 {
        self.zone.margin_m.metres()
    }

    /// Radius of a circle about the middle that holds the warning zone.
    pub(super) fn ring_m(&self) -> f64 {
        self.zone.shape.0.reach_m() + self.margin_m()
    }

    /// The nearest to the border within a span of time, of those that can be trusted if there are any.
    pub(super) fn nearest_m(&self, from: Timestamp, until: Timestamp) -> Option<f64> {
        let during = between(&self.seen, from, until);
        let least = |trusted: bool| {
            let metres = during.iter().filter(|seen| seen.is_trusted || !trusted).map(|seen| seen.border_m);
            metres.min_by(f64::total_cmp)
        };
        least(true).or_else(|| least(false))
    }

    /// When the wearer, near at `from`, was first seen outside of the warning zone.
    pub(super) fn leaves(&self, from: Timestamp) -> Timestamp {
        let after = between(&self.seen, from, Timestamp::MAX);
        after.iter().find(|seen| seen.border_m > self.margin_m()).map_or(from, |seen| seen.at)
    }
}

/// Those from `from` to `until`, both included.
pub(super) fn between(seen: &[Seen], from: Timestamp, until: Timestamp) -> &[Seen] {
    let (first, end) = indices(seen, from, until);
    &seen[first..end]
}

/// The index of the first from `from` on and of the first after `until`.
pub(super) fn indices(seen: &[Seen], from: Timestamp, until: Timestamp) -> (usize, usize) {
    let first = seen.partition_point(|seen| seen.at < from);
    (first, seen.partition_point(|seen| seen.at <= until).max(first))
}

pub(super) fn apart_m(a: Point, b: Point) -> f64 {
    (a[0] - b[0]).hypot(a[1] - b[1])
}

pub(super) fn from_middle_m(place: Point) -> f64 {
    place[0].hypot(place[1])
}
