//! Whether alerts get through in time, and what follows if they do not: another way at once, and somebody who is told
//! that a protected person is out of reach.

use std::sync::Arc;

use super::{
    draft::Draft,
    escalation::{escalation_mut, hasten, place_of, raise_alert, rouse, still_trying, summary},
    ways::ways,
};
use crate::domain::{
    Alert, AlertId, AlertState, Audience, Channel, Contact, Escalation, EscalationState, Happening,
    IncidentId, MessageClass, Recipient, SECOND_MS, SentAlert, Timestamp,
};

/// A provider should have taken an alert, and a phone should have it, within this time.
const SLOW_MS: i64 = 20 * SECOND_MS;

/// When an alert that comes into this state at `at` should have come further; `None` if nothing more is expected.
pub(super) fn due(state: &AlertState, channel: Channel, at: Timestamp) -> Option<Timestamp> {
    let expected = match state {
        AlertState::Waiting => true,
        AlertState::Accepted => channel.gives_receipts(),
        _ => false,
    };
    expected.then(|| at.plus_ms(SLOW_MS))
}

/// When the next of an escalation's alerts should have come further.
pub(super) fn next_due(escalation: &Escalation) -> Option<Timestamp> {
    escalation.alerts.iter().filter_map(|sent| sent.due).min()
}

/// Alerts that should have come further by now: those nobody has taken are in vain, and the step whose alert it is does
/// not wait for it.
pub(super) fn overdue(draft: &mut Draft<'_>, id: IncidentId, place: usize) {
    let now = draft.at;
    let Some(escalation) = escalation_mut(draft, id, place) else {
        return;
    };
    if !matches!(escalation.state, EscalationState::Running { .. }) {
        return;
    }
    let mut late: Vec<AlertId> = Vec::new();
    for sent in escalation.alerts.iter_mut().filter(|sent| sent.due.is_some_and(|due| due <= now)) {
        sent.due = None;
        sent.in_vain = sent.state == AlertState::Waiting;
        late.push(sent.id);
    }
    for alert in late {
        draft.lines.push(format!("alert {alert} has not come through in time"));
        failed(draft, id, alert);
    }
}

/// Its provider says that it takes nothing for now. Saying it again changes nothing.
pub(super) fn in_vain(draft: &mut Draft<'_>, id: IncidentId, alert: AlertId) {
    if bar(draft, id, alert) {
        failed(draft, id, alert);
    }
}

/// Its provider takes nothing for now; whether that is news.
pub(super) fn bar(draft: &mut Draft<'_>, id: IncidentId, alert: AlertId) -> bool {
    let news = sent_mut(draft, id, alert).filter(|sent| !sent.in_vain);
    news.map(|sent| (sent.in_vain, sent.due) = (true, None)).is_some()
}

/// A channel's provider takes nothing for now: whoever waits for it is told another way at once.
pub(super) fn provider_fails(draft: &mut Draft<'_>, channel: Channel) {
    let waits =
        |sent: &&SentAlert| sent.channel == channel && sent.state == AlertState::Waiting && !sent.in_vain;
    for id in draft.open_incidents() {
        let escalations = draft.incident(id).map_or(&[][..], |incident| &incident.escalations);
        let waiting: Vec<AlertId> =
            escalations.iter().flat_map(|e| &e.alerts).filter(waits).map(|sent| sent.id).collect();
        for alert in waiting {
            in_vain(draft, id, alert);
        }
    }
}

/// Whether nobody takes an alert, as far as is known.
pub(super) fn is_in_vain(draft: &Draft<'_>, alert: AlertId) -> bool {
    let incident = draft.alert(alert).and_then(|alert| draft.incident(alert.incident));
    let mut sent = incident.into_iter().flat_map(|incident| &incident.escalations).flat_map(|e| &e.alerts);
    sent.any(|sent| sent.id == alert && sent.in_vain)
}

/// An alert does not get through: the next step begins at once, while the old one keeps being tried.
pub(super) fn failed(draft: &mut Draft<'_>, id: IncidentId, alert: AlertId) {
    let Some(incident) = draft.incident(id) else {
        return;
    };
    let of = |escalation: &Escalation| escalation.alerts.iter().any(|sent| sent.id == alert);
    let Some(place) = incident.escalations.iter().position(of) else {
        return;
    };
    let escalation = &incident.escalations[place];
    let of_step = || escalation.alerts.iter().filter(|sent| sent.step == escalation.step);
    let is_current = of_step().any(|sent| sent.id == alert);
    // Several people may be told by one step: as long as one of them may hear of it, it is waited for.
    let is_waited_for = of_step().any(|sent| sent.id != alert && may_be_heard(sent));
    if is_current && !is_waited_for && matches!(escalation.state, EscalationState::Running { .. }) {
        hasten(draft, id, place);
    }
    judge(draft, id, place);
}

/// Whether an alert is with whoever it is for, as far as can be known, or may still come there in time.
fn may_be_heard(sent: &SentAlert) -> bool {
    match sent.state {
        AlertState::Delivered | AlertState::PickedUp => true,
        AlertState::Accepted => sent.due.is_some() || !sent.channel.gives_receipts(),
        AlertState::Waiting => sent.due.is_some(),
        _ => false,
    }
}

