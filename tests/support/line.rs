//! The engine alone, fed by hand: what any test of decisions starts from.
#![allow(dead_code, reason = "no test uses all of it")]

use std::collections::BTreeMap;

use cordon::{
    domain::{Alert, AlertId, Book, Incident, IncidentId, IncidentKind, Ping, TagId, Timestamp, ZoneId},
    engine::{Decision, Engine, Input, Told},
};

/// An engine and everything it has decided.
#[derive(Default, Clone)]
pub(crate) struct Line {
    pub(crate) engine: Engine,
    pub(crate) incidents: BTreeMap<IncidentId, Incident>,
    pub(crate) alerts: BTreeMap<AlertId, Alert>,
    last: Option<Timestamp>,
}

impl Line {
    /// With these books published at `at`, and one source heard.
    pub(crate) fn with(books: &[Book], at: Timestamp) -> Self {
        let mut line = Self::default();
        line.tell(at, Told::Started { sources: vec!["test".into()] });
        line.tell(at, Told::Source { name: "test".into(), up: true });
        for book in books {
            line.publish(at, book.clone());
        }
        line
    }

    /// Publishes a book that must be accepted.
    pub(crate) fn publish(&mut self, at: Timestamp, book: Book) {
        let decision = self.tell(at, Told::Publish(book));
        assert_eq!(decision.refused, None);
    }

    /// Lets time pass to `at`, deadline by deadline.
    pub(crate) fn pass_to(&mut self, at: Timestamp) {
        while let Some(due) = self.engine.next_deadline().filter(|due| *due <= at) {
            let due = self.last.map_or(due, |last| due.max(last));
            let Some(key) = self.engine.due(due) else {
                return;
            };
            self.decide(due, &Input::Told(Told::Deadline(key)));
        }
    }

    /// Something happened at `at`; deadlines before it pass first.
    pub(crate) fn tell(&mut self, at: Timestamp, told: Told) -> Decision {
        self.pass_to(at);
        self.decide(at, &Input::Told(told))
    }

    /// A ping came at `at`; deadlines before it pass first.
    pub(crate) fn ping(&mut self, at: Timestamp, tag: &TagId, ping: Ping) -> Decision {
        self.pass_to(at);
        self.decide(at, &Input::Ping { tag: tag.clone(), source: "test".into(), ping })
    }

    /// The first incident of a kind.
    pub(crate) fn incident(&self, kind: IncidentKind) -> Option<&Incident> {
        self.incidents.values().find(|incident| incident.kind == kind)
    }

    /// Every proven episode: zone and true time.
    pub(crate) fn episodes(&self) -> Vec<(ZoneId, Timestamp)> {
        let mut episodes: Vec<_> = self.incidents.values().flat_map(proven).collect();
        episodes.sort();
        episodes.dedup();
        episodes
    }

    fn decide(&mut self, at: Timestamp, input: &Input) -> Decision {
        let decision = self.engine.decide(at, input);
        self.engine.apply(&decision);
        self.last = Some(at);
        self.incidents.extend(decision.incidents.iter().map(|i| (i.id, i.clone())));
        self.alerts.extend(decision.alerts.iter().map(|a| (a.id, a.clone())));
        decision
    }
}

/// The proven episodes of an incident.
pub(crate) fn proven(incident: &Incident) -> Vec<(ZoneId, Timestamp)> {
    let cordon::domain::Cause::Zone(zone) = &incident.cause else {
        return Vec::new();
    };
    let proven = incident.episodes.iter().filter(|episode| !episode.disproved);
    proven.map(|episode| (zone.clone(), episode.from)).collect()
}
