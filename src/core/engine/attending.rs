//! Responders: sent by an officer or going by themselves. Until one has said that they go, the response team's escalation
//! only pauses: whoever is sent and does not answer must not be what everybody waits for.

use std::sync::Arc;

use super::{draft::Draft, escalation, input::Refused, rulebook::Rulebook};
use crate::domain::{
    AlertId, AlertState, Attendance, Attending, Audience, Contact, EscalationState, Handling, Happening,
    Incident, IncidentId, Recipient, SECOND_MS, SentAlert, StaffId, Timestamp, UnitId,
};

/// Whoever is sent has this long to answer before the incident goes back to the queue.
const ANSWER_MS: i64 = 60 * SECOND_MS;
/// Attendances that an incident keeps.
const ATTENDANCES_MAX: usize = 32;

/// An officer sends a responder: they are told in every way that is heard, and asked whether they go. Sending somebody
/// again who has not answered tells them again.
pub(super) fn send(
    draft: &mut Draft<'_>,
    id: IncidentId,
    by: &StaffId,
    responder: StaffId,
) -> Result<(), Refused> {
    let (rulebook, at) = (Arc::clone(&draft.rulebook), draft.at);
    let incident = draft.incident_mut(id).filter(|incident| incident.concerns_staff());
    let incident = incident.ok_or(Refused::NoSuchIncident(id))?;
    let contacts = contacts(&rulebook, &incident.unit, &responder)?;
    let known = incident.attendances.iter_mut().rev().find(|one| one.responder == responder);
    match known.filter(|attendance| !attendance.stage().is_over()) {
        Some(attendance) if attendance.stage().is_going() => return Err(Refused::Attends(responder)),
        Some(attendance) => attendance.ask_again(at),
        None => begin(incident, Attendance::begin(responder.clone(), by.clone(), Attending::Sent, at))?,
    }
    if !matches!(incident.handling, Handling::Owned { .. }) {
        incident.hand(Handling::Owned { by: by.clone() });
    }
    incident.shelf = None;
    draft.tell_story(id, Happening::Sent { by: by.clone(), responder: responder.clone() });
    escalation::wait_until(draft, id, at.plus_ms(ANSWER_MS));
    let Some(place) = escalation::place_of(draft, id, &Audience::Staff) else { return Ok(()) };
    for Contact { channel, address } in contacts {
        escalation::raise_alert(draft, id, place, Recipient::Staff(responder.clone()), channel, address);
    }
    Ok(())
}

/// A responder says how far they have come.
pub(super) fn attend(
    draft: &mut Draft<'_>,
    id: IncidentId,
    responder: StaffId,
    stage: Attending,
) -> Result<(), Refused> {
    let at = draft.at;
    let incident = draft.incident_mut(id).filter(|incident| incident.concerns_staff());
    let incident = incident.ok_or(Refused::NoSuchIncident(id))?;
    let known = incident.attendances.iter_mut().rev().find(|one| one.responder == responder);
    let is_further = match known.filter(|attendance| !attendance.stage().is_over()) {
        Some(attendance) => attendance.go_on(stage, at),
        None if stage.is_going() => {
            begin(incident, Attendance::begin(responder.clone(), responder.clone(), stage, at))?;
            true
        }
        None => false,
    };
    if !is_further {
        return Err(Refused::NoFurther);
    }
    draft.tell_story(id, Happening::Attends { responder: responder.clone(), stage });
    heard(draft, id, &responder);
    match stage {
        Attending::Sent | Attending::NoAnswer => {}
        Attending::Declined => declined(draft, id, &responder),
        Attending::Accepted | Attending::EnRoute | Attending::OnScene | Attending::Done => {
            goes(draft, id, responder);
        }
    }
    Ok(())
}

/// Somebody goes: that is an act. While others who were sent have not answered, it is waited for them, too.
fn goes(draft: &mut Draft<'_>, id: IncidentId, responder: StaffId) {
    let at = draft.at;
    let Some(incident) = draft.incident_mut(id) else { return };
    if awaited(incident, at).next().is_none() && !matches!(incident.handling, Handling::Acted { .. }) {
        incident.hand(Handling::Acted { by: responder });
        escalation::acted(draft, id);
    }
}

/// Somebody cannot go. Where nobody else does, and nobody else has said that they act, the team is told again.
fn declined(draft: &mut Draft<'_>, id: IncidentId, responder: &StaffId) {
    let Some(incident) = draft.incident(id) else { return };
    let going = incident.attendances.iter().find(|attendance| attendance.stage().is_going());
    let acts = matches!(&incident.handling, Handling::Acted { by } if by != responder);
    match going.map(|attendance| attendance.responder.clone()) {
        Some(other) => goes(draft, id, other),
        None if acts || awaited(incident, draft.at).next().is_some() => {}
        None => escalation::rouse(draft, id),
    }
}

