//! What the belief about a wearer says of a zone: now, and within the next two minutes if nothing changes.

use super::{Engine, belief::Heading, rulebook::BoundZone, stages::DOF};
use crate::{
    domain::{Timestamp, WearerId, ZoneId},
    geometry::crossing,
};

/// Slower than this nobody comes nearer, m/s: it is what errors make of standing still.
const CLOSING_MPS: f64 = 0.3;

/// See the module's documentation. Probabilities are from 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Outlook {
    /// Of being inside now.
    pub p_now: f64,
    /// Of being inside at some moment within a minute, going on as now, give or take what people and cars do.
    pub p_60s: f64,
    /// The same within two minutes.
    pub p_120s: f64,
    /// Metres to the border, negative inside.
    pub border_m: f64,
    /// How fast the border comes nearer, m/s; negative when it goes away.
    pub closing_mps: f64,
    /// Seconds to the border at that speed, if it comes nearer.
    pub reach_s: Option<f64>,
}

impl Engine {
    /// The outlook of a wearer at `at` for a zone; none before the first fix, and none for a zone that there is not.
    #[must_use]
    pub fn outlook(&self, wearer: &WearerId, zone: &ZoneId, at: Timestamp) -> Option<Outlook> {
        let heading = self.wearers.get(wearer)?.track.heading()?;
        Some(Outlook::of(self.rulebook.bound_zone(zone)?, &heading, at))
    }
}

impl Outlook {
    pub(super) fn of(bound: &BoundZone, heading: &Heading, at: Timestamp) -> Self {
        let since_s = at.s_since(heading.now.at).max(0.0);
        let shape = &bound.zone.shape.0;
        let now = heading.in_s(since_s);
        let p_now = shape.probability_inside(now.position, now.sigma_m.max(1.0), DOF);
        let within = |seconds: f64| {
            let ends = heading.ends(since_s + seconds);
            let enter = ends.iter().filter(|end| crossing(shape, 0.0, heading.now.position, **end).is_some());
            #[expect(clippy::cast_precision_loss, reason = "25 at the most")]
            let share = enter.count() as f64 / ends.len() as f64;
            share.max(p_now)
        };
        let border_in_m = |seconds: f64| shape.signed_distance_m(heading.in_s(since_s + seconds).position);
        let border_m = border_in_m(0.0);
        let closing_mps = border_m - border_in_m(1.0);
        let p_60s = within(60.0);
        let comes_nearer = closing_mps > CLOSING_MPS && border_m > 0.0;
        Self {
            p_now,
            p_60s,
            p_120s: within(120.0).max(p_60s),
            border_m,
            closing_mps,
            reach_s: comes_nearer.then(|| border_m / closing_mps),
        }
    }
}
