//! What stands in a handover: facts with ids, as the board has them. Names are looked up when it is read.

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::{
    access::{HandedPoint, Mark},
    domain::{
        Attendance, Audience, CaseId, Cause, HOUR_MS, Handling, Happening, Incident, IncidentId,
        IncidentKind, PersonId, Priority, Shelf, StaffId, Subject, Timestamp, Unit, WearerId,
    },
    sequencer::Board,
};

/// The longest shift: so long a session lasts at most.
pub(super) const SHIFT_MS: i64 = 12 * HOUR_MS;
/// Open incidents that are listed one by one, the most urgent first.
const OPEN_MAX: usize = 300;
/// Notes of an incident, the newest.
const NOTES_MAX: usize = 10;

/// One thing that whoever comes on duty must know.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Point {
    Open(Box<Open>),
    /// So many more are open.
    More(usize),
    /// Something of a case ends within the next shift.
    Due(Due),
    /// Something is wrong with Cordon itself, in words.
    Trouble(String),
}

/// An open incident.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Open {
    pub(super) incident: IncidentId,
    pub(super) subject: Subject,
    pub(super) case: Option<CaseId>,
    pub(super) kind: IncidentKind,
    pub(super) cause: Cause,
    pub(super) priority: Priority,
    pub(super) handling: Handling,
    pub(super) owner: Option<StaffId>,
    pub(super) ongoing: bool,
    pub(super) raised_at: Timestamp,
    pub(super) shelf: Option<Shelf>,
    /// Responders who were sent or go, and have not done what there was to do.
    pub(super) going: Vec<Attendance>,
    pub(super) calls: Vec<Call>,
    /// What was written down within the last shift, the oldest first.
    pub(super) notes: Vec<Note>,
}

