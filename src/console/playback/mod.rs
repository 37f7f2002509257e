//! Playback: where a wearer was in a span of time, or around an incident, and what Cordon believed and did, instant by
//! instant; on a page, as data for its bar, and as files to take along.
//!
//! | Part | What it does |
//! |---|---|
//! | `asked` | which span is asked for, and what is wrong with it |
//! | `look` | plays it, as far as whoever asks may see it; one at a time, beside the live service |
//! | `story` | what happened, in words and in order |
//! | `strip`, `drawing` | the same over time, and from above |
//! | `data` | what the page's script moves by |
//! | `page` | all of it as a page, each position in a table |
//! | `csv`, `geojson`, `explained` | what can be taken along |

mod asked;
mod csv;
mod data;
mod drawing;
mod explained;
mod geojson;
mod look;
mod page;
mod story;
mod strip;

use axum::{
    Json, Router,
    extract::{Path, Query, State},
    http::{HeaderName, header},
    response::{IntoResponse, Response},
    routing::get,
};

// The legend is drawn on this page, too.
use super::map;
use super::{App, caller::Officer, gate, gate::InReach, refusal::Refusal, rights::Act};
use crate::access::audit::{About, Record};
use asked::{Asked, Question};
use look::{Shown, look};

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/incidents/{id}/playback", get(of_incident))
        .route("/incidents/{id}/playback/data", get(data_of_incident))
        .route("/incidents/{id}/playback/csv", get(csv_of_incident))
        .route("/incidents/{id}/playback/geojson", get(geojson_of_incident))
        .route("/incidents/{id}/explanation", get(explained::page))
        .route("/records/wearers/{id}/playback", get(of_wearer))
        .route("/records/wearers/{id}/playback/data", get(data_of_wearer))
        .route("/records/wearers/{id}/playback/csv", get(csv_of_wearer))
        .route("/records/wearers/{id}/playback/geojson", get(geojson_of_wearer))
}

async fn of_incident(
    State(app): State<App>,
    officer: Officer,
    InReach(incident): InReach,
) -> Result<Response, Refusal> {
    let question = Question::of_incident(&app, &officer, &incident)?;
    see(&app, &officer, &question).await?;
    let shown = look(&app, &officer, &question).await?;
    Ok(page::page(&app, &officer, &question, &shown))
}

async fn of_wearer(
    State(app): State<App>,
    officer: Officer,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Refusal> {
    match Question::of_wearer(&app, &officer, &id, &asked)? {
        Ok(question) => {
            see(&app, &officer, &question).await?;
            let shown = look(&app, &officer, &question).await?;
            Ok(page::page(&app, &officer, &question, &shown))
        }
        Err(unfit) => {
            // It names the wearer.
            gate::viewed(&app, [entry(&app, &officer, Act::SeePlayback, unfit.about(), "")]).await?;
            Ok(page::asked_again(&app, &officer, &unfit))
        }
    }
}

async fn data_of_incident(
    State(app): State<App>,
    officer: Officer,
    InReach(incident): InReach,
) -> Result<Response, Refusal> {
    data(&app, &officer, &Question::of_incident(&app, &officer, &incident)?).await
}

async fn data_of_wearer(
    State(app): State<App>,
    officer: Officer,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Refusal> {
    data(&app, &officer, &Question::fit(&app, &officer, &id, &asked)?).await
}

/// What the page's script plays: the page has been seen, and this is the same.
async fn data(app: &App, officer: &Officer, question: &Question) -> Result<Response, Refusal> {
    see(app, officer, question).await?;
    let shown = look(app, officer, question).await?;
    Ok(Json(data::data(&shown)).into_response())
}

async fn csv_of_incident(
    State(app): State<App>,
    officer: Officer,
    InReach(incident): InReach,
) -> Result<Response, Refusal> {
    export(&app, &officer, &Question::of_incident(&app, &officer, &incident)?, CSV).await
}

async fn csv_of_wearer(
    State(app): State<App>,
    officer: Officer,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Refusal> {
    export(&app, &officer, &Question::fit(&app, &officer, &id, &asked)?, CSV).await
}

async fn geojson_of_incident(
    State(app): State<App>,
    officer: Officer,
    InReach(incident): InReach,
) -> Result<Response, Refusal> {
    export(&app, &officer, &Question::of_incident(&app, &officer, &incident)?, GEOJSON).await
}

async fn geojson_of_wearer(
    State(app): State<App>,
    officer: Officer,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Refusal> {
    export(&app, &officer, &Question::fit(&app, &officer, &id, &asked)?, GEOJSON).await
}

/// A kind of file.
#[derive(Clone, Copy)]
struct Kind {
    media: &'static str,
    ending: &'static str,
    write: fn(&Shown) -> String,
}

const CSV: Kind = Kind { media: "text/csv; charset=utf-8; header=present", ending: "csv", write: csv::write };
const GEOJSON: Kind = Kind { media: "application/geo+json", ending: "geojson", write: geojson::write };

async fn export(app: &App, officer: &Officer, question: &Question, kind: Kind) -> Result<Response, Refusal> {
    let record = entry(app, officer, Act::ExportPlayback, question.about(), &question.of_span());
    app.access.record(&[record]).await.map_err(|error| Refusal::not_recorded(&error))?;
    let shown = look(app, officer, question).await?;
    let name = format!("attachment; filename=\"{}.{}\"", question.file_name(), kind.ending);
    let headers: [(HeaderName, String); 2] =
        [(header::CONTENT_TYPE, kind.media.into()), (header::CONTENT_DISPOSITION, name)];
    Ok((headers, (kind.write)(&shown)).into_response())
}

/// Nothing is shown that the audit log does not know of.
async fn see(app: &App, officer: &Officer, question: &Question) -> Result<(), Refusal> {
    gate::viewed(app, [entry(app, officer, Act::SeePlayback, question.about(), &question.of_span())]).await
}

/// Behind the right by which somebody looks stands which time they look at.
fn entry(app: &App, officer: &Officer, act: Act, about: About, of_span: &str) -> Record {
    let why = officer.right(act) + of_span;
    Record { at: app.clock.wall(), who: officer.who(), what: act.what(), why, about }
}