/// Those who were sent have not answered in time, or cannot be told.
pub(super) fn give_up(draft: &mut Draft<'_>, id: IncidentId) {
    let at = draft.at;
    let attendances = draft.incident_mut(id).map_or(&mut [][..], |incident| &mut incident.attendances);
    let mut silent = Vec::new();
    for attendance in attendances.iter_mut().filter(|one| one.stage() == Attending::Sent) {
        attendance.go_on(Attending::NoAnswer, at);
        silent.push(attendance.responder.clone());
    }
    for responder in silent {
        draft.tell_story(id, Happening::NoAnswer { responder });
    }
}

/// An alert does not get through. Where a responder can be told in no other way, nobody waits for them.
pub(super) fn failed(draft: &mut Draft<'_>, id: IncidentId, alert: AlertId) {
    let Some(Recipient::Staff(responder)) = draft.alert(alert).map(|alert| alert.recipient.clone()) else {
        return;
    };
    let Some(incident) = draft.incident(id) else { return };
    let is_sent = incident.attendance(&responder).is_some_and(|one| one.stage() == Attending::Sent);
    let Some(place) = escalation::place_of(draft, id, &Audience::Staff) else { return };
    let escalation = &incident.escalations[place];
    let may_hear =
        |sent: &SentAlert| sent.recipient == Recipient::Staff(responder.clone()) && sent.state.is_open();
    let is_paused = matches!(escalation.state, EscalationState::Paused { .. });
    let others = awaited(incident, draft.at).any(|other| *other != responder);
    if is_sent && is_paused && !others && !escalation.alerts.iter().any(may_hear) {
        escalation::back_to_queue(draft, id, place);
    }
}

/// Whether a responder was sent who has said nothing so far.
pub(super) fn is_unanswered(incident: &Incident) -> bool {
    incident.attendances.iter().any(|attendance| attendance.stage() == Attending::Sent)
}

/// Responders who were sent and still have time to answer.
fn awaited(incident: &Incident, now: Timestamp) -> impl Iterator<Item = &StaffId> {
    let has_time = move |attendance: &&Attendance| {
        let until = attendance.since().map(|at| at.plus_ms(ANSWER_MS));
        attendance.stage() == Attending::Sent && until.is_some_and(|until| now < until)
    };
    incident.attendances.iter().filter(has_time).map(|attendance| &attendance.responder)
}

/// What was sent to them has done its work.
fn heard(draft: &mut Draft<'_>, id: IncidentId, responder: &StaffId) {
    let recipient = Recipient::Staff(responder.clone());
    let escalations = draft.incident(id).map_or(&[][..], |incident| &incident.escalations);
    let theirs = escalations.iter().filter(|escalation| escalation.audience == Audience::Staff);
    let open: Vec<(AlertId, AlertState)> = theirs
        .flat_map(|escalation| &escalation.alerts)
        .filter(|sent| sent.recipient == recipient && sent.state.is_open())
        .map(|sent| (sent.id, escalation::done(&sent.state)))
        .collect();
    for (alert, state) in open {
        escalation::set_state(draft, alert, state);
    }
}

fn begin(incident: &mut Incident, attendance: Attendance) -> Result<(), Refused> {
    if incident.attendances.len() >= ATTENDANCES_MAX {
        let over = incident.attendances.iter().position(|one| one.stage().is_over());
        incident.attendances.remove(over.ok_or(Refused::TooManySent)?);
    }
    incident.attendances.push(attendance);
    Ok(())
}

/// How one of a unit's staff is told: in every way that reaches them where they are; by a screen if they have nothing else.
fn contacts(rulebook: &Rulebook, unit: &UnitId, responder: &StaffId) -> Result<Vec<Contact>, Refused> {
    let no_way = || Refused::NoWayTo(responder.clone());
    let staff = rulebook.unit(unit).and_then(|unit| unit.staff.iter().find(|staff| staff.id == *responder));
    let staff = staff.ok_or_else(no_way)?;
    let is_with_them = |contact: &&Contact| contact.channel.is_with_them();
    let mut contacts: Vec<Contact> = staff.contacts.iter().filter(is_with_them).cloned().collect();
    if contacts.is_empty() {
        contacts.extend(staff.contacts.first().cloned());
    }
    if contacts.is_empty() { Err(no_way()) } else { Ok(contacts) }
}
