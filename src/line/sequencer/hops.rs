//! How many have come past each hop: where one sticks, the figures on both sides of it drift apart.

use std::ops::AddAssign;

use crate::{
    domain::{Alert, AlertState, Handling, Incident},
    engine::{Decision, Engine},
};

/// Alerts and incidents that came past each hop, but for those of Cordon's canary.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Moved {
    /// Alerts raised.
    pub alerts_raised: u64,
    /// Alerts that a provider has taken.
    pub alerts_sent: u64,
    /// Alerts that have reached a phone, or a person.
    pub alerts_delivered: u64,
    /// Incidents raised, but for notices.
    pub incidents_raised: u64,
    /// Incidents that somebody has acted on, or closed at once.
    pub incidents_acted: u64,
    /// Incidents closed.
    pub incidents_closed: u64,
}

impl Moved {
    /// What a decision moves on; `before` is the engine that has not taken it in.
    pub(super) fn by(decision: &Decision, before: &Engine) -> Self {
        let mut moved = Self::default();
        for alert in decision.alerts.iter().filter(|alert| !alert.unit.is_canary()) {
            moved.alert(before.open_alert(alert.id), alert);
        }
        let incidents = decision.incidents.iter().filter(|it| !it.unit.is_canary() && it.concerns_staff());
        for incident in incidents {
            moved.incident(before.open_incident(incident.id).map(AsRef::as_ref), incident);
        }
        moved
    }

    fn alert(&mut self, before: Option<&Alert>, now: &Alert) {
        let (was, is) = (before.map_or(0, |alert| hop(&alert.state)), hop(&now.state));
        self.alerts_raised += u64::from(before.is_none());
        self.alerts_sent += u64::from(was < 1 && is >= 1);
        self.alerts_delivered += u64::from(was < 2 && is >= 2);
    }

    fn incident(&mut self, before: Option<&Incident>, now: &Incident) {
        let acted = |it: &Incident| matches!(it.handling, Handling::Acted { .. } | Handling::Closed { .. });
        let has_acted = before.is_some_and(acted);
        self.incidents_raised += u64::from(before.is_none());
        self.incidents_acted += u64::from(!has_acted && acted(now));
        self.incidents_closed += u64::from(!now.is_open());
    }
}

impl AddAssign for Moved {
    fn add_assign(&mut self, other: Self) {
        self.alerts_raised += other.alerts_raised;
        self.alerts_sent += other.alerts_sent;
        self.alerts_delivered += other.alerts_delivered;
        self.incidents_raised += other.incidents_raised;
        self.incidents_acted += other.incidents_acted;
        self.incidents_closed += other.incidents_closed;
    }
}

/// How far an alert has come: 1 is with a provider, 2 on a phone.
fn hop(state: &AlertState) -> u8 {
    match state {
        AlertState::Waiting | AlertState::Withdrawn | AlertState::Expired(_) => 0,
        AlertState::Accepted => 1,
        AlertState::Delivered | AlertState::PickedUp | AlertState::Acknowledged => 2,
    }
}
