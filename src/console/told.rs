//! Who is being told: an incident's escalations, as chains.

use super::{names::Names, when::When, words};
use crate::{
    domain::{
        AlertId, AlertState, Attendance, Audience, Channel, Escalation, EscalationState, Happening, Incident,
        SECOND_MS, SentAlert, Timestamp,
    },
    notify::RINGS_S,
};

/// Alerts of a chain that are said in one breath.
const NOW_MAX: usize = 3;
/// After this no phone rings any more, although nobody has said how the call ended: what reports it may be lost.
const RINGING_MS: i64 = (RINGS_S + 10) * SECOND_MS;

/// One escalation.
pub(super) struct Chain {
    /// Towards whom.
    pub(super) to: String,
    /// What they are in it; empty for the team, whose name says so.
    pub(super) role: &'static str,
    /// How it stands by each way that has been tried: the newest alert of each, in the order in which they were raised.
    pub(super) now: Vec<Line>,
    /// Its other alerts, the newest first.
    pub(super) before: Vec<Line>,
    /// How many alerts it has raised in all.
    pub(super) raised: u32,
    /// What somebody must do because nothing reaches them.
    pub(super) unreached: Option<&'static str>,
    pub(super) next: Next,
}

/// One alert of a chain.
pub(super) struct Line {
    /// By what, and to whom where the chain does not say so.
    pub(super) by: String,
    /// How it stands.
    pub(super) state: String,
    /// The same, as a key for its mark.
    pub(super) key: &'static str,
    /// Since when, if the timeline still says so.
    pub(super) since: Option<When>,
    /// A phone rings: until when at most.
    pub(super) rings_until: Option<Timestamp>,
}

impl Line {
    /// As it stands after another.
    fn in_a_row(mut self) -> Self {
        if let Some(first) = self.by.get_mut(..1) {
            first.make_ascii_lowercase();
        }
        self
    }
}

/// What comes next.
pub(super) enum Next {
    Step(When),
    /// The next step was due: it comes at any moment.
    Due,
    Paused(When),
    Ended,
}

pub(super) fn chains(incident: &Incident, names: Names<'_>, now: Timestamp) -> Vec<Chain> {
    let chain = |escalation: &Escalation| {
        let line = |alert: &&SentAlert| line(incident, &escalation.audience, alert, names, now);
        let (newest, before) = newest_and_before(escalation);
        let mut said: Vec<Line> = newest.iter().take(1).map(line).collect();
        said.extend(newest.iter().skip(1).map(|alert| line(alert).in_a_row()));
        Chain {
            to: words::audience(&escalation.audience, names),
            role: words::role(&escalation.audience),
            now: said,
            before: before.iter().map(line).collect(),
            raised: escalation.raised(),
            unreached: escalation.unreached.then(words::unreached),
            next: match escalation.state {
                EscalationState::Running { next_at } if next_at <= now => Next::Due,
                EscalationState::Running { next_at } => Next::Step(When::new(next_at, now)),
                EscalationState::Paused { until } => Next::Paused(When::new(until, now)),
                EscalationState::Ended => Next::Ended,
            },
        }
    };
    incident.escalations.iter().map(chain).collect()
}

/// The newest alert of each way to each of them, the oldest first, and all the others, the newest first. What an earlier
/// round came to that later steps of this one have yet to try says nothing of now.
fn newest_and_before(escalation: &Escalation) -> (Vec<&SentAlert>, Vec<&SentAlert>) {
    let (mut newest, mut before): (Vec<&SentAlert>, Vec<&SentAlert>) = (Vec::new(), Vec::new());
    for alert in escalation.alerts.iter().rev() {
        let is_same =
            |other: &&SentAlert| (&other.recipient, other.channel) == (&alert.recipient, alert.channel);
        let is_of_now = alert.step <= escalation.step || alert.state.is_open();
        if is_of_now && newest.len() < NOW_MAX && !newest.iter().any(is_same) {
            newest.push(alert);
        } else {
            before.push(alert);
        }
    }
    newest.reverse();
    (newest, before)
}

/// A responder, and how far they have come.
pub(super) struct Going {
    pub(super) name: String,
    pub(super) stage: &'static str,
    pub(super) key: &'static str,
    pub(super) since: Option<When>,
}

/// Everybody who was sent or goes, the last first.
pub(super) fn going(incident: &Incident, names: Names<'_>, now: Timestamp) -> Vec<Going> {
    let going = |attendance: &Attendance| Going {
        name: names.staff(&attendance.responder),
        stage: words::attending(attendance.stage()),
        key: attendance.stage().as_str(),
        since: attendance.since().map(|at| When::new(at, now)),
    };
    incident.attendances.iter().rev().map(going).collect()
}

fn line(
    incident: &Incident,
    audience: &Audience,
    alert: &SentAlert,
    names: Names<'_>,
    now: Timestamp,
) -> Line {
    let by = words::channel(alert.channel);
    let since = last_change(incident, alert.id);
    let rings_until = since.filter(|_| rings(alert)).map(|since| since.plus_ms(RINGING_MS));
    let rings_until = rings_until.filter(|until| now < *until);
    Line {
        by: match audience {
            // The chain bears the recipient's name already.
            Audience::Person(_) => by.into(),
            Audience::Staff => format!("{by} to {}", words::recipient(&alert.recipient, names)),
        },
        state: match rings_until {
            Some(_) => words::RINGING.into(),
            None => words::alert_state(alert.channel, &alert.state),
        },
        key: if rings_until.is_some() { "ringing" } else { alert.state.as_str() },
        since: since.map(|at| When::new(at, now)),
        rings_until,
    }
}

/// Whether the last that its provider has said of an alert is that a phone rings. That a call was taken or placed is not
/// that: until the provider says so, nobody knows whether any phone rings.
fn rings(alert: &SentAlert) -> bool {
    alert.channel == Channel::Voice && alert.state == AlertState::Delivered
}

/// When an alert came into the state that it is in, if the timeline still says so.
pub(super) fn last_change(incident: &Incident, id: AlertId) -> Option<Timestamp> {
    let about = |what: &Happening| matches!(what, Happening::Alert { alert, .. } if *alert == id);
    incident.timeline.iter().rev().find(|entry| about(&entry.what)).map(|entry| entry.at)
}
