//! An incident's explanation, as `cordon replay` writes it, on the console.

use axum::{
    extract::State,
    http::header,
    response::{Html, IntoResponse, Response},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use sha2::{Digest, Sha256};

use super::{entry, look::aside};
use crate::{
    access::audit::{About, Whom},
    console::{App, caller::Officer, gate::InReach, guard::StandsAlone, refusal::Refusal, rights::Act},
    lab::{ExplainError, explain},
};

/// For an explanation the whole journal is decided again: so many rows take a while, and more are for another machine.
const ROWS_MAX: i64 = 1_000_000;

/// Beside a playback of the same incident it would say where somebody was, which is written down nowhere.
const NEAR_A_PERSON: &str = "It says time after time how far the wearer was from the protected person: together with where \
    the wearer was, that says where the person was. A court is given it from the server, by `cordon replay`";

pub(super) async fn page(
    State(app): State<App>,
    officer: Officer,
    InReach(incident): InReach,
) -> Result<Response, Refusal> {
    let about = About {
        subject: Some(Whom::Subject(incident.subject.clone())),
        unit: Some(incident.unit.clone()),
        case: incident.case.clone(),
        incident: Some(incident.id),
    };
    let record = entry(&app, &officer, Act::Explain, about, "");
    app.access.record(&[record]).await.map_err(|error| Refusal::not_recorded(&error))?;
    let rows = app.store.head().await?.map_or(0, |head| head.no);
    if rows > ROWS_MAX {
        return Err(Refusal::not_explained(format!(
            "For an explanation the whole journal is decided again, and it has {rows} rows: that would take too long here. \
             On the server, `cordon replay --incident {} --html FILE` writes the same page.",
            incident.id
        )));
    }
    let (store, id) = (std::sync::Arc::clone(&app.store), incident.id);
    let explained = aside(async move {
        match explain(store.as_ref(), id, false).await {
            Ok(explanation) if explanation.measures_to_a_person() => Ok(Err(NEAR_A_PERSON.into())),
            Ok(explanation) => Ok(explanation.html().map_err(|error| error.to_string())),
            Err(ExplainError::Store(error)) => Err(error),
            Err(error) => Ok(Err(error.to_string())),
        }
    });
    let html = explained.await?.map_err(|why| Refusal::not_explained(format!("{why}.")))?;
    let styles = styles(&html).ok_or_else(Refusal::playback_failed)?;
    let name = format!("inline; filename=\"explanation-incident-{id}.html\"");
    let mut response = ([(header::CONTENT_DISPOSITION, name)], Html(html)).into_response();
    response.extensions_mut().insert(StandsAlone { styles });
    Ok(response)
}

/// What the page's one sheet of styles is known by.
fn styles(html: &str) -> Option<String> {
    let (_, after) = html.split_once("<style>")?;
    let (sheet, _) = after.split_once("</style>")?;
    Some(STANDARD.encode(Sha256::digest(sheet.as_bytes())))
}
