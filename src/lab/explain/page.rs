//! The page: one file that needs nothing else.

use std::collections::BTreeSet;

use askama::Template;

use super::{
    Explanation,
    chart::{self, Chart},
    choose::chosen,
    drawing::{self, Drawing, key},
    gather::{Area, Changed, Heard, Line, Sighting},
    proof::{self, Fact},
    summary::{self, Point},
    told::{self, Did, Recipients},
    when::Days,
    words,
};
use crate::{
    domain::{
        Happening, IncidentKind, Stage, Timestamp,
        words::{border, percent, reason, source, span, stage, stated},
    },
    engine::ENGINE_VERSION,
};

/// Positions listed, and drawn.
const LISTED_MAX: usize = 60;
const DRAWN_MAX: usize = 240;
/// Later than this is said to be late, seconds.
const LATE_S: f64 = 120.0;
/// A clock that is off by less is not worth a word, seconds.
const CLOCK_S: f64 = 1.0;

#[derive(Template)]
#[template(path = "explain.html", config = ".askama.toml")]
struct Page {
    title: String,
    day: String,
    wearer: String,
    case: String,
    unit: String,
    version: &'static str,
    engine: i64,
    doubts: Vec<String>,
    points: Vec<Point>,
    drawing: Option<Drawing>,
    chart: Option<Chart>,
    is_around: bool,
    redrawn: bool,
    clock_off: Option<String>,
    steps: Vec<Step>,
    listed: usize,
    positions: usize,
    heard: Vec<Input>,
    recipients: Vec<Recipients>,
    story: Vec<Did>,
    own_words: bool,
    facts: Vec<Fact>,
    differences: Vec<String>,
    otherwise: Option<[String; 3]>,
}

/// A position, or a change without one.
struct Step {
    no: i64,
    number: Option<usize>,
    position: Option<Position>,
    received: String,
    after: &'static str,
    is_past: bool,
    key: &'static str,
    changes: Vec<Change>,
}

struct Position {
    taken: String,
    late: String,
    is_late: bool,
    accuracy: String,
    judged: String,
    source: &'static str,
    border: String,
    inside: String,
}

struct Change {
    says: String,
    reason: String,
    rule: String,
}

struct Input {
    no: i64,
    at: String,
    what: String,
    changed: bool,
}

pub(super) fn html(of: &Explanation) -> anyhow::Result<String> {
    let days = Days::of(of.first());
    let gathered = &of.gathered;
    let listed = listed(of);
    let number = |sighting: &Sighting| {
        let is_it = |nth: &usize| std::ptr::eq(&raw const gathered.sightings[*nth], sighting);
        listed.iter().position(is_it).filter(|place| changes_at(of, listed[*place])).map(|place| place + 1)
    };
    let drawn: Vec<&Sighting> =
        chosen(gathered.sightings.len(), &listed.iter().copied().collect(), DRAWN_MAX)
            .into_iter()
            .map(|nth| &gathered.sightings[nth])
            .collect();
    let area = gathered.area.as_ref();
    let incident = &of.incident;
    let page = Page {
        title: summary::title(of),
        day: days.day().into(),
        wearer: words::subject(&incident.subject),
        case: incident.case.as_ref().map(ToString::to_string).unwrap_or_default(),
        unit: incident.unit.to_string(),
        version: env!("CARGO_PKG_VERSION"),
        engine: ENGINE_VERSION,
        doubts: proof::doubts(of),
        points: summary::points(of, &days),
        drawing: area.and_then(|area| drawing::of(area, &drawn, &number)),
        chart: area.and_then(|area| chart::of(of, area, &drawn, &number)),
        is_around: area.is_some_and(|area| matches!(area, Area::Around(_))),
        redrawn: gathered.redrawn,
        clock_off: (gathered.clock_off_s.abs() >= CLOCK_S).then(|| clock_words(gathered.clock_off_s)),
        steps: steps(of, &listed, &days),
        listed: listed.len(),
        positions: gathered.sightings.len() + gathered.passed_over,
        heard: heard(of, &days),
        recipients: told::recipients(of, &days),
        story: told::story(of, &days),
        own_words: of.own_words,
        facts: proof::facts(of),
        differences: of.findings.differences.clone(),
        otherwise: of
            .findings
            .otherwise
            .as_ref()
            .map(|other| [other.no.to_string(), other.recorded.clone(), other.decided.clone()]),
    };
    Ok(page.render()?)
}

/// The places of the positions that are listed: those at which something changed first of all.
fn listed(of: &Explanation) -> Vec<usize> {
    let count = of.gathered.sightings.len();
    let matter: BTreeSet<usize> = (0..count).filter(|nth| changes_at(of, *nth)).collect();
    chosen(count, &matter, LISTED_MAX)
}

