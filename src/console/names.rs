//! Names for ids. An id that the rulebook no longer knows stands for itself.

use crate::{
    domain::{CaseId, Incident, PersonId, StaffId, Subject, WearerId, ZoneId},
    engine::Rulebook,
};

/// Looks names up in the rulebook in force.
#[derive(Clone, Copy)]
pub(super) struct Names<'a>(pub(super) &'a Rulebook);

impl Names<'_> {
    pub(super) fn wearer(self, id: &WearerId) -> String {
        self.0.wearer(id).map_or_else(|| id.to_string(), |wearer| wearer.name.clone())
    }

    pub(super) fn person(self, id: &PersonId) -> String {
        self.0.person(id).map_or_else(|| id.to_string(), |person| person.name.clone())
    }

    /// A member of staff, or a rota.
    pub(super) fn staff(self, id: &StaffId) -> String {
        let rota = || Some(self.0.rota(id)?.name.clone());
        self.0.staff(id).map(|staff| staff.name.clone()).or_else(rota).unwrap_or_else(|| id.to_string())
    }

    pub(super) fn zone(self, id: &ZoneId) -> String {
        self.0.zone_code(id).map_or_else(|| id.to_string(), Into::into)
    }

    /// The wearer or protected person an incident is about, or Cordon itself.
    pub(super) fn subject(self, incident: &Incident) -> String {
        match &incident.subject {
            Subject::Wearer(id) => self.wearer(id),
            Subject::Person(id) => self.person(id),
            Subject::Service => "Cordon itself".into(),
        }
    }

    /// The names of the people a case protects.
    pub(super) fn protected(self, id: &CaseId) -> Vec<String> {
        let persons = self.0.case(id).map(|case| case.persons.as_slice()).unwrap_or_default();
        persons.iter().map(|person| self.person(person)).collect()
    }
}
