//! A handover in words, as people read it.

use super::point::{Call, CallWhy, Change, Due, DueWhat, Open, Point};
use crate::{
    console::{names::Names, when::When, words},
    domain::{Attendance, StaffId, Subject, Timestamp},
};

/// What stands in a handover, in the order in which it is read.
pub(in crate::console) struct Sheet {
    pub(super) groups: Vec<Group>,
    /// Open ones that are not listed.
    pub(super) more: usize,
    /// Whom somebody must call, and who is on the way.
    pub(super) calls: Vec<Line>,
    pub(super) unseen: Vec<Line>,
    pub(super) cases: Vec<CaseLine>,
    pub(super) troubles: Vec<String>,
}

/// Open incidents that are in the same hands.
pub(super) struct Group {
    /// In an address within the page.
    pub(super) key: &'static str,
    pub(super) title: String,
    pub(super) none: &'static str,
    pub(super) lines: Vec<OpenLine>,
}

pub(super) struct OpenLine {
    pub(super) id: i64,
    pub(super) number: u8,
    pub(super) kind: &'static str,
    pub(super) subject: String,
    pub(super) cause: String,
    pub(super) raised: When,
    pub(super) handling: String,
    pub(super) is_over: bool,
    /// Until when it is put aside, and why.
    pub(super) shelf: Option<(When, String)>,
    pub(super) notes: Vec<NoteLine>,
}

pub(super) struct NoteLine {
    pub(super) by: String,
    pub(super) at: When,
    pub(super) text: String,
}

/// Something about an incident.
pub(super) struct Line {
    pub(super) incident: i64,
    pub(super) who: String,
    pub(super) what: String,
    pub(super) since: When,
}

pub(super) struct CaseLine {
    pub(super) case: String,
    pub(super) wearer: String,
    pub(super) what: &'static str,
    pub(super) at: When,
}

/// Something that is not as it was signed.
pub(super) struct ChangeLine {
    pub(super) mark: &'static str,
    pub(super) key: &'static str,
    pub(super) incident: Option<i64>,
    pub(super) number: Option<u8>,
    pub(super) what: String,
    pub(super) says: Vec<String>,
}

/// Who reads it, and when.
#[derive(Clone, Copy)]
pub(super) struct Reading<'a> {
    pub(super) names: Names<'a>,
    pub(super) outgoing: &'a StaffId,
    /// Whoever reads it is the outgoing officer.
    pub(super) is_own: bool,
    pub(super) now: Timestamp,
}