/// Whether a position brought a change about.
fn changes_at(of: &Explanation, nth: usize) -> bool {
    of.gathered.changes.iter().any(|changed| changed.by == Some(nth))
        || found_late(of).any(|line| last_of(of, line.no) == Some(nth))
}

/// What was found in positions that came late, without a change of what is believed now.
fn found_late(of: &Explanation) -> impl Iterator<Item = &Line> {
    let is_change = |line: &Line, really: Timestamp| {
        let same = |changed: &Changed| changed.no == line.no && changed.change.true_time == really;
        of.gathered.changes.iter().any(same)
    };
    of.gathered.story.iter().filter(move |line| match line.what {
        Happening::Raised { kind: IncidentKind::Violation, true_time, .. } => !is_change(line, true_time),
        Happening::Disproved { .. } => true,
        _ => false,
    })
}

/// The place of a row's last position.
fn last_of(of: &Explanation, no: i64) -> Option<usize> {
    of.gathered.sightings.iter().rposition(|sighting| sighting.no == no)
}

/// The positions listed and the changes that came without one, in the order in which Cordon learnt of them.
fn steps(of: &Explanation, listed: &[usize], days: &Days) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    for (place, nth) in listed.iter().enumerate() {
        let sighting = &of.gathered.sightings[*nth];
        let by_it = of.gathered.changes.iter().filter(|changed| changed.by == Some(*nth));
        let late = found_late(of).filter(|line| last_of(of, line.no) == Some(*nth));
        steps.push(Step {
            no: sighting.no,
            number: Some(place + 1),
            position: Some(position(sighting, days)),
            received: days.at(sighting.received),
            after: stage(sighting.after),
            is_past: sighting.is_past,
            key: key(sighting.after),
            changes: by_it
                .map(|changed| change(changed, days))
                .chain(late.map(|line| found(line, days)))
                .collect(),
        });
    }
    for changed in of.gathered.changes.iter().filter(|changed| changed.by.is_none()) {
        steps.push(Step {
            no: changed.no,
            number: None,
            position: None,
            received: days.at(changed.at),
            after: stage(changed.change.to),
            is_past: false,
            key: key(changed.change.to),
            changes: vec![change(changed, days)],
        });
    }
    steps.sort_by_key(|step| step.no);
    steps
}

fn position(sighting: &Sighting, days: &Days) -> Position {
    let late_s = sighting.received.s_since(sighting.taken);
    let sight = &sighting.sight;
    Position {
        taken: days.at(sighting.taken),
        late: if late_s < 1.0 { "under 1 s".into() } else { span(late_s) },
        is_late: late_s > LATE_S,
        accuracy: sighting.fix.map_or("two positions".into(), |seen| stated(seen.accuracy)),
        judged: format!("{:.0} m", sight.sigma_m),
        source: sighting.fix.map_or("both", |seen| source(seen.source)),
        border: border(sight.border_m).replace(" the zone's border", ""),
        inside: percent(sight.p_inside),
    }
}

fn change(changed: &Changed, days: &Days) -> Change {
    let Changed { at, change, .. } = changed;
    let since = if change.to == Stage::Violation && change.true_time != *at {
        format!(", true since {}", days.at(change.true_time))
    } else {
        String::new()
    };
    Change {
        says: format!("{} \u{2192} {}{since}", stage(change.from), stage(change.to)),
        reason: reason(&change.reason),
        rule: words::rule(&change.reason, change.to).unwrap_or_default(),
    }
}

fn found(line: &Line, days: &Days) -> Change {
    match &line.what {
        Happening::Raised { true_time, reason: why, .. } => Change {
            says: format!("Found late: Violation, true since {}", days.at(*true_time)),
            reason: reason(why),
            rule: words::rule(why, Stage::Violation).unwrap_or_default(),
        },
        Happening::Disproved { from } => Change {
            says: format!("The stay of {} is no longer proven", days.at(*from)),
            reason: "Positions that came late change what is known.".into(),
            rule: String::new(),
        },
        _ => Change { says: String::new(), reason: String::new(), rule: String::new() },
    }
}

fn heard(of: &Explanation, days: &Days) -> Vec<Input> {
    let input = |heard: &Heard, changed| Input {
        no: heard.no,
        at: days.at(heard.at),
        what: heard.what.clone(),
        changed,
    };
    let before = of.gathered.before.iter().map(|heard| input(heard, false));
    before.chain(of.gathered.changing.iter().map(|heard| input(heard, true))).collect()
}

fn clock_words(off_s: f64) -> String {
    let side = if off_s > 0.0 { "behind" } else { "ahead" };
    format!("{} {side}", span(off_s.abs()))
}

impl Explanation {
    /// When it really began, as far as is known.
    pub(super) fn first(&self) -> Timestamp {
        let stays = self.incident.episodes.iter().map(|stay| stay.from);
        stays.chain([self.incident.raised_at]).min().unwrap_or(self.incident.raised_at)
    }
}
