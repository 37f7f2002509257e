//! The zones of a case: drawn by one person, rehearsed, approved by another, and then in force at once.

mod decide;
mod drawing;
mod form;
mod judge;
mod words;

use askama::Template;
use axum::{
    Router,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};

use super::{
    kind::case,
    read::Wrong,
    record,
    sheet::{self, Control, Section, Summary},
    values::Values,
};
use crate::{
    access::Proposed,
    console::{
        App,
        caller::Officer,
        guard::{FORM_TOKEN, Posted},
        map::Map,
        names::Names,
        page::{Frame, framed, html},
        refusal::Refusal,
        rights::Act,
        when::When,
    },
    domain::{Book, Case, Zone, ZoneId},
};
use judge::Judged;

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/records/cases/{id}/zones", get(list))
        .route("/records/cases/{id}/zones/new", get(fresh).post(post_fresh))
        .route("/records/cases/{id}/zones/of/{zone}", get(one).post(post_one))
        .route("/records/cases/{id}/zones/of/{zone}/remove", post(remove))
        .route("/records/cases/{id}/proposals/{no}", get(decide::page).post(decide::decide))
}

#[derive(Template)]
#[template(path = "zones.html", config = ".askama.toml")]
struct ListPage {
    frame: Frame,
    case: String,
    title: String,
    zones: Vec<Line>,
    waiting: Vec<Waiting>,
    map: Map,
    may_propose: bool,
}

struct Line {
    id: String,
    code: String,
    shape: String,
    margin: String,
    hours: String,
}

struct Waiting {
    no: i64,
    what: String,
    author: String,
    made: When,
}

#[derive(Template)]
#[template(path = "zone.html", config = ".askama.toml")]
struct FormPage {
    frame: Frame,
    case: String,
    title: String,
    /// Where its form is sent.
    at: String,
    sections: Vec<Section>,
    summary: Summary,
    judged: Option<Judged>,
    map: Option<Map>,
    /// The zone is in force, and it can be proposed that it goes.
    removes: Option<String>,
    is_circle: bool,
}

async fn list(State(app): State<App>, officer: Officer, Path(id): Path<String>) -> Result<Response, Refusal> {
    let (board, now) = app.look_as(&officer);
    let case = case(&board.rulebook, &id)?;
    record(&app, &officer, Act::SeeZones, &Book::Case(case.clone())).await?;
    let title = format!("Zones of case {}", case.id);
    let (_, _, frame) = framed(&app, &officer, &title, "records");
    let waiting = app.access.proposals(Some(&case.id)).await?;
    let names = Names(&board.rulebook);
    let waiting = waiting.into_iter().map(|(no, proposed)| Waiting {
        no,
        what: words::change(&proposed),
        author: names.staff(&proposed.author),
        made: When::new(proposed.made_at, app.clock.wall().max(proposed.made_at)),
    });
    let page = ListPage {
        frame,
        case: case.id.to_string(),
        title,
        waiting: waiting.collect(),
        map: drawing::of(&case, &case.zones, &[], now),
        may_propose: officer.may(Act::ProposeZones),
        zones: case.zones.iter().map(line).collect(),
    };
    Ok(html(&page))
}

fn line(zone: &Zone) -> Line {
    Line {
        id: zone.id.to_string(),
        code: zone.code.clone(),
        shape: words::shape(zone),
        margin: format!("{} m", zone.margin_m.metres()),
        hours: words::hours(zone),
    }
}

async fn fresh(
    State(app): State<App>,
    officer: Officer,
    Path(id): Path<String>,
) -> Result<Response, Refusal> {
    let mut values = Values::default();
    values.put("margin_m", "300");
    opened(&app, &officer, &id, None, values).await
}

async fn one(
    State(app): State<App>,
    officer: Officer,
    Path((id, zone)): Path<(String, String)>,
) -> Result<Response, Refusal> {
    let (board, _) = app.look_as(&officer);
    let known = in_force(&case(&board.rulebook, &id)?, &zone)?;
    opened(&app, &officer, &id, Some(known.clone()), form::write(&known)).await
}

/// The form as it is opened: nothing is rehearsed yet.
async fn opened(
    app: &App,
    officer: &Officer,
    id: &str,
    base: Option<Zone>,
    values: Values,
) -> Result<Response, Refusal> {
    let (board, _) = app.look_as(officer);
    let case = case(&board.rulebook, id)?;
    record(app, officer, Act::SeeZones, &Book::Case(case.clone())).await?;
    let shown = Shown { case: &case, base: base.as_ref(), zone: base.as_ref(), judged: None };
    Ok(draw(app, officer, &shown, &values, Wrong::default(), StatusCode::OK))
}

async fn post_fresh(
    State(app): State<App>,
    officer: Officer,
    Path(id): Path<String>,
    form: Posted,
) -> Result<Response, Refusal> {
    posted(&app, &officer, &id, None, &form).await
}

async fn post_one(
    State(app): State<App>,
    officer: Officer,
    Path((id, zone)): Path<(String, String)>,
    form: Posted,
) -> Result<Response, Refusal> {
    posted(&app, &officer, &id, Some(&zone), &form).await
}

