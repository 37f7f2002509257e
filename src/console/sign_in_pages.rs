//! Coming in, saying who one is, and leaving.

use askama::Template;
use axum::{
    Router,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};

use super::{
    App, assets,
    guard::{COOKIE, Fields, Posted},
    page::html,
    refusal::Refusal,
    sign_in::{SignInError, Signed},
};
use crate::{domain::StaffId, engine::Rulebook};

/// Open to whoever is not signed in yet.
pub(super) fn outer_routes() -> Router<App> {
    Router::new().route("/sign-in", get(sign_in_page).post(sign_in))
}

/// Behind sign-in.
pub(super) fn inner_routes() -> Router<App> {
    Router::new().route("/who", get(who_page).post(who)).route("/sign-out", post(sign_out))
}

#[derive(Template)]
#[template(path = "sign_in.html", config = ".askama.toml")]
struct SignInPage {
    error: String,
    has_scripts: bool,
}

impl SignInPage {
    fn new(error: impl ToString) -> Self {
        Self { error: error.to_string(), has_scripts: assets::has_scripts() }
    }
}

#[derive(Template)]
#[template(path = "who.html", config = ".askama.toml")]
struct WhoPage {
    units: Vec<Staffed>,
    form_token: String,
    error: bool,
}

struct Staffed {
    unit: String,
    staff: Vec<(String, String)>,
}

async fn sign_in_page() -> Response {
    html(&SignInPage::new(""))
}

async fn sign_in(State(app): State<App>, form: Fields) -> Response {
    let given = form.field("code").trim();
    // People paste the whole link as often as the code in it.
    let code = given.rsplit('#').next().unwrap_or(given);
    match app.sign_in.redeem(code, app.clock.real_us()) {
        Ok(cookie) => {
            tracing::info!("somebody signed in to the console");
            // Not `Secure`: this is http to one's own machine. No `Max-Age`: it ends with the browser, too.
            let cookie = format!("{COOKIE}={cookie}; Path=/; HttpOnly; SameSite=Strict");
            ([(header::SET_COOKIE, cookie)], Redirect::to("/who")).into_response()
        }
        Err(error) => {
            let status = match error {
                SignInError::NoRandom => StatusCode::SERVICE_UNAVAILABLE,
                _ => StatusCode::FORBIDDEN,
            };
            tracing::warn!(%error, "a sign-in was refused");
            (status, html(&SignInPage::new(error))).into_response()
        }
    }
}

async fn who_page(State(app): State<App>, signed: Signed) -> Response {
    let (board, _) = app.look();
    html(&WhoPage { units: staffed(&board.rulebook), form_token: signed.form_token(), error: false })
}

async fn who(State(app): State<App>, signed: Signed, form: Posted) -> Response {
    let (board, _) = app.look();
    let chosen: Option<StaffId> = form.field("staff").parse().ok();
    match chosen.filter(|id| board.rulebook.staff(id).is_some()) {
        Some(id) => {
            app.sign_in.set_staff(&signed, id);
            Redirect::to("/").into_response()
        }
        None => {
            let page =
                WhoPage { units: staffed(&board.rulebook), form_token: signed.form_token(), error: true };
            (StatusCode::UNPROCESSABLE_ENTITY, html(&page)).into_response()
        }
    }
}

async fn sign_out(State(app): State<App>, signed: Signed, _: Posted) -> Result<Response, Refusal> {
    app.sign_in.sign_out(&signed);
    let cookie = format!("{COOKIE}=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0");
    Ok(([(header::SET_COOKIE, cookie)], Redirect::to("/sign-in")).into_response())
}

fn staffed(rulebook: &Rulebook) -> Vec<Staffed> {
    let unit = |unit: &crate::domain::Unit| Staffed {
        unit: unit.name.clone(),
        staff: unit.staff.iter().map(|staff| (staff.id.to_string(), staff.name.clone())).collect(),
    };
    rulebook.units().map(unit).filter(|unit| !unit.staff.is_empty()).collect()
}
