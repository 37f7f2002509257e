//! What comes back: how an alert fared, and what people answer to it.

use super::{
    Action,
    draft::Draft,
    escalation::{advance, done, end, escalation_mut, place_of, run_step, set_state, step_count},
    input::{DeliveryReport, Refused},
};
use crate::domain::{
    AlertId, AlertState, Audience, Escalation, EscalationState, Handling, Happening, IncidentId, Recipient,
};

/// What became of an alert.
pub(super) fn delivery(draft: &mut Draft<'_>, id: AlertId, report: DeliveryReport) {
    let Some(alert) = draft.alert_mut(id).filter(|alert| alert.state.is_open()) else {
        return;
    };
    let incident = alert.incident;
    let state = match (&report, &alert.state) {
        (DeliveryReport::Accepted, AlertState::Waiting) => AlertState::Accepted,
        (DeliveryReport::Delivered, AlertState::Waiting | AlertState::Accepted) => AlertState::Delivered,
        (DeliveryReport::Refused(reason), AlertState::Waiting | AlertState::Accepted) => {
            AlertState::Expired(reason.clone())
        }
        (DeliveryReport::NoSuccess, AlertState::Waiting) => AlertState::Waiting,
        _ => return,
    };
    set_state(draft, id, state);
    if matches!(report, DeliveryReport::Refused(_) | DeliveryReport::NoSuccess) {
        next_channel(draft, incident, id);
    }
}

/// An alert does not get through: the next step begins at once, while the old one keeps trying.
fn next_channel(draft: &mut Draft<'_>, incident: IncidentId, alert: AlertId) {
    let Some(known) = draft.incident(incident) else {
        return;
    };
    let current = |escalation: &Escalation| {
        let running = matches!(escalation.state, EscalationState::Running { .. });
        running && escalation.alerts.iter().any(|sent| sent.id == alert && sent.step == escalation.step)
    };
    let Some(place) = known.escalations.iter().position(current) else {
        return;
    };
    hasten(draft, incident, place);
}

/// Begins the next step now. After the last one there is none: it repeats when its time has come.
fn hasten(draft: &mut Draft<'_>, id: IncidentId, place: usize) {
    let count = step_count(draft, id, place);
    if escalation_mut(draft, id, place).is_some_and(|escalation| escalation.step + 1 < count) {
        advance(draft, id, place);
    }
}

/// A text came back from an address.
pub(super) fn reply(draft: &mut Draft<'_>, from: &str, text: &str) {
    let awaited = |recipient: Recipient| {
        let incident = draft.incident_awaiting(&recipient, text)?;
        Some((recipient, incident))
    };
    let known = draft.rulebook.recipients_at(from).iter().cloned();
    // A number that was told may answer although it has been replaced since.
    let answered = known.chain(draft.told_at(from)).find_map(awaited);
    let Some((recipient, id)) = answered else {
        draft.refused = Some(Refused::UnexpectedReply);
        return;
    };
    let reference = id.reference().to_string();
    let mut words =
        text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty() && *word != reference);
    let word = words.next().unwrap_or_default();
    // "1" is an answer; "1 minute, he is here" and "2 miles away" are not.
    let alone = words.next().is_none();
    match recipient {
        Recipient::Person(person) => {
            let is_safe = word == "1" && alone;
            let answer = match word {
                _ if is_safe => "safe".into(),
                "2" => "help".into(),
                "3" => "call me".into(),
                _ => text.trim().chars().take(200).collect(),
            };
            draft.tell_story(id, Happening::Answered { person: person.clone(), answer });
            if let Some(place) = place_of(draft, id, &Audience::Person(person)) {
                end(draft, id, place, done);
            }
            // Whoever asks for help, in whatever words, must not wait for somebody who has put the incident aside.
            if !is_safe {
                rouse(draft, id);
            }
        }
        Recipient::Staff(staff) => match word {
            "1" if alone => draft.handle(id, &staff, Action::Own),
            "2" if alone => draft.handle(id, &staff, Action::Act),
            _ => draft.handle(id, &staff, Action::Note(text.into())),
        },
    }
}

/// Tells the staff again, whatever they have done so far. While they are being told already, whoever is next is told
/// at once: beginning again would put them off with every call for help.
fn rouse(draft: &mut Draft<'_>, id: IncidentId) {
    if let Some(incident) = draft.incident_mut(id) {
        incident.handling = Handling::Raised;
    }
    let Some(place) = place_of(draft, id, &Audience::Staff) else {
        return;
    };
    let Some(escalation) = escalation_mut(draft, id, place) else {
        return;
    };
    if matches!(escalation.state, EscalationState::Running { .. }) {
        return hasten(draft, id, place);
    }
    escalation.step = 0;
    run_step(draft, id, place);
}
