//! Which incidents and alerts are about somebody whose data goes, and an incident without what was said of them.

use std::collections::BTreeSet;

use super::super::trace::{PAGE_ROWS, Trace};
use crate::{
    domain::{
        AlertId, Audience, DataSubject, Happening, Incident, IncidentId, PersonId, Recipient, Subject,
        Timestamp,
    },
    store::{Store, StoreError},
};

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Incidents about them.
    pub(super) about: BTreeSet<IncidentId>,
    /// Incidents about others in which something may be said of a protected person.
    pub(super) beside: BTreeSet<IncidentId>,
    /// Alerts to a protected person, and those of incidents about them.
    pub(super) alerts: BTreeSet<AlertId>,
    /// One of the incidents beside is open: the line writes it, and nobody else may.
    pub(super) is_one_open: bool,
    /// How many alerts go, and of how many incidents about others a part.
    pub(super) alerts_count: u64,
    pub(super) rewritten_count: u64,
}

impl Found {
    /// Looks through the incidents that were raised before a time.
    pub(super) async fn of(
        store: &dyn Store,
        subject: &DataSubject,
        trace: &Trace,
        before: Timestamp,
    ) -> Result<Self, StoreError> {
        let (mut found, mut after) = (Self::default(), IncidentId(0));
        loop {
            let page = store.incidents(after, PAGE_ROWS).await?;
            let Some(last) = page.last() else { return Ok(found) };
            after = last.id;
            for incident in page.iter().filter(|incident| incident.raised_at < before) {
                found.look(store, subject, trace, incident).await?;
            }
        }
    }

    async fn look(
        &mut self,
        store: &dyn Store,
        subject: &DataSubject,
        trace: &Trace,
        incident: &Incident,
    ) -> Result<(), StoreError> {
        let is_about = is_about(incident, subject);
        let is_of_case = || incident.case.as_ref().is_some_and(|case| trace.cases.contains_key(case));
        match subject {
            _ if is_about => {
                self.about.insert(incident.id);
            }
            DataSubject::Person(id) if is_told(incident, id) || is_of_case() => {
                self.beside.insert(incident.id);
                self.is_one_open |= incident.is_open();
                self.rewritten_count += u64::from(rewritten(incident, id).is_some());
            }
            DataSubject::Wearer(_) | DataSubject::Person(_) => return Ok(()),
        }
        for alert in store.alerts_of(incident.id).await? {
            if is_about || is_to(&alert.recipient, subject) {
                self.alerts.insert(alert.id);
                self.alerts_count += 1;
            }
        }
        Ok(())
    }
}

fn is_about(incident: &Incident, subject: &DataSubject) -> bool {
    match (&incident.subject, subject) {
        (Subject::Wearer(it), DataSubject::Wearer(id)) => it == id,
        (Subject::Person(it), DataSubject::Person(id)) => it == id,
        _ => false,
    }
}

fn is_to(recipient: &Recipient, subject: &DataSubject) -> bool {
    matches!((recipient, subject), (Recipient::Person(it), DataSubject::Person(id)) if it == id)
}

fn is_told(incident: &Incident, id: &PersonId) -> bool {
    incident.escalations.iter().any(|it| is_towards(&it.audience, id))
        || incident.timeline.iter().any(|entry| is_of(&entry.what, id))
}

fn is_towards(audience: &Audience, id: &PersonId) -> bool {
    matches!(audience, Audience::Person(it) if it == id)
}

fn is_of(what: &Happening, id: &PersonId) -> bool {
    match what {
        Happening::Answered { person, .. } | Happening::Unreached { person } => person == id,
        Happening::Alert { recipient: Recipient::Person(person), .. } => person == id,
        _ => false,
    }
}

/// An incident about somebody else without what was said of a protected person; `None` if there is nothing.
pub(super) fn rewritten(incident: &Incident, id: &PersonId) -> Option<Incident> {
    let mut without = incident.clone();
    without.escalations.retain(|it| !is_towards(&it.audience, id));
    without.timeline.retain(|entry| !is_of(&entry.what, id));
    for entry in &mut without.timeline {
        // Staff may have named them.
        if let Happening::Noted { text: words, .. } | Happening::Shelved { reason: words, .. } =
            &mut entry.what
        {
            words.clear();
        }
    }
    (without != *incident).then_some(without)
}
