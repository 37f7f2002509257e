//! A decision in the making: the engine's memory as it will be, laid over what it is.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::{
    Engine, WearerState,
    clock_watch::OurClock,
    decision::{Decision, StageChange},
    escalation,
    few::Few,
    gap_watch::{SourceGaps, TagGap},
    input::{DeadlineKey, Refused},
    notices::Standing,
    proximity_watch::CompanionState,
    receive::TagState,
    reporting::Ask,
    rule::Rule,
    rulebook::Rulebook,
    source_watch::SourceState,
};
use crate::domain::{
    Alert, AlertId, Cause, DataSubject, Incident, IncidentId, MessageClass, PersonId, Recipient, Subject,
    TagId, Timestamp, WearerId,
};

/// See the module's documentation. Everything is copied when it is first changed.
pub(super) struct Draft<'e> {
    engine: &'e Engine,
    pub(super) at: Timestamp,
    pub(super) rulebook: Arc<Rulebook>,
    pub(super) lines: Vec<String>,
    pub(super) changes: Vec<StageChange>,
    pub(super) refused: Option<Refused>,
    pub(super) receipt: Option<tag_wire::Ack>,
    pub(super) ask: Option<Ask>,
    pub(super) is_duplicate: bool,
    pub(super) forgotten_sources: bool,
    pub(super) started: Option<Timestamp>,
    pub(super) erased: Option<DataSubject>,
    our_clock: Option<OurClock>,
    tags: Few<TagId, Arc<TagState>>,
    wearers: Few<WearerId, Arc<WearerState>>,
    companions: BTreeMap<PersonId, CompanionState>,
    standings: BTreeMap<PersonId, Standing>,
    sources: BTreeMap<String, SourceState>,
    source_gaps: BTreeMap<String, SourceGaps>,
    tag_gaps: BTreeMap<TagId, Option<TagGap>>,
    incidents: BTreeMap<IncidentId, Incident>,
    alerts: BTreeMap<AlertId, Alert>,
    wakes: BTreeMap<DeadlineKey, Timestamp>,
    next_incident: i64,
    next_alert: AlertId,
}

