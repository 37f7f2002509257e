//! What is left of somebody whom the engine has forgotten, while it waits to be erased: a legal hold keeps it.

use askama::Template;
use axum::{
    Router,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};

use super::{
    App, Control, Frame, Officer, Posted, Refusal, Section, Summary, Values, Wrong, framed,
    holds::{self, Held, Shown},
    html, refused_title, sheet, values,
};
use crate::{
    access::{Erasure, audit::About},
    console::{gate, rights::Act},
};

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/records/erasures/{no}", get(page))
        .route("/records/erasures/{no}/hold", post(place))
        .route("/records/erasures/{no}/lift", post(lift))
}

#[derive(Template)]
#[template(path = "left.html", config = ".askama.toml")]
struct Page {
    frame: Frame,
    title: String,
    at: String,
    summary: Summary,
    holds: Vec<Shown>,
    places: Section,
}

async fn page(State(app): State<App>, officer: Officer, Path(no): Path<String>) -> Result<Response, Refusal> {
    let left = find(&app, &officer, &no).await?;
    draw(&app, &officer, &left, &Values::default(), Wrong::default(), StatusCode::OK).await
}

async fn place(
    State(app): State<App>,
    officer: Officer,
    Path(no): Path<String>,
    form: Posted,
) -> Result<Response, Refusal> {
    let left = find(&app, &officer, &no).await?;
    let values = values(&form);
    match held(&left).place(&app, &officer, &values).await? {
        Ok(()) => Ok(Redirect::to(&address(left.no)).into_response()),
        Err(wrong) => refused(&app, &officer, &left, &values, wrong).await,
    }
}

async fn lift(
    State(app): State<App>,
    officer: Officer,
    Path(no): Path<String>,
    form: Posted,
) -> Result<Response, Refusal> {
    let left = find(&app, &officer, &no).await?;
    let values = values(&form);
    match held(&left).lift(&app, &officer, &form, &values).await? {
        Ok(()) => Ok(Redirect::to(&address(left.no)).into_response()),
        Err(wrong) => refused(&app, &officer, &left, &values, wrong).await,
    }
}

/// Where it is said what keeps what is left.
pub(in super::super) fn address(no: i64) -> String {
    format!("/records/erasures/{no}")
}

/// Whether somebody's record is gone, and the rest of them may not be.
pub(in super::super) fn is_left(app: &App, erasure: &Erasure) -> bool {
    erasure.done_at.is_none() && !app.board.borrow().rulebook.knows(&erasure.subject)
}

/// An erasure within reach that is not done. While there is a record, the holds stand beside it.
async fn find(app: &App, officer: &Officer, no: &str) -> Result<Erasure, Refusal> {
    let no = no.parse().map_err(|_| Refusal::no_record())?;
    let erasure = app.access.erasure(no).await?.filter(|it| is_left(app, it));
    let is_within = |it: &Erasure| {
        officer.reach.everything || it.unit.as_ref().is_some_and(|unit| officer.reach.has_unit(unit))
    };
    erasure.filter(is_within).ok_or_else(Refusal::no_record)
}

fn held(left: &Erasure) -> Held<'_> {
    Held { subject: &left.subject, about: About::data_of(&left.subject, left.unit.clone()) }
}

async fn refused(
    app: &App,
    officer: &Officer,
    left: &Erasure,
    values: &Values,
    wrong: Wrong,
) -> Result<Response, Refusal> {
    draw(app, officer, left, values, wrong, StatusCode::UNPROCESSABLE_ENTITY).await
}

async fn draw(
    app: &App,
    officer: &Officer,
    left: &Erasure,
    values: &Values,
    wrong: Wrong,
    status: StatusCode,
) -> Result<Response, Refusal> {
    gate::shows(app, officer, Act::SeeErasures, [held(left).about]).await?;
    let title = format!("What is left of {}", left.subject);
    let (_, _, mut frame) = framed(app, officer, &title, "records");
    let holds = app.access.holds(&left.subject).await?;
    let mut forms = holds::forms(&holds);
    let summary = sheet::fill(&mut forms, values, wrong);
    refused_title(&mut frame, &summary);
    let lifts = forms.split_off(1);
    let places = forms.pop().ok_or_else(Refusal::no_record)?;
    let holds = holds::shown(holds, lifts, app.clock.wall());
    let page = Page { title, at: address(left.no), summary, holds, places, frame };
    Ok((status, html(&page)).into_response())
}
