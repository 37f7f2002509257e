//! Somebody's data is erased: what stands in the way of it, and what the engine forgets.
//!
//! Nothing is forgotten that still protects somebody, or that somebody still has to deal with. What others were told, and
//! the devices, stay.

use std::{collections::BTreeSet, sync::Arc};

use super::{
    Engine, Rulebook,
    draft::Draft,
    input::{DeadlineKey, Refused},
};
use crate::domain::{
    Assignment, Audience, DataSubject, Incident, PersonId, Recipient, Subject, Timestamp, WearerId,
};

impl Engine {
    /// What is to be done before somebody's data can be erased at `at`, a line each. Empty: it can be.
    #[must_use]
    pub fn stands_in_the_way(&self, at: Timestamp, subject: &DataSubject) -> Vec<String> {
        let open = self.open_incidents().map(|incident| incident.as_ref());
        stands_in_the_way(&self.rulebook, open, at, subject)
    }

    /// Remembers nothing of them any more; the rulebook does not either.
    pub(super) fn forget(&mut self, subject: &DataSubject) {
        match subject {
            DataSubject::Wearer(id) => {
                self.wearers.remove(id);
                self.set_deadline(&DeadlineKey::Wearer(id.clone()), Timestamp::MAX);
            }
            DataSubject::Person(id) => {
                self.companions.remove(id);
                self.standings.remove(id);
                self.set_deadline(&DeadlineKey::Person(id.clone()), Timestamp::MAX);
            }
        }
    }
}

/// The same of a rulebook and the open incidents.
#[must_use]
pub fn stands_in_the_way<'i>(
    rulebook: &Rulebook,
    open: impl Iterator<Item = &'i Incident>,
    at: Timestamp,
    subject: &DataSubject,
) -> Vec<String> {
    if !rulebook.knows(subject) {
        return vec![format!("there is no record of {subject}")];
    }
    let lasting = rulebook.cases_naming(subject).filter(|case| is_to_come(case.basis.until, at));
    let cases = lasting.map(|case| format!("case {} has not ended: end its basis first", case.id));
    let open = open.filter(|incident| is_of(rulebook, incident, subject));
    let incidents = open.map(|incident| match incident.kind.notice() {
        None => format!("incident {} is open: close it first", incident.id),
        Some(_) => {
            format!("they are being told something (incident {}): wait until it is over", incident.id)
        }
    });
    let held = devices_of(rulebook, subject).iter().filter(|device| is_to_come(device.until, at));
    let devices = held.map(|device| match subject {
        DataSubject::Wearer(_) => {
            format!("tag {} is still assigned to them: write down when it was removed", device.tag)
        }
        DataSubject::Person(_) => {
            format!("Companion {} is still assigned to them: write down until when", device.tag)
        }
    });
    cases.chain(incidents).chain(devices).collect()
}

/// Whether an open incident is about somebody, is of a case that names them, or tells them.
fn is_of(rulebook: &Rulebook, incident: &Incident, subject: &DataSubject) -> bool {
    let about = match subject {
        DataSubject::Wearer(id) => incident.subject == Subject::Wearer(id.clone()),
        DataSubject::Person(id) => incident.subject == Subject::Person(id.clone()) || tells(incident, id),
    };
    let mut cases = rulebook.cases_naming(subject);
    about || cases.any(|case| incident.case.as_ref() == Some(&case.id))
}

fn devices_of<'r>(rulebook: &'r Rulebook, subject: &DataSubject) -> &'r [Assignment] {
    match subject {
        DataSubject::Wearer(id) => rulebook.wearer(id).map_or(&[], |wearer| &wearer.tags),
        DataSubject::Person(id) => rulebook.person(id).map_or(&[], |person| &person.companions),
    }
}

/// Forgets somebody, if nothing stands in the way.
pub(super) fn erase(draft: &mut Draft<'_>, subject: &DataSubject) {
    let first = draft.before().stands_in_the_way(draft.at, subject);
    if !first.is_empty() {
        draft.refused = Some(Refused::StillNeeded(first));
        return;
    }
    let wearers: BTreeSet<WearerId> =
        draft.rulebook.cases_naming(subject).map(|case| case.wearer.clone()).collect();
    let rulebook = Arc::new(draft.rulebook.without(subject));
    // Their cases are over, and nothing of them is open: nobody is looked at anew for this, and nobody told.
    for wearer in wearers {
        if let Some(state) = draft.wearer_mut(&wearer) {
            state.meetings.retain(|zone, _| rulebook.proximity_zone(zone).is_some());
        }
    }
    draft.rulebook = rulebook;
    draft.erased = Some(subject.clone());
    draft.lines.push(format!("erased {subject}"));
}

/// Whether something lasts at `at`, or is to come.
fn is_to_come(until: Option<Timestamp>, at: Timestamp) -> bool {
    until.is_none_or(|until| until > at)
}

/// Whether somebody tells, or told, a person in an incident.
fn tells(incident: &Incident, person: &PersonId) -> bool {
    let recipient = Recipient::Person(person.clone());
    incident.escalations.iter().any(|escalation| {
        escalation.audience == Audience::Person(person.clone())
            || escalation.counts.iter().any(|(told, _)| *told == recipient)
            || escalation.alerts.iter().any(|sent| sent.recipient == recipient)
    })
}
