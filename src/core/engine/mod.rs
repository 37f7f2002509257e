//! The pure engine: it is told what happened and when, and says what follows.
//!
//! [`Engine::decide`] reads, [`Engine::apply`] writes, [`Engine::due`] says which deadlines have passed. There is no
//! clock, no randomness, no I/O and no unordered map in here: the same inputs at the same times give the same
//! decisions, in service, in replay and in simulation.
//!
//! | Part | What it knows |
//! |---|---|
//! | `rulebook`, `proximity`, `rulebook_check`, `contact_check`, `canary_check`, `withdrawal_check`, `policy_check` | what is in force, and what may be published |
//! | `receive` | which pings have come: duplicates, acknowledgements |
//! | `track`, `trail`, `belief`, `zone_watch` | where a wearer was in fix order, and what that means for each zone |
//! | `meeting`, `proximity_watch` | how near a wearer and a protected person are, and what that means for each zone around one |
//! | `stages`, `evidence`, `rule` | the rule by which a zone's stages follow from what fixes say |
//! | `tag_clock`, `clock_watch` | how a tag's times are read, and what wrong clocks mean, of tags and our own |
//! | `contact_watch`, `unheard`, `tag_watch`, `position_watch` | what silence, the tag's own events and impossible positions mean |
//! | `source_watch`, `gap_watch` | what it means when a source cannot be heard, or did not bring everything |
//! | `service_watch` | what it means when Cordon's own parts fail, or a tag is too much for them |
//! | `outlook`, `reporting` | what is to be expected of a wearer near a zone, and how often their tag is to report |
//! | `nearness` | how near a wearer is to a zone: who goes first when there is too much to judge at once |
//! | `incidents`, `handling` | what raises and changes an incident; what people do about it |
//! | `attending` | responders: whether whoever is sent goes, and what follows if they do not |
//! | `escalation`, `answers` | who is told next; how alerts fared and what people answer |
//! | `ways`, `notices` | who is on duty, and by what people are reached; what a protected person is told beside danger |
//! | `reach` | whether alerts get through in time, and whether anybody is out of reach |
//! | `sight` | what a fix says of a zone, for whoever explains a decision; decides nothing |
//! | `situation` | what a wearer's track, and the moment, mean for the incidents about them |
//! | `decide`, `draft`, `few`, `decision` | one input's way through all of it |
//! | `erasure`, `row_numbers` | what stands in the way of forgetting somebody, and what goes |
//! | `memory` | all that is remembered, in parts that can be kept and taken up again |

mod answers;
mod attending;
mod belief;
mod canary_check;
mod carried;
mod clock_watch;
mod contact_check;
mod contact_watch;
mod decide;
mod decision;
mod draft;
mod erasure;
mod escalation;
mod evidence;
mod few;
mod gap_watch;
mod handling;
mod incidents;
mod input;
mod meeting;
mod memory;
mod nearness;
mod notices;
mod outlook;
mod policy_check;
mod position_watch;
mod proximity;
mod proximity_watch;
mod reach;
mod receive;
mod reporting;
mod row_numbers;
mod rule;
mod rulebook;
mod rulebook_check;
mod service_watch;
mod sight;
mod situation;
mod source_watch;
mod stages;
mod tag_clock;
mod tag_watch;
mod track;
mod trail;
mod unheard;
mod way_watch;
mod ways;
mod withdrawal_check;
mod zone_watch;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use serde::{Deserialize, Serialize};

pub use carried::not_carried;
pub use decision::{Decision, StageChange};
pub use erasure::stands_in_the_way;
pub use evidence::EVIDENCE_MS;
pub use gap_watch::SourceGaps;
pub use input::{
    Action, By, DeadlineKey, DeliveryReport, Input, PingNo, Refused, ServiceReport, SetAside, Told,
};
pub use meeting::{Meet, Place};
pub use memory::{MEMORY_FORM, Part};
pub use outlook::Outlook;
pub use proximity::BoundProximity;
pub use proximity_watch::{CompanionHeard, Companionship};
pub use receive::TagState;
pub use reporting::{Ask, Pace};
pub use row_numbers::RowNumbers;
pub use rule::Rule;
pub use rulebook::{BoundZone, Rulebook};
pub use rulebook_check::Problem;
pub use sight::Sight;
pub use source_watch::SourceState;
pub use ways::{Addressee, Escalating, Taken, Way};

