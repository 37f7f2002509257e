//! What must hold whatever happens, in plain words. Each is looked at from outside of the service: what was committed,
//! what tags and people got, and what truly was.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::{
    domain::{
        Alert, AlertId, AlertState, Audience, Cause, EscalationState, Handling, Happening, Incident,
        IncidentId, MessageClass, PersonId, Priority, QuietHours, Recipient, Subject, Timestamp, WearerId,
    },
    engine::Engine,
    store::Batch,
};

/// From being decided to the beginning of the first try, milliseconds, while the service runs: five seconds of a store
/// that does not answer, and as much again.
const PROMISE_MS: i64 = 10_000;
/// A deadline is taken up within this time, milliseconds.
const DEADLINE_MS: i64 = 2_000;
/// Broken rules that are told of one seed.
const BROKEN_MAX: usize = 8;

/// A rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Law {
    /// A ping that was acknowledged is in the journal.
    AcknowledgedIsKept,
    /// An open incident has a waiting alert or a future deadline until a person has acted.
    SomebodyIsNext,
    /// At most one incident is open for each wearer and cause.
    OneIncidentPerCause,
    /// Where a wearer is said to be never moves back in time.
    TimeGoesOn,
    /// No alert ends as failed without somebody having been told of its incident.
    NobodyIsForgotten,
    /// Deciding the journal again gives what was recorded.
    ReplayEqualsRecord,
    /// A snapshot holds all that the engine remembers.
    SnapshotIsMemory,
    /// An alert of danger is tried within the promise.
    DangerIsPrompt,
    /// No try begins after the end of its alert is committed.
    EndedIsEnded,
    /// A wearer who stays in a zone is found there.
    StaysAreFound,
    /// A start changes nothing of what is open: no deadline is new, none is lost.
    StartsKeepDeadlines,
    /// What people and officers were told is taken is in force.
    TakenIsTaken,
    /// A deadline that has passed is taken up.
    DeadlinesAreKept,
    /// Once nothing is in the way, everything that tags keep gets through.
    NothingIsLeft,
    /// Nobody gets the same message twice.
    NothingIsDoubled,
    /// What counts as taken by a provider was taken by it.
    SentIsTaken,
    /// Nobody hears that all is as usual again while it is not.
    AllClearIsTrue,
    /// Whoever wants to be left alone is told of nothing but danger.
    QuietIsKept,
    /// The service goes on.
    TheLineGoesOn,
}

impl Law {
    /// In plain words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::AcknowledgedIsKept => "a ping that was acknowledged is in the journal",
            Self::SomebodyIsNext => {
                "an open incident has a waiting alert or a future deadline until a person has acted"
            }
            Self::OneIncidentPerCause => "at most one incident is open for each wearer and cause",
            Self::TimeGoesOn => "where a wearer is said to be never moves back in time",
            Self::NobodyIsForgotten => "no alert ends as failed without somebody having been told",
            Self::ReplayEqualsRecord => "deciding the journal again gives what was recorded",
            Self::SnapshotIsMemory => "a snapshot holds all that the engine remembers",
            Self::DangerIsPrompt => "an alert of danger is tried within 10 s while the service runs",
            Self::EndedIsEnded => "no try begins after the end of its alert is committed",
            Self::StaysAreFound => "a wearer who stays in a zone is found there",
            Self::StartsKeepDeadlines => "a start changes nothing of what is open",
            Self::TakenIsTaken => "what people were told is taken is in force",
            Self::DeadlinesAreKept => "a deadline that has passed is taken up",
            Self::NothingIsLeft => "once nothing is in the way, what tags keep gets through",
            Self::NothingIsDoubled => "nobody gets the same message twice",
            Self::SentIsTaken => "what counts as taken by a provider was taken by it",
            Self::AllClearIsTrue => "nobody hears that all is as usual again while it is not",
            Self::QuietIsKept => "nothing but danger begins to be told in quiet hours",
            Self::TheLineGoesOn => "the service goes on",
        }
    }
}

/// A rule that was broken.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Broken {
    /// Which.
    pub law: Law,
    /// When, by the world's own clock.
    pub at: Timestamp,
    /// How.
    pub what: String,
}

/// What has been committed, and what is wrong with it.
#[derive(Default)]
pub(super) struct Checks {
    pub(super) broken: Vec<Broken>,
    pub(super) incidents: BTreeMap<IncidentId, Incident>,
    pub(super) alerts: BTreeMap<AlertId, Alert>,
    open: BTreeMap<(Subject, Cause), IncidentId>,
    /// When the end of an alert was committed.
    ended: BTreeMap<AlertId, Timestamp>,
    /// Alerts that were tried.
    tried: BTreeSet<(AlertId, Timestamp)>,
    seen_at: BTreeMap<WearerId, Timestamp>,
    pub(super) quiet: BTreeMap<PersonId, QuietHours>,
}

