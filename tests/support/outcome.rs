//! What came of a run, for comparison with what the engine alone makes of the same pings.

#![allow(dead_code, reason = "no test uses all of it")]

use std::collections::{BTreeMap, BTreeSet};

use cordon::{
    domain::{
        Alert, AlertState, Cause, Channel, Incident, IncidentId, IncidentKind, Recipient, Timestamp, ZoneId,
    },
    lab::proven,
    notify,
    sandbox::phones::Shown,
    store::Store,
};

/// Incidents by zone, and who was told of them. Each wearer here has zones of their own, so that a zone names the wearer
/// too. What depends on the moment of arrival (silence, stamps, delivery) is left out; nothing else is tolerated.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Outcome {
    /// Kind, whether found too late to disturb anybody, and the true times of the proven episodes.
    pub(crate) incidents: BTreeMap<ZoneId, (IncidentKind, bool, Vec<Timestamp>)>,
    /// Zone, recipient, channel, and the how many-th.
    pub(crate) alerts: BTreeSet<(ZoneId, Recipient, Channel, u32)>,
}

impl Outcome {
    /// Panics if a zone has two incidents: nobody closes one here.
    pub(crate) fn of<'a>(
        incidents: impl IntoIterator<Item = &'a Incident>,
        alerts: impl IntoIterator<Item = &'a Alert>,
    ) -> Self {
        let (mut outcome, mut zones) = (Self::default(), BTreeMap::new());
        for incident in incidents {
            let Cause::Zone(zone) = &incident.cause else {
                continue;
            };
            let episodes = proven(incident).into_iter().map(|(_, from)| from).collect();
            let is_known = outcome.incidents.insert(zone.clone(), (incident.kind, incident.late, episodes));
            assert!(is_known.is_none(), "two incidents of {zone}");
            zones.insert(incident.id, zone.clone());
        }
        for alert in alerts {
            let Some(zone) = zones.get(&alert.incident) else {
                continue;
            };
            let told = (zone.clone(), alert.recipient.clone(), alert.channel, alert.nth);
            assert!(outcome.alerts.insert(told), "alert {} is a double", alert.id);
        }
        outcome
    }

    /// The zones with a Violation.
    pub(crate) fn violations(&self) -> BTreeSet<&ZoneId> {
        let violations = self.incidents.iter().filter(|(_, (kind, ..))| *kind == IncidentKind::Violation);
        violations.map(|(zone, _)| zone).collect()
    }

    /// Panics with what differs, and only with that.
    pub(crate) fn assert_equals(&self, expected: &Self) {
        let mut differences = Vec::new();
        let zones: BTreeSet<_> = self.incidents.keys().chain(expected.incidents.keys()).collect();
        for zone in zones {
            let (is, should) = (self.incidents.get(zone), expected.incidents.get(zone));
            if is != should {
                differences.push(format!("{zone}: {is:?} instead of {should:?}"));
            }
        }
        for missing in expected.alerts.difference(&self.alerts) {
            differences.push(format!("nobody was told: {missing:?}"));
        }
        for extra in self.alerts.difference(&expected.alerts) {
            differences.push(format!("told for no reason: {extra:?}"));
        }
        assert!(differences.is_empty(), "{}", differences.join("\n"));
    }
}

/// Everything a store holds of incidents and alerts.
pub(crate) async fn stored(store: &dyn Store) -> (Vec<Incident>, Vec<Alert>) {
    let (mut incidents, mut alerts, mut after) = (Vec::new(), Vec::new(), IncidentId(0));
    loop {
        let page = store.incidents(after, 1_000).await.unwrap();
        let Some(last) = page.last() else {
            return (incidents, alerts);
        };
        after = last.id;
        for incident in page {
            alerts.extend(store.alerts_of(incident.id).await.unwrap());
            incidents.push(incident);
        }
    }
}

/// Panics unless every alert that a provider took is on its phone or desk once, and nothing else is there.
pub(crate) fn assert_received(alerts: &[Alert], received: &[Shown]) {
    let mut by_key: BTreeMap<&str, &Shown> = BTreeMap::new();
    for message in received {
        let known = by_key.insert(&message.key, message);
        assert!(known.is_none(), "{} is shown twice", message.key);
    }
    for alert in alerts {
        let message = by_key.remove(notify::idempotency_key(alert).as_str());
        let (id, state) = (alert.id, &alert.state);
        match state {
            AlertState::Accepted
            | AlertState::Delivered
            | AlertState::PickedUp
            | AlertState::Acknowledged => {
                let message = message.unwrap_or_else(|| panic!("alert {id} is {state:?} and nowhere"));
                let is_its = match alert.channel {
                    Channel::Webhook => alert.address.ends_with(&format!("/webhook/{}", message.address)),
                    _ => alert.address == message.address,
                };
                assert!(is_its, "alert {id} came to somebody else");
            }
            // Taken back while it was on its way: it may have come.
            AlertState::Withdrawn => {}
            AlertState::Waiting | AlertState::Expired(_) => panic!("alert {id} is {state:?}"),
        }
    }
    assert!(by_key.is_empty(), "messages without an alert: {:?}", by_key.keys());
}
