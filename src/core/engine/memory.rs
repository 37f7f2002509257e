//! All that the engine remembers, in parts, each about one subject: kept beside the journal, so that a start need not decide
//! everything again since the first day.
//!
//! Parts that are taken up in whichever order make an engine that equals the one they came from. Another version of the
//! engine decides everything again, unless content of the journal was erased: then there is nothing else to go on from. So,
//! from the first release on, a version that changes the form must read the one before.

use std::{collections::BTreeMap, sync::Arc};

use serde::{Deserialize, Serialize};

use super::{
    Engine, WearerState,
    clock_watch::OurClock,
    gap_watch::{SourceGaps, TagGap},
    input::DeadlineKey,
    notices::Standing,
    proximity_watch::CompanionState,
    receive::TagState,
    rulebook::{Formerly, KeptBook},
    source_watch::SourceState,
};
use crate::domain::{
    Alert, AlertId, Incident, PersonId, Recipient, Scope, Subject, TagId, Timestamp, WearerId,
};

/// Rises whenever what is remembered changes its shape or its meaning: a start then decides the journal from its first row.
pub const MEMORY_FORM: i64 = 2;

/// A part of what is remembered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Part(Content);

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum Content {
    Service(Box<ServiceState>),
    Book(Box<KeptBook>),
    Formerly(TagId, Formerly),
    Tag(TagId, Arc<TagState>),
    TagGap(TagId, TagGap),
    Wearer(WearerId, Arc<WearerState>),
    Companion(PersonId, CompanionState),
    Standing(PersonId, Standing),
    Incident(Arc<Incident>),
    Alert(Box<Alert>),
    Wake(DeadlineKey, Timestamp),
}

/// What is remembered of the service itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct ServiceState {
    started: Timestamp,
    our_clock: OurClock,
    sources: BTreeMap<String, SourceState>,
    source_gaps: BTreeMap<String, SourceGaps>,
    next_incident: i64,
    next_alert: AlertId,
}

impl Part {
    /// Whom it is about, as journal rows say it.
    #[must_use]
    pub fn subject(&self) -> String {
        match &self.0 {
            Content::Service(_) | Content::Wake(DeadlineKey::Source(_) | DeadlineKey::Gaps(_), _) => {
                "service".into()
            }
            Content::Book(kept) => match kept.scope() {
                Scope::Unit(id) => format!("unit:{id}"),
                Scope::Wearer(id) => format!("wearer:{id}"),
                Scope::Person(id) => format!("person:{id}"),
                Scope::Case(id) => format!("case:{id}"),
            },
            Content::Formerly(id, _) | Content::Tag(id, _) | Content::TagGap(id, _) => format!("tag:{id}"),
            Content::Wearer(id, _) | Content::Wake(DeadlineKey::Wearer(id), _) => format!("wearer:{id}"),
            Content::Companion(id, _)
            | Content::Standing(id, _)
            | Content::Wake(DeadlineKey::Person(id), _) => format!("person:{id}"),
            Content::Incident(incident) => match &incident.subject {
                Subject::Wearer(id) => format!("wearer:{id}"),
                Subject::Person(id) => format!("person:{id}"),
                Subject::Service => "service".into(),
            },
            Content::Alert(alert) => match &alert.recipient {
                Recipient::Person(id) => format!("person:{id}"),
                Recipient::Staff(id) => format!("staff:{id}"),
            },
            Content::Wake(DeadlineKey::Incident(id), _) => format!("incident:{id}"),
        }
    }
}

impl Engine {
    /// All that is remembered, but for the rule, which is the program's.
    pub fn parts(&self) -> impl Iterator<Item = Part> {
        let service = ServiceState {
            started: self.started,
            our_clock: self.our_clock.clone(),
            sources: self.sources.clone(),
            source_gaps: self.source_gaps.clone(),
            next_incident: self.next_incident,
            next_alert: self.next_alert,
        };
        let tags = self.tags.iter().map(|(id, state)| Content::Tag(id.clone(), Arc::clone(state)));
        let tag_gaps = self.tag_gaps.iter().map(|(id, gap)| Content::TagGap(id.clone(), gap.clone()));
        let wearers = self.wearers.iter().map(|(id, state)| Content::Wearer(id.clone(), Arc::clone(state)));
        let companions =
            self.companions.iter().map(|(id, state)| Content::Companion(id.clone(), state.clone()));
        let standings = self.standings.iter().map(|(id, state)| Content::Standing(id.clone(), state.clone()));
        let incidents = self.incidents.values().map(|incident| Content::Incident(Arc::clone(incident)));
        let alerts = self.alerts.values().map(|alert| Content::Alert(Box::new(alert.clone())));
        let wakes = self.deadlines.iter().map(|(key, at)| Content::Wake(key.clone(), *at));
        let books = self.rulebook.kept().map(|kept| Content::Book(Box::new(kept)));
        let formerly = self.rulebook.formerly().map(|(tag, was)| Content::Formerly(tag, was));
        let first = std::iter::once(Content::Service(Box::new(service)));
        let people = wearers.chain(companions).chain(standings);
        let all = first.chain(books).chain(formerly).chain(tags).chain(tag_gaps).chain(people);
        all.chain(incidents).chain(alerts).chain(wakes).map(Part)
    }

    /// The engine that these parts came from; `None` if they are not all of one.
    #[must_use]
    pub fn recalled(parts: impl IntoIterator<Item = Part>) -> Option<Self> {
        let mut engine = Self::default();
        let mut rulebook = engine.rulebook.as_ref().clone();
        let mut services = 0;
        for Part(content) in parts {
            match content {
                Content::Service(state) => {
                    services += 1;
                    engine.recall_service(*state);
                }
                Content::Book(kept) => rulebook.take_up(*kept),
                Content::Formerly(tag, was) => rulebook.take_up_formerly(tag, &was),
                Content::Tag(id, state) => drop(engine.tags.insert(id, state)),
                Content::TagGap(id, gap) => drop(engine.tag_gaps.insert(id, gap)),
                Content::Wearer(id, state) => drop(engine.wearers.insert(id, state)),
                Content::Companion(id, state) => drop(engine.companions.insert(id, state)),
                Content::Standing(id, state) => drop(engine.standings.insert(id, state)),
                Content::Incident(incident) => engine.apply_incident(&incident),
                Content::Alert(alert) => drop(engine.alerts.insert(alert.id, *alert)),
                Content::Wake(key, at) => engine.set_deadline(&key, at),
            }
        }
        engine.rulebook = Arc::new(rulebook);
        (services == 1).then_some(engine)
    }

    fn recall_service(&mut self, state: ServiceState) {
        let ServiceState { started, our_clock, sources, source_gaps, next_incident, next_alert } = state;
        (self.started, self.our_clock) = (started, our_clock);
        (self.sources, self.source_gaps) = (sources, source_gaps);
        (self.next_incident, self.next_alert) = (next_incident, next_alert);
    }
}
