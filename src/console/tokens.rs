//! A person's tokens for the API: what a machine or a script of theirs shows in place of a session.

use askama::Template;
use axum::{
    Router,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use sha2::{Digest, Sha256};

use super::{
    App, accounts,
    caller::Officer,
    guard::Posted,
    page::{Frame, framed, html},
    refusal::Refusal,
    sign_in::Signed,
    when::When,
    words,
};
use crate::{
    access::{AccountError, NewToken, Permit, ProofError, TOKEN_DAYS, TOKEN_DAYS_MAX, Token, TokenText},
    domain::{StaffId, Timestamp},
    secret::Secret,
};

const DAY_US: i64 = 24 * 3_600 * 1_000_000;

pub(super) fn routes() -> Router<App> {
    Router::new().route("/tokens", get(page).post(make)).route("/tokens/{no}/revoke", post(revoke))
}

#[derive(Template)]
#[template(path = "tokens.html", config = ".askama.toml")]
struct Page {
    frame: Frame,
    /// They came by a one-time link, which is no account.
    by_link: bool,
    tokens: Vec<TokenLine>,
    /// Value, name, what it includes, ticked.
    permits: Vec<(&'static str, &'static str, bool)>,
    form: Form,
    days_max: i64,
    error: String,
    made: Option<TokenText>,
}

/// What was written into the form.
struct Form {
    name: String,
    days: String,
    ticked: Vec<Permit>,
}

/// A token as lists show it.
pub(super) struct TokenLine {
    pub(super) no: i64,
    pub(super) name: String,
    pub(super) permits: String,
    pub(super) until: When,
    /// The last day on which it was used.
    pub(super) used: String,
    pub(super) days_used: i64,
    pub(super) state: &'static str,
    pub(super) is_live: bool,
}

/// The tokens of an account, the newest first.
pub(super) fn token_lines(app: &App, id: &StaffId, now: Timestamp) -> Result<Vec<TokenLine>, Refusal> {
    let accounts = app.access.accounts(app.clock.real_us()).ok_or_else(Refusal::accounts_away)?;
    let at = app.clock.wall();
    let line = |token: &Token| {
        let is_live = accounts.is_live(token, at);
        let used = token.used_day.map(|day| When::new(Timestamp::from_us(day * DAY_US), now).day());
        TokenLine {
            no: token.no,
            name: token.name.clone(),
            permits: token.permits.iter().map(|permit| words::permit(*permit)).collect::<Vec<_>>().join(", "),
            until: When::new(token.until, now),
            used: used.unwrap_or_else(|| "never".into()),
            days_used: token.days_used,
            state: match (is_live, token.revoked) {
                (true, _) => "In use",
                (false, true) => "Revoked",
                (false, false) => "Expired",
            },
            is_live,
        }
    };
    Ok(accounts.tokens_of(id).into_iter().map(line).collect())
}

async fn page(State(app): State<App>, signed: Signed) -> Result<Response, Refusal> {
    let form = Form { name: String::new(), days: TOKEN_DAYS.to_string(), ticked: Vec::new() };
    draw(&app, &Officer::of(&app, signed)?, form, String::new(), None)
}

fn draw(
    app: &App,
    officer: &Officer,
    form: Form,
    error: String,
    made: Option<TokenText>,
) -> Result<Response, Refusal> {
    let title = if error.is_empty() { "API tokens" } else { "Error: API tokens" };
    let (_, now, frame) = framed(app, officer, title, "tokens");
    let permits = officer.permits().into_iter();
    let permits = permits.map(|it| (it.as_str(), words::permit(it), form.ticked.contains(&it))).collect();
    let status = if error.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let page = Page {
        frame,
        by_link: officer.signed.generation.is_none(),
        tokens: token_lines(app, &officer.id, now)?,
        permits,
        form,
        days_max: TOKEN_DAYS_MAX,
        error,
        made,
    };
    Ok((status, html(&page)).into_response())
}

async fn make(State(app): State<App>, signed: Signed, form: Posted) -> Result<Response, Refusal> {
    let officer = Officer::of(&app, signed)?;
    let ticked = form.all("permit").into_iter().filter_map(Permit::parse).collect();
    let written =
        Form { name: form.field("name").trim().into(), days: form.field("days").trim().into(), ticked };
    if officer.signed.generation.is_none() {
        return draw(&app, &officer, written, "Whoever came by a one-time link has no account.".into(), None);
    }
    let new = match wanted(&officer, &written) {
        Ok(new) => new,
        Err(error) => return draw(&app, &officer, written, error, None),
    };
    // A token outlives the session: whoever sits down at somebody's open console gets none.
    let shown = ["password", "code"].map(|field| Secret::new(form.field(field)));
    let from = Sha256::digest(officer.signed.form_token()).into();
    let (at, real_us) = (app.clock.wall(), app.clock.real_us());
    if let Err(error) = app.access.prove_again(&officer.id, shown, from, at, real_us).await {
        let error = match error {
            ProofError::Wrong => {
                "The password or the code is wrong, or the code has been used: wait for the next one.".into()
            }
            ProofError::Wait(s) => format!("It was wrong too often. Wait {s} s."),
            ProofError::Access(error) => return Err(error.into()),
        };
        return draw(&app, &officer, written, error, None);
    }
    match app.access.make_token(&officer.id, &new, &officer.who(), at).await {
        Ok((_, text)) => {
            let empty = Form { name: String::new(), days: TOKEN_DAYS.to_string(), ticked: Vec::new() };
            draw(&app, &officer, empty, String::new(), Some(text))
        }
        Err(AccountError::Access(error)) => Err(error.into()),
        Err(error) => draw(&app, &officer, written, accounts::sentence(&error), None),
    }
}

/// The token that the form asks for, if it is theirs to make.
fn wanted(officer: &Officer, form: &Form) -> Result<NewToken, String> {
    let theirs = officer.permits();
    if !form.ticked.iter().all(|permit| theirs.contains(permit)) {
        return Err("A token may do no more than you may.".into());
    }
    let days = form.days.parse().map_err(|_| "Write for how many days it works: a number from 1 to 365.")?;
    let new = NewToken { name: form.name.clone(), permits: form.ticked.clone(), days };
    // Before password and code are looked at: a code does once.
    new.check().map_err(|error| accounts::sentence(&error))?;
    Ok(new)
}

async fn revoke(
    State(app): State<App>,
    signed: Signed,
    Path(no): Path<String>,
    _: Posted,
) -> Result<Response, Refusal> {
    let officer = Officer::of(&app, signed)?;
    let form = Form { name: String::new(), days: TOKEN_DAYS.to_string(), ticked: Vec::new() };
    let Ok(no) = no.parse() else {
        return draw(&app, &officer, form, "There is no such token.".into(), None);
    };
    match app.access.revoke_token(&officer.id, no, &officer.who(), app.clock.wall()).await {
        Ok(()) => Ok(Redirect::to("/tokens").into_response()),
        Err(AccountError::Access(error)) => Err(error.into()),
        Err(error) => draw(&app, &officer, form, accounts::sentence(&error), None),
    }
}
