//! What a run of the script lacks, and what it has too much of.

use std::collections::BTreeSet;

use super::Expected;
use crate::domain::{
    Alert, AlertState, Channel, Happening, Incident, IncidentKind, Recipient, Subject, Timestamp,
};

/// A run of the script compared with what was expected of it; a line each, with ids only.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verdict {
    /// Expected and not there, or late.
    pub missing: Vec<String>,
    /// There twice.
    pub doubled: Vec<String>,
    /// There and not expected: a false alarm, or a service that could not hear.
    pub unexpected: Vec<String>,
}

impl Verdict {
    /// Compares what had been recorded at `now_ms` (Unix milliseconds of the script's time). What is not due yet is
    /// not missed.
    pub fn of<'a>(
        expected: &[Expected],
        incidents: impl IntoIterator<Item = &'a Incident>,
        alerts: impl IntoIterator<Item = &'a Alert>,
        now_ms: i64,
    ) -> Self {
        let incidents: Vec<&Incident> = incidents.into_iter().collect();
        let mut verdict = Self::default();
        for one in expected {
            verdict.incident(one, &incidents, now_ms);
        }
        let mut seen = BTreeSet::new();
        for alert in alerts {
            if !seen.insert((alert.incident, alert.recipient.clone(), alert.nth)) {
                verdict
                    .doubled
                    .push(format!("alert {} repeats another one to {}", alert.id, alert.recipient));
            }
        }
        for incident in incidents {
            verdict.foreign(incident, expected);
        }
        verdict
    }

    /// Nothing is missing or doubled.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.missing.is_empty() && self.doubled.is_empty()
    }

    fn incident(&mut self, expected: &Expected, incidents: &[&Incident], now_ms: i64) {
        let Expected { wearer, kind, by_ms, told } = expected;
        let what = format!("{wearer}: {}", kind.as_str());
        let found: Vec<(&Incident, Timestamp)> = incidents
            .iter()
            .filter(|incident| incident.subject == Subject::Wearer(wearer.clone()))
            .filter_map(|incident| Some((*incident, raised_at(incident, *kind)?)))
            .collect();
        match found[..] {
            [] if now_ms < *by_ms => {}
            [] => self.missing.push(format!("{what} was not raised")),
            [(_, at), ..] if at.as_ms() > *by_ms => {
                let late_ms = at.as_ms() - by_ms;
                self.missing.push(format!("{what} was raised {late_ms} ms too late"));
            }
            _ => {}
        }
        if found.len() > 1 {
            self.doubled.push(format!("{what} was raised as {} incidents", found.len()));
        }
        let Some((incident, _)) = found.first() else {
            return;
        };
        let told_by_ms = by_ms + Expected::TOLD_WITHIN_MS;
        for recipient in told {
            let texted = texted_at(incident, recipient);
            if texted.is_none() && now_ms >= told_by_ms {
                self.missing.push(format!("{what}: no text to {recipient}"));
            } else if let Some(late_ms) = texted.map(|at| at.as_ms() - told_by_ms).filter(|ms| *ms > 0) {
                self.missing.push(format!("{what}: the text to {recipient} was {late_ms} ms too late"));
            }
        }
    }

    /// Notices follow from the others.
    fn foreign(&mut self, incident: &Incident, expected: &[Expected]) {
        if incident.kind.notice().is_some() {
            return;
        }
        let kinds: BTreeSet<IncidentKind> =
            incident.timeline.iter().filter_map(|e| kind_of(&e.what)).collect();
        for kind in kinds {
            let (id, what) = (incident.id, kind.as_str());
            match &incident.subject {
                Subject::Wearer(wearer) => {
                    if !expected.iter().any(|e| e.wearer == *wearer && e.kind == kind) {
                        self.unexpected.push(format!("{wearer}: {what} (incident {id})"));
                    }
                }
                Subject::Person(person) => {
                    self.unexpected.push(format!("{person}: {what} (incident {id})"));
                }
                Subject::Service => self.unexpected.push(format!("service: {what} (incident {id})")),
            }
        }
    }
}

fn kind_of(happening: &Happening) -> Option<IncidentKind> {
    match happening {
        Happening::Raised { kind, .. } => Some(*kind),
        _ => None,
    }
}

fn raised_at(incident: &Incident, kind: IncidentKind) -> Option<Timestamp> {
    let entry = incident.timeline.iter().find(|entry| kind_of(&entry.what) == Some(kind))?;
    Some(entry.at)
}

/// When a provider first took a text to them.
fn texted_at(incident: &Incident, to: &Recipient) -> Option<Timestamp> {
    let taken = |what: &Happening| match what {
        Happening::Alert { recipient, channel: Channel::Sms, state, .. } => {
            recipient == to && (state.is_taken() || *state == AlertState::Acknowledged)
        }
        _ => false,
    };
    Some(incident.timeline.iter().find(|entry| taken(&entry.what))?.at)
}
