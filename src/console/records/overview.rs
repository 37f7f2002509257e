//! The first page of the records: what is due, what is begun, and all of them.

use askama::Template;
use axum::{Router, extract::State, response::Response, routing::get};

use super::kind::{self, Kind};
use crate::{
    console::{
        App,
        caller::Officer,
        names::Names,
        page::{Frame, framed, html},
        refusal::Refusal,
        when::When,
    },
    domain::{Case, CaseId, Risk, Timestamp, Wearer, WearerId},
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
    wearers: Option<List<WearerLine>>,
    cases: Option<List<CaseLine>>,
}

/// Something that is to be put right, and where.
struct Due {
    what: &'static str,
    why: &'static str,
    cases: Vec<(CaseId, String)>,
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
    let (board, now, frame) = framed(&app, &officer, "Records", "records");
    let rulebook = &*board.rulebook;
    let drafts = app.access.drafts(&officer.id).await?;
    let begun = |draft: crate::access::Draft| {
        let (word, id) = draft.subject.split_once(':')?;
        let kind = Kind::ALL.into_iter().find(|kind| kind.word() == word)?;
        let saved = When::new(draft.saved_at, app.clock.wall().max(draft.saved_at));
        if id.is_empty() {
            return Some(Begun { at: kind.path().into(), title: format!("A new {word}"), saved });
        }
        // What is no longer within reach is not named either.
        let (_, title) = kind::names(&kind.find(rulebook, id)?);
        Some(Begun { at: format!("{}/{id}", kind.path()), title, saved })
    };
    let add = |kind: Kind| {
        let reach = officer.reach_of(kind.change())?;
        rulebook.units().any(|unit| reach.has_unit(&unit.id)).then_some(kind.path())
    };
    let page = Page {
        due: if officer.may(Kind::Case.see()) { due(rulebook, now) } else { Vec::new() },
        drafts: drafts.into_iter().filter_map(begun).collect(),
        wearers: officer
            .may(Kind::Wearer.see())
            .then(|| List { add: add(Kind::Wearer), lines: wearers(rulebook, now) }),
        cases: officer
            .may(Kind::Case.see())
            .then(|| List { add: add(Kind::Case), lines: cases(rulebook, now) }),
        frame,
    };
    Ok(html(&page))
}

/// What of the cases in force is to be put right.
fn due(rulebook: &Rulebook, now: Timestamp) -> Vec<Due> {
    let of = |what, why, is_due: &dyn Fn(&Case) -> bool| {
        let due = in_force(rulebook, now).filter(|case| is_due(case));
        let name = |case: &Case| (case.id.clone(), Names(rulebook).wearer(&case.wearer));
        Due { what, why, cases: due.map(name).collect() }
    };
    let unfitted =
        |case: &Case| rulebook.wearer(&case.wearer).is_none_or(|wearer| worn(wearer, now).is_empty());
    vec![
        of("without a tag fitted", "Ordered or agreed, and nothing watches.", &unfitted),
        of("without a plan", "Nobody has written how the persons are kept safe.", &|case| {
            case.plan.is_none()
        }),
        of("with an overdue review", "The day has passed, or none was set.", &|case| {
            case.review_due.is_none_or(|due| due <= now)
        }),
    ]
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