async fn posted(
    app: &App,
    officer: &Officer,
    id: &str,
    zone: Option<&str>,
    form: &Posted,
) -> Result<Response, Refusal> {
    let (board, _) = app.look_as(officer);
    let case = case(&board.rulebook, id)?;
    let base = zone.map(|zone| in_force(&case, zone)).transpose()?;
    let pressed = form.field("do");
    let kept = form.fields().iter().filter(|(name, _)| ![FORM_TOKEN, "do"].contains(&name.as_str()));
    let mut values = Values(kept.cloned().collect()).compacted();
    let shown = |zone, judged| Shown { case: &case, base: base.as_ref(), zone, judged };
    let unsound = |values: &Values, wrong| {
        draw(app, officer, &shown(None, None), values, wrong, StatusCode::UNPROCESSABLE_ENTITY)
    };
    if let Some(list) = pressed.strip_prefix("more:") {
        values.one_more(list);
        return Ok(draw(app, officer, &shown(None, None), &values, Wrong::default(), StatusCode::OK));
    }
    let mut zone = match form::read(&values, base.as_ref().map(|base| &base.id), &case) {
        Ok(zone) => zone,
        Err(wrong) => return Ok(unsound(&values, wrong)),
    };
    let wrong = decide::contradictions(app, &case, &zone);
    if !wrong.0.is_empty() {
        return Ok(unsound(&values, wrong));
    }
    if pressed == "hide"
        && let Some(hidden) = judge::hidden(&zone)
    {
        let why = values.get("why").to_owned();
        values = form::write(&hidden);
        values.put("id", hidden.id.as_str());
        values.put("why", why);
        zone = hidden;
    }
    if pressed == "propose" {
        let why = match form::why(&values) {
            Ok(why) => why,
            Err(wrong) => return Ok(unsound(&values, wrong)),
        };
        return propose(app, officer, &case, zone.id.clone(), Some(zone), base, why).await;
    }
    let judged = judge::judge(app, &case.wearer, &zone).await?;
    Ok(draw(app, officer, &shown(Some(&zone), Some(judged)), &values, Wrong::default(), StatusCode::OK))
}

async fn remove(
    State(app): State<App>,
    officer: Officer,
    Path((id, zone)): Path<(String, String)>,
    form: Posted,
) -> Result<Response, Refusal> {
    let (board, _) = app.look_as(&officer);
    let case = case(&board.rulebook, &id)?;
    let base = in_force(&case, &zone)?;
    let why = form.field("why").trim();
    let why = if why.is_empty() { "It is no longer needed." } else { why };
    let why = why.chars().take(500).collect();
    propose(&app, &officer, &case, base.id.clone(), None, Some(base), why).await
}

/// Puts a change before a second person.
async fn propose(
    app: &App,
    officer: &Officer,
    case: &Case,
    id: ZoneId,
    zone: Option<Zone>,
    before: Option<Zone>,
    why: String,
) -> Result<Response, Refusal> {
    record(app, officer, Act::ProposeZones, &Book::Case(case.clone())).await?;
    let proposed = Proposed {
        case: case.id.clone(),
        wearer: case.wearer.clone(),
        id,
        author: officer.id.clone(),
        why,
        zone,
        before,
        made_at: app.clock.wall(),
    };
    let no = app.access.propose(&proposed).await?.ok_or_else(Refusal::too_many_proposals)?;
    Ok(Redirect::to(&format!("/records/cases/{}/proposals/{no}", case.id)).into_response())
}

/// What a form's page shows beside the form.
struct Shown<'a> {
    case: &'a Case,
    base: Option<&'a Zone>,
    zone: Option<&'a Zone>,
    judged: Option<Judged>,
}

fn draw(
    app: &App,
    officer: &Officer,
    shown: &Shown<'_>,
    values: &Values,
    wrong: Wrong,
    status: StatusCode,
) -> Response {
    let Shown { case, base, zone, .. } = shown;
    let title = match base {
        Some(base) => format!("Zone {} of case {}", base.code, case.id),
        None => format!("A new zone of case {}", case.id),
    };
    let (_, now, frame) = framed(app, officer, &title, "records");
    let mut sections = form::sheet(values, base.is_none());
    let summary = sheet::fill(&mut sections, values, wrong);
    let at = match base {
        Some(base) => format!("/records/cases/{}/zones/of/{}", case.id, base.id),
        None => format!("/records/cases/{}/zones/new", case.id),
    };
    let before = base.filter(|base| zone.is_some_and(|zone| zone != *base)).cloned();
    let page = FormPage {
        frame,
        case: case.id.to_string(),
        title,
        sections,
        summary,
        removes: base.map(|_| format!("{at}/remove")),
        map: zone.map(|zone| drawing::of(case, std::slice::from_ref(zone), before.as_slice(), now)),
        is_circle: values.get("kind") == "circle",
        judged: shown.judged.clone(),
        at,
    };
    (status, html(&page)).into_response()
}

fn in_force(case: &Case, zone: &str) -> Result<Zone, Refusal> {
    case.zones.iter().find(|known| known.id.as_str() == zone).cloned().ok_or_else(Refusal::no_record)
}
