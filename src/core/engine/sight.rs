//! What a fix or a meet says of a zone, for whoever explains a decision: the numbers that the judge goes by. It reads the
//! engine and decides nothing.

use super::{
    Engine,
    clock_watch::{self, Setting},
    decision::quantised,
    meeting::Meet,
    stages::DOF,
};
use crate::{
    domain::{Fix, Ping, Stage, TagId, Timestamp, WearerId, ZoneId},
    geometry::View,
};

/// See the module's documentation. Rounded as in the record of a decision.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sight {
    /// Metres to the border, negative inside.
    pub border_m: f64,
    /// Probability of being inside, 0 to 1.
    pub p_inside: f64,
    /// The scale that the error is judged with, metres.
    pub sigma_m: f64,
}

impl Sight {
    fn of(view: &View<'_>, sigma_m: f64) -> Self {
        Self {
            border_m: quantised(view.signed_distance_m(), 1),
            p_inside: quantised(view.probability_inside(sigma_m, DOF), 3),
            sigma_m: quantised(sigma_m, 1),
        }
    }
}

impl Engine {
    /// What a fix says of a drawn zone; `None` if there is no such zone.
    #[must_use]
    pub fn sight(&self, zone: &ZoneId, fix: &Fix) -> Option<Sight> {
        let bound = self.rulebook.bound_zone(zone)?;
        Some(Sight::of(&bound.zone.shape.0.seen_from(fix.position), fix.accuracy.sigma_m()))
    }

    /// What a meet says of its zone; `None` if there is no such zone.
    #[must_use]
    pub fn sight_of_meet(&self, meet: &Meet) -> Option<Sight> {
        let bound = self.rulebook.proximity_zone(&meet.zone)?;
        let view = View::of_circle(meet.distance_m, bound.zone.radius_m.metres());
        Some(Sight::of(&view, meet.sigma_m))
    }

    /// Those fixes of a ping that are judged as a wearer's if it comes at `at`, each with the time at which it was truly
    /// taken, in the order of these times.
    #[must_use]
    pub fn fixes_of(
        &self,
        wearer: &WearerId,
        at: Timestamp,
        tag: &TagId,
        source: &str,
        ping: &Ping,
    ) -> Vec<Fix> {
        let heard_since = self.sources.get(source).map(|state| state.since);
        let setting = Setting { started: self.started, heard_since, ours: &self.our_clock };
        let reading = clock_watch::reading(self.tags.get(tag).map(AsRef::as_ref), &setting, at, ping);
        let fixes = ping.fixes.iter().map(|fix| Fix { at: reading.true_time(fix.at), ..*fix });
        let is_theirs = |fix: &Fix| {
            self.rulebook.wearer_of(tag, fix.at) == Some(wearer) && self.rulebook.may_watch(wearer, fix.at)
        };
        let mut fixes: Vec<Fix> = fixes.filter(is_theirs).collect();
        fixes.sort_by_key(|fix| fix.at);
        fixes
    }

    /// What is believed of a wearer and a zone, drawn or around a person.
    #[must_use]
    pub fn stage(&self, wearer: &WearerId, zone: &ZoneId) -> Stage {
        let Some(state) = self.wearers.get(wearer) else {
            return Stage::Clear;
        };
        let drawn = state.track.zones.get(zone).map(|zone| zone.stage);
        drawn.or_else(|| state.meetings.get(zone).map(|meeting| meeting.stage())).unwrap_or_default()
    }
}
