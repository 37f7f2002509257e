//! Files that pages refer to, embedded in the program.

use axum::{
    Router,
    extract::Path,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
    routing::get,
};

use super::{App, refusal};

// The bundles of ui/script, made by ui/build.rs.
include!(concat!(env!("OUT_DIR"), "/scripts.rs"));

const SCRIPT: &str = "text/javascript; charset=utf-8";
/// A file whose name says what it holds never changes.
pub(super) const FOREVER: HeaderValue = HeaderValue::from_static("private, max-age=31536000, immutable");
const FILES: [(&str, &str, &str); 5] = [
    ("style.css", "text/css; charset=utf-8", include_str!("ui/style.css")),
    ("access.css", "text/css; charset=utf-8", include_str!("ui/access.css")),
    ("records.css", "text/css; charset=utf-8", include_str!("ui/records.css")),
    ("playback.css", "text/css; charset=utf-8", include_str!("ui/playback.css")),
    ("mark.svg", "image/svg+xml", include_str!("ui/mark.svg")),
];

/// What the moving map loads when it is wanted. The name of each changes with what it holds, so browsers may keep it.
pub(super) struct MapFiles {
    pub(super) script: String,
    pub(super) worker: String,
    pub(super) outline: String,
    /// The licences of what these hold.
    pub(super) licences: String,
}

/// The addresses of those files; none without scripts.
pub(super) fn map_files() -> Option<MapFiles> {
    let at = |part: &str| {
        let (name, ..) = KEPT.iter().find(|(name, ..)| name.starts_with(part))?;
        Some(format!("/assets/{name}"))
    };
    Some(MapFiles {
        script: at("map.")?,
        worker: at("map-worker.")?,
        outline: at("outline.")?,
        licences: at("licences.")?,
    })
}

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
    if let Some((_, kind, text)) = FILES.into_iter().chain(scripts).find(|(known, ..)| *known == name) {
        return ([(header::CONTENT_TYPE, kind)], text).into_response();
    }
    match KEPT.iter().find(|(known, ..)| *known == name) {
        Some((_, text)) => {
            let kind = match name.rsplit_once('.') {
                Some((_, "js")) => SCRIPT,
                Some((_, "json")) => "application/json",
                _ => "text/plain; charset=utf-8",
            };
            (
                [(header::CONTENT_TYPE, HeaderValue::from_static(kind)), (header::CACHE_CONTROL, FOREVER)],
                *text,
            )
                .into_response()
        }
        None => refusal::no_such_page().await.into_response(),
    }
}
