//! What comes back: how an alert fared, and what people answer to it.

use super::{
    Action, attending,
    draft::Draft,
    escalation::{done, end, place_of, rouse, set_state},
    incidents::Situation,
    input::{DeliveryReport, Refused},
    notices, reach, way_watch,
};
use crate::domain::{
    Alert, AlertId, AlertState, Attendance, Attending, Audience, Cause, Channel, Handling, Happening,
    Incident, IncidentId, IncidentKind, PersonId, Priority, Reason, Recipient, StaffId, Subject, Timestamp,
};

/// What says that all is well.
const SAFE: &str = "1";
const HELP: &str = "2";
const CALL_ME: &str = "3";

/// What became of an alert.
pub(super) fn delivery(draft: &mut Draft<'_>, id: AlertId, report: DeliveryReport) {
    let Some(alert) = draft.alert_mut(id).filter(|alert| alert.state.is_open()) else {
        return;
    };
    let (incident, calls) = (alert.incident, alert.channel == Channel::Voice);
    let state = match (report, &alert.state) {
        (DeliveryReport::Accepted, AlertState::Waiting) => AlertState::Accepted,
        (DeliveryReport::Delivered, AlertState::Waiting | AlertState::Accepted) => AlertState::Delivered,
        // For what is to be done next it is the same as a call that rings. It is a state of its own because whoever looks at
        // the console must not read "ringing" while somebody is on the phone.
        (DeliveryReport::PickedUp, AlertState::Waiting | AlertState::Accepted | AlertState::Delivered)
            if calls =>
        {
            AlertState::PickedUp
        }
        (DeliveryReport::Refused(reason), AlertState::Waiting | AlertState::Accepted) => {
            AlertState::Expired(reason)
        }
        // A text that has reached its phone stays there, whatever its provider says afterwards; a call that rang, or was
        // picked up, may end without an answer.
        (DeliveryReport::Refused(reason), state) if calls && state.is_there() => AlertState::Expired(reason),
        (DeliveryReport::NoSuccess, AlertState::Waiting) => return reach::in_vain(draft, incident, id),
        _ => return,
    };
    let got_through = state.is_open();
    let failed = (!got_through).then(|| Alert { state: state.clone(), ..alert.clone() });
    set_state(draft, id, state);
    match (got_through, calls) {
        (false, _) => {
            reach::failed(draft, incident, id);
            attending::failed(draft, incident, id);
        }
        (true, false) => reach::got_through(draft, incident, id),
        // A phone that rings, or is picked up, has reached nobody before they answer.
        (true, true) => {}
    }
    if let Some(alert) = failed {
        way_watch::failed(draft, &alert);
    }
    notices::arrived(draft, incident);
}

/// A provider says later what became of an alert. It may come twice, late, or for nothing of ours.
pub(super) fn receipt(draft: &mut Draft<'_>, id: AlertId, raised_at: Timestamp, report: DeliveryReport) {
    if draft.alert(id).is_some_and(|alert| alert.raised_at == raised_at) {
        delivery(draft, id, report);
    } else {
        draft.refused = Some(Refused::NoSuchAlert(id));
    }
}

/// A text came back from an address, or one of the keys that are offered in a call to it.
pub(super) fn reply(draft: &mut Draft<'_>, from: &str, text: &str) {
    let whose = whose(draft, from);
    let person = whose.iter().find_map(|recipient| match recipient {
        Recipient::Person(person) => Some(person.clone()),
        Recipient::Staff(_) => None,
    });
    // Whether or not they were told of anything.
    let under_duress = person.as_ref().is_some_and(|person| heard_under_duress(draft, person, text));
    let answered = whose.into_iter().find_map(|recipient| {
        let incident = draft.incident_awaiting(&recipient, text)?;
        Some((recipient, incident))
    });
    match (answered, person) {
        (Some((Recipient::Person(person), id)), _) => {
            let text = if under_duress { SAFE } else { text };
            person_answers(draft, id, person, text);
        }
        (Some((Recipient::Staff(staff), id)), _) => staff_answers(draft, id, &staff, text),
        (None, Some(_)) if under_duress => {}
        (None, Some(person)) if is_call(text) => wrote_for_help(draft, person, text),
        (None, _) => draft.refused = Some(Refused::UnexpectedReply),
    }
}

