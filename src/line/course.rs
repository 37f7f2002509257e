//! The engine alone on virtual time: it is told what happens and when, and what it decides is kept.

use std::{collections::BTreeMap, sync::Arc};

use crate::{
    domain::{
        Alert, AlertId, AlertState, Book, Cause, Handling, Incident, IncidentId, IncidentKind, Outcome, Ping,
        StaffId, TagId, Timestamp, ZoneId,
    },
    engine::{Action, Decision, DeliveryReport, Engine, Input, Refused, Told},
};

/// The one source that a course hears.
pub const SOURCE: &str = "lab";

/// An engine and everything it has decided.
#[derive(Debug, Default, Clone)]
pub struct Course {
    /// As it is now.
    pub engine: Engine,
    /// Every incident there has been, as it is now.
    pub incidents: BTreeMap<IncidentId, Incident>,
    /// Every alert there has been, as it is now.
    pub alerts: BTreeMap<AlertId, Alert>,
    last: Option<Timestamp>,
}

impl Course {
    /// With these books published at `at`, in this order, and its source heard.
    ///
    /// # Errors
    /// Why the engine refused the first book that it refused.
    pub fn with(books: &[Book], at: Timestamp) -> Result<Self, Refused> {
        Self::of(Engine::default(), books, at)
    }

    /// The same of another engine.
    ///
    /// # Errors
    /// Why the engine refused the first book that it refused.
    pub fn of(engine: Engine, books: &[Book], at: Timestamp) -> Result<Self, Refused> {
        let mut course = Self { engine, ..Self::default() };
        course.tell(at, Told::Started { sources: vec![SOURCE.into()] });
        course.tell(at, Told::Source { name: SOURCE.into(), up: true });
        for book in books {
            course.publish(at, book.clone())?;
        }
        Ok(course)
    }

    /// Publishes a book.
    ///
    /// # Errors
    /// Why the engine refused it.
    pub fn publish(&mut self, at: Timestamp, book: Book) -> Result<(), Refused> {
        self.tell(at, Told::Publish(book)).refused.map_or(Ok(()), Err)
    }

    /// Lets time pass to `at`, deadline by deadline.
    pub fn pass_to(&mut self, at: Timestamp) {
        while let Some(due) = self.engine.next_deadline().filter(|due| *due <= at) {
            let due = self.last.map_or(due, |last| due.max(last));
            let Some(key) = self.engine.due(due) else {
                return;
            };
            self.decide(due, &Input::Told(Told::Deadline(key)));
        }
    }

    /// Something happened at `at`; deadlines before it pass first.
    pub fn tell(&mut self, at: Timestamp, told: Told) -> Decision {
        self.pass_to(at);
        self.decide(at, &Input::Told(told))
    }

    /// A ping came at `at`; deadlines before it pass first.
    pub fn ping(&mut self, at: Timestamp, tag: &TagId, ping: Ping) -> Decision {
        self.pass_to(at);
        self.decide(at, &Input::Ping { tag: tag.clone(), source: SOURCE.into(), ping })
    }

    /// The first incident of a kind.
    pub fn incident(&self, kind: IncidentKind) -> Option<&Incident> {
        self.incidents.values().find(|incident| incident.kind == kind)
    }

    /// Every proven episode: zone and true time.
    pub fn episodes(&self) -> Vec<(ZoneId, Timestamp)> {
        let mut episodes: Vec<_> = self.incidents.values().flat_map(proven).collect();
        episodes.sort();
        episodes.dedup();
        episodes
    }

    /// The desk and all phones at work: every alert is delivered, every incident acted on, and closed when it is over, so
    /// that the next one is a new one.
    pub fn attend(&mut self, now: Timestamp, desk: &StaffId) {
        let waiting = self.engine.open_alerts().filter(|alert| alert.state == AlertState::Waiting);
        for alert in waiting.map(|alert| alert.id).collect::<Vec<_>>() {
            self.tell(now, Told::Delivery { alert, report: DeliveryReport::Delivered });
        }
        let open: Vec<_> = self.engine.open_incidents().map(Arc::clone).collect();
        for incident in open.into_iter().filter(|incident| incident.concerns_staff()) {
            let action = match (incident.ongoing, &incident.handling) {
                (true, Handling::Acted { .. }) => continue,
                (true, _) => Action::Act,
                (false, _) => Action::Close(Outcome::Excused),
            };
            self.tell(now, Told::Handle { incident: incident.id, by: desk.clone(), action });
        }
    }

    /// Something was recorded at `at`. Deadlines before it do not pass: see [`Self::pass_to`].
    pub fn decide(&mut self, at: Timestamp, input: &Input) -> Decision {
        let decision = self.engine.decide(at, input);
        self.engine.apply(&decision);
        self.last = Some(at);
        self.incidents.extend(decision.incidents.iter().map(|i| (i.id, i.clone())));
        self.alerts.extend(decision.alerts.iter().map(|a| (a.id, a.clone())));
        decision
    }
}

/// The proven episodes of an incident.
pub fn proven(incident: &Incident) -> Vec<(ZoneId, Timestamp)> {
    let Cause::Zone(zone) = &incident.cause else {
        return Vec::new();
    };
    let proven = incident.episodes.iter().filter(|episode| !episode.disproved);
    proven.map(|episode| (zone.clone(), episode.from)).collect()
}