impl<'e> Draft<'e> {
    /// As it was before this decision.
    pub(super) fn before(&self) -> &'e Engine {
        self.engine
    }

    pub(super) fn rule(&self) -> Rule {
        self.engine.rule
    }

    pub(super) fn new(engine: &'e Engine, at: Timestamp) -> Self {
        Self {
            engine,
            at,
            rulebook: Arc::clone(&engine.rulebook),
            lines: Vec::new(),
            changes: Vec::new(),
            refused: None,
            receipt: None,
            ask: None,
            is_duplicate: false,
            forgotten_sources: false,
            started: None,
            erased: None,
            our_clock: None,
            tags: Few::new(),
            wearers: Few::new(),
            companions: BTreeMap::new(),
            standings: BTreeMap::new(),
            sources: BTreeMap::new(),
            source_gaps: BTreeMap::new(),
            tag_gaps: BTreeMap::new(),
            incidents: BTreeMap::new(),
            alerts: BTreeMap::new(),
            wakes: BTreeMap::new(),
            next_incident: engine.next_incident,
            next_alert: engine.next_alert,
        }
    }

    /// What is known of a tag, to be changed.
    pub(super) fn tag_mut(&mut self, id: &TagId) -> &mut TagState {
        let engine = self.engine;
        let known = self.tags.get_or(id, || Some(engine.tags.get(id).cloned().unwrap_or_default()));
        Arc::make_mut(known.expect("a tag that is not known begins with nothing"))
    }

    /// What is known of a wearer.
    pub(super) fn wearer(&self, id: &WearerId) -> Option<&WearerState> {
        self.wearers.get(id).or_else(|| self.engine.wearers.get(id)).map(Arc::as_ref)
    }

    /// What is known of a wearer, to be changed; `None` before their first ping.
    pub(super) fn wearer_mut(&mut self, id: &WearerId) -> Option<&mut WearerState> {
        let engine = self.engine;
        self.wearers.get_or(id, || engine.wearers.get(id).cloned()).map(Arc::make_mut)
    }

    /// The same, beginning with `first`.
    pub(super) fn wearer_or(
        &mut self,
        id: &WearerId,
        first: impl FnOnce() -> WearerState,
    ) -> &mut WearerState {
        let engine = self.engine;
        let known = || engine.wearers.get(id).cloned().or_else(|| Some(Arc::new(first())));
        Arc::make_mut(self.wearers.get_or(id, known).expect("whoever is not known begins with `first`"))
    }

    /// What is known of a person's Companion.
    pub(super) fn companion(&self, person: &PersonId) -> Option<&CompanionState> {
        self.companions.get(person).or_else(|| self.engine.companions.get(person))
    }

    pub(super) fn put_companion(&mut self, person: &PersonId, state: CompanionState) {
        self.companions.insert(person.clone(), state);
    }

    /// What a protected person has been told beside danger, and is about to be.
    pub(super) fn standing(&self, person: &PersonId) -> Standing {
        let known = self.standings.get(person).or_else(|| self.engine.standings.get(person));
        known.cloned().unwrap_or_default()
    }

    /// A protected person is to be looked at before this decision is done.
    pub(super) fn concern(&mut self, person: &PersonId) {
        let standing = self.standing(person);
        self.put_standing(person, standing);
    }

    pub(super) fn put_standing(&mut self, person: &PersonId, standing: Standing) {
        self.standings.insert(person.clone(), standing);
    }

    /// Protected persons whom this decision concerns.
    pub(super) fn concerned_persons(&self) -> impl Iterator<Item = &PersonId> {
        self.standings.keys()
    }

    /// Every wearer with a known track, by id.
    pub(super) fn known_wearers(&self) -> Vec<WearerId> {
        self.engine.wearers.keys().cloned().collect()
    }

    /// Wearers whose tags are heard through a source.
    pub(super) fn heard_through(&self, source: &str) -> Vec<WearerId> {
        let known = self.engine.wearers.iter();
        known.filter(|(_, state)| state.contact.source == source).map(|(id, _)| id.clone()).collect()
    }

    /// Whether a source can be heard; `None` if the configuration no longer has it.
    pub(super) fn source(&self, name: &str) -> Option<SourceState> {
        let known = || self.engine.sources.get(name).copied().filter(|_| !self.forgotten_sources);
        self.sources.get(name).copied().or_else(known)
    }

    /// Sources that cannot be heard.
    pub(super) fn silent_sources(&self) -> Vec<(String, SourceState)> {
        let silent = self.engine.sources.iter().filter(|(_, state)| !state.up);
        silent.map(|(name, state)| (name.clone(), *state)).collect()
    }

    pub(super) fn put_source(&mut self, name: &str, state: SourceState) {
        self.sources.insert(name.into(), state);
    }

    /// What did not come through a source, to be changed.
    pub(super) fn source_gaps_mut(&mut self, name: &str) -> &mut SourceGaps {
        let engine = self.engine;
        let known = || engine.source_gaps.get(name).copied().unwrap_or_default();
        self.source_gaps.entry(name.into()).or_insert_with(known)
    }

    /// The holes of a tag.
    pub(super) fn tag_gap(&self, tag: &TagId) -> Option<&TagGap> {
        self.tag_gaps.get(tag).map_or_else(|| self.engine.tag_gaps.get(tag), Option::as_ref)
    }

    pub(super) fn put_tag_gap(&mut self, tag: &TagId, gap: Option<TagGap>) {
        self.tag_gaps.insert(tag.clone(), gap);
    }

    /// The tags with holes behind a source, as they were before this decision.
    pub(super) fn tag_gaps_behind(&self, source: &str) -> Vec<(TagId, TagGap)> {
        let known = self.engine.tag_gaps.iter();
        known.filter(|(_, gap)| gap.source == source).map(|(tag, gap)| (tag.clone(), gap.clone())).collect()
    }

    /// When the service started.
    pub(super) fn started_at(&self) -> Timestamp {
        self.started.unwrap_or(self.engine.started)
    }

    /// What is known of the service's own clock.
    pub(super) fn our_clock(&self) -> &OurClock {
        self.our_clock.as_ref().unwrap_or(&self.engine.our_clock)
    }

    /// The same, to be changed.
    pub(super) fn our_clock_mut(&mut self) -> &mut OurClock {
        self.our_clock.get_or_insert_with(|| self.engine.our_clock.clone())
    }

    /// Every tag, with what is known of it.
    pub(super) fn known_tags(&self) -> impl Iterator<Item = &TagState> {
        let changed = |id: &TagId| self.tags.get(id);
        let known = self.engine.tags.iter().map(move |(id, state)| changed(id).unwrap_or(state));
        let new = self.tags.iter().filter(|(id, _)| !self.engine.tags.contains_key(id)).map(|(_, new)| new);
        known.chain(new).map(Arc::as_ref)
    }

    /// Come back to this at that time, whatever else it waits for.
    pub(super) fn wake(&mut self, key: DeadlineKey, at: Timestamp) {
        self.wakes.insert(key, at);
    }

    /// When it is to be looked at again.
    pub(super) fn wakes_at(&self, key: &DeadlineKey) -> Option<Timestamp> {
        let at = self.wakes.get(key).or_else(|| self.engine.deadlines.get(key)).copied();
        at.filter(|at| *at < Timestamp::MAX)
    }

    /// Whether any source of pings can be heard.
    pub(super) fn hears_anything(&self) -> bool {
        let changed = |name: &String| self.sources.get(name).is_some_and(|state| state.up);
        let as_before = |(name, state): (&String, &SourceState)| state.up && !self.sources.contains_key(name);
        self.sources.keys().any(changed) || self.engine.sources.iter().any(as_before)
    }

    /// The open incident of a subject and cause.
    pub(super) fn open_incident(&self, subject: &Subject, cause: &Cause) -> Option<IncidentId> {
        let is_it = |i: &&Incident| i.is_open() && i.subject == *subject && i.cause == *cause;
        if let Some(incident) = self.incidents.values().find(is_it) {
            return Some(incident.id);
        }
        let known = self.engine.open_by_cause.get(&(subject.clone(), cause.clone())).copied();
        // It may have been closed in this very decision.
        known.filter(|id| self.incidents.get(id).is_none_or(Incident::is_open))
    }

    /// Every open incident, by number.
    pub(super) fn open_incidents(&self) -> Vec<IncidentId> {
        let ids: BTreeSet<IncidentId> =
            self.engine.incidents.keys().chain(self.incidents.keys()).copied().collect();
        ids.into_iter().filter(|id| self.incident(*id).is_some_and(Incident::is_open)).collect()
    }

    /// The open incidents about somebody or something, by their cause; those of this decision last.
    pub(super) fn open_about(&self, subject: &Subject) -> impl Iterator<Item = &Incident> {
        let from = (subject.clone(), Cause::Notice(MessageClass::Danger));
        let known = self.engine.open_by_cause.range(from..).take_while(move |((of, _), _)| of == subject);
        let known = known.filter_map(|(_, id)| self.incident(*id));
        let is_new = |incident: &&Incident| !self.engine.incidents.contains_key(&incident.id);
        let new = self.incidents.values().filter(is_new).filter(move |incident| incident.subject == *subject);
        known.chain(new).filter(|incident| incident.is_open())
    }

    /// Incidents that this decision has opened or closed, or that have worsened, are over or are back.
    pub(super) fn turned_incidents(&self) -> impl Iterator<Item = &Incident> {
        let as_before = |now: &Incident, before: &Incident| {
            (now.kind, now.priority, now.ongoing, now.is_open())
                == (before.kind, before.priority, before.ongoing, before.is_open())
        };
        let before = |incident: &Incident| self.engine.incidents.get(&incident.id);
        self.incidents.values().filter(move |now| before(now).is_none_or(|before| !as_before(now, before)))
    }

    /// An incident; `None` if it is not open.
    pub(super) fn incident(&self, id: IncidentId) -> Option<&Incident> {
        self.incidents.get(&id).or_else(|| self.engine.incidents.get(&id).map(Arc::as_ref))
    }

    /// An incident, to be changed; `None` if it is not open.
    pub(super) fn incident_mut(&mut self, id: IncidentId) -> Option<&mut Incident> {
        if !self.incidents.contains_key(&id) {
            let known = self.engine.incidents.get(&id)?;
            self.incidents.insert(id, Incident::clone(known));
        }
        self.incidents.get_mut(&id)
    }

    pub(super) fn put_incident(&mut self, incident: Incident) {
        self.incidents.insert(incident.id, incident);
    }

    pub(super) fn new_incident_id(&mut self) -> IncidentId {
        let id = IncidentId(self.next_incident);
        self.next_incident += 1;
        id
    }

    /// An alert of an open incident.
    pub(super) fn alert(&self, id: AlertId) -> Option<&Alert> {
        self.alerts.get(&id).or_else(|| self.engine.alerts.get(&id))
    }

    /// Whom the alerts of open incidents reached at an address, whoever it belongs to now.
    pub(super) fn told_at(&self, address: &str) -> BTreeSet<Recipient> {
        let alerts = self.engine.alerts.values();
        alerts.filter(|alert| alert.address == address).map(|alert| alert.recipient.clone()).collect()
    }

    /// An alert of an open incident, to be changed.
    pub(super) fn alert_mut(&mut self, id: AlertId) -> Option<&mut Alert> {
        if !self.alerts.contains_key(&id) {
            let known = self.engine.alerts.get(&id)?.clone();
            self.alerts.insert(id, known);
        }
        self.alerts.get_mut(&id)
    }

    pub(super) fn put_alert(&mut self, alert: Alert) {
        self.alerts.insert(alert.id, alert);
    }

    pub(super) fn new_alert_id(&mut self) -> AlertId {
        let id = self.next_alert;
        self.next_alert = AlertId(id.0 + 1);
        id
    }

    /// The newest open incident that has told `recipient`; one whose reference stands in `text` goes first, and a notice
    /// last.
    pub(super) fn incident_awaiting(&self, recipient: &Recipient, text: &str) -> Option<IncidentId> {
        let open = self.engine.incidents.values().map(Arc::as_ref).filter(|incident| incident.is_open());
        let told = |incident: &&Incident| {
            incident.escalations.iter().flat_map(|e| &e.alerts).any(|sent| sent.recipient == *recipient)
        };
        let quoted = |id: IncidentId| text.contains(&id.reference().to_string());
        let asks_them = |incident: &Incident| match recipient {
            Recipient::Staff(id) => incident.attendance(id).is_some_and(|one| one.stage().is_asked()),
            Recipient::Person(_) => false,
        };
        let rank = |i: &&Incident| (quoted(i.id), asks_them(i), i.kind.notice().is_none(), i.id);
        open.filter(told).max_by_key(rank).map(|incident| incident.id)
    }

    /// Come back to this at that time at the latest.
    pub(super) fn wake_by(&mut self, key: DeadlineKey, at: Timestamp) {
        let known = self.wakes.get(&key).or(self.engine.deadlines.get(&key));
        let at = known.map_or(at, |known| at.min(*known));
        self.wake(key, at);
    }

    /// Everything that changed.
    pub(super) fn finish(self) -> Decision {
        let mut wakes: Vec<(DeadlineKey, Timestamp)> = self.wakes.into_iter().collect();
        for (id, incident) in &self.incidents {
            let at = escalation::next_deadline(incident).unwrap_or(Timestamp::MAX);
            wakes.push((DeadlineKey::Incident(*id), at));
        }
        let published = !Arc::ptr_eq(&self.rulebook, &self.engine.rulebook);
        Decision {
            receipt: self.receipt,
            ask: self.ask,
            is_duplicate: self.is_duplicate,
            incidents: self.incidents.into_values().collect(),
            alerts: self.alerts.into_values().collect(),
            refused: self.refused,
            lines: self.lines,
            changes: self.changes,
            rulebook: published.then_some(self.rulebook),
            tags: self.tags.into_vec(),
            wearers: self.wearers.into_vec(),
            companions: self.companions.into_iter().collect(),
            standings: self.standings.into_iter().collect(),
            sources: self.sources.into_iter().collect(),
            source_gaps: self.source_gaps.into_iter().collect(),
            tag_gaps: self.tag_gaps.into_iter().collect(),
            forgotten_sources: self.forgotten_sources,
            wakes,
            started: self.started,
            erased: self.erased,
            our_clock: self.our_clock,
            next_incident: self.next_incident,
            next_alert: self.next_alert,
        }
    }
}
