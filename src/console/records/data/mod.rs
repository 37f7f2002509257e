//! One person's data: handed out to them as a document, kept from erasure by legal holds, and erased.

mod document;
mod erase;
mod holds;
mod left;

pub(in crate::console) use document::AT_ONCE as EXPORTS_AT_ONCE;
pub(super) use left::{address as left_at, is_left};

use holds::{Held, Shown};

use std::{future::Future, pin::Pin};

use askama::Template;
use axum::{
    Router,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};

use super::{
    kind::{Kind, names},
    read::{Reader, Wrong},
    sheet::{self, Control, Field, Section, Summary},
    values::Values,
};
use crate::{
    access::{
        HOLD_REASON_CHARS_MAX,
        audit::{About, Record},
    },
    console::{
        App,
        caller::Officer,
        guard::{FORM_TOKEN, Posted},
        page::{Frame, framed, html},
        refusal::Refusal,
        rights::Act,
        when::When,
    },
    domain::{Book, DataSubject},
};

/// Characters of why a document is made.
const WHY_CHARS_MAX: usize = 200;

pub(super) fn routes() -> Router<App> {
    let (wearer, person) = (Kind::Wearer, Kind::Person);
    Router::new()
        .merge(left::routes())
        .route("/records/wearers/{id}/data", get(opens(wearer)).post(hands_out(wearer)))
        .route("/records/wearers/{id}/data/hold", post(holds(wearer)))
        .route("/records/wearers/{id}/data/lift", post(lifts(wearer)))
        .route("/records/persons/{id}/data", get(opens(person)).post(hands_out(person)))
        .route("/records/persons/{id}/data/hold", post(holds(person)))
        .route("/records/persons/{id}/data/lift", post(lifts(person)))
        .route("/records/wearers/{id}/data/erase", post(erase::asks(wearer)))
        .route("/records/wearers/{id}/data/erase/agree", post(erase::agrees(wearer)))
        .route("/records/wearers/{id}/data/erase/withdraw", post(erase::withdraws(wearer)))
        .route("/records/persons/{id}/data/erase", post(erase::asks(person)))
        .route("/records/persons/{id}/data/erase/agree", post(erase::agrees(person)))
        .route("/records/persons/{id}/data/erase/withdraw", post(erase::withdraws(person)))
}

type Answer = Pin<Box<dyn Future<Output = Result<Response, Refusal>> + Send>>;

fn opens(kind: Kind) -> impl Fn(State<App>, Officer, Path<String>) -> Answer + Clone {
    move |State(app), officer, Path(id)| {
        Box::pin(async move {
            let whose = Whose::find(&app, &officer, kind, &id)?;
            draw(&app, &officer, &whose, &Values::default(), Wrong::default(), StatusCode::OK).await
        })
    }
}

fn hands_out(kind: Kind) -> impl Fn(State<App>, Officer, Path<String>, Posted) -> Answer + Clone {
    move |State(app), officer, Path(id), form| {
        Box::pin(async move {
            let whose = Whose::find(&app, &officer, kind, &id)?;
            let values = values(&form);
            match words(
                &values,
                "why",
                WHY_CHARS_MAX,
                "Write why: by which letter or call, and when. No name.",
            ) {
                Ok(why) => {
                    // It is recorded before a byte of it is made.
                    let record = whose.record(&app, &officer, Act::ExportSubject, why);
                    let recorded = app.access.record(&[record]).await;
                    recorded.map_err(|error| Refusal::not_recorded(&error))?;
                    document::answer(&app, &whose.subject).await
                }
                Err(wrong) => refused(&app, &officer, &whose, &values, wrong).await,
            }
        })
    }
}

fn holds(kind: Kind) -> impl Fn(State<App>, Officer, Path<String>, Posted) -> Answer + Clone {
    move |State(app), officer, Path(id), form| {
        Box::pin(async move {
            let whose = Whose::find(&app, &officer, kind, &id)?;
            let values = values(&form);
            match whose.held().place(&app, &officer, &values).await? {
                Ok(()) => Ok(Redirect::to(&whose.address()).into_response()),
                Err(wrong) => refused(&app, &officer, &whose, &values, wrong).await,
            }
        })
    }
}

fn lifts(kind: Kind) -> impl Fn(State<App>, Officer, Path<String>, Posted) -> Answer + Clone {
    move |State(app), officer, Path(id), form| {
        Box::pin(async move {
            let whose = Whose::find(&app, &officer, kind, &id)?;
            let values = values(&form);
            match whose.held().lift(&app, &officer, &form, &values).await? {
                Ok(()) => Ok(Redirect::to(&whose.address()).into_response()),
                Err(wrong) => refused(&app, &officer, &whose, &values, wrong).await,
            }
        })
    }
}

