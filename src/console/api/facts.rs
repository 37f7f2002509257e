//! What the API says about incidents: the facts behind what pages put into words.

use schemars::JsonSchema;
use serde::Serialize;

use super::super::{names::Names, notices, told};
use crate::{
    domain::{
        AlertId, AlertState, Attendance, Attending, Audience, CaseId, Cause, Channel, Escalation,
        EscalationState, Handling, Incident, IncidentId, IncidentKind, PersonId, Priority, Recipient, Risk,
        SentAlert, StaffId, Subject, Timestamp, UnitId,
    },
    engine::Companionship,
    sequencer::{Board, Dot},
};

/// An instant by RFC 3339, UTC, with milliseconds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(transparent)]
#[schemars(extend("format" = "date-time"))]
pub(super) struct Instant(String);

impl From<Timestamp> for Instant {
    fn from(at: Timestamp) -> Self {
        Self(at.to_string())
    }
}

/// How old something is, seconds; 0 for what has yet to come.
pub(super) fn age_s(at: Timestamp, now: Timestamp) -> f64 {
    now.s_since(at).max(0.0)
}

/// Which picture an answer is made from.
#[derive(Serialize, JsonSchema)]
pub(super) struct Picture {
    /// The engine's time of the picture; none before there is one. If it does not move, nothing is judged.
    as_of: Option<Instant>,
    /// When it was looked at, by the same clock.
    now: Instant,
}

impl Picture {
    pub(super) fn new(board: &Board, now: Timestamp) -> Self {
        Self { as_of: board.at.map(Instant::from), now: now.into() }
    }
}

/// An incident.
#[derive(Serialize, JsonSchema)]
pub(super) struct IncidentFacts {
    id: IncidentId,
    /// The number that is quoted in texts and calls.
    reference: u16,
    priority: Priority,
    kind: IncidentKind,
    subject: Subject,
    /// The name of the wearer or protected person.
    subject_name: String,
    unit: UnitId,
    case: Option<CaseId>,
    /// Of the case.
    risk: Option<Risk>,
    cause: Cause,
    /// The code name of the zone that it comes from.
    zone_code: Option<String>,
    handling: Handling,
    /// Whose it is while it is open: of whoever owns it, acted on it, or took it over from them.
    owner: Option<StaffId>,
    /// Whether the situation still lasts. Over is not closed.
    ongoing: bool,
    /// It was found in fixes that came late.
    late: bool,
    raised_at: Instant,
    /// Responders who were sent, or go by themselves.
    attendances: Vec<AttendanceFacts>,
    /// It is put aside.
    shelf: Option<ShelfFacts>,
    /// What is known of the wearer's tag now, without the position.
    tag: Option<TagFacts>,
    escalations: Vec<EscalationFacts>,
}

impl IncidentFacts {
    pub(super) fn new(incident: &Incident, board: &Board, now: Timestamp) -> Self {
        let names = Names(&board.rulebook);
        let dot = match &incident.subject {
            Subject::Wearer(id) => board.wearers.get(id),
            Subject::Person(_) | Subject::Service => None,
        };
        let zone_code = match &incident.cause {
            Cause::Zone(zone) => board.rulebook.zone_code(zone).map(Into::into),
            _ => None,
        };
        Self {
            id: incident.id,
            reference: incident.id.reference(),
            priority: incident.priority,
            kind: incident.kind,
            subject: incident.subject.clone(),
            subject_name: names.subject(incident),
            unit: incident.unit.clone(),
            case: incident.case.clone(),
            risk: incident.case.as_ref().and_then(|id| board.rulebook.case(id)).map(|case| case.risk),
            cause: incident.cause.clone(),
            zone_code,
            handling: incident.handling.clone(),
            owner: incident.owner().cloned(),
            ongoing: incident.ongoing,
            late: incident.late,
            raised_at: incident.raised_at.into(),
            attendances: incident.attendances.iter().map(AttendanceFacts::new).collect(),
            shelf: incident.shelf.as_ref().map(|shelf| ShelfFacts {
                by: shelf.by.clone(),
                until: shelf.until.into(),
                reason: shelf.reason.clone(),
            }),
            tag: dot.map(|dot| TagFacts::new(dot, now)),
            escalations: incident.escalations.iter().map(|it| EscalationFacts::new(it, incident)).collect(),
        }
    }
}

/// What a protected person is told beside danger, while it holds.
#[derive(Serialize, JsonSchema)]
pub(super) struct NoticeFacts {
    /// Its own number among the incidents.
    id: IncidentId,
    person: PersonId,
    person_name: String,
    says: Says,
    /// Since when they are being told.
    since: Instant,
    /// When they were told, as far as a provider can know; none while they are still being told.
    told_at: Option<Instant>,
}

/// What a notice says.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Says {
    /// Protection is weak. It holds until they have been told that it is good again.
    ProtectionWeak,
    /// All is as usual again.
    AllClear,
}

