//! The rulebook without somebody whose data is erased.
//!
//! Nothing of it names them any more. Of the devices that they had, it stays known until when: a tag that brings fixes of
//! theirs later must not have them kept as a stray's, and a Companion stays one.

use serde::{Deserialize, Serialize};

use super::{Rulebook, forget};
use crate::domain::{Case, CaseId, DataSubject, PersonId, Recipient, Scope, TagId, Timestamp, WearerId};

/// What a device was to somebody whose record is erased.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(in super::super) enum Formerly {
    /// It was worn, the last time until then.
    Worn(Timestamp),
    /// It was a Companion.
    Carried,
}

impl Rulebook {
    /// Whether there is a record of somebody.
    #[must_use]
    pub fn knows(&self, subject: &DataSubject) -> bool {
        match subject {
            DataSubject::Wearer(id) => self.wearer(id).is_some(),
            DataSubject::Person(id) => self.person(id).is_some(),
        }
    }

    /// The cases that name somebody, as their wearer or as protected.
    pub fn cases_naming<'r>(&'r self, subject: &DataSubject) -> impl Iterator<Item = &'r Case> {
        let ids = match subject {
            DataSubject::Wearer(id) => self.cases_of.get(id),
            DataSubject::Person(id) => self.cases_for.get(id),
        };
        ids.into_iter().flatten().filter_map(|id| self.case(id))
    }

    /// Whether `tag` was at `at` no later than with somebody who wore it and whose record is erased.
    pub(in super::super) fn was_of_somebody_erased(&self, tag: &TagId, at: Timestamp) -> bool {
        self.worn_by_erased.get(tag).is_some_and(|until| at < *until)
    }

    /// The same without somebody, and without every case that names them.
    pub(in super::super) fn without(&self, subject: &DataSubject) -> Self {
        let mut next = self.clone();
        let cases: Vec<CaseId> = self.cases_naming(subject).map(|case| case.id.clone()).collect();
        cases.iter().for_each(|case| next.take_out_case(case));
        match subject {
            DataSubject::Wearer(id) => next.take_out_wearer(id),
            DataSubject::Person(id) => next.take_out_person(id),
        }
        next
    }

    fn take_out_case(&mut self, id: &CaseId) {
        let Some(case) = self.cases.get(id).cloned() else { return };
        for zone in &case.zones {
            self.zones.remove_mut(&zone.id);
        }
        self.proximity.forget_case(&case);
        forget(&mut self.cases_of, &case.wearer, id);
        for person in &case.persons {
            forget(&mut self.cases_for, person, id);
        }
        self.cases.remove_mut(id);
        self.revisions.remove_mut(&Scope::Case(id.clone()));
        self.index_own(&case.wearer);
    }

    fn take_out_wearer(&mut self, id: &WearerId) {
        let Some(wearer) = self.wearers.get(id).cloned() else { return };
        for assignment in &wearer.tags {
            forget(&mut self.worn, &assignment.tag, id);
            self.was_worn(assignment.tag.clone(), assignment.until.unwrap_or(Timestamp::MAX));
        }
        self.wearers.remove_mut(id);
        self.revisions.remove_mut(&Scope::Wearer(id.clone()));
    }

    fn take_out_person(&mut self, id: &PersonId) {
        let Some(person) = self.persons.get(id).cloned() else { return };
        self.forget_addresses(&person.contacts, &Recipient::Person(id.clone()));
        self.proximity.forget_person(id);
        self.persons.remove_mut(id);
        self.revisions.remove_mut(&Scope::Person(id.clone()));
    }

    fn was_worn(&mut self, tag: TagId, until: Timestamp) {
        let known = self.worn_by_erased.get(&tag).copied();
        self.worn_by_erased.insert_mut(tag, known.map_or(until, |known| known.max(until)));
    }

    /// What the devices of those were whose records are erased.
    pub(in super::super) fn formerly(&self) -> impl Iterator<Item = (TagId, Formerly)> {
        let worn = self.worn_by_erased.iter().map(|(tag, until)| (tag.clone(), Formerly::Worn(*until)));
        worn.chain(self.proximity.carried_by_nobody().map(|tag| (tag.clone(), Formerly::Carried)))
    }

    /// Takes up what a device was.
    pub(in super::super) fn take_up_formerly(&mut self, tag: TagId, was: &Formerly) {
        match was {
            Formerly::Worn(until) => self.was_worn(tag, *until),
            Formerly::Carried => self.proximity.was_carried(tag),
        }
    }
}
