//! What an outside watchdog is told: how old the last sign of life of each part is. It shows a token and needs no session,
//! and is answered from what the parts have said: nothing that is stuck is asked.

use axum::{
    Json, Router,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use sha2::{Digest, Sha256};

use super::App;
use crate::{secret::Secret, vitals::Ages};

/// What is asked at this address.
#[derive(Clone)]
struct Watched {
    app: App,
    token: Secret,
}

/// Stands beside the guard of the console's own pages: a watchdog comes from another machine, through whatever name leads
/// here.
pub(super) fn routes(app: App, token: Secret) -> Router {
    Router::new().route("/watch", get(ages)).with_state(Watched { app, token })
}

async fn ages(State(Watched { app, token }): State<Watched>, headers: HeaderMap) -> Response {
    if shows(&headers, &token) {
        Json(app.ages()).into_response()
    } else {
        (StatusCode::UNAUTHORIZED, "show the watchdog's token\n").into_response()
    }
}

/// Whether a machine may read counts: one on this machine, where the console is reached from here alone, or one that
/// shows the watchdog's token.
pub(super) fn may_monitor(app: &App, headers: &HeaderMap) -> bool {
    app.public.is_none() || app.watch_token.as_ref().is_some_and(|token| shows(headers, token))
}

fn shows(headers: &HeaderMap, token: &Secret) -> bool {
    let shown = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let shown = shown.and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_default();
    // The digests differ in every bit: how long their comparison takes says nothing.
    Sha256::digest(shown) == Sha256::digest(token.expose())
}

impl App {
    pub(super) fn ages(&self) -> Ages {
        let sources = (self.source_counts)();
        let brokers_up = sources.values().all(|counted| counted.get("up") == Some(&1));
        self.vitals.ages(self.clock.real_us(), self.clock.wall().as_ms(), brokers_up)
    }
}
