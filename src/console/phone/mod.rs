//! The pages on the phone of whoever is told: to agree to push messages, to answer one, and to ask for help at any
//! time.
//!
//! They are open to anybody who was sent their link, and to nobody else: no sign-in, no cookie, nothing of the console. A
//! web server in front of Cordon passes on these paths alone: `/enrol`, `/answer`, `/own`, `/page` and
//! `/sw.js`.

mod answer;
mod enrol;
mod own;

pub(super) use enrol::{about, scope_of};

use askama::Template;
use axum::{
    Router,
    extract::Path,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};

use super::{App, page::html};
use crate::{
    domain::Language,
    notify::{
        http,
        push::{Links, NoPushKey, PushKey},
        settings::Push,
        wording::pages::{self, Pages},
    },
};

/// Where whoever leaves in a hurry goes: a page that anybody may be looking at.
const ELSEWHERE: &str = "https://www.bbc.co.uk/weather";

/// What the pages are made with.
#[derive(Clone)]
pub struct Door {
    pub(super) links: Links,
    /// What browsers know this installation by.
    pub(super) public_key: String,
    /// Where phones reach the pages, if that is not where the console is.
    url: Option<String>,
}

impl Door {
    /// By the settings of push messages.
    ///
    /// # Errors
    /// If their key is none.
    pub fn new(settings: &Push) -> Result<Self, NoPushKey> {
        let key = PushKey::read(&settings.key)?;
        Ok(Self { links: Links::new(&key), public_key: key.public(), url: settings.url.clone() })
    }

    /// The address of the pages, for whoever asks with these headers.
    pub(super) fn address(&self, headers: &HeaderMap) -> String {
        let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
        self.url.clone().unwrap_or_else(|| format!("http://{host}"))
    }

    /// Whether the pages are for this machine alone, and are asked for from here.
    fn is_here(&self, headers: &HeaderMap) -> bool {
        self.url.is_none() && http::endpoint(&self.address(headers)).is_ok()
    }
}

pub(super) fn routes() -> Router<App> {
    Router::new()
        .merge(enrol::routes())
        .merge(answer::routes())
        .merge(own::routes())
        .route("/enrol", get(nothing))
        .route("/answer", get(nothing))
        .route("/sw.js", get(worker))
        .route("/page/{name}", get(file))
}

#[derive(Template)]
#[template(path = "phone/nothing.html", config = ".askama.toml")]
struct Nothing {
    frame: Frame,
    says: &'static str,
}

/// What every page has.
struct Frame {
    lang: &'static str,
    words: &'static Pages,
    elsewhere: &'static str,
}

impl Frame {
    fn new(language: Language) -> Self {
        Self { lang: language.code(), words: pages::of(language), elsewhere: ELSEWHERE }
    }
}

/// What is left of a page after it has done its work.
async fn nothing() -> Response {
    empty(StatusCode::OK, Language::English, |words| words.nothing)
}

/// A page with one sentence.
fn empty(status: StatusCode, language: Language, says: impl Fn(&'static Pages) -> &'static str) -> Response {
    let frame = Frame::new(language);
    let says = says(frame.words);
    (status, html(&Nothing { frame, says })).into_response()
}

const SCRIPT: &str = "text/javascript; charset=utf-8";
const FILES: [(&str, &str, &str); 6] = [
    ("style.css", "text/css; charset=utf-8", include_str!("../ui/phone/style.css")),
    ("again.js", SCRIPT, include_str!("../ui/phone/again.js")),
    ("enrol.js", SCRIPT, include_str!("../ui/phone/enrol.js")),
    ("exit.js", SCRIPT, include_str!("../ui/phone/exit.js")),
    ("icon.svg", "image/svg+xml", include_str!("../ui/phone/icon.svg")),
    ("manifest.json", "application/manifest+json", include_str!("../ui/phone/manifest.json")),
];

async fn file(Path(name): Path<String>) -> Response {
    match FILES.iter().find(|(known, ..)| *known == name) {
        Some((_, kind, text)) => ([(header::CONTENT_TYPE, *kind)], *text).into_response(),
        None => (StatusCode::NOT_FOUND, nothing().await).into_response(),
    }
}

async fn worker() -> Response {
    ([(header::CONTENT_TYPE, SCRIPT)], include_str!("../ui/phone/sw.js")).into_response()
}
