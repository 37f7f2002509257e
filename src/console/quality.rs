//! How well alarms serve: how often they were for nothing, which ones stand, and which come again and again.
//!
//! A false alarm, repeated, makes a person give up (EEMUA 191, ISA-18.2 call these bad actors). What officers choose when
//! they close an incident is what is counted here.

use std::collections::BTreeMap;

use askama::Template;
use axum::{Router, extract::State, response::Response, routing::get};

use super::{
    App,
    caller::Officer,
    names::Names,
    page::{Frame, framed, html},
    refusal::Refusal,
    scope,
    when::When,
    words,
};
use crate::{
    domain::{Handling, Happening, Incident, IncidentId, Outcome, Priority, Subject, Timestamp},
    engine::Rulebook,
    sequencer::Board,
};

/// So many days are counted.
const DAYS: i64 = 28;
const DAY_MS: i64 = 86_400_000;
/// Closed incidents that are read at once, and at most.
const PAGE: i64 = 500;
const READ_MAX: usize = 10_000;
/// Raised so often within a day, it chatters.
const CHATTERS: usize = 3;
/// Of each list.
const LINES_MAX: usize = 100;

pub(super) fn routes() -> Router<App> {
    Router::new().route("/quality", get(page))
}

#[derive(Template)]
#[template(path = "quality.html", config = ".askama.toml")]
struct Page {
    frame: Frame,
    days: i64,
    wearers: Vec<Line>,
    persons: Vec<Line>,
    standing: Vec<Standing>,
    chattering: Vec<Chattering>,
}

/// What came of the P1 about somebody, or for somebody.
struct Line {
    name: String,
    tally: Tally,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct Tally {
    raised: usize,
    open: usize,
    confirmed: usize,
    excused: usize,
    /// Nothing was there, or something was broken.
    false_alarms: usize,
}

impl Tally {
    fn count(&mut self, incident: &Incident) {
        let outcome = match incident.handling {
            Handling::Closed { outcome: Outcome::Test, .. } => return,
            Handling::Closed { outcome, .. } => Some(outcome),
            _ => None,
        };
        self.raised += 1;
        match outcome {
            None => self.open += 1,
            Some(Outcome::Confirmed) => self.confirmed += 1,
            Some(Outcome::Excused) => self.excused += 1,
            Some(Outcome::FalseAlarm | Outcome::Technical | Outcome::Test) => self.false_alarms += 1,
        }
    }

