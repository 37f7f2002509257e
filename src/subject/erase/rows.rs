//! Which rows of the journal are about somebody whose data goes.

use super::{
    super::trace::{Trace, concerns},
    found::Found,
};
use crate::{
    domain::{Book, DataSubject, Happening, IncidentId, Ping, TagId},
    engine::{Action, CompanionHeard, Input, Meet, SetAside, Told},
    sequencer::input_of,
    store::JournalRow,
};

/// A row that is about them.
pub(super) struct Theirs {
    /// It is one of those by which the others are found.
    pub(super) is_record: bool,
    /// Whom else it is about.
    pub(super) others: Vec<DataSubject>,
}

/// Tells their rows from others'.
pub(super) struct Judge<'a> {
    pub(super) subject: &'a DataSubject,
    pub(super) trace: &'a Trace,
    pub(super) found: &'a Found,
}

impl Judge<'_> {
    /// Whether a row is about them. One that is erased is about nobody any more, and one that says that somebody was erased,
    /// or which rows went with it, holds nothing of theirs.
    pub(super) fn look(&self, row: &JournalRow) -> Option<Theirs> {
        if row.payload.is_empty() || matches!(row.kind.as_str(), "erase" | "blank") {
            return None;
        }
        let is_record = row.kind == "publish";
        let input = input_of(row).ok();
        let is_own = row.subject == self.subject.to_string() || self.is_of_incident(&row.subject);
        let is_theirs = || input.as_ref().is_some_and(|input| self.is_theirs(row, input));
        if !is_own && !is_theirs() && !self.has_answer(row) {
            return None;
        }
        let named = row.subject.parse().ok().into_iter().chain(input.iter().flat_map(named));
        Some(Theirs { is_record, others: named.filter(|other| other != self.subject).collect() })
    }

    fn is_of_incident(&self, subject: &str) -> bool {
        let id = subject.strip_prefix("incident:").and_then(|id| id.parse().ok());
        id.is_some_and(|id| self.found.about.contains(&IncidentId(id)))
    }

    /// Whether what came in is about them, though its row names another.
    fn is_theirs(&self, row: &JournalRow, input: &Input) -> bool {
        let told = match input {
            Input::Ping { tag, ping, .. } => return self.has_fixes(&row.subject, tag, ping),
            Input::Told(told) => told,
        };
        match told {
            // When it was sent is not known. Who wears the tag now may have sent it; if nobody does, they may.
            Told::Unreadable { .. } | Told::SetAside(SetAside::Message { .. }) => {
                row.subject.starts_with("tag:") && self.trace.may_share(&row.subject)
            }
            // What crashed the engine stands behind the line that says so.
            Told::SetAside(SetAside::Other) => {
                let behind = row.payload.splitn(2, |byte| *byte == b'\n').nth(1).unwrap_or_default();
                let told = serde_json::from_slice::<Told>(behind).map(Input::Told);
                told.is_ok_and(|input| self.is_theirs(row, &input))
            }
            Told::Publish(book) | Told::Revise { book, .. } => match book {
                Book::Case(case) => concerns(case, self.subject),
                Book::Wearer(it) => self.is_subject(&DataSubject::Wearer(it.id.clone())),
                Book::Person(it) => self.is_subject(&DataSubject::Person(it.id.clone())),
                Book::Unit(_) => false,
            },
            Told::Met { meets } => self.met(meets),
            Told::Companion(CompanionHeard { person, meets, .. }) => {
                self.is_subject(&DataSubject::Person(person.clone())) || self.met(meets)
            }
            Told::Wrote { person, .. } | Told::Call { person } => {
                self.is_subject(&DataSubject::Person(person.clone()))
            }
            Told::Delivery { alert, .. } | Told::Receipt { alert, .. } | Told::Answer { alert, .. } => {
                self.found.alerts.contains(alert)
            }
            // From an address of theirs that was nobody's by then.
            Told::Reply { from, .. } | Told::Pressed { from, .. } => {
                row.subject == "service" && self.trace.addresses.contains(from)
            }
            // What staff wrote may speak of them.
            Told::Handle { incident, action: Action::Note(_) | Action::Shelve { .. }, .. } => {
                self.found.beside.contains(incident)
            }
            _ => false,
        }
    }

    fn is_subject(&self, other: &DataSubject) -> bool {
        self.subject == other
    }

    /// A tag's ping from when it was theirs, in a row of nobody or of whoever had it later. Of a Companion that is nobody's
    /// it does not matter when: it is theirs who carried it.
    fn has_fixes(&self, whose: &str, tag: &TagId, ping: &Ping) -> bool {
        let had = |at| self.trace.had(tag, at);
        let is_companion = matches!(self.subject, DataSubject::Person(_));
        self.trace.may_share(whose)
            && (is_companion
                || ping.fixes.iter().any(|fix| had(fix.at))
                || ping.events.iter().any(|event| had(event.at)))
    }

    fn met(&self, meets: &[Meet]) -> bool {
        meets.iter().any(|meet| match self.subject {
            DataSubject::Wearer(id) => meet.wearer == *id,
            DataSubject::Person(_) => self.trace.around.contains(&meet.zone),
        })
    }

    /// Whether words of theirs stand in what was concluded: their number was somebody else's when they answered.
    fn has_answer(&self, row: &JournalRow) -> bool {
        let DataSubject::Person(id) = self.subject else { return false };
        let told = |line: &str| {
            let json = line.strip_prefix("incident ")?.split_once(' ')?.1;
            serde_json::from_str::<Happening>(json).ok()
        };
        let lines = row.decision.lines().filter(|line| line.contains("\"answered\""));
        lines.filter_map(told).any(|what| matches!(what, Happening::Answered { person, .. } if person == *id))
    }
}

/// Whom an input names.
fn named(input: &Input) -> Vec<DataSubject> {
    let wearers =
        |meets: &[Meet]| meets.iter().map(|meet| DataSubject::Wearer(meet.wearer.clone())).collect();
    match input {
        Input::Told(Told::Met { meets } | Told::Companion(CompanionHeard { meets, .. })) => wearers(meets),
        Input::Told(Told::Publish(Book::Case(case)) | Told::Revise { book: Book::Case(case), .. }) => {
            let persons = case.persons.iter().cloned().map(DataSubject::Person);
            persons.chain([DataSubject::Wearer(case.wearer.clone())]).collect()
        }
        _ => Vec::new(),
    }
}
