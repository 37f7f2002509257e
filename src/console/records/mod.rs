//! Records: wearers, protected persons, cases and units, as people keep them on the console.
//!
//! A record is a book of the rulebook. A form holds one whole, says beside each field what is wrong with it, and publishes
//! it as a revision made from the one that it was opened at: where somebody else was quicker, both are shown and nothing is
//! overwritten. What is not published yet is kept as its author's draft. All of it works without a script.

mod beside;
mod case;
mod contacts;
mod data;
mod history;
mod kind;
mod overview;
mod person;
mod plan;
mod publish;
mod read;
mod readers;
mod rotas;
mod sheet;
mod staff;
mod unit;
mod values;
mod wearer;
mod withdrawal;
mod zones;

use std::{future::Future, pin::Pin};

use askama::Template;
use axum::{
    Router,
    extract::{DefaultBodyLimit, Path, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
    routing::get,
};

use super::{
    App,
    caller::Officer,
    guard::{FORM_TOKEN, Posted},
    page::{Frame, framed, html},
    refusal::Refusal,
    rights::Act,
    when::When,
};
use crate::{
    access::{
        DRAFT_DAYS, Draft, Reach,
        audit::{About, Record, Whom},
    },
    domain::{Book, Subject},
    engine::Rulebook,
};
use beside::beside;
use kind::{Kind, Of};
use read::Wrong;
use sheet::{Control, Differs, Section, Summary};
use values::Values;
pub(super) use values::{instant, written};

/// Which button was pressed, and the revision that a form was opened at: no fields of a record.
const DO: &str = "do";
const FROM: &str = "from";
/// A form that is full in every row.
const FORM_BYTES_MAX: usize = 512 * 1024;

pub(super) use data::EXPORTS_AT_ONCE;
pub(super) use withdrawal::waiting_line as withdrawn;

pub(super) fn routes() -> Router<App> {
    let (wearer, person, case, unit) = (Kind::Wearer, Kind::Person, Kind::Case, Kind::Unit);
    Router::new()
        .merge(overview::routes())
        .merge(zones::routes())
        .merge(history::routes())
        .merge(withdrawal::routes())
        .merge(data::routes())
        .route("/records/wearers", get(opens_new(wearer)).post(takes_new(wearer)))
        .route("/records/wearers/{id}", get(opens(wearer)).post(takes(wearer)))
        .route("/records/persons", get(opens_new(person)).post(takes_new(person)))
        .route("/records/persons/{id}", get(opens(person)).post(takes(person)))
        .route("/records/cases", get(opens_new(case)).post(takes_new(case)))
        .route("/records/cases/{id}", get(opens(case)).post(takes(case)))
        .route("/records/cases/{id}/readers", get(readers::page))
        .route("/records/units", get(opens_new(unit)).post(takes_new(unit)))
        .route("/records/units/{id}", get(opens(unit)).post(takes(unit)))
        .layer(DefaultBodyLimit::max(FORM_BYTES_MAX))
}

type Answer = Pin<Box<dyn Future<Output = Result<Response, Refusal>> + Send>>;

fn opens_new(kind: Kind) -> impl Fn(State<App>, Officer) -> Answer + Clone {
    move |State(app), officer| Box::pin(async move { open(&app, &officer, kind, None).await })
}

fn takes_new(kind: Kind) -> impl Fn(State<App>, Officer, Posted) -> Answer + Clone {
    move |State(app), officer, form| Box::pin(async move { posted(&app, &officer, kind, None, &form).await })
}

fn opens(kind: Kind) -> impl Fn(State<App>, Officer, Path<String>) -> Answer + Clone {
    move |State(app), officer, Path(id)| Box::pin(async move { open(&app, &officer, kind, Some(&id)).await })
}

fn takes(kind: Kind) -> impl Fn(State<App>, Officer, Path<String>, Posted) -> Answer + Clone {
    move |State(app), officer, Path(id), form| {
        Box::pin(async move { posted(&app, &officer, kind, Some(&id), &form).await })
    }
}

#[derive(Template)]
#[template(path = "record.html", config = ".askama.toml")]
struct Page {
    frame: Frame,
    title: String,
    /// Where its form is sent.
    at: String,
    /// The revision that the form was opened at.
    from: u64,
    /// The one in force, where it is another.
    newest: Option<u64>,
    differs: Vec<Differs>,
    sections: Vec<Section>,
    summary: Summary,
    /// What is shown is a draft, of then.
    drafted: Option<When>,
    draft_days: i64,
    may_change: bool,
    is_new: bool,
    /// What else belongs to it, for those who may see that: where it is, and what it is called.
    beside: Vec<(String, String)>,
}

/// What a form is about, and what it is opened at.
struct Opened {
    kind: Kind,
    id: Option<String>,
    book: Option<Book>,
    /// The revision in force; 0 for none.
    revision: u64,
}

impl Opened {
    /// Finds the record, if it is within reach.
    fn new(rulebook: &Rulebook, kind: Kind, id: Option<&str>) -> Result<Self, Refusal> {
        let book = id.and_then(|id| kind.find(rulebook, id));
        if id.is_some() && book.is_none() {
            return Err(Refusal::no_record());
        }
        let revision = book.as_ref().map_or(0, |book| rulebook.revision(&book.scope()));
        Ok(Self { kind, id: id.map(Into::into), book, revision })
    }

    fn subject(&self) -> String {
        kind::subject(self.kind, self.id.as_deref())
    }

    fn address(&self) -> String {
        match &self.id {
            Some(id) => format!("{}/{id}", self.kind.path()),
            None => self.kind.path().into(),
        }
    }

    fn title(&self) -> String {
        match &self.book {
            Some(book) => kind::names(book).1,
            None => format!("A new {}", self.kind.word()),
        }
    }
}

/// Whoever may change records of a kind may not always make one.
fn may_be_made(officer: &Officer, opened: &Opened) -> Result<(), Refusal> {
    let act = opened.kind.change();
    // Where somebody has no unit of their own, the form itself says so.
    let refused = opened.kind == Kind::Unit
        && opened.book.is_none()
        && !officer.reach_of(act).is_some_and(|reach| reach.everything);
    if refused { Err(officer.may_not(act)) } else { Ok(()) }
}

/// Whether changes that reach so far reach what is opened: one role may read it, and another change records elsewhere.
fn within(app: &App, opened: &Opened, reach: &Reach) -> bool {
    let found = |id: &String| opened.kind.find(&app.look_at(reach).0.rulebook, id).is_some();
    opened.id.as_ref().is_none_or(found)
}

/// A form as it is to be drawn.
struct Filling {
    values: Values,
    wrong: Wrong,
    from: u64,
    drafted: Option<When>,
}

async fn open(app: &App, officer: &Officer, kind: Kind, id: Option<&str>) -> Result<Response, Refusal> {
    let (board, _) = app.look_as(officer);
    let opened = Opened::new(&board.rulebook, kind, id)?;
    may_be_made(officer, &opened)?;
    let draft = app.access.draft(&officer.id, &opened.subject()).await?;
    let filling = match draft {
        Some(Draft { fields, base, saved_at, .. }) => {
            let drafted = Some(When::new(saved_at, app.clock.wall().max(saved_at)));
            Filling { values: Values(fields), wrong: Wrong::default(), from: base, drafted }
        }
        None => {
            let values = opened.book.as_ref().map_or_else(|| kind.fresh(), kind::write);
            Filling { values, wrong: Wrong::default(), from: opened.revision, drafted: None }
        }
    };
    draw(app, officer, &opened, filling, StatusCode::OK).await
}

async fn posted(
    app: &App,
    officer: &Officer,
    kind: Kind,
    id: Option<&str>,
    form: &Posted,
) -> Result<Response, Refusal> {
    let (board, _) = app.look_as(officer);
    let opened = Opened::new(&board.rulebook, kind, id)?;
    may_be_made(officer, &opened)?;
    let pressed = form.field(DO);
    let kept = form.fields().iter().filter(|(name, _)| ![FORM_TOKEN, DO, FROM].contains(&name.as_str()));
    let mut values = Values(kept.cloned().collect()).compacted();
    let from = form.field(FROM).parse().unwrap_or(opened.revision);
    if pressed == "discard" {
        app.access.drop_draft(&officer.id, &opened.subject()).await?;
        return Ok(Redirect::to(&opened.address()).into_response());
    }
    if let Some(list) = pressed.strip_prefix("more:") {
        values.one_more(list);
    }
    let saved_at = app.clock.wall();
    let draft = Draft { subject: opened.subject(), base: from, fields: values.0.clone(), saved_at };
    app.access.keep_draft(&officer.id, &draft).await?;
    if pressed != "publish" {
        return Ok(Redirect::to(&opened.address()).into_response());
    }
    let drafted = Some(When::new(saved_at, saved_at));
    let again = |wrong| Filling { values: values.clone(), wrong, from, drafted };
    if from != opened.revision {
        return draw(app, officer, &opened, again(Wrong::default()), StatusCode::CONFLICT).await;
    }
    match publish::publish(app, officer, &opened, &values).await? {
        Ok(book) => {
            app.access.drop_draft(&officer.id, &opened.subject()).await?;
            let (id, _) = kind::names(&book);
            Ok(Redirect::to(&format!("{}/{id}", kind.path())).into_response())
        }
        Err(publish::Not::Sound(wrong)) => {
            draw(app, officer, &opened, again(wrong), StatusCode::UNPROCESSABLE_ENTITY).await
        }
        Err(publish::Not::First) => {
            // Somebody was quicker by a moment: the picture that shows it may still be on its way.
            let (board, _) = app.look_as(officer);
            let opened = Opened::new(&board.rulebook, kind, id)?;
            draw(app, officer, &opened, again(Wrong::default()), StatusCode::CONFLICT).await
        }
    }
}

/// Whatever comes of a form, the page shows the record: the audit log has it each time.
async fn draw(
    app: &App,
    officer: &Officer,
    opened: &Opened,
    filling: Filling,
    status: StatusCode,
) -> Result<Response, Refusal> {
    if let Some(book) = &opened.book {
        record(app, officer, opened.kind.see(), book).await?;
    }
    let Filling { values, wrong, from, drafted } = filling;
    let (board, now, mut frame) = framed(app, officer, &opened.title(), "records");
    let reach = officer.reach_of(opened.kind.change());
    let of = Of {
        rulebook: &board.rulebook,
        reach: reach.as_ref().unwrap_or(&officer.reach),
        by: &officer.id,
        now,
        channels: &app.channels,
        base: opened.book.as_ref(),
        chosen_unit: values.get("unit").parse().ok(),
    };
    let mut sections = opened.kind.sheet(&of, &values);
    let summary = sheet::fill(&mut sections, &values, wrong);
    if !summary.is_empty() {
        frame.title = format!("Error: {}", frame.title);
    }
    let in_force = opened.book.as_ref().filter(|_| from != opened.revision).map(|book| {
        let values = kind::write(book);
        let mut sections = opened.kind.sheet(&of, &values);
        sheet::fill(&mut sections, &values, Wrong::default());
        sections
    });
    let page = Page {
        title: opened.title(),
        at: opened.address(),
        from,
        newest: in_force.as_ref().map(|_| opened.revision),
        differs: in_force.map(|theirs| sheet::differences(&theirs, &sections)).unwrap_or_default(),
        sections,
        summary,
        drafted,
        draft_days: DRAFT_DAYS,
        may_change: reach.as_ref().is_some_and(|reach| within(app, opened, reach)),
        is_new: opened.book.is_none(),
        beside: beside(app, officer, opened, now),
        frame,
    };
    Ok((status, html(&page)).into_response())
}

/// Nothing is shown or changed that the audit log cannot take.
async fn record(app: &App, officer: &Officer, act: Act, book: &Book) -> Result<(), Refusal> {
    let record = Record {
        at: app.clock.wall(),
        who: officer.who(),
        what: act.what(),
        why: officer.right(act),
        about: about(book),
    };
    app.access.record(&[record]).await.map_err(|error| Refusal::not_recorded(&error))
}

fn about(book: &Book) -> About {
    let (subject, case) = match book {
        Book::Unit(_) => (None, None),
        Book::Wearer(wearer) => (Some(Subject::Wearer(wearer.id.clone())), None),
        Book::Person(person) => (Some(Subject::Person(person.id.clone())), None),
        Book::Case(case) => (Some(Subject::Wearer(case.wearer.clone())), Some(case.id.clone())),
    };
    About { subject: subject.map(Whom::Subject), unit: Some(book.unit().clone()), case, incident: None }
}
