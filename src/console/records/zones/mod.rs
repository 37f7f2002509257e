//! Zones: drawn by one person, rehearsed, approved by another, and then in force at once.
//!
//! A case's zones bind its wearer, on the ground or around a protected person; a unit's bind everybody it monitors.

mod around;
mod decide;
mod difference;
mod drawing;
mod edit;
mod form;
mod judge;
mod list;
pub(super) mod words;

use askama::Template;
use axum::{
    Router,
    extract::{Path, Query, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use serde::Deserialize;

use super::{
    owner::{Owner, OwnerPage, Whose},
    read::Wrong,
    record,
    sheet::{self, Control, Section, Summary},
    values::Values,
};
use crate::{
    access::Proposed,
    console::{
        App,
        caller::Officer,
        guard::{FORM_TOKEN, Posted},
        map::Map,
        names::Names,
        page::{Frame, framed, html},
        refusal::Refusal,
        rights::Act,
        when::When,
    },
    domain::{AnyZone, ProximityZone, Timestamp, Zone, ZoneId},
    engine::Rulebook,
};
pub(super) use difference::Difference;
use judge::Judged;

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/records/cases/{id}/zones", get(list::page))
        .route("/records/cases/{id}/zones/new", get(edit::open).post(edit::posted))
        .route("/records/cases/{id}/zones/around", get(edit::open).post(edit::posted))
        .route("/records/cases/{id}/zones/of/{zone}", get(edit::open).post(edit::posted))
        .route("/records/cases/{id}/zones/of/{zone}/remove", post(edit::remove))
        .route("/records/cases/{id}/proposals/{no}", get(decide::page).post(decide::decide))
        .route("/records/units/{id}/zones", get(list::page))
        .route("/records/units/{id}/zones/new", get(edit::open).post(edit::posted))
        .route("/records/units/{id}/zones/of/{zone}", get(edit::open).post(edit::posted))
        .route("/records/units/{id}/zones/of/{zone}/remove", post(edit::remove))
        .route("/records/units/{id}/proposals/{no}", get(decide::page).post(decide::decide))
}

/// The zone in an address.
#[derive(Deserialize)]
struct At {
    zone: String,
}
