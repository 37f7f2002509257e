//! What protected persons go by: who was told that protection is weak, and has not been told yet that it is good again.
//!
//! It is nobody's work, so it is no card. It is listed below them, and on the pages of what is open about the same person,
//! because whoever speaks to them must know what they have been told.

use super::{names::Names, response, when::When, words};
use crate::{
    domain::{
        AlertState, Audience, EscalationState, Happening, Incident, PersonId, Recipient, Subject, Timestamp,
    },
    sequencer::Board,
};

/// Beyond this many they are counted, not listed: a broker that is away tells everybody behind it.
const LISTED_MAX: usize = 20;

/// One notice.
pub(super) struct Notice {
    pub(super) name: String,
    /// What it says.
    pub(super) says: &'static str,
    /// When they were told, or, if that has not come about yet, since when they are being told.
    pub(super) at: When,
    pub(super) is_told: bool,
}

/// The newest, and how many there are.
pub(super) struct Notices {
    pub(super) listed: Vec<Notice>,
    pub(super) all: usize,
}

impl Notices {
    pub(super) fn new(board: &Board, now: Timestamp) -> Self {
        let (shown, folded) = lasting(board);
        let all = shown.len() + folded;
        Self { listed: shown.into_iter().filter_map(|it| Notice::new(it, board, now)).collect(), all }
    }

    pub(super) fn folded(&self) -> usize {
        self.all - self.listed.len()
    }
}

impl Notice {
    fn new(incident: &Incident, board: &Board, now: Timestamp) -> Option<Self> {
        let person = person(incident)?;
        let told_at = told_at(incident);
        Some(Self {
            name: Names(&board.rulebook).person(person),
            says: words::notice(incident.kind),
            at: When::new(told_at.unwrap_or(incident.raised_at), now),
            is_told: told_at.is_some(),
        })
    }
}

/// Notices in force or on their way, the newest first, as many as are listed, and how many more there are.
pub(super) fn lasting(board: &Board) -> (Vec<&Incident>, usize) {
    let newest_first = board.notices.values().rev().map(AsRef::as_ref);
    let listed: Vec<&Incident> = newest_first.take(LISTED_MAX).collect();
    let folded = board.notices.len() - listed.len();
    (listed, folded)
}

/// Those to whomever an incident endangers.
pub(super) fn about<'b>(incident: &Incident, board: &'b Board) -> Vec<&'b Incident> {
    let persons = response::persons(incident, &board.rulebook);
    let is_theirs = |notice: &&Incident| person(notice).is_some_and(|person| persons.contains(&person));
    board.notices.values().map(AsRef::as_ref).filter(is_theirs).collect()
}

/// The same as pages say it, of what is open.
pub(super) fn lines(incident: &Incident, board: &Board, now: Timestamp) -> Vec<Notice> {
    if !incident.is_open() {
        return Vec::new();
    }
    about(incident, board).into_iter().filter_map(|notice| Notice::new(notice, board, now)).collect()
}

/// Whom a notice is for.
pub(super) fn person(notice: &Incident) -> Option<&PersonId> {
    match &notice.subject {
        Subject::Person(person) => Some(person),
        Subject::Wearer(_) | Subject::Service => None,
    }
}

/// When whoever a notice is for was told, as far as a provider can know: it came to their phone, they answered, or, on a way
/// that gives no receipts, it was counted as told.
pub(super) fn told_at(notice: &Incident) -> Option<Timestamp> {
    let person = person(notice)?;
    let theirs = Audience::Person(person.clone());
    let escalation = notice.escalations.iter().find(|escalation| escalation.audience == theirs)?;
    if escalation.state != EscalationState::Ended {
        return None;
    }
    let to = Recipient::Person(person.clone());
    let told = notice.timeline.iter().find(|entry| match &entry.what {
        Happening::Alert { recipient, state, .. } => {
            *recipient == to && (state.is_there() || *state == AlertState::Acknowledged)
        }
        Happening::Answered { .. } => true,
        _ => false,
    });
    told.map(|entry| entry.at)
}