/// Another key was pressed in a call to an address. It says something only to whoever has chosen it.
pub(super) fn pressed(draft: &mut Draft<'_>, from: &str, key: &str) {
    let is_theirs = |recipient: &Recipient| match recipient {
        Recipient::Person(person) => is_duress(draft, person, key),
        Recipient::Staff(_) => false,
    };
    if whose(draft, from).iter().any(is_theirs) {
        reply(draft, from, key);
    } else {
        draft.refused = Some(Refused::UnexpectedReply);
    }
}

/// Whose an address is. A number that was told may answer although it has been replaced since.
fn whose(draft: &Draft<'_>, address: &str) -> Vec<Recipient> {
    let known: Vec<Recipient> = draft.rulebook.recipients_at(address).to_vec();
    let mut whose: Vec<Recipient> = known.into_iter().chain(draft.told_at(address)).collect();
    whose.dedup();
    whose
}

/// An answer on the page that an alert opens. There is no doubt who gives it and about what.
pub(super) fn on_the_page(draft: &mut Draft<'_>, id: AlertId, raised_at: Timestamp, text: &str) {
    let alert = draft.alert(id).filter(|alert| alert.raised_at == raised_at);
    let Some((incident, recipient)) = alert.map(|alert| (alert.incident, alert.recipient.clone())) else {
        draft.refused = Some(Refused::NoSuchAlert(id));
        return;
    };
    match recipient {
        Recipient::Person(person) => {
            let text = if heard_under_duress(draft, &person, text) { SAFE } else { text };
            person_answers(draft, incident, person, text);
        }
        Recipient::Staff(staff) => staff_answers(draft, incident, &staff, text),
    }
}

/// The same on the page of what is over.
pub(super) fn wrote(draft: &mut Draft<'_>, person: &PersonId, text: &str) {
    if draft.rulebook.person(person).is_none() {
        draft.refused = Some(Refused::UnknownPerson(person.clone()));
    } else if heard_under_duress(draft, person, text) {
        // It is with the staff.
    } else if is_call(text) {
        wrote_for_help(draft, person.clone(), text);
    } else {
        draft.refused = Some(Refused::UnexpectedReply);
    }
}

/// A protected person asks for help on a page.
pub(super) fn called(draft: &mut Draft<'_>, person: &PersonId) {
    if draft.rulebook.person(person).is_some() {
        call_for_help(draft, person, Reason::PressedForHelp);
    } else {
        draft.refused = Some(Refused::UnknownPerson(person.clone()));
    }
}

/// Whether a text asks for help when nothing was asked: in words, or as an answer to what is over by now.
fn is_call(text: &str) -> bool {
    if matches!(text.trim().trim_end_matches(['.', '!']), HELP | CALL_ME) {
        return true;
    }
    let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.into_iter().any(|word| word.eq_ignore_ascii_case("help") || word.eq_ignore_ascii_case("sos"))
}

/// Whether they give their duress word or key. Then it is taken up; nobody who reads along may see a difference to "1".
fn heard_under_duress(draft: &mut Draft<'_>, person: &PersonId, text: &str) -> bool {
    let is_duress = is_duress(draft, person, text);
    if is_duress {
        call(draft, person, Cause::Duress, IncidentKind::Duress, Reason::WroteDuressWord);
    }
    is_duress
}

fn is_duress(draft: &Draft<'_>, person: &PersonId, text: &str) -> bool {
    draft.rulebook.person(person).is_some_and(|person| person.plan.is_duress(text))
}

/// A protected person asks for help, whatever else goes on.
pub(super) fn call_for_help(draft: &mut Draft<'_>, person: &PersonId, reason: Reason) {
    call(draft, person, Cause::Call, IncidentKind::CallForHelp, reason);
}

/// They have written so: their words are for whoever takes it.
fn wrote_for_help(draft: &mut Draft<'_>, person: PersonId, text: &str) {
    call_for_help(draft, &person, Reason::WroteForHelp);
    if let Some(id) = draft.open_incident(&Subject::Person(person.clone()), &Cause::Call) {
        draft.tell_story(id, Happening::Answered { person, answer: answer(text, id).0 });
    }
}

