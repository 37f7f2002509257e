//! Files that pages refer to, embedded in the program.

use axum::{
    Router,
    extract::Path,
    http::header,
    response::{IntoResponse, Response},
    routing::get,
};

use super::{App, refusal};

const FILES: [(&str, &str, &str); 6] = [
    ("style.css", "text/css; charset=utf-8", include_str!("ui/style.css")),
    ("live.js", "text/javascript; charset=utf-8", include_str!("ui/live.js")),
    ("access.css", "text/css; charset=utf-8", include_str!("ui/access.css")),
    ("here.js", "text/javascript; charset=utf-8", include_str!("ui/here.js")),
    ("sign-in.js", "text/javascript; charset=utf-8", include_str!("ui/sign-in.js")),
    ("mark.svg", "image/svg+xml", include_str!("ui/mark.svg")),
];

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
    match FILES.iter().find(|(known, ..)| *known == name) {
        Some((_, kind, text)) => ([(header::CONTENT_TYPE, *kind)], *text).into_response(),
        None => refusal::no_such_page().await.into_response(),
    }
}
