//! Whether each of a protected person's ways leads to them: what a test shows, and a browser that is gone. One that fails
//! is a job for whoever looks after the person, before danger comes.

use std::collections::BTreeSet;

use super::{draft::Draft, incidents::Situation};
use crate::domain::{
    Alert, AlertState, BROWSER_GONE, Cause, Channel, IncidentId, IncidentKind, Person, PersonId, Priority,
    Reason, Recipient, SentAlert, Subject,
};

/// All the ways of a test have had their time.
pub(super) fn tested(draft: &mut Draft<'_>, id: IncidentId, alerts: &[SentAlert]) {
    let Some(Subject::Person(person)) = draft.incident(id).map(|incident| incident.subject.clone()) else {
        return;
    };
    let channels: BTreeSet<Channel> = alerts.iter().map(|sent| sent.channel).collect();
    for channel in channels {
        if alerts.iter().any(|sent| sent.channel == channel && works(sent)) {
            draft.over(&Subject::Person(person.clone()), &Cause::Way(channel), Reason::Works);
        } else {
            fails(draft, person.clone(), channel, Reason::Unconfirmed);
        }
    }
}

/// Whether a test has shown that a way leads to a phone: it rang there, or its provider says no more than that it took it.
pub(super) fn works(sent: &SentAlert) -> bool {
    match sent.state {
        AlertState::Delivered | AlertState::PickedUp | AlertState::Acknowledged => true,
        AlertState::Accepted => !sent.channel.gives_receipts(),
        _ => false,
    }
}

/// An alert to a protected person has failed for good. If that is because their browser is gone, and it is still the one
/// that they have, none will come there.
pub(super) fn failed(draft: &mut Draft<'_>, alert: &Alert) {
    let (Recipient::Person(person), Channel::Push, AlertState::Expired(reason)) =
        (&alert.recipient, alert.channel, &alert.state)
    else {
        return;
    };
    let contacts = draft.rulebook.person(person).map_or(&[][..], |person| &person.contacts);
    let is_theirs =
        contacts.iter().any(|contact| contact.channel == alert.channel && contact.address == alert.address);
    if reason == BROWSER_GONE && is_theirs {
        fails(draft, person.clone(), alert.channel, Reason::BrowserGone);
    }
}

/// What a protected person is reached by is another now: nothing is known of it yet.
pub(super) fn changed(draft: &mut Draft<'_>, before: &Person, after: &Person) {
    for channel in Channel::ALL {
        let address = |person: &Person| {
            let contact = person.contacts.iter().find(|contact| contact.channel == channel.address());
            contact.map(|contact| contact.address.clone())
        };
        if address(before) != address(after) {
            draft.over(&Subject::Person(after.id.clone()), &Cause::Way(channel), Reason::OtherAddress);
        }
    }
}

fn fails(draft: &mut Draft<'_>, person: PersonId, channel: Channel, reason: Reason) {
    let (subject, cause, true_time) = (Subject::Person(person), Cause::Way(channel), draft.at);
    let (kind, priority, late, ongoing) = (IncidentKind::WayFails, Priority::P3, false, true);
    draft.raise(Situation { subject, cause, kind, priority, true_time, reason, late, ongoing });
}
