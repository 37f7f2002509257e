//! The first page of the records: what is due, what is begun, and all of them.

use std::collections::BTreeSet;

use askama::Template;
use axum::{Router, extract::State, response::Response, routing::get};

use super::{
    contacts,
    kind::{self, Kind},
    withdrawal,
};
use crate::{
    console::{
        App,
        caller::Officer,
        names::Names,
        page::{Frame, framed, html},
        refusal::Refusal,
        rights::Act,
        when::When,
    },
    domain::{
        AlertShape, Case, CaseId, Channel, Person, PersonId, Risk, Timestamp, Unit, UnitId, Wearer, WearerId,
        Withdrawal,
    },
    engine::Rulebook,
};

pub(super) fn routes() -> Router<App> {
    Router::new().route("/records", get(page))
}

#[derive(Template)]
#[template(path = "records.html", config = ".askama.toml")]
struct Page {
    frame: Frame,
    due: Vec<Due>,
    drafts: Vec<Begun>,
    cases: Option<List<CaseLine>>,
    wearers: Option<List<WearerLine>>,
    persons: Option<List<PersonLine>>,
    units: Option<List<UnitLine>>,
    sees_erasures: bool,
}

/// Something that is to be put right, and where.
struct Due {
    /// One of them, and several.
    of: [&'static str; 2],
    what: &'static str,
    why: String,
    /// Where each of them is, its name and its id.
    which: Vec<(String, String, String)>,
}

/// A draft of one's own.
struct Begun {
    at: String,
    title: String,
    saved: When,
}

struct List<T> {
    /// Where a new one is made, for those who may.
    add: Option<&'static str>,
    lines: Vec<T>,
}

struct WearerLine {
    id: WearerId,
    name: String,
    tags: String,
    cases: Vec<CaseId>,
}

struct PersonLine {
    id: PersonId,
    name: String,
    /// In words, without a number.
    reached: String,
    /// Their ids, for those who may see them as links.
    cases: Vec<CaseId>,
}

struct UnitLine {
    id: UnitId,
    name: String,
    staff: usize,
}

struct CaseLine {
    id: CaseId,
    wearer: String,
    persons: String,
    risk: &'static str,
    until: Option<When>,
    is_over: bool,
    review: Option<When>,
}

async fn page(State(app): State<App>, officer: Officer) -> Result<Response, Refusal> {
    let (_, now, frame) = framed(&app, &officer, "Records", "records");
    // Each list as far as whoever looks may see that kind: one role may reach less than another.
    let seen = |kind: Kind| officer.reach_of(kind.see()).map(|reach| app.look_at(&reach).0);
    let drafts = app.access.drafts(&officer.id).await?;
    let begun = |draft: crate::access::Draft| {
        let (word, id) = draft.subject.split_once(':')?;
        let kind = Kind::ALL.into_iter().find(|kind| kind.word() == word)?;
        let saved = When::new(draft.saved_at, app.clock.wall().max(draft.saved_at));
        if id.is_empty() {
            return Some(Begun { at: kind.path().into(), title: format!("A new {word}"), saved });
        }
        // What is no longer within reach is not named either.
        let (_, title) = kind::names(&kind.find(&seen(kind)?.rulebook, id)?);
        Some(Begun { at: format!("{}/{id}", kind.path()), title, saved })
    };
    let add = |kind: Kind| {
        let reach = officer.reach_of(kind.change())?;
        let (board, _) = app.look_at(&reach);
        kind.may_be_made(&board.rulebook, &reach).then_some(kind.path())
    };
    let boards = Kind::ALL.map(seen);
    let [wearers_of, persons_of, cases_of, units_of] =
        boards.each_ref().map(|board| board.as_ref().map(|board| &*board.rulebook));
    let mut due = cases_of.map(|rulebook| due(rulebook, now)).unwrap_or_default();
    if app.channels.contains(&Channel::Voice) {
        due.extend(persons_of.map(|rulebook| not_called(rulebook, now)));
    }
    let page = Page {
        due,
        drafts: drafts.into_iter().filter_map(begun).collect(),
        cases: cases_of.map(|rulebook| List { add: add(Kind::Case), lines: cases(rulebook, now) }),
        wearers: wearers_of.map(|rulebook| List { add: add(Kind::Wearer), lines: wearers(rulebook, now) }),
        persons: persons_of.map(|rulebook| List { add: add(Kind::Person), lines: persons(rulebook) }),
        units: units_of.map(|rulebook| List { add: add(Kind::Unit), lines: units(rulebook) }),
        sees_erasures: officer.may(Act::SeeErasures),
        frame,
    };
    Ok(html(&page))
}

/// What of the cases in force is to be put right.
fn due(rulebook: &Rulebook, now: Timestamp) -> Vec<Due> {
    let of = |what, why, is_due: &dyn Fn(&Case) -> bool| {
        let due = in_force(rulebook, now).filter(|case| is_due(case));
        let line = |case: &Case| {
            let at = format!("{}/{}", Kind::Case.path(), case.id);
            (at, Names(rulebook).wearer(&case.wearer), case.id.to_string())
        };
        Due { of: ["case", "cases"], what, why: String::from(why), which: due.map(line).collect() }
    };
    let unfitted =
        |case: &Case| rulebook.wearer(&case.wearer).is_none_or(|wearer| worn(wearer, now).is_empty());
    vec![
        withdrawn(rulebook, now),
        of("without a tag fitted", "Ordered or agreed, and nothing watches.", &unfitted),
        of("without a plan", "Nobody has written how the persons are kept safe.", &|case| {
            case.plan.is_none()
        }),
        of("with an overdue review", "The day has passed, or none was set.", &|case| {
            case.review_due.is_none_or(|due| due <= now)
        }),
    ]
}

/// Those whose wearer no longer agrees: the one that has waited for longest first.
fn withdrawn(rulebook: &Rulebook, now: Timestamp) -> Due {
    let waiting = withdrawal::all_waiting(rulebook, now);
    let longest = waiting.first().map(|(_, it)| format!(" The longest: {}.", withdrawal::waits(it, now)));
    let line = |(case, it): &(&Case, &Withdrawal)| {
        let says = format!("{}, {}", case.id, withdrawal::waits(it, now));
        (withdrawal::path(&case.id), Names(rulebook).wearer(&case.wearer), says)
    };
    Due {
        of: ["case", "cases"],
        what: "whose wearer has withdrawn",
        why: format!("Tell the persons whom it protects, then end it.{}", longest.unwrap_or_default()),
        which: waiting.iter().map(line).collect(),
    }
}

/// A text wakes nobody. Whoever has chosen that nothing rings has chosen it.
fn not_called(rulebook: &Rulebook, now: Timestamp) -> Due {
    let protected: BTreeSet<&PersonId> = in_force(rulebook, now).flat_map(|case| &case.persons).collect();
    let persons = protected.into_iter().filter_map(|id| rulebook.person(id));
    let silent = |person: &&Person| {
        let is_called = person.contacts.iter().any(|contact| contact.channel == Channel::Voice);
        !is_called && person.plan.shape != AlertShape::Silent
    };
    let line = |person: &Person| {
        (format!("{}/{}", Kind::Person.path(), person.id), person.name.clone(), person.id.to_string())
    };
    Due {
        of: ["person", "persons"],
        what: "whom no call can wake",
        why: "They have no number for calls, and have not chosen that nothing rings.".into(),
        which: persons.filter(silent).map(line).collect(),
    }
}

fn in_force(rulebook: &Rulebook, now: Timestamp) -> impl Iterator<Item = &Case> {
    rulebook.cases().filter(move |case| case.basis.covers(now) && !case.unit.is_canary())
}

/// The tags that a wearer wears.
fn worn(wearer: &Wearer, now: Timestamp) -> Vec<String> {
    wearer.tags.iter().filter(|worn| worn.covers(now)).map(|worn| worn.tag.to_string()).collect()
}

fn wearers(rulebook: &Rulebook, now: Timestamp) -> Vec<WearerLine> {
    let line = |wearer: &Wearer| WearerLine {
        id: wearer.id.clone(),
        name: wearer.name.clone(),
        tags: worn(wearer, now).join(", "),
        cases: rulebook.cases_of(&wearer.id).map(|case| case.id.clone()).collect(),
    };
    let ours = rulebook.wearers().filter(|wearer| !wearer.unit.is_canary());
    let mut lines: Vec<_> = ours.map(line).collect();
    lines.sort_by(|a, b| a.name.cmp(&b.name).then_with(|| a.id.cmp(&b.id)));
    lines
}

fn persons(rulebook: &Rulebook) -> Vec<PersonLine> {
    let line = |person: &Person| PersonLine {
        id: person.id.clone(),
        name: person.name.clone(),
        reached: contacts::ways(&person.contacts),
        cases: rulebook
            .cases()
            .filter(|case| case.persons.contains(&person.id))
            .map(|case| case.id.clone())
            .collect(),
    };
    let mut lines: Vec<_> = rulebook.persons().map(line).collect();
    lines.sort_by(|a, b| a.name.cmp(&b.name).then_with(|| a.id.cmp(&b.id)));
    lines
}

fn units(rulebook: &Rulebook) -> Vec<UnitLine> {
    let line =
        |unit: &Unit| UnitLine { id: unit.id.clone(), name: unit.name.clone(), staff: unit.staff.len() };
    rulebook.units().map(line).collect()
}

fn cases(rulebook: &Rulebook, now: Timestamp) -> Vec<CaseLine> {
    let names = Names(rulebook);
    let line = |case: &Case| CaseLine {
        id: case.id.clone(),
        wearer: names.wearer(&case.wearer),
        persons: case.persons.iter().map(|person| names.person(person)).collect::<Vec<_>>().join(", "),
        risk: risk(case.risk),
        until: case.basis.until.map(|until| When::new(until, now)),
        is_over: !case.basis.covers(now),
        review: case.review_due.map(|due| When::new(due, now)),
    };
    let mut all: Vec<&Case> = rulebook.cases().filter(|case| !case.unit.is_canary()).collect();
    // Those in force first, the gravest of them at the top.
    all.sort_by_key(|case| (!case.basis.covers(now), std::cmp::Reverse(case.risk), case.id.clone()));
    all.into_iter().map(line).collect()
}

fn risk(risk: Risk) -> &'static str {
    match risk {
        Risk::Standard => "Standard",
        Risk::Medium => "Medium",
        Risk::High => "High",
    }
}