    /// Of those that were closed, percent; none while nothing is.
    fn false_pct(self) -> Option<usize> {
        (self.false_alarms * 100).checked_div(self.raised - self.open)
    }
}

/// An incident that has been open for more than a day.
struct Standing {
    id: IncidentId,
    what: String,
    raised: When,
}

/// Something that was raised again and again within a day.
struct Chattering {
    what: String,
    times: usize,
    last: IncidentId,
}

async fn page(State(app): State<App>, officer: Officer) -> Result<Response, Refusal> {
    let (board, now, frame) = framed(&app, &officer, "Alarms", "quality");
    let since = now.plus_ms(-DAYS * DAY_MS);
    let mut all: Vec<Incident> = closed_since(&app, &officer, &board, since).await?;
    all.extend(board.incidents.values().map(|open| open.as_ref().clone()));
    all.retain(|incident| incident.raised_at >= since || incident.is_open());
    let names = Names(&board.rulebook);
    let page = Page {
        frame,
        days: DAYS,
        wearers: lines(&all, since, |incident| match &incident.subject {
            Subject::Wearer(id) => vec![names.wearer(id)],
            Subject::Person(_) | Subject::Service => Vec::new(),
        }),
        persons: lines(&all, since, |incident| persons(&board.rulebook, incident)),
        standing: standing(&all, names, now),
        chattering: chattering(&all, names, since),
    };
    Ok(html(&page))
}

/// What was raised since then, is closed, and is within reach; the newest first.
async fn closed_since(
    app: &App,
    officer: &Officer,
    board: &Board,
    since: Timestamp,
) -> Result<Vec<Incident>, Refusal> {
    let (mut found, mut read, mut before) = (Vec::new(), 0, IncidentId(i64::MAX));
    loop {
        let page = app.store.closed_incidents(before, PAGE).await?;
        let is_last = page.len() < usize::try_from(PAGE).unwrap_or(usize::MAX);
        read += page.len();
        // Numbers rise with time: what comes after this is older.
        let is_enough = page.last().is_none_or(|oldest| oldest.raised_at < since) || read >= READ_MAX;
        before = page.last().map_or(before, |oldest| oldest.id);
        let in_reach = |it: &Incident| scope::has_incident(&officer.reach, &board.rulebook, it);
        found.extend(page.into_iter().filter(in_reach));
        if is_last || is_enough {
            return Ok(found);
        }
    }
}

/// The persons who are told of danger from an incident.
fn persons(rulebook: &Rulebook, incident: &Incident) -> Vec<String> {
    incident.case.as_ref().map(|case| Names(rulebook).protected(case)).unwrap_or_default()
}

/// A line for each name that P1 incidents are put to, those with the most false alarms first.
fn lines(all: &[Incident], since: Timestamp, put_to: impl Fn(&Incident) -> Vec<String>) -> Vec<Line> {
    let mut tallies: BTreeMap<String, Tally> = BTreeMap::new();
    let danger = all.iter().filter(|it| it.priority == Priority::P1 && it.raised_at >= since);
    for incident in danger {
        for name in put_to(incident) {
            tallies.entry(name).or_default().count(incident);
        }
    }
    let mut lines: Vec<Line> = tallies.into_iter().map(|(name, tally)| Line { name, tally }).collect();
    lines.sort_by_key(|line| std::cmp::Reverse((line.tally.false_alarms, line.tally.raised)));
    lines.truncate(LINES_MAX);
    lines
}

fn standing(all: &[Incident], names: Names<'_>, now: Timestamp) -> Vec<Standing> {
    let mut old: Vec<&Incident> =
        all.iter().filter(|it| it.is_open() && it.raised_at < now.plus_ms(-DAY_MS)).collect();
    old.sort_by_key(|it| it.raised_at);
    let line = |it: &Incident| Standing {
        id: it.id,
        what: format!("{}, {}", words::kind(it.kind), names.subject(it)),
        raised: When::new(it.raised_at, now),
    };
    old.into_iter().take(LINES_MAX).map(line).collect()
}

/// What was raised three times or more within some day.
fn chattering(all: &[Incident], names: Names<'_>, since: Timestamp) -> Vec<Chattering> {
    let mut by_cause: BTreeMap<_, Vec<(Timestamp, &Incident)>> = BTreeMap::new();
    for incident in all {
        // A situation that was over and came back was raised again.
        let raised = incident.timeline.iter().filter(|entry| matches!(entry.what, Happening::Raised { .. }));
        let begins = raised.map(|entry| entry.at).filter(|at| *at >= since);
        by_cause
            .entry((incident.subject.clone(), incident.cause.clone()))
            .or_default()
            .extend(begins.map(|at| (at, incident)));
    }
    let worst = |mut raises: Vec<(Timestamp, &Incident)>| {
        raises.sort_by_key(|(at, it)| (*at, it.id));
        let from = |(i, (at, _)): (usize, &(Timestamp, &Incident))| {
            raises[i..].iter().take_while(|(next, _)| *next < at.plus_ms(DAY_MS)).count()
        };
        let times = raises.iter().enumerate().map(from).max().unwrap_or_default();
        let (_, last) = raises.last()?;
        (times >= CHATTERS).then(|| Chattering {
            what: format!("{}, {}", words::kind(last.kind), names.subject(last)),
            times,
            last: last.id,
        })
    };
    let mut found: Vec<Chattering> = by_cause.into_values().filter_map(worst).collect();
    found.sort_by_key(|it| std::cmp::Reverse((it.times, it.last)));
    found.truncate(LINES_MAX);
    found
}