impl Checks {
    pub(super) fn breaks(&mut self, law: Law, at: Timestamp, what: impl Into<String>) {
        if self.broken.len() < BROKEN_MAX && !self.broken.iter().any(|broken| broken.law == law) {
            self.broken.push(Broken { law, at, what: what.into() });
        }
    }

    /// Alerts have been committed; `taken` are those that a provider took.
    pub(super) fn alerts_committed(
        &mut self,
        alerts: &[Alert],
        taken: &BTreeSet<(AlertId, Timestamp)>,
        now: Timestamp,
    ) {
        let counts = |alert: &&Alert| alert.state.is_taken();
        if let Some(alert) =
            alerts.iter().filter(counts).find(|alert| !taken.contains(&(alert.id, alert.raised_at)))
        {
            let what = format!("alert {} counts as {}", alert.id, alert.state.as_str());
            self.breaks(Law::SentIsTaken, now, what);
        }
    }

    /// A batch has been committed.
    pub(super) fn committed(&mut self, batch: &Batch, now: Timestamp) {
        let mut clear: Vec<&Alert> =
            batch.alerts.iter().filter(|alert| alert.class == MessageClass::AllClear).collect();
        clear.retain(|alert| alert.state == AlertState::Waiting && !self.alerts.contains_key(&alert.id));
        for alert in &batch.alerts {
            if alert.nth == 1 && !self.alerts.contains_key(&alert.id) && self.is_hushed(alert) {
                let what = format!("alert {} of {} in quiet hours", alert.id, alert.class.as_str());
                self.breaks(Law::QuietIsKept, now, what);
            }
            if alert.state != AlertState::Waiting {
                self.ended.entry(alert.id).or_insert(now);
            }
            self.alerts.insert(alert.id, alert.clone());
        }
        let mut changed: Vec<&Incident> = batch.incidents.iter().collect();
        changed.sort_by_key(|incident| incident.is_open());
        for incident in changed {
            let key = (incident.subject.clone(), incident.cause.clone());
            if !incident.is_open() {
                if self.open.get(&key) == Some(&incident.id) {
                    self.open.remove(&key);
                }
            } else if let Some(other) = self.open.insert(key, incident.id).filter(|id| *id != incident.id) {
                let what = format!("incidents {other} and {} are open for one cause", incident.id);
                self.breaks(Law::OneIncidentPerCause, now, what);
            }
            self.incidents.insert(incident.id, incident.clone());
            if !has_next(incident) {
                let what = format!("incident {}: nobody has acted, and nobody is next", incident.id);
                self.breaks(Law::SomebodyIsNext, now, what);
            }
        }
        for alert in clear {
            if let Some(danger) = self.danger_to(&alert.recipient) {
                let what = format!("alert {} is an all clear amid incident {danger}", alert.id);
                self.breaks(Law::AllClearIsTrue, now, what);
            }
        }
    }

    /// Whether somebody should have been left alone.
    fn is_hushed(&self, alert: &Alert) -> bool {
        let is_calm = !matches!(alert.class, MessageClass::Danger | MessageClass::Card | MessageClass::Sent);
        let Recipient::Person(person) = &alert.recipient else { return false };
        is_calm && self.quiet.get(person).is_some_and(|quiet| quiet.end(alert.raised_at).is_some())
    }

    /// An incident that somebody is in danger by, or is still being told of.
    fn danger_to(&self, whom: &Recipient) -> Option<IncidentId> {
        let Recipient::Person(person) = whom else { return None };
        let theirs = Audience::Person(person.clone());
        let mut open = self.open.values().filter_map(|id| self.incidents.get(id));
        let is_danger = |incident: &&Incident| {
            let mut told = incident.escalations.iter().filter(|escalation| escalation.audience == theirs);
            incident.kind.notice().is_none()
                && told.any(|told| incident.ongoing || told.state != EscalationState::Ended)
        };
        open.find(is_danger).map(|incident| incident.id)
    }

    /// A try of an alert begins.
    pub(super) fn try_begins(&mut self, alert: &Alert, now: Timestamp, from_memory: bool) {
        self.tried.insert((alert.id, alert.raised_at));
        let ended = self.ended.get(&alert.id).filter(|at| **at < now && !from_memory);
        if let Some(at) = ended {
            let what =
                format!("alert {} is tried {} ms after its end was committed", alert.id, now.ms_since(*at));
            self.breaks(Law::EndedIsEnded, now, what);
        }
    }