use crate::{
    domain::{
        Accuracy, Alert, AlertId, Cause, Incident, IncidentId, PersonId, Ping, Stage, Subject, TagId,
        Timestamp, WearerId, ZoneId,
    },
    geometry::LatLon,
};
use clock_watch::OurClock;
use contact_watch::Contact;
use gap_watch::TagGap;
use notices::Standing;
use position_watch::Doubts;
use proximity_watch::{CompanionState, Meetings};
use track::Track;

/// Rises whenever the same input may lead to another decision. Replay compares only rows of its own version.
pub const ENGINE_VERSION: i64 = 10;

/// Everything the engine remembers.
#[derive(Debug, Clone, PartialEq)]
pub struct Engine {
    rule: Rule,
    rulebook: Arc<Rulebook>,
    tags: BTreeMap<TagId, Arc<TagState>>,
    wearers: BTreeMap<WearerId, Arc<WearerState>>,
    companions: BTreeMap<PersonId, CompanionState>,
    /// Of those protected persons who have been, or are to be, told something beside danger.
    standings: BTreeMap<PersonId, Standing>,
    sources: BTreeMap<String, SourceState>,
    /// Of every source that was ever heard.
    source_gaps: BTreeMap<String, SourceGaps>,
    /// Of the tags that have holes.
    tag_gaps: BTreeMap<TagId, TagGap>,
    started: Timestamp,
    our_clock: OurClock,
    incidents: BTreeMap<IncidentId, Arc<Incident>>,
    open_by_cause: BTreeMap<(Subject, Cause), IncidentId>,
    alerts: BTreeMap<AlertId, Alert>,
    deadlines: BTreeMap<DeadlineKey, Timestamp>,
    due: BTreeSet<(Timestamp, DeadlineKey)>,
    next_incident: i64,
    next_alert: AlertId,
}

/// What is remembered of a wearer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WearerState {
    track: Track,
    meetings: Meetings,
    contact: Contact,
    doubts: Doubts,
    battery_pct: u8,
    conditions: BTreeMap<Cause, (Timestamp, bool)>,
    /// Violations found in old fixes, that become danger if nothing newer shows the wearer elsewhere by then.
    rechecks: BTreeMap<ZoneId, Timestamp>,
}

/// Where a wearer was last seen, for the console.
#[derive(Debug, Clone, PartialEq)]
pub struct Sighting {
    /// Where.
    pub position: LatLon,
    /// How sure.
    pub accuracy: Accuracy,
    /// When the position was taken.
    pub fix_at: Timestamp,
    /// When the tag was last heard.
    pub heard_at: Timestamp,
    /// The tag's charge, percent.
    pub battery_pct: u8,
    /// Zones that are not clear.
    pub stages: Vec<(ZoneId, Stage)>,
}

impl Default for Engine {
    fn default() -> Self {
        Self {
            rule: Rule::default(),
            rulebook: Arc::default(),
            tags: BTreeMap::new(),
            wearers: BTreeMap::new(),
            companions: BTreeMap::new(),
            standings: BTreeMap::new(),
            sources: BTreeMap::new(),
            source_gaps: BTreeMap::new(),
            tag_gaps: BTreeMap::new(),
            started: Timestamp::MIN,
            our_clock: OurClock::default(),
            incidents: BTreeMap::new(),
            open_by_cause: BTreeMap::new(),
            alerts: BTreeMap::new(),
            deadlines: BTreeMap::new(),
            due: BTreeSet::new(),
            next_incident: 1,
            next_alert: AlertId(1),
        }
    }
}

impl Engine {
    /// An engine that judges by another rule than service does.
    #[must_use]
    pub fn with_rule(rule: Rule) -> Self {
        Self { rule, ..Self::default() }
    }

    /// What follows from `input` at `at`, which must not be before the last one's. Changes nothing.
    #[must_use]
    pub fn decide(&self, at: Timestamp, input: &Input) -> Decision {
        decide::decide(self, at, input)
    }