/// Somebody within reach.
struct Whose {
    kind: Kind,
    subject: DataSubject,
    book: Book,
}

impl Whose {
    fn find(app: &App, officer: &Officer, kind: Kind, id: &str) -> Result<Self, Refusal> {
        let (board, _) = app.look_as(officer);
        let book = kind.find(&board.rulebook, id).ok_or_else(Refusal::no_record)?;
        let subject = match &book {
            Book::Wearer(wearer) => DataSubject::Wearer(wearer.id.clone()),
            Book::Person(person) => DataSubject::Person(person.id.clone()),
            Book::Case(_) | Book::Unit(_) => return Err(Refusal::no_record()),
        };
        Ok(Self { kind, subject, book })
    }

    fn held(&self) -> Held<'_> {
        Held { subject: &self.subject, about: About { case: None, ..About::book(&self.book) } }
    }

    fn record(&self, app: &App, officer: &Officer, act: Act, why: String) -> Record {
        let about = self.held().about;
        Record { at: app.clock.wall(), who: officer.who(), what: act.what(), why, about }
    }

    fn address(&self) -> String {
        path(self.kind, &names(&self.book).0)
    }
}

/// Where somebody's data is handed out.
pub(super) fn path(kind: Kind, id: &str) -> String {
    format!("{}/{id}/data", kind.path())
}

fn values(form: &Posted) -> Values {
    Values(form.fields().iter().filter(|(name, _)| name != FORM_TOKEN).cloned().collect())
}

/// What must be written in a field, on one line.
fn words(values: &Values, name: &str, chars_max: usize, empty: &str) -> Result<String, Wrong> {
    let mut reader = Reader::new(values);
    let text = reader.text(name, empty);
    if text.chars().count() > chars_max {
        reader.wrong.add(name, format!("Write at most {chars_max} characters."));
    }
    if text.chars().any(char::is_control) {
        reader.wrong.add(name, "Write it on one line.");
    }
    reader.done(Some(text))
}

#[derive(Template)]
#[template(path = "data.html", config = ".askama.toml")]
struct Page {
    frame: Frame,
    title: String,
    record: String,
    at: String,
    is_wearer: bool,
    summary: Summary,
    hands_out: Section,
    places: Section,
    holds: Vec<Shown>,
    erases: erase::Erases,
}

/// A page on which something is to be put right says so in its title.
fn refused_title(frame: &mut Frame, summary: &Summary) {
    if !summary.is_empty() {
        frame.title = format!("Error: {}", frame.title);
    }
}

async fn refused(
    app: &App,
    officer: &Officer,
    whose: &Whose,
    values: &Values,
    wrong: Wrong,
) -> Result<Response, Refusal> {
    draw(app, officer, whose, values, wrong, StatusCode::UNPROCESSABLE_ENTITY).await
}

async fn draw(
    app: &App,
    officer: &Officer,
    whose: &Whose,
    values: &Values,
    wrong: Wrong,
    status: StatusCode,
) -> Result<Response, Refusal> {
    super::record(app, officer, whose.kind.see(), &whose.book).await?;
    let (id, name) = names(&whose.book);
    let title = format!("Data of {name}");
    let (_, _, mut frame) = framed(app, officer, &title, "records");
    let now = app.clock.wall();
    let holds = app.access.holds(&whose.subject).await?;
    // It stands in the audit log, from which nothing is taken out.
    let why = Field::new("why", "Why it is made", Control::Line(WHY_CHARS_MAX));
    let mut forms = vec![Section::new("", vec![why.hint("By which letter or call, and when. No name.")])];
    forms.extend(erase::forms());
    forms.extend(holds::forms(&holds));
    let summary = sheet::fill(&mut forms, values, wrong);
    refused_title(&mut frame, &summary);
    let lifts = forms.split_off(4);
    let [hands_out, asks, agrees, places] =
        <[Section; 4]>::try_from(forms).map_err(|_| Refusal::no_record())?;
    let page = Page {
        title,
        record: format!("{}/{id}", whose.kind.path()),
        at: whose.address(),
        is_wearer: whose.kind == Kind::Wearer,
        summary,
        hands_out,
        places,
        holds: holds::shown(holds, lifts, now),
        erases: erase::Erases::of(app, officer, whose, [asks, agrees]).await?,
        frame,
    };
    Ok((status, html(&page)).into_response())
}