    /// A look at a running service, whose engine's time is `steady` and which has run since `since` by that.
    pub(super) fn look(&mut self, engine: &Engine, steady: Timestamp, since: Timestamp, now: Timestamp) {
        let late = |alert: &&Alert| {
            alert.state == AlertState::Waiting
                && alert.priority == Priority::P1
                && steady.ms_since(alert.raised_at.max(since)) > PROMISE_MS
                && !self.tried.contains(&(alert.id, alert.raised_at))
        };
        if let Some(alert) = engine.open_alerts().find(late) {
            let what = format!("alert {} of danger has waited for more than {PROMISE_MS} ms", alert.id);
            self.breaks(Law::DangerIsPrompt, now, what);
        }
        let due = engine.next_deadline().filter(|due| steady.ms_since((*due).max(since)) > DEADLINE_MS);
        if let Some(due) = due {
            let what = format!("a deadline passed {} ms ago", steady.ms_since(due));
            self.breaks(Law::DeadlinesAreKept, now, what);
        }
    }

    /// Where everybody is said to be.
    pub(super) fn look_at_wearers(&mut self, engine: &Engine, now: Timestamp) {
        for (wearer, sighting) in engine.sightings() {
            let before = self.seen_at.insert(wearer.clone(), sighting.fix_at);
            if before.is_some_and(|before| before > sighting.fix_at) {
                self.breaks(Law::TimeGoesOn, now, format!("wearer {wearer} is seen at an earlier time"));
            }
        }
    }

    /// A start: what the engine knows of open incidents, and what was committed.
    pub(super) fn started(&mut self, engine: &Engine, now: Timestamp) {
        let committed: Vec<&Incident> = self.incidents.values().filter(|i| i.is_open()).collect();
        let known: Vec<&Incident> = engine.open_incidents().map(AsRef::as_ref).collect();
        if known != committed {
            let differs = committed.iter().find(|incident| !known.contains(incident)).map(|i| i.id);
            let what = format!("{} open incidents, {} known; {differs:?}", committed.len(), known.len());
            self.breaks(Law::StartsKeepDeadlines, now, what);
        }
    }

    /// The end of the world.
    pub(super) fn ends(&mut self, now: Timestamp) {
        let failed = |alert: &&Alert| matches!(alert.state, AlertState::Expired(_));
        let forgotten = self.alerts.values().filter(failed).find(|alert| {
            let incident = self.incidents.get(&alert.incident);
            !incident.is_some_and(|incident| {
                somebody_knows(incident) || has_running(incident) || incident.handling == Handling::Told
            })
        });
        if let Some(alert) = forgotten {
            let what =
                format!("alert {} has failed and nobody was told of incident {}", alert.id, alert.incident);
            self.breaks(Law::NobodyIsForgotten, now, what);
        }
        let untold = self.alerts.values().find(|alert| {
            alert.priority == Priority::P1
                && alert.state != AlertState::Withdrawn
                && !self.tried.contains(&(alert.id, alert.raised_at))
        });
        if let Some(alert) = untold {
            let what =
                format!("alert {} of danger is {} and was never tried", alert.id, alert.state.as_str());
            self.breaks(Law::DangerIsPrompt, now, what);
        }
    }
}

/// Whether the staff's escalation goes on until a person has acted.
fn has_next(incident: &Incident) -> bool {
    match incident.handling {
        // A notice concerns nobody but whom it is for.
        _ if !incident.concerns_staff() => incident.kind.notice().is_some(),
        Handling::Acted { .. } | Handling::Closed { .. } | Handling::Told => true,
        Handling::Raised | Handling::Owned { .. } => {
            let staff = incident.escalations.iter().find(|escalation| escalation.audience == Audience::Staff);
            staff.is_some_and(|staff| staff.state != EscalationState::Ended)
        }
    }
}

fn has_running(incident: &Incident) -> bool {
    incident.escalations.iter().any(|escalation| escalation.state != EscalationState::Ended)
}

/// Whether somebody has an alert of it, or has done something about it.
fn somebody_knows(incident: &Incident) -> bool {
    incident.timeline.iter().any(|entry| match &entry.what {
        Happening::Alert { state, .. } => state.is_taken() || *state == AlertState::Acknowledged,
        Happening::Owned { .. } | Happening::Acted { .. } | Happening::Closed { .. } => true,
        _ => false,
    })
}