    /// The least that follows from an input that crashed [`Engine::decide`]: it does not come again at once. Nobody is
    /// told; this is for when even [`Told::SetAside`] crashes.
    #[must_use]
    pub fn put_away(&self, at: Timestamp, what: &SetAside) -> Decision {
        decide::put_away(self, at, what)
    }

    /// Whether the tag was worn and nobody may watch its wearer at any of the ping's times, read as they will be
    /// judged at `at`: such a ping is neither judged nor stored. A tag that belongs to nobody is kept and shown.
    #[must_use]
    pub fn is_outside_basis(&self, at: Timestamp, tag: &TagId, ping: &Ping) -> bool {
        decide::is_outside_basis(self, at, tag, ping)
    }

    /// Makes a decision the engine's memory.
    pub fn apply(&mut self, decision: &Decision) {
        if let Some(rulebook) = &decision.rulebook {
            self.rulebook = Arc::clone(rulebook);
        }
        if let Some(started) = decision.started {
            self.started = started;
        }
        if let Some(our_clock) = &decision.our_clock {
            self.our_clock = our_clock.clone();
        }
        if decision.forgotten_sources {
            self.sources.clear();
        }
        self.tags.extend(decision.tags.iter().cloned());
        self.wearers.extend(decision.wearers.iter().cloned());
        self.companions.extend(decision.companions.iter().cloned());
        for (person, standing) in &decision.standings {
            if *standing == Standing::default() {
                self.standings.remove(person);
            } else {
                self.standings.insert(person.clone(), standing.clone());
            }
        }
        self.sources.extend(decision.sources.iter().cloned());
        self.source_gaps.extend(decision.source_gaps.iter().cloned());
        for (tag, gap) in &decision.tag_gaps {
            match gap {
                Some(gap) => drop(self.tag_gaps.insert(tag.clone(), gap.clone())),
                None => drop(self.tag_gaps.remove(tag)),
            }
        }
        for incident in &decision.incidents {
            self.apply_incident(incident);
        }
        for alert in &decision.alerts {
            if self.incidents.contains_key(&alert.incident) {
                self.alerts.insert(alert.id, alert.clone());
            }
        }
        for (key, at) in &decision.wakes {
            self.set_deadline(key, *at);
        }
        self.next_incident = decision.next_incident;
        self.next_alert = decision.next_alert;
        if let Some(subject) = &decision.erased {
            self.forget(subject);
        }
    }

    /// Takes the store's open incidents and alerts for its own: what people were told is never judged again.
    pub fn adopt(&mut self, incidents: Vec<Incident>, alerts: Vec<Alert>) {
        let known: Vec<IncidentId> = self.incidents.keys().copied().collect();
        self.incidents.clear();
        self.open_by_cause.clear();
        self.alerts.clear();
        for id in known {
            self.set_deadline(&DeadlineKey::Incident(id), Timestamp::MAX);
        }
        for incident in incidents {
            let key = DeadlineKey::Incident(incident.id);
            self.set_deadline(&key, escalation::next_deadline(&incident).unwrap_or(Timestamp::MAX));
            self.next_incident = self.next_incident.max(incident.id.0 + 1);
            self.apply_incident(&incident);
        }
        for alert in alerts {
            self.next_alert = self.next_alert.max(AlertId(alert.id.0 + 1));
            self.alerts.insert(alert.id, alert);
        }
    }

