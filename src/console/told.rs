//! Who is being told: an incident's escalations, as chains.

use super::{names::Names, when::When, words};
use crate::domain::{
    AlertId, Attendance, Audience, EscalationState, Happening, Incident, SentAlert, Timestamp,
};

/// One escalation.
pub(super) struct Chain {
    /// Towards whom.
    pub(super) to: String,
    /// What they are in it; empty for the team, whose name says so.
    pub(super) role: &'static str,
    /// Its alerts, the newest first.
    pub(super) lines: Vec<Line>,
    /// How many alerts it has raised in all.
    pub(super) raised: u32,
    /// What somebody must do because nothing reaches them.
    pub(super) unreached: Option<&'static str>,
    pub(super) next: Next,
}

/// One alert of a chain.
pub(super) struct Line {
    pub(super) text: String,
    /// How it stands: a key for its mark.
    pub(super) key: &'static str,
    /// Since when, if the timeline still says so.
    pub(super) since: Option<When>,
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
    let chain = |escalation: &crate::domain::Escalation| Chain {
        to: words::audience(&escalation.audience, names),
        role: words::role(&escalation.audience),
        lines: escalation
            .alerts
            .iter()
            .rev()
            .map(|alert| line(incident, &escalation.audience, alert, names, now))
            .collect(),
        raised: escalation.raised(),
        unreached: escalation.unreached.then(words::unreached),
        next: match escalation.state {
            EscalationState::Running { next_at } if next_at <= now => Next::Due,
            EscalationState::Running { next_at } => Next::Step(When::new(next_at, now)),
            EscalationState::Paused { until } => Next::Paused(When::new(until, now)),
            EscalationState::Ended => Next::Ended,
        },
    };
    incident.escalations.iter().map(chain).collect()
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
    let (by, state) = (words::channel(alert.channel), words::alert_state(&alert.state));
    Line {
        text: match audience {
            // The chain bears the recipient's name already.
            Audience::Person(_) => format!("{by} {state}"),
            Audience::Staff => format!("{by} to {} {state}", words::recipient(&alert.recipient, names)),
        },
        key: alert.state.as_str(),
        since: last_change(incident, alert.id).map(|at| When::new(at, now)),
    }
}

fn last_change(incident: &Incident, id: AlertId) -> Option<Timestamp> {
    let about = |what: &Happening| matches!(what, Happening::Alert { alert, .. } if *alert == id);
    incident.timeline.iter().rev().find(|entry| about(&entry.what)).map(|entry| entry.at)
}
