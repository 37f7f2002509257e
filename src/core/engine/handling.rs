//! What people do about an incident.

use super::{
    attending,
    draft::Draft,
    escalation,
    input::{Action, Refused},
};
use crate::domain::{
    Handling, Happening, Incident, IncidentId, IncidentKind, MINUTE_MS, Priority, Shelf, StaffId,
};

const NOTE_CHARS_MAX: usize = 2_000;
/// The longest that an incident can be shelved for: half a shift.
const SHELF_MINUTES_MAX: u16 = 240;
const SHELF_REASON_CHARS_MAX: usize = 200;

impl Draft<'_> {
    /// A person does something about an incident.
    pub(super) fn handle(&mut self, id: IncidentId, by: &StaffId, action: Action) {
        if let Err(refused) = self.try_handle(id, by, action) {
            self.refused = Some(refused);
        }
    }

    fn try_handle(&mut self, id: IncidentId, by: &StaffId, action: Action) -> Result<(), Refused> {
        self.rulebook.staff(by).ok_or_else(|| Refused::UnknownStaff(by.clone()))?;
        let incident = self.incident_mut(id).filter(|i| i.is_open()).ok_or(Refused::NoSuchIncident(id))?;
        let by = by.clone();
        match action {
            Action::Own => {
                if let Some(owner) = taken_by_another(incident, &by) {
                    return Err(Refused::Taken(owner));
                }
                if !matches!(incident.handling, Handling::Acted { .. }) {
                    incident.hand(Handling::Owned { by: by.clone() });
                }
                self.tell_story(id, Happening::Owned { by });
                escalation::owned(self, id);
            }
            Action::TakeOver { from } => {
                if from == by || incident.owner() != Some(&from) {
                    return Err(Refused::NotTheirs(from));
                }
                incident.hand_over(by.clone());
                self.tell_story(id, Happening::HandedOver { from, to: by });
            }
            Action::Act => {
                incident.hand(Handling::Acted { by: by.clone() });
                self.tell_story(id, Happening::Acted { by });
                escalation::acted(self, id);
            }
            Action::Note(text) => {
                if !(1..=NOTE_CHARS_MAX).contains(&text.trim().chars().count()) {
                    return Err(Refused::NoteLength);
                }
                self.tell_story(id, Happening::Noted { by, text: text.trim().into() });
            }
            Action::Send(responder) => attending::send(self, id, &by, responder)?,
            Action::Attend(stage) => attending::attend(self, id, by, stage)?,
            Action::Shelve { minutes, reason } => self.shelve(id, by, minutes, reason.trim())?,
            // It may have been over when whoever closes it last looked.
            Action::Close(_) if incident.ongoing && incident.kind == IncidentKind::Violation => {
                return Err(Refused::StillInside);
            }
            Action::Close(outcome) => {
                incident.hand(Handling::Closed { by: by.clone(), outcome });
                self.tell_story(id, Happening::Closed { by, outcome });
                escalation::closed(self, id);
            }
        }
        Ok(())
    }

    /// Puts an incident aside. What makes it danger, or raises it again, takes it back at once.
    fn shelve(&mut self, id: IncidentId, by: StaffId, minutes: u16, reason: &str) -> Result<(), Refused> {
        let reason_fits = (1..=SHELF_REASON_CHARS_MAX).contains(&reason.chars().count());
        if !(reason_fits && (1..=SHELF_MINUTES_MAX).contains(&minutes)) {
            return Err(Refused::Shelf);
        }
        let until = self.at.plus_ms(i64::from(minutes) * MINUTE_MS);
        let incident = self.incident_mut(id).filter(|incident| incident.concerns_staff());
        let incident = incident.ok_or(Refused::NoSuchIncident(id))?;
        if incident.priority == Priority::P1 {
            return Err(Refused::Danger);
        }
        if let Some(owner) = taken_by_another(incident, &by) {
            return Err(Refused::Taken(owner));
        }
        incident.hand(Handling::Owned { by: by.clone() });
        incident.shelf = Some(Shelf { by: by.clone(), until, reason: reason.into() });
        self.tell_story(id, Happening::Shelved { by, until, reason: reason.into() });
        escalation::wait_until(self, id, until);
        Ok(())
    }
}

/// Whoever else owns it: whoever comes second must know that. What is put aside is nobody's work just now.
fn taken_by_another(incident: &Incident, by: &StaffId) -> Option<StaffId> {
    match &incident.handling {
        Handling::Owned { by: owner } if owner != by && incident.shelf.is_none() => Some(owner.clone()),
        _ => None,
    }
}