    /// The next time at which the engine wants to be told that a deadline has passed.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Timestamp> {
        self.due.first().map(|(at, _)| *at)
    }

    /// The first deadline that has passed at `now`, if any: the next input.
    #[must_use]
    pub fn due(&self, now: Timestamp) -> Option<DeadlineKey> {
        self.due.first().filter(|(at, _)| *at <= now).map(|(_, key)| key.clone())
    }

    /// What is in force.
    #[must_use]
    pub fn rulebook(&self) -> &Arc<Rulebook> {
        &self.rulebook
    }

    /// Open incidents, by number.
    pub fn open_incidents(&self) -> impl Iterator<Item = &Arc<Incident>> {
        self.incidents.values()
    }

    /// An open incident.
    #[must_use]
    pub fn open_incident(&self, id: IncidentId) -> Option<&Arc<Incident>> {
        self.incidents.get(&id)
    }

    /// An alert of an open incident.
    #[must_use]
    pub fn open_alert(&self, id: AlertId) -> Option<&Alert> {
        self.alerts.get(&id)
    }

    /// The alerts of open incidents, by number.
    pub fn open_alerts(&self) -> impl Iterator<Item = &Alert> {
        self.alerts.values()
    }

    /// Tags, with what is known of each.
    pub fn tags(&self) -> impl Iterator<Item = (&TagId, &TagState)> {
        self.tags.iter().map(|(id, state)| (id, state.as_ref()))
    }

    /// Sources that can be heard.
    pub fn heard_sources(&self) -> impl Iterator<Item = &str> {
        self.sources.iter().filter(|(_, state)| state.up).map(|(name, _)| name.as_str())
    }

    /// Sources that cannot be heard.
    pub fn silent_sources(&self) -> impl Iterator<Item = &str> {
        self.sources.iter().filter(|(_, state)| !state.up).map(|(name, _)| name.as_str())
    }

    /// What did not come through each source that was ever heard, by its name.
    pub fn source_gaps(&self) -> impl Iterator<Item = (&str, SourceGaps)> {
        self.source_gaps.iter().map(|(name, gaps)| (name.as_str(), *gaps))
    }

    /// Whether a source was ever heard: its broker then keeps a session for Cordon.
    #[must_use]
    pub fn has_heard(&self, source: &str) -> bool {
        self.source_gaps.contains_key(source)
    }

    /// Where each wearer was last seen, by id.
    pub fn sightings(&self) -> impl Iterator<Item = (&WearerId, Sighting)> {
        self.wearers.iter().filter_map(|(id, state)| Some((id, state.sighting()?)))
    }

    /// When and where a wearer was, and how sure that is: the newest first, 64 at least where so many are known.
    pub fn newest_fixes(&self, wearer: &WearerId) -> impl Iterator<Item = (Timestamp, LatLon, Accuracy)> {
        let state = self.wearers.get(wearer).into_iter();
        state.flat_map(|state| state.track.newest()).map(|fix| (fix.at, fix.position, fix.accuracy))
    }

    fn apply_incident(&mut self, incident: &Incident) {
        let key = (incident.subject.clone(), incident.cause.clone());
        if incident.is_open() {
            self.open_by_cause.insert(key, incident.id);
            self.incidents.insert(incident.id, Arc::new(incident.clone()));
        } else if self.incidents.remove(&incident.id).is_some() {
            if self.open_by_cause.get(&key) == Some(&incident.id) {
                self.open_by_cause.remove(&key);
            }
            self.alerts.retain(|_, alert| alert.incident != incident.id);
        }
    }

    fn set_deadline(&mut self, key: &DeadlineKey, at: Timestamp) {
        let known = self.deadlines.get_mut(key);
        if known.as_deref() == Some(&at) {
            return;
        }
        let later = (at < Timestamp::MAX).then(|| (at, key.clone()));
        match known {
            Some(known) => {
                self.due.remove(&(*known, key.clone()));
                *known = at;
                if later.is_none() {
                    self.deadlines.remove(key);
                }
            }
            None if later.is_some() => drop(self.deadlines.insert(key.clone(), at)),
            None => {}
        }
        self.due.extend(later);
    }
}

impl WearerState {
    fn sighting(&self) -> Option<Sighting> {
        let last = self.track.last()?;
        let drawn = self.track.zones.iter().map(|(id, zone)| (id, zone.stage));
        let around_persons = self.meetings.iter().map(|(id, meeting)| (id, meeting.stage()));
        let near = drawn.chain(around_persons).filter(|(_, stage)| *stage != Stage::Clear);
        Some(Sighting {
            position: last.position,
            accuracy: last.accuracy,
            fix_at: last.at,
            heard_at: self.contact.heard_at,
            battery_pct: self.battery_pct,
            stages: near.map(|(id, stage)| (id.clone(), stage)).collect(),
        })
    }
}