impl NoticeFacts {
    pub(super) fn new(notice: &Incident, board: &Board) -> Option<Self> {
        let person = notices::person(notice)?;
        Some(Self {
            id: notice.id,
            person: person.clone(),
            person_name: Names(&board.rulebook).person(person),
            says: match notice.kind {
                IncidentKind::AllClear => Says::AllClear,
                _ => Says::ProtectionWeak,
            },
            since: notice.raised_at.into(),
            told_at: notices::told_at(notice).map(Instant::from),
        })
    }
}

/// A responder, and how far they have come.
#[derive(Serialize, JsonSchema)]
pub(super) struct AttendanceFacts {
    responder: StaffId,
    /// Who sent them; themselves, if nobody did.
    by: StaffId,
    /// Every stage they have come to.
    stages: Vec<StageFacts>,
}

/// When a responder came to a stage.
#[derive(Serialize, JsonSchema)]
struct StageFacts {
    stage: Attending,
    at: Instant,
}

/// Who put an incident aside, until when, and why.
#[derive(Serialize, JsonSchema)]
pub(super) struct ShelfFacts {
    by: StaffId,
    until: Instant,
    reason: String,
}

impl AttendanceFacts {
    fn new(attendance: &Attendance) -> Self {
        let stages = attendance.stages.iter();
        Self {
            responder: attendance.responder.clone(),
            by: attendance.by.clone(),
            stages: stages.map(|(stage, at)| StageFacts { stage: *stage, at: (*at).into() }).collect(),
        }
    }
}

/// What is known of a tag.
#[derive(Serialize, JsonSchema)]
pub(super) struct TagFacts {
    /// When the last position was taken.
    fix_at: Instant,
    fix_age_s: f64,
    /// The scale of its error, metres.
    error_m: f64,
    /// When the tag was last heard.
    heard_at: Instant,
    heard_age_s: f64,
    battery_pct: u8,
}

impl TagFacts {
    pub(super) fn new(dot: &Dot, now: Timestamp) -> Self {
        Self {
            fix_at: dot.fix_at.into(),
            fix_age_s: age_s(dot.fix_at, now),
            error_m: dot.sigma_m,
            heard_at: dot.heard_at.into(),
            heard_age_s: age_s(dot.heard_at, now),
            battery_pct: dot.battery_pct,
        }
    }
}

/// One chain of alerts.
#[derive(Serialize, JsonSchema)]
struct EscalationFacts {
    /// Towards whom.
    audience: Audience,
    /// The step of the policy that it has reached, from 0.
    step: usize,
    state: ChainState,
    /// When the next step comes, or when a paused one goes on.
    next_at: Option<Instant>,
    /// How many alerts it has raised in all.
    raised: u32,
    /// Nothing gets through to this protected person: somebody must call them.
    unreached: bool,
    /// The alerts that it has raised and not forgotten, the oldest first.
    alerts: Vec<ChainAlert>,
}

/// How an escalation stands.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum ChainState {
    /// The next step comes by itself.
    Running,
    /// Somebody owns the incident.
    Paused,
    /// A person has answered or acted, or the incident was closed.
    Ended,
}

/// An alert as its escalation sees it.
#[derive(Serialize, JsonSchema)]
struct ChainAlert {
    id: AlertId,
    recipient: Recipient,
    channel: Channel,
    /// For which step of the policy, from 0.
    step: usize,
    state: AlertState,
    /// When it came into it, if the timeline still says so.
    since: Option<Instant>,
    /// Nobody takes it: other ways are being tried beside it.
    in_vain: bool,
}

impl EscalationFacts {
    fn new(escalation: &Escalation, incident: &Incident) -> Self {
        let (state, next_at) = match escalation.state {
            EscalationState::Running { next_at } => (ChainState::Running, Some(next_at.into())),
            EscalationState::Paused { until } => (ChainState::Paused, Some(until.into())),
            EscalationState::Ended => (ChainState::Ended, None),
        };
        let alert = |sent: &SentAlert| ChainAlert {
            id: sent.id,
            recipient: sent.recipient.clone(),
            channel: sent.channel,
            step: sent.step,
            state: sent.state.clone(),
            since: told::last_change(incident, sent.id).map(Instant::from),
            in_vain: sent.in_vain,
        };
        Self {
            audience: escalation.audience.clone(),
            step: escalation.step,
            state,
            next_at,
            raised: escalation.raised(),
            unreached: escalation.unreached,
            alerts: escalation.alerts.iter().map(alert).collect(),
        }
    }
}

/// Whether it is known where a protected person is, for a zone that goes with them.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum CompanionFacts {
    /// They have agreed to no Companion at this time.
    Missing,
    /// Their Companion has not been heard.
    NeverHeard,
    /// It is known: their zones apply.
    Fresh,
    /// It is not known any more: their zones are off.
    Stale,
}

impl From<&Companionship> for CompanionFacts {
    fn from(known: &Companionship) -> Self {
        match known {
            Companionship::Missing => Self::Missing,
            Companionship::NeverHeard => Self::NeverHeard,
            Companionship::Fresh { .. } => Self::Fresh,
            Companionship::Stale { .. } => Self::Stale,
        }
    }
}