/// A protected person whom somebody has yet to call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Call {
    pub(super) person: PersonId,
    pub(super) why: CallWhy,
    pub(super) since: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum CallWhy {
    /// They answered this, and nobody has acted or written a note since.
    Answered(String),
    /// Nothing reaches them.
    Unreached,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Note {
    pub(super) by: StaffId,
    pub(super) at: Timestamp,
    pub(super) text: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Due {
    pub(super) case: CaseId,
    pub(super) wearer: WearerId,
    pub(super) what: DueWhat,
    pub(super) at: Timestamp,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum DueWhat {
    BasisEnds,
    Review,
}

/// What two points have in common that are about the same.
#[derive(PartialEq, Eq)]
enum Key<'p> {
    Open(IncidentId),
    More,
    Due(&'p CaseId, DueWhat),
    Trouble(&'p str),
}

impl Point {
    fn key(&self) -> Key<'_> {
        match self {
            Self::Open(open) => Key::Open(open.incident),
            Self::More(_) => Key::More,
            Self::Due(due) => Key::Due(&due.case, due.what),
            Self::Trouble(what) => Key::Trouble(what),
        }
    }

    /// Which incident it is about.
    pub(super) fn incident(&self) -> Option<IncidentId> {
        self.open().map(|open| open.incident)
    }

    /// Whose it is.
    pub(super) fn owner(&self) -> Option<&StaffId> {
        self.open()?.owner.as_ref()
    }

    pub(super) fn open(&self) -> Option<&Open> {
        match self {
            Self::Open(open) => Some(open.as_ref()),
            Self::More(_) | Self::Due(_) | Self::Trouble(_) => None,
        }
    }

    fn subject(&self) -> Option<Subject> {
        match self {
            Self::Open(open) => Some(open.subject.clone()),
            Self::Due(due) => Some(Subject::Wearer(due.wearer.clone())),
            Self::Trouble(_) => Some(Subject::Service),
            Self::More(_) => None,
        }
    }

    /// As it is kept.
    pub(super) fn handed(&self, mark: Mark) -> Result<HandedPoint, serde_json::Error> {
        Ok(HandedPoint { mark, subject: self.subject(), point: serde_json::to_string(self)? })
    }
}

/// What a unit's board shows at `now`, the most urgent first, beside what is wrong with Cordon.
pub(super) fn of_board(board: &Board, unit: &Unit, troubles: Vec<String>, now: Timestamp) -> Vec<Point> {
    let open = board.incidents.values().map(AsRef::as_ref);
    let mut open: Vec<&Incident> = open.filter(|it| it.unit == unit.id && it.is_open()).collect();
    // What is put aside comes last: it is nobody's work just now.
    open.sort_by_key(|it| (it.shelf.is_some(), it.priority, std::cmp::Reverse((it.raised_at, it.id))));
    let more = open.len().saturating_sub(OPEN_MAX);
    let mut points: Vec<Point> =
        open.into_iter().take(OPEN_MAX).map(|it| Point::Open(Box::new(Open::new(it, now)))).collect();
    if more > 0 {
        points.push(Point::More(more));
    }
    points.extend(dues(board, unit, now).map(Point::Due));
    points.extend(troubles.into_iter().map(Point::Trouble));
    points
}

impl Open {
    fn new(incident: &Incident, now: Timestamp) -> Self {
        let is_lately = |at: Timestamp| now.ms_since(at) <= SHIFT_MS;
        let notes = incident.timeline.iter().filter(|entry| is_lately(entry.at));
        let notes = notes.filter_map(|entry| match &entry.what {
            Happening::Noted { by, text } => Some(Note { by: by.clone(), at: entry.at, text: text.clone() }),
            _ => None,
        });
        let mut notes: Vec<Note> = notes.collect();
        notes.drain(..notes.len().saturating_sub(NOTES_MAX));
        let going = incident.attendances.iter().filter(|attendance| !attendance.stage().is_over());
        Self {
            incident: incident.id,
            subject: incident.subject.clone(),
            case: incident.case.clone(),
            kind: incident.kind,
            cause: incident.cause.clone(),
            priority: incident.priority,
            handling: incident.handling.clone(),
            owner: incident.owner().cloned(),
            ongoing: incident.ongoing,
            raised_at: incident.raised_at,
            shelf: incident.shelf.clone(),
            going: going.cloned().collect(),
            calls: calls(incident),
            notes,
        }
    }

    /// Nothing is known of where its wearer is, or of the wearer at all.
    pub(super) fn is_unseen(&self) -> bool {
        self.ongoing && matches!(self.kind, IncidentKind::Blind | IncidentKind::LostContact)
    }
}

/// Protected persons who wait for a call: what each said last, if nobody has acted or written a note since and it is not
/// that all is well; and those whom still nothing reaches.
fn calls(incident: &Incident) -> Vec<Call> {
    let met = |what: &Happening| matches!(what, Happening::Acted { .. } | Happening::Noted { .. });
    let open = incident.timeline.iter().rev().take_while(|entry| !met(&entry.what));
    let mut calls: Vec<Call> = Vec::new();
    for entry in open {
        let (person, why) = match &entry.what {
            Happening::Answered { person, answer } => (person, CallWhy::Answered(answer.clone())),
            Happening::Unreached { person } => (person, CallWhy::Unreached),
            _ => continue,
        };
        if calls.iter().all(|call| call.person != *person) {
            calls.push(Call { person: person.clone(), why, since: entry.at });
        }
    }
    let is_unreached = |person: &PersonId| {
        let theirs = Audience::Person(person.clone());
        incident.escalations.iter().any(|it| it.unreached && it.audience == theirs)
    };
    calls.retain(|call| match &call.why {
        CallWhy::Answered(answer) => answer != SAFE,
        CallWhy::Unreached => is_unreached(&call.person),
    });
    calls.reverse();
    calls
}

/// As the engine has it in an incident's story.
const SAFE: &str = "safe";

fn dues(board: &Board, unit: &Unit, now: Timestamp) -> impl Iterator<Item = Due> {
    let cases = board.rulebook.cases().filter(|case| case.unit == unit.id);
    let in_force = cases.filter(move |case| case.basis.until.is_none_or(|until| until > now));
    in_force.flat_map(move |case| {
        let within = |at: Option<Timestamp>| at.filter(|at| *at > now && at.ms_since(now) <= SHIFT_MS);
        let due = |what, at: Option<Timestamp>| {
            within(at).map(|at| Due { case: case.id.clone(), wearer: case.wearer.clone(), what, at })
        };
        [due(DueWhat::BasisEnds, case.basis.until), due(DueWhat::Review, case.review_due)]
            .into_iter()
            .flatten()
    })
}

/// Something that is not as it was signed.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Change {
    New(Point),
    /// As it was, and as it is.
    Changed(Point, Point),
    Gone(Point),
}

impl Change {
    /// One that is known to have become this from what it was among others.
    pub(super) fn changed(before: &[Point], point: Point) -> Self {
        match before.iter().find(|other| other.key() == point.key()) {
            Some(was) => Self::Changed(was.clone(), point),
            None => Self::New(point),
        }
    }

    /// As it is now, if it is there.
    pub(super) fn now(&self) -> Option<&Point> {
        match self {
            Self::New(point) | Self::Changed(_, point) => Some(point),
            Self::Gone(_) => None,
        }
    }

    /// As it is kept with the second signature.
    pub(super) fn handed(&self) -> Result<HandedPoint, serde_json::Error> {
        match self {
            Self::New(point) => point.handed(Mark::New),
            Self::Changed(_, point) => point.handed(Mark::Changed),
            Self::Gone(point) => point.handed(Mark::Gone),
        }
    }
}

/// What has changed from one picture to another.
pub(super) fn changes(before: &[Point], after: &[Point]) -> Vec<Change> {
    let same = |all: &[Point], one: &Point| all.iter().find(|other| other.key() == one.key()).cloned();
    let come = after.iter().filter_map(|point| match same(before, point) {
        None => Some(Change::New(point.clone())),
        Some(was) if was != *point => Some(Change::Changed(was, point.clone())),
        Some(_) => None,
    });
    let gone = before.iter().filter(|point| same(after, point).is_none()).cloned().map(Change::Gone);
    come.chain(gone).collect()
}

/// Tells one picture from another: whoever signs sends back which they have seen.
pub(super) fn digest(points: &[Point]) -> Result<String, serde_json::Error> {
    let hash = Sha256::digest(serde_json::to_vec(points)?);
    Ok(hash.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}")))
}
