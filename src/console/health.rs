//! Whether Cordon is well, for machines that watch it. Counts only: no names, no places.

use std::{
    collections::BTreeMap,
    sync::{Arc, atomic::Ordering},
};

use axum::{Json, Router, extract::State, http::StatusCode, routing::get};
use serde::Serialize;

use super::{App, metrics, trouble};
use crate::{
    domain::{Hop, Priority},
    vitals::Took,
};

/// What each source has counted since the start, by its name and the counter's.
pub type SourceCounts = Arc<dyn Fn() -> BTreeMap<String, BTreeMap<&'static str, u64>> + Send + Sync>;

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/livez", get(async || "ok\n"))
        .route("/readyz", get(ready))
        .route("/health", get(health))
        .route("/metrics", get(metrics::metrics))
}

/// A line that has not turned for this long is stuck, and so are decisions that have not been written down, seconds.
const STUCK_S: f64 = 10.0;

/// Whether tags are heard, judged and written down: `ready`, or a line for each thing that is not so.
async fn ready(State(app): State<App>) -> (StatusCode, String) {
    let ages = app.ages();
    let store_fails = app.board.borrow().store_fails;
    let wrong = [
        (ages.turn_s > STUCK_S, "the line does not turn"),
        (ages.unwritten_s > STUCK_S || store_fails, "records are not written"),
        (!ages.brokers_up, "a broker cannot be heard"),
    ];
    let wrong: String = wrong.iter().filter(|(is, _)| *is).map(|(_, what)| format!("{what}\n")).collect();
    if wrong.is_empty() {
        (StatusCode::OK, "ready\n".into())
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, wrong)
    }
}

#[derive(Serialize)]
struct Health {
    /// `ok`; `deaf` if a source cannot be heard; `store` if records cannot be read or written.
    status: &'static str,
    /// The engine's time, RFC 3339.
    at: Option<String>,
    /// Seconds since the engine's last commit.
    picture_age_s: Option<f64>,
    /// Sources of pings that cannot be heard.
    deaf: Vec<String>,
    /// What is wrong with Cordon itself, a few words for each cause.
    trouble: Vec<String>,
    /// How full the disk is that the records are on, percent.
    disk_pct: Option<u8>,
    /// Cordon's own canary; none without one.
    canary: Option<Canary>,
    /// What each source has counted since the start, and what did not come through it: `missing` pings that tags
    /// still hold, and, since the beginning, `given_up` ones that are lost and forgotten sessions (`sessions_lost_ever`).
    sources: BTreeMap<String, BTreeMap<&'static str, u64>>,
    wearers_seen: usize,
    stray_tags: usize,
    open_incidents: Open,
    /// Raised so far, by kind.
    incidents: BTreeMap<String, i64>,
    /// Raised so far, by state.
    alerts: BTreeMap<String, i64>,
    /// What providers sent that had no effect.
    callbacks: Callbacks,
}

#[derive(Serialize)]
struct Canary {
    booked: u64,
    came: u64,
    missed: u64,
    /// Seconds since one last came through, or since the start.
    age_s: Option<f64>,
    /// How long the last one took, by hop.
    took: Option<Took>,
    /// Where the last one got stuck, if it did.
    stuck_at: Option<&'static str>,
}

#[derive(Serialize)]
struct Callbacks {
    /// Not signed as they must be.
    refused: u64,
    /// Copies of what had come before.
    replayed: u64,
    /// For no alert of an open incident.
    unknown: u64,
}

#[derive(Serialize)]
struct Open {
    p1: usize,
    p2: usize,
    p3: usize,
}

async fn health(State(app): State<App>) -> (StatusCode, Json<Health>) {
    let (board, now) = app.look();
    let measured = app.measured();
    let open = |priority: Priority| {
        board
            .incidents
            .values()
            .filter(|incident| incident.is_open() && incident.priority == priority)
            .count()
    };
    let counts = app.store.counts().await;
    if let Err(error) = &counts {
        tracing::error!(%error, "the store does not answer the health page");
    }
    let (code, status) = match &counts {
        Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "store"),
        Ok(_) if board.store_fails => (StatusCode::SERVICE_UNAVAILABLE, "store"),
        Ok(_) if !board.deaf.is_empty() => (StatusCode::SERVICE_UNAVAILABLE, "deaf"),
        Ok(_) => (StatusCode::OK, "ok"),
    };
    let counts = counts.unwrap_or_default();
    let mut sources = (app.source_counts)();
    for (name, gaps) in &board.gaps {
        let source = sources.entry(name.clone()).or_default();
        source.insert("missing", gaps.missing);
        source.insert("given_up", gaps.given_up);
        source.insert("sessions_lost_ever", gaps.sessions_lost);
    }
    let health = Health {
        status,
        at: board.at.map(|at| at.to_string()),
        picture_age_s: board.at.map(|at| now.s_since(at)),
        deaf: board.deaf.clone(),
        trouble: trouble::lines(&board, measured),
        disk_pct: measured.disk_pct,
        canary: app.vitals.canary().map(|canary| Canary {
            booked: canary.booked,
            came: canary.came,
            missed: canary.missed,
            age_s: app.ages().canary_s,
            took: canary.took,
            stuck_at: canary.stuck_at.map(Hop::as_str),
        }),
        sources,
        wearers_seen: board.wearers.len(),
        stray_tags: board.strays.len(),
        open_incidents: Open { p1: open(Priority::P1), p2: open(Priority::P2), p3: open(Priority::P3) },
        incidents: counts.incidents,
        alerts: counts.alerts,
        callbacks: Callbacks {
            refused: app.callbacks.refused.load(Ordering::Relaxed),
            replayed: app.callbacks.replayed.load(Ordering::Relaxed),
            unknown: app.callbacks.unknown.load(Ordering::Relaxed),
        },
    };
    (code, Json(health))
}