/// A provider took an alert, or it is on its phone.
pub(super) fn got_through(draft: &mut Draft<'_>, id: IncidentId, alert: AlertId) {
    let of = |escalation: &Escalation| escalation.alerts.iter().any(|sent| sent.id == alert);
    let place = draft.incident(id).and_then(|incident| incident.escalations.iter().position(of));
    if let Some(place) = place {
        within_reach(draft, id, place);
    }
}

/// Whoever an escalation is for is within reach.
pub(super) fn within_reach(draft: &mut Draft<'_>, id: IncidentId, place: usize) {
    if let Some(escalation) = escalation_mut(draft, id, place).filter(|escalation| escalation.unreached) {
        escalation.unreached = false;
        reword(draft, id);
    }
}

/// Whether a protected person is out of reach: every way that the policy has for them has been tried in vain, and no
/// alert of this escalation has been taken. Then the staff are told at once, whatever they have done so far: those who
/// know of the incident that this is new, and whoever is next.
pub(super) fn judge(draft: &mut Draft<'_>, id: IncidentId, place: usize) {
    let Some(escalation) = draft.incident(id).and_then(|incident| incident.escalations.get(place)) else {
        return;
    };
    let Audience::Person(person) = escalation.audience.clone() else {
        return;
    };
    let is_running = matches!(escalation.state, EscalationState::Running { .. });
    let notice = draft.incident(id).and_then(|incident| incident.kind.notice());
    // What a test does not reach is a job for whoever looks after the person, way by way.
    if notice == Some(MessageClass::Test) {
        return;
    }
    // Those whom they have named are told instead of them, which does not reach them.
    let theirs = |recipient: &Recipient| *recipient == Recipient::Person(person.clone());
    let taken = |sent: &SentAlert| theirs(&sent.recipient) && sent.state.is_taken();
    if !is_running || escalation.unreached || escalation.alerts.iter().any(taken) {
        return;
    }
    let told = ways(draft, id, place).into_iter().flat_map(|way| way.to);
    let mut contacts = told.filter(|to| theirs(&to.recipient)).filter_map(|to| to.contact);
    // A provider that takes nothing is one matter, not one for each of the many whom an outage has something to tell: they
    // are told as soon as it takes something. Danger does not wait for that.
    let is_barred =
        |sent: &SentAlert| matches!(sent.state, AlertState::Expired(_)) || sent.in_vain && notice.is_none();
    if !contacts.all(|contact| newest_on(draft, escalation, &contact).is_some_and(is_barred)) {
        return;
    }
    if let Some(escalation) = escalation_mut(draft, id, place) {
        escalation.unreached = true;
    }
    draft.tell_story(id, Happening::Unreached { person });
    reword(draft, id);
    tell_again(draft, id);
    rouse(draft, id);
}

/// The newest alert on a way.
fn newest_on<'e>(draft: &Draft<'_>, escalation: &'e Escalation, way: &Contact) -> Option<&'e SentAlert> {
    let on_it = |sent: &&SentAlert| {
        let alert = draft.alert(sent.id);
        sent.channel == way.channel && alert.is_some_and(|alert| alert.address == way.address)
    };
    escalation.alerts.iter().rev().find(on_it)
}

/// Another alert to each member of staff who has been told of an incident, the same way.
fn tell_again(draft: &mut Draft<'_>, id: IncidentId) {
    let Some(place) = place_of(draft, id, &Audience::Staff) else {
        return;
    };
    let has_it = |sent: &&SentAlert| sent.state.is_taken() || sent.state == AlertState::Acknowledged;
    let escalation = draft.incident(id).and_then(|incident| incident.escalations.get(place));
    let alerts = escalation.into_iter().flat_map(|escalation| &escalation.alerts);
    let mut told: Vec<(Recipient, Channel, String)> = alerts
        .filter(has_it)
        .filter_map(|sent| draft.alert(sent.id))
        .map(|Alert { recipient, channel, address, .. }| (recipient.clone(), *channel, address.clone()))
        .collect();
    told.sort();
    told.dedup();
    for (recipient, channel, address) in told {
        if still_trying(draft, id, place, &recipient, channel).is_empty() {
            raise_alert(draft, id, place, recipient, channel, address);
        }
    }
}

/// Cards that nobody has taken yet say what is known now.
fn reword(draft: &mut Draft<'_>, id: IncidentId) {
    let rulebook = Arc::clone(&draft.rulebook);
    let Some(incident) = draft.incident(id) else {
        return;
    };
    let text = summary(&rulebook, incident);
    let is_waiting = |sent: &&SentAlert| {
        sent.state == AlertState::Waiting && matches!(sent.recipient, Recipient::Staff(_))
    };
    let sent = incident.escalations.iter().flat_map(|escalation| &escalation.alerts);
    for alert in sent.filter(is_waiting).map(|sent| sent.id).collect::<Vec<_>>() {
        if let Some(alert) = draft.alert_mut(alert) {
            alert.summary.clone_from(&text);
        }
    }
}

fn sent_mut<'d>(draft: &'d mut Draft<'_>, id: IncidentId, alert: AlertId) -> Option<&'d mut SentAlert> {
    let incident = draft.incident_mut(id)?;
    incident.escalations.iter_mut().flat_map(|e| &mut e.alerts).find(|sent| sent.id == alert)
}