fn call(draft: &mut Draft<'_>, person: &PersonId, cause: Cause, kind: IncidentKind, reason: Reason) {
    let (subject, true_time) = (Subject::Person(person.clone()), draft.at);
    // It does not end by itself.
    let (priority, late, ongoing) = (Priority::P1, false, true);
    draft.raise(Situation { subject, cause, kind, priority, true_time, reason, late, ongoing });
}

/// The first word of an answer, apart from the reference that it may quote, and whether it is the only one: "1" is an
/// answer; "1 minute, he is here" and "2 miles away" are not.
fn first_word(text: &str, id: IncidentId) -> (&str, bool) {
    let reference = id.reference().to_string();
    let mut words =
        text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty() && *word != reference);
    (words.next().unwrap_or_default(), words.next().is_none())
}

/// What a protected person's text says about an incident, and whether that is that all is well.
fn answer(text: &str, id: IncidentId) -> (String, bool) {
    let (word, alone) = first_word(text, id);
    let is_safe = word == SAFE && alone;
    let answer = match word {
        _ if is_safe => "safe".into(),
        HELP => "help".into(),
        CALL_ME => "call me".into(),
        _ => text.trim().chars().take(200).collect(),
    };
    (answer, is_safe)
}

fn person_answers(draft: &mut Draft<'_>, id: IncidentId, person: PersonId, text: &str) {
    let (answer, is_safe) = answer(text, id);
    draft.tell_story(id, Happening::Answered { person: person.clone(), answer });
    if draft.incident(id).is_some_and(|incident| incident.kind.notice().is_some()) {
        notices::answered(draft, id);
        if !is_safe {
            wrote_for_help(draft, person, text);
        }
        return;
    }
    if let Some(place) = place_of(draft, id, &Audience::Person(person)) {
        end(draft, id, place, done);
        reach::within_reach(draft, id, place);
    }
    // Whoever asks for help, in whatever words, must not wait for somebody who has put the incident aside.
    if !is_safe {
        rouse(draft, id);
    }
}

/// Staff take an incident by their answer. Whoever was told because a protected person did not answer only says that
/// they look after that person.
fn staff_answers(draft: &mut Draft<'_>, id: IncidentId, staff: &StaffId, text: &str) {
    let (word, alone) = first_word(text, id);
    let theirs = draft.incident(id).map(|incident| places_told(incident, staff)).unwrap_or_default();
    let is_taken = |incident: &Incident| matches!(&incident.handling, Handling::Owned { by } if by != staff);
    let is_taken = draft.incident(id).is_some_and(is_taken);
    let is_sent = draft.incident(id).and_then(|it| it.attendance(staff)).map(Attendance::stage);
    let is_sent = alone && is_sent.is_some_and(Attending::is_asked);
    let looks_after =
        !is_sent && alone && matches!(word, "1" | "2") && !theirs.of_staff && !theirs.of_persons.is_empty();
    let action = match word {
        "1" if is_sent => Action::Attend(Attending::Accepted),
        "2" if is_sent => Action::Attend(Attending::Declined),
        _ if looks_after => Action::Note("looks after the protected person".into()),
        // A text comes from somebody who is on their way: it is not lost because another was faster.
        "1" if alone && is_taken => Action::Note("has it, too".into()),
        "1" if alone => Action::Own,
        "2" if alone => Action::Act,
        _ => Action::Note(text.into()),
    };
    draft.handle(id, staff, action);
    // Whoever answers for the response team, too, has not said that they are with the person: theirs goes on.
    for place in theirs.of_persons.into_iter().filter(|_| looks_after) {
        end(draft, id, place, done);
    }
}

/// Where in an incident a member of staff has been told of it.
#[derive(Default)]
struct Told {
    /// By the staff's own escalation.
    of_staff: bool,
    /// By these of protected persons, instead of them.
    of_persons: Vec<usize>,
}

fn places_told(incident: &Incident, staff: &StaffId) -> Told {
    let recipient = Recipient::Staff(staff.clone());
    let mut told = Told::default();
    for (place, escalation) in incident.escalations.iter().enumerate() {
        if !escalation.alerts.iter().any(|sent| sent.recipient == recipient) {
            continue;
        }
        match escalation.audience {
            Audience::Staff => told.of_staff = true,
            Audience::Person(_) => told.of_persons.push(place),
        }
    }
    told
}
