//! What comes back: how an alert fared, and what people answer to it.

use super::{
    Action,
    draft::Draft,
    escalation::{done, end, place_of, rouse, set_state},
    input::{DeliveryReport, Refused},
    reach,
};
use crate::domain::{AlertId, AlertState, Audience, Happening, Recipient, Timestamp};

/// What became of an alert.
pub(super) fn delivery(draft: &mut Draft<'_>, id: AlertId, report: DeliveryReport) {
    let Some(alert) = draft.alert_mut(id).filter(|alert| alert.state.is_open()) else {
        return;
    };
    let incident = alert.incident;
    let state = match (report, &alert.state) {
        (DeliveryReport::Accepted, AlertState::Waiting) => AlertState::Accepted,
        (DeliveryReport::Delivered, AlertState::Waiting | AlertState::Accepted) => AlertState::Delivered,
        (DeliveryReport::Refused(reason), AlertState::Waiting | AlertState::Accepted) => {
            AlertState::Expired(reason)
        }
        (DeliveryReport::NoSuccess, AlertState::Waiting) => return reach::in_vain(draft, incident, id),
        _ => return,
    };
    let got_through = state.is_open();
    set_state(draft, id, state);
    if got_through {
        reach::got_through(draft, incident, id);
    } else {
        reach::failed(draft, incident, id);
    }
}

/// A provider says later what became of an alert. It may come twice, late, or for nothing of ours.
pub(super) fn receipt(draft: &mut Draft<'_>, id: AlertId, raised_at: Timestamp, report: DeliveryReport) {
    if draft.alert(id).is_some_and(|alert| alert.raised_at == raised_at) {
        delivery(draft, id, report);
    } else {
        draft.refused = Some(Refused::NoSuchAlert(id));
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
                reach::within_reach(draft, id, place);
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
