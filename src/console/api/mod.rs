//! The API: what pages show and do, for machines and people's scripts, as JSON.
//!
//! It stands behind the same gate as pages: the same table of acts and roles, the same reach, the same audit log. What asks
//! shows a token, which belongs to an account and is made for some of what the account may do. What it does becomes an
//! input in the same inbox.

mod bearer;
mod body;
mod document;
mod doing;
mod facts;
mod incident;
mod incidents;
mod operations;
mod pace;
mod page;
mod people;
mod problem;
mod records;
mod wearers;

use std::sync::atomic::AtomicU64;

use axum::Router;

pub(super) use bearer::caller;
pub(super) use problem::problems;

use super::App;
use pace::{Pace, Seats};

/// Where it is.
const ROOT: &str = "/api/v1/";

pub(super) fn routes() -> Router<App> {
    Router::new()
        .merge(incidents::routes())
        .merge(doing::routes())
        .merge(wearers::routes())
        .merge(people::routes())
        .merge(records::routes())
        .merge(page::routes())
}

/// Whether an address, or the route of one, is of the API.
pub(super) fn is_api(path: &str) -> bool {
    path.starts_with(ROOT)
}

/// What has come by tokens since the start.
#[derive(Default)]
pub(super) struct Traffic {
    /// Let in to be judged by what it asks for.
    pub(super) let_in: AtomicU64,
    /// Shown no token that works.
    pub(super) wrong: AtomicU64,
    /// With a token that is used too fast.
    pub(super) too_fast: AtomicU64,
    pace: Pace,
    seats: Seats,
}
