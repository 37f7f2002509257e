//! Files that pages refer to, embedded in the program.

use axum::{
    Router,
    extract::Path,
    http::header,
    response::{IntoResponse, Response},
    routing::get,
};

use super::{App, refusal};

// The bundles of ui/script, made by ui/build.rs.
include!(concat!(env!("OUT_DIR"), "/scripts.rs"));

const SCRIPT: &str = "text/javascript; charset=utf-8";
const FILES: [(&str, &str, &str); 3] = [
    ("style.css", "text/css; charset=utf-8", include_str!("ui/style.css")),
    ("access.css", "text/css; charset=utf-8", include_str!("ui/access.css")),
    ("mark.svg", "image/svg+xml", include_str!("ui/mark.svg")),
];

/// Whether this program was built with the scripts that keep a page live.
pub(super) fn has_scripts() -> bool {
    !SCRIPTS.is_empty()
}

pub(super) fn routes() -> Router<App> {
    Router::new().route("/assets/{name}", get(file)).route("/favicon.ico", get(mark))
}

/// The tab's icon.
async fn mark() -> Response {
    answer("mark.svg").await
}

async fn file(Path(name): Path<String>) -> Response {
    answer(&name).await
}

async fn answer(name: &str) -> Response {
    let scripts = SCRIPTS.iter().map(|&(name, text)| (name, SCRIPT, text));
    match FILES.into_iter().chain(scripts).find(|(known, ..)| *known == name) {
        Some((_, kind, text)) => ([(header::CONTENT_TYPE, kind)], text).into_response(),
        None => refusal::no_such_page().await.into_response(),
    }
}