impl Reading<'_> {
    fn when(self, at: Timestamp) -> When {
        When::new(at, self.now)
    }

    fn subject(self, subject: &Subject) -> String {
        match subject {
            Subject::Wearer(id) => self.names.wearer(id),
            Subject::Person(id) => self.names.person(id),
            Subject::Service => "Cordon itself".into(),
        }
    }

    fn title(self, open: &Open) -> String {
        format!("{}, {}", words::kind(open.kind), self.subject(&open.subject))
    }

    pub(super) fn sheet(self, points: &[Point]) -> Sheet {
        let open = || points.iter().filter_map(Point::open);
        let theirs = |open: &&Open| open.owner.as_ref() == Some(self.outgoing);
        let group = |key, title, none, is_in: &dyn Fn(&&Open) -> bool| Group {
            key,
            title,
            none,
            lines: open().filter(is_in).map(|open| self.open_line(open)).collect(),
        };
        let whose = match self.is_own {
            true => "Yours".to_owned(),
            false => format!("With {}", self.names.staff(self.outgoing)),
        };
        let is_out = |open: &&Open| open.shelf.is_none();
        let groups = vec![
            group("theirs", whose, "None.", &|it| is_out(it) && theirs(it)),
            group("nobodys", "Nobody has them".into(), "None. So it should be.", &|it| {
                is_out(it) && it.owner.is_none()
            }),
            group("others", "With others".into(), "None.", &|it| {
                is_out(it) && it.owner.is_some() && !theirs(it)
            }),
            group("shelved", "Shelved".into(), "None.", &|it| !is_out(it)),
        ];
        let calls = open().flat_map(|open| self.calls(open)).collect();
        let unseen = open().filter(|open| open.is_unseen());
        let unseen = unseen.map(|open| self.line(open, words::kind(open.kind).into(), open.raised_at));
        Sheet {
            groups,
            more: points.iter().map(|point| if let Point::More(more) = point { *more } else { 0 }).sum(),
            calls,
            unseen: unseen.collect(),
            cases: points.iter().filter_map(|point| self.case_line(point)).collect(),
            troubles: points.iter().filter_map(trouble).collect(),
        }
    }

    fn open_line(self, open: &Open) -> OpenLine {
        OpenLine {
            id: open.incident.0,
            number: open.priority.number(),
            kind: words::kind(open.kind),
            subject: self.subject(&open.subject),
            cause: words::cause(&open.cause, self.names),
            raised: self.when(open.raised_at),
            handling: self.handling(open),
            is_over: !open.ongoing,
            shelf: open.shelf.as_ref().map(|shelf| (self.when(shelf.until), shelf.reason.clone())),
            notes: open
                .notes
                .iter()
                .map(|note| NoteLine {
                    by: self.names.staff(&note.by),
                    at: self.when(note.at),
                    text: note.text.clone(),
                })
                .collect(),
        }
    }

    fn handling(self, open: &Open) -> String {
        words::handling(&open.handling, open.owner.as_ref(), self.names)
    }

    fn line(self, open: &Open, what: String, since: Timestamp) -> Line {
        Line { incident: open.incident.0, who: self.subject(&open.subject), what, since: self.when(since) }
    }

    fn calls(self, open: &Open) -> Vec<Line> {
        let call = |call: &Call| Line {
            who: self.names.person(&call.person),
            ..self.line(open, self.call(call), call.since)
        };
        let going = |going: &Attendance| {
            let since = going.since().unwrap_or(open.raised_at);
            Line {
                who: self.names.staff(&going.responder),
                ..self.line(open, self.going(open, going), since)
            }
        };
        open.calls.iter().map(call).chain(open.going.iter().map(going)).collect()
    }

    fn call(self, call: &Call) -> String {
        match &call.why {
            CallWhy::Answered(answer) => format!("answered {}, and waits", words::answer(answer)),
            CallWhy::Unreached => "cannot be reached: call them".into(),
        }
    }

    fn going(self, open: &Open, going: &Attendance) -> String {
        format!("{} ({})", words::attending(going.stage()), self.title(open))
    }

    fn case_line(self, point: &Point) -> Option<CaseLine> {
        let Point::Due(Due { case, wearer, what, at }) = point else { return None };
        Some(CaseLine {
            case: case.to_string(),
            wearer: self.names.wearer(wearer),
            what: due(*what),
            at: self.when(*at),
        })
    }

    pub(super) fn change(self, change: &Change) -> ChangeLine {
        let (mark, key, point) = match change {
            Change::New(point) => ("New", "new", point),
            Change::Changed(_, point) => ("Changed", "changed", point),
            Change::Gone(point) => ("No longer", "gone", point),
        };
        let says = match change {
            Change::Changed(Point::Open(was), Point::Open(is)) => self.differences(was, is),
            Change::New(Point::Open(open)) => self.news(open),
            Change::Gone(Point::Open(_)) => vec!["It is closed.".into()],
            Change::New(Point::Due(_)) | Change::Changed(_, Point::Due(_)) => self.due_at(point),
            _ => Vec::new(),
        };
        let open = point.open();
        ChangeLine {
            mark,
            key,
            incident: open.map(|open| open.incident.0),
            number: open.map(|open| open.priority.number()),
            what: self.what(point),
            says,
        }
    }

    fn what(self, point: &Point) -> String {
        match point {
            Point::Open(open) => self.title(open),
            Point::More(more) => format!("{more} more open incidents, not listed one by one"),
            Point::Due(it) => {
                format!("Case {}, {}: {}", it.case, self.names.wearer(&it.wearer), due(it.what))
            }
            Point::Trouble(what) => format!("Cordon itself: {what}"),
        }
    }

    fn due_at(self, point: &Point) -> Vec<String> {
        self.case_line(point).map(|line| format!("{} UTC", line.at.in_full())).into_iter().collect()
    }

    /// What there is to know of one that was not there before.
    fn news(self, open: &Open) -> Vec<String> {
        let mut says = vec![self.handling(open)];
        says.extend((!open.ongoing).then(|| "Over".into()));
        says.extend(open.shelf.as_ref().map(|shelf| self.shelved(shelf.until)));
        says.extend(open.notes.iter().map(|note| self.note(&note.by, &note.text)));
        says.extend(self.calls(open).into_iter().map(|line| format!("{}: {}", line.who, line.what)));
        says
    }

    fn differences(self, was: &Open, is: &Open) -> Vec<String> {
        let mut says = Vec::new();
        if (was.kind, was.priority) != (is.kind, is.priority) {
            says.push(format!("It was P{}, {}", was.priority.number(), words::kind(was.kind).to_lowercase()));
        }
        if was.raised_at != is.raised_at {
            says.push(format!("Raised again at {} UTC", self.when(is.raised_at).clock()));
        }
        if (&was.handling, &was.owner) != (&is.handling, &is.owner) {
            says.push(self.handling(is));
        }
        match (was.ongoing, is.ongoing) {
            (true, false) => says.push("Over".into()),
            (false, true) => says.push("It goes on again".into()),
            _ => {}
        }
        match (&was.shelf, &is.shelf) {
            (Some(_), None) => says.push("Back from the shelf".into()),
            (was, Some(shelf)) if was.as_ref() != Some(shelf) => says.push(self.shelved(shelf.until)),
            _ => {}
        }
        let notes = is.notes.iter().filter(|note| !was.notes.contains(note));
        says.extend(notes.map(|note| self.note(&note.by, &note.text)));
        let (before, now) = (self.calls(was), self.calls(is));
        let same = |a: &Line, b: &Line| (&a.who, &a.what) == (&b.who, &b.what);
        let say = |line: &Line, how: &str| format!("{}: {}{how}", line.who, line.what);
        let come = now.iter().filter(|line| before.iter().all(|other| !same(line, other)));
        says.extend(come.map(|line| say(line, "")));
        let met = before.iter().filter(|line| now.iter().all(|other| other.who != line.who));
        says.extend(met.map(|line| say(line, " (no longer)")));
        if says.is_empty() {
            says.push("Details".into());
        }
        says
    }

    fn shelved(self, until: Timestamp) -> String {
        format!("Shelved until {} UTC", self.when(until).date())
    }

    fn note(self, by: &StaffId, text: &str) -> String {
        format!("Note by {}: {text}", self.names.staff(by))
    }
}

fn due(what: DueWhat) -> &'static str {
    match what {
        DueWhat::BasisEnds => "its basis ends",
        DueWhat::Review => "its review is due",
    }
}

fn trouble(point: &Point) -> Option<String> {
    if let Point::Trouble(what) = point { Some(what.clone()) } else { None }
}
