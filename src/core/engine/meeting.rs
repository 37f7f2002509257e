//! A wearer and a protected person at one time: how far apart two fixes say that they are.
//!
//! This is all that is ever written down of where a person is: the distance to a wearer who is near enough to matter.

use serde::{Deserialize, Serialize};

use super::{
    decision::quantised,
    proximity::BoundProximity,
    trail::{Point, agreement},
    zone_watch::LOOK_SIGMAS,
};
use crate::{
    domain::{Fix, Timestamp, WearerId, ZoneId},
    geometry::distance_m,
};

/// Fixes of the two that are farther apart in time are not compared, milliseconds.
const APART_MS: i64 = 180_000;
/// How fast people are taken to walk between the two fixes, m/s.
const WALK_MPS: f64 = 1.5;

/// Where a wearer or a person was, and whether that is to be trusted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Place {
    point: Point,
    trusted: bool,
}

/// How far apart a wearer and the person in the middle of a zone are, with whole metres.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Meet {
    /// Who must stay away.
    pub wearer: WearerId,
    /// The zone around the person.
    pub zone: ZoneId,
    /// When: the time of the later fix, or a later moment for which nothing newer is known.
    pub at: Timestamp,
    /// When the wearer's fix and the person's were taken.
    pub taken: [Timestamp; 2],
    /// Metres between the two fixes.
    pub distance_m: f64,
    /// The scale of the doubt about that: of both fixes, and of what may have been walked between them, metres.
    pub sigma_m: f64,
    /// Whether both fixes are to be trusted.
    pub trusted: bool,
}

impl Place {
    /// A fix with its true time, after the last one and the one before that, of the same device. One that is too far from
    /// both to be true of any of them is not trusted.
    #[must_use]
    pub fn after([before, earlier]: [Option<&Self>; 2], fix: &Fix) -> Self {
        Self::of(Point::of(fix), [before.map(|place| &place.point), earlier.map(|place| &place.point)])
    }

    pub(super) fn of(point: Point, [before, earlier]: [Option<&Point>; 2]) -> Self {
        let agrees = agreement(before, earlier, &point);
        Self { point, trusted: point.accuracy.is_trusted() && agrees.place }
    }

    /// When the fix was taken.
    #[must_use]
    pub fn at(&self) -> Timestamp {
        self.point.at
    }
}

impl Meet {
    /// What a wearer's fix and the person's say; `None` if they are too far apart in time.
    #[must_use]
    pub fn between(
        wearer: &WearerId,
        bound: &BoundProximity,
        theirs: &Place,
        person_s: &Place,
    ) -> Option<Self> {
        let apart_ms = theirs.at().ms_since(person_s.at()).abs();
        if apart_ms > APART_MS {
            return None;
        }
        let sigma_m = theirs.point.sigma_m().hypot(person_s.point.sigma_m());
        Some(Self {
            wearer: wearer.clone(),
            zone: bound.zone.id.clone(),
            at: theirs.at().max(person_s.at()),
            taken: [theirs.at(), person_s.at()],
            distance_m: quantised(distance_m(theirs.point.position, person_s.point.position), 0),
            sigma_m: quantised(sigma_m + walked_m(apart_ms), 0),
            trusted: theirs.trusted && person_s.trusted,
        })
    }

    /// The same as it may be at a later time, with nothing heard since.
    #[must_use]
    pub fn lasting_until(self, at: Timestamp) -> Self {
        let since_ms = at.ms_since(self.at).max(0);
        Self { at: at.max(self.at), sigma_m: quantised(self.sigma_m + walked_m(since_ms), 0), ..self }
    }

    /// Whether the wearer may be near enough for any stage but Clear: else it is nobody's business where the person is.
    #[must_use]
    pub fn matters(&self, bound: &BoundProximity) -> bool {
        let reach_m = bound.zone.radius_m.metres() + bound.zone.margin_m.metres();
        self.distance_m < reach_m + LOOK_SIGMAS * self.sigma_m
    }
}

#[expect(clippy::cast_precision_loss, reason = "some minutes")]
fn walked_m(for_ms: i64) -> f64 {
    for_ms as f64 / 1_000.0 * WALK_MPS
}
