//! One incident: all that is known of it.

use schemars::JsonSchema;
use serde::Serialize;

use super::{
    super::{
        incident::{Records, masked},
        notices,
    },
    facts::{CompanionFacts, IncidentFacts, Instant, NoticeFacts, Picture},
};
use crate::{
    domain::{
        Alert, AlertId, AlertState, Attending, BasisKind, Cause, Channel, Entry, Happening, Incident,
        IncidentKind, Outcome, PersonId, Reason, Recipient, StaffId, Timestamp,
    },
    sequencer::Board,
    store::Attempt,
};

/// An incident with its story.
#[derive(Serialize, JsonSchema)]
pub(super) struct Story {
    #[serde(flatten)]
    picture: Picture,
    incident: IncidentFacts,
    /// On what the case stands.
    basis: Option<BasisKind>,
    /// Whom the case protects.
    protects: Vec<PersonId>,
    /// Of a zone around a person: whether it is known where they are.
    companion: Option<CompanionFacts>,
    /// What those whom it endangers have been told beside it and go by, while it is open.
    notices: Vec<NoticeFacts>,
    /// Each time the wearer was in the exclusion zone, in fix time.
    episodes: Vec<EpisodeFacts>,
    /// What happened, the oldest first.
    timeline: Vec<TimelineEntry>,
    /// The newest alerts first, at most 40; null where the records cannot be read just now.
    alerts: Option<Vec<AlertFacts>>,
    /// How many older alerts there are.
    alerts_not_listed: usize,
}

/// A stay in an exclusion zone.
#[derive(Serialize, JsonSchema)]
struct EpisodeFacts {
    /// Its true time.
    from: Instant,
    /// Later fixes no longer prove it.
    disproved: bool,
}

/// One line of the story.
#[derive(Serialize, JsonSchema)]
struct TimelineEntry {
    /// When the engine learnt of it.
    at: Instant,
    what: What,
}

/// What can happen in an incident.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum What {
    /// The situation began, worsened or came back.
    Raised {
        kind: IncidentKind,
        /// When it really was.
        true_time: Instant,
        reason: Reason,
    },
    /// The situation ended.
    Over { reason: Reason },
    /// Late fixes no longer prove the episode that began then.
    Disproved { from: Instant },
    /// An alert changed state.
    Alert { alert: AlertId, recipient: Recipient, channel: Channel, state: AlertState },
    /// A protected person answered: 1 safe, 2 help, 3 call me, or their words.
    Answered { person: PersonId, answer: String },
    /// A protected person could not be reached on any channel: somebody must call them.
    Unreached { person: PersonId },
    /// A person took it.
    Owned { by: StaffId },
    /// A person took it over from another, as at the end of a shift.
    HandedOver { from: StaffId, to: StaffId },
    /// Whoever owned it did nothing within three minutes.
    BackToQueue,
    /// A person did something about it.
    Acted { by: StaffId },
    /// A responder was sent.
    Sent { by: StaffId, responder: StaffId },
    /// A responder said how far they have come.
    Attends { responder: StaffId, stage: Attending },
    /// A responder who was sent does not answer: it is back in the queue.
    NoAnswer { responder: StaffId },
    /// A person put it aside.
    Shelved { by: StaffId, until: Instant, reason: String },
    /// It is back from where it was put aside.
    Unshelved,
    /// A person wrote something down.
    Noted { by: StaffId, text: String },
    /// Closed.
    Closed { by: StaffId, outcome: Outcome },
}

/// One message to one recipient on one channel.
#[derive(Serialize, JsonSchema)]
struct AlertFacts {
    id: AlertId,
    recipient: Recipient,
    channel: Channel,
    /// The end of the address, enough to tell two apart; empty for a browser.
    address_ends: String,
    raised_at: Instant,
    state: AlertState,
    /// The tries, the oldest first.
    attempts: Vec<AttemptFacts>,
}

/// One try to send an alert.
#[derive(Serialize, JsonSchema)]
struct AttemptFacts {
    at: Instant,
    took_ms: i64,
    /// `accepted`, `retry` or `refused`.
    result: String,
    /// A short code for the reason; empty when accepted.
    reason: String,
}

impl Story {
    pub(super) fn new(incident: &Incident, records: Option<Records>, board: &Board, now: Timestamp) -> Self {
        let case = incident.case.as_ref().and_then(|id| board.rulebook.case(id));
        let alerts_not_listed = records.as_ref().map_or(0, |records| records.folded);
        let episodes = incident.episodes.iter();
        let notices = notices::about(incident, board).into_iter().filter(|_| incident.is_open());
        Self {
            picture: Picture::new(board, now),
            incident: IncidentFacts::new(incident, board, now),
            basis: case.map(|case| case.basis.kind),
            protects: case.map(|case| case.persons.clone()).unwrap_or_default(),
            companion: companion(incident, board),
            notices: notices.filter_map(|notice| NoticeFacts::new(notice, board)).collect(),
            episodes: episodes
                .map(|stay| EpisodeFacts { from: stay.from.into(), disproved: stay.disproved })
                .collect(),
            timeline: incident.timeline.iter().map(TimelineEntry::from).collect(),
            alerts: records.map(|records| records.alerts.iter().map(alert_facts).collect()),
            alerts_not_listed,
        }
    }
}

fn companion(incident: &Incident, board: &Board) -> Option<CompanionFacts> {
    let Cause::Zone(zone) = &incident.cause else { return None };
    let person = &board.rulebook.proximity_zone(zone)?.zone.person;
    board.companions.get(person).map(CompanionFacts::from)
}

impl From<&Entry> for TimelineEntry {
    fn from(entry: &Entry) -> Self {
        let what = match entry.what.clone() {
            Happening::Raised { kind, true_time, reason } => {
                What::Raised { kind, true_time: true_time.into(), reason }
            }
            Happening::Over { reason } => What::Over { reason },
            Happening::Disproved { from } => What::Disproved { from: from.into() },
            Happening::Alert { alert, recipient, channel, state } => {
                What::Alert { alert, recipient, channel, state }
            }
            Happening::Answered { person, answer } => What::Answered { person, answer },
            Happening::Unreached { person } => What::Unreached { person },
            Happening::Owned { by } => What::Owned { by },
            Happening::HandedOver { from, to } => What::HandedOver { from, to },
            Happening::BackToQueue => What::BackToQueue,
            Happening::Acted { by } => What::Acted { by },
            Happening::Sent { by, responder } => What::Sent { by, responder },
            Happening::Attends { responder, stage } => What::Attends { responder, stage },
            Happening::NoAnswer { responder } => What::NoAnswer { responder },
            Happening::Shelved { by, until, reason } => What::Shelved { by, until: until.into(), reason },
            Happening::Unshelved => What::Unshelved,
            Happening::Noted { by, text } => What::Noted { by, text },
            Happening::Closed { by, outcome } => What::Closed { by, outcome },
        };
        Self { at: entry.at.into(), what }
    }
}

fn alert_facts((alert, attempts): &(Alert, Vec<Attempt>)) -> AlertFacts {
    let attempt = |one: &Attempt| AttemptFacts {
        at: one.at.into(),
        took_ms: one.took_ms,
        result: one.result.clone(),
        reason: one.reason.clone(),
    };
    AlertFacts {
        id: alert.id,
        recipient: alert.recipient.clone(),
        channel: alert.channel,
        address_ends: masked(alert),
        raised_at: alert.raised_at.into(),
        state: alert.state.clone(),
        attempts: attempts.iter().map(attempt).collect(),
    }
}
