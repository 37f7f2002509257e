//! Coming in, saying who one is, and leaving.

use askama::Template;
use axum::{
    Router,
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{AppendHeaders, IntoResponse, Redirect, Response},
    routing::{get, post},
};

use super::{
    App, assets,
    caller::Officer,
    guard::{COOKIE, Fields, Posted, cookies},
    handover,
    page::html,
    refusal::Refusal,
    rights::Act,
    sign_in::{Half, SignInError, Signed},
};
use crate::{
    access::{Proof, ProofError, Standing},
    domain::StaffId,
    engine::Rulebook,
    secret::Secret,
};

/// Knows whoever has shown their password, until they show a code.
const HALF: &str = "cordon_half";
/// Knows a browser that has signed in to the account whose id is behind it.
const KNOWN: &str = "cordon_known_";
const YEAR_S: u32 = 365 * 86_400;

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/sign-in", get(sign_in_page).post(sign_in))
        .route("/sign-in/code", post(code))
        .route("/who", get(who_page).post(who))
        .route("/here", post(here))
        .route("/fragments/here", get(still_here))
        .route("/sign-out", post(sign_out))
}

#[derive(Template)]
#[template(path = "sign_in.html", config = ".askama.toml")]
struct SignInPage {
    /// Somebody can sign in with a password.
    has_accounts: bool,
    /// The machine's one-time link may be used.
    has_link: bool,
    name: String,
    link_error: String,
    error: String,
    has_scripts: bool,
}

#[derive(Template)]
#[template(path = "code.html", config = ".askama.toml")]
struct CodePage {
    name: String,
    error: String,
}

#[derive(Template)]
#[template(path = "recovered.html", config = ".askama.toml")]
struct RecoveredPage {
    left: i64,
    home: &'static str,
}

#[derive(Template)]
#[template(path = "who.html", config = ".askama.toml")]
struct WhoPage {
    units: Vec<Staffed>,
    form_token: String,
    error: bool,
}

#[derive(Template)]
#[template(path = "sign_out.html", config = ".askama.toml")]
struct SignOutPage {
    /// How many open incidents are theirs.
    stays: usize,
    may_hand_over: bool,
    home: &'static str,
    form_token: String,
}

struct Staffed {
    unit: String,
    staff: Vec<(String, String)>,
}

/// The session's, none of one who is half in, and the browser's.
type Cookies = [(header::HeaderName, String); 3];

impl App {
    /// A cookie of ours: to no script, with no request that another site has caused and, beyond this machine, by TLS alone.
    /// Without an age it ends with the browser.
    fn cookie(
        &self,
        name: &str,
        value: &str,
        path: &str,
        age_s: Option<u32>,
    ) -> (header::HeaderName, String) {
        let secure = if self.public.is_some() { "; Secure" } else { "" };
        let age = age_s.map(|s| format!("; Max-Age={s}")).unwrap_or_default();
        let cookie = format!("{name}={value}; Path={path}; HttpOnly; SameSite=Strict{secure}{age}");
        (header::SET_COOKIE, cookie)
    }

    /// What a browser is given whose owner is who they say; and the page they begin at.
    pub(super) fn let_in(
        &self,
        account: &StaffId,
        generation: i64,
        half: &str,
    ) -> Result<(Cookies, &'static str), Refusal> {
        let real_us = self.clock.real_us();
        let session = self.sign_in.enter(account.clone(), generation, half, real_us);
        let session = session.map_err(|_| Refusal::accounts_away())?;
        let known = self.access.browser_cookie(account)?;
        let signed = self.sign_in.session(&session, real_us).ok_or_else(Refusal::sign_in_first)?;
        let home = Officer::of(self, signed)?.home();
        tracing::info!(account = %account, "somebody signed in to the console");
        let cookies = [
            self.cookie(COOKIE, &session, "/", None),
            self.cookie(HALF, "", "/sign-in", Some(0)),
            self.cookie(&format!("{KNOWN}{account}"), &known, "/sign-in", Some(YEAR_S)),
        ];
        Ok((cookies, home))
    }

    fn known_browser(&self, name: &str, headers: &HeaderMap) -> Option<[u8; 32]> {
        let cookie = format!("{KNOWN}{name}");
        cookies(headers, &cookie).find_map(|value| self.access.known_browser(name, value))
    }

    fn sign_in_page(&self, name: &str, error: String, link_error: String) -> SignInPage {
        let accounts = self.access.accounts(self.clock.real_us());
        let has_accounts = accounts.is_none_or(|all| all.all().any(|account| account.enrolled));
        SignInPage {
            has_accounts,
            has_link: !has_accounts || self.sign_in.has_links(),
            name: name.into(),
            link_error,
            error,
            has_scripts: assets::has_scripts(),
        }
    }
}

async fn sign_in_page(State(app): State<App>, headers: HeaderMap) -> Response {
    match half(&app, &headers) {
        Some((_, half)) => html(&CodePage { name: half.account.to_string(), error: String::new() }),
        None => html(&app.sign_in_page("", String::new(), String::new())),
    }
}

async fn sign_in(State(app): State<App>, headers: HeaderMap, form: Fields) -> Response {
    if !form.field("again").is_empty() {
        let forget = app.cookie(HALF, "", "/sign-in", Some(0));
        return (AppendHeaders([forget]), Redirect::to("/sign-in")).into_response();
    }
    if !form.field("code").is_empty() {
        return by_link(&app, form.field("code"));
    }
    let name = form.field("name").trim().to_lowercase();
    let proof = Proof::Password(Secret::new(form.field("password")));
    let known = app.known_browser(&name, &headers);
    let shown = app.access.prove(&name, proof, known, app.clock.wall(), app.clock.real_us()).await;
    let accounts = app.access.accounts(app.clock.real_us());
    let account = name.parse().ok().and_then(|id: StaffId| accounts.as_ref()?.live(&id).cloned());
    match (shown, account) {
        (Ok(_), Some(account)) => {
            match app.sign_in.half_way(account.id, account.generation, app.clock.real_us()) {
                Ok(half) => {
                    let cookie = app.cookie(HALF, &half, "/sign-in", None);
                    (AppendHeaders([cookie]), Redirect::to("/sign-in")).into_response()
                }
                Err(_) => Refusal::accounts_away().into_response(),
            }
        }
        (Ok(_), None) => Refusal::accounts_away().into_response(),
        (Err(error), _) => refused(
            error,
            "This name and password do not belong together, or the account is not in use.",
            |error| html(&app.sign_in_page(&name, error, String::new())),
        ),
    }
}

async fn code(State(app): State<App>, headers: HeaderMap, form: Fields) -> Result<Response, Refusal> {
    let Some((cookie, half)) = half(&app, &headers) else {
        let error = "Five minutes have passed since you gave your password. Give it again.".to_owned();
        let page = html(&app.sign_in_page("", error, String::new()));
        return Ok((StatusCode::FORBIDDEN, page).into_response());
    };
    let name = half.account.to_string();
    let known = app.known_browser(&name, &headers);
    let proof = Proof::Code(Secret::new(form.field("code")));
    match app.access.prove(&name, proof, known, app.clock.wall(), app.clock.real_us()).await {
        Ok(standing) => {
            let (cookies, home) = app.let_in(&half.account, half.generation, &cookie)?;
            let answer = match standing {
                Standing::Whole(Some(left)) => html(&RecoveredPage { left, home }),
                Standing::Whole(None) | Standing::Half => Redirect::to(home).into_response(),
            };
            Ok((AppendHeaders(cookies), answer).into_response())
        }
        Err(error) => {
            let wrong =
                "This is not the code that the app shows now, or it has been used. Wait for the next one.";
            Ok(refused(error, wrong, |error| html(&CodePage { name, error })))
        }
    }
}

/// Who has shown their password in this browser, and the cookie that says so.
fn half(app: &App, headers: &HeaderMap) -> Option<(String, Half)> {
    let real_us = app.clock.real_us();
    cookies(headers, HALF).find_map(|cookie| Some((cookie.to_owned(), app.sign_in.half(cookie, real_us)?)))
}

fn refused(error: ProofError, wrong: &str, page: impl FnOnce(String) -> Response) -> Response {
    match error {
        ProofError::Wrong => {
            tracing::warn!("a sign-in was refused");
            (StatusCode::FORBIDDEN, page(wrong.into())).into_response()
        }
        ProofError::Wait(s) => {
            let why = format!(
                "There were too many wrong tries from browsers that are new to this account. Try again in {s} s, or at \
                 a computer where you have signed in before."
            );
            let mut answer = (StatusCode::TOO_MANY_REQUESTS, page(why)).into_response();
            answer.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(s));
            answer
        }
        ProofError::Access(error) => Refusal::from(error).into_response(),
    }
}

fn by_link(app: &App, given: &str) -> Response {
    // People paste the whole link as often as the code in it.
    let given = given.trim();
    let code = given.rsplit('#').next().unwrap_or(given);
    match app.sign_in.redeem(code, app.clock.real_us()) {
        Ok(cookie) => {
            tracing::info!("somebody signed in to the console by the one-time link");
            (AppendHeaders([app.cookie(COOKIE, &cookie, "/", None)]), Redirect::to("/who")).into_response()
        }
        Err(error) => {
            let status = match error {
                SignInError::NoRandom => StatusCode::SERVICE_UNAVAILABLE,
                _ => StatusCode::FORBIDDEN,
            };
            tracing::warn!(%error, "a sign-in was refused");
            (status, html(&app.sign_in_page("", String::new(), error.to_string()))).into_response()
        }
    }
}

async fn who_page(State(app): State<App>, signed: Signed) -> Response {
    if signed.generation.is_some() {
        return Redirect::to("/").into_response();
    }
    let (board, _) = app.look();
    html(&WhoPage { units: staffed(&board.rulebook), form_token: signed.form_token(), error: false })
}

async fn who(State(app): State<App>, signed: Signed, form: Posted) -> Response {
    // An account is who it is, and the names of other units are not its to see.
    if signed.generation.is_some() {
        return Redirect::to("/").into_response();
    }
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

/// The gate has taken note that somebody is there.
async fn here(_: Signed, _: Posted) -> StatusCode {
    StatusCode::NO_CONTENT
}

/// The gate has let it through: what the page shows may still be seen.
async fn still_here(_: Signed) -> StatusCode {
    StatusCode::NO_CONTENT
}

/// Somebody who leaves open incidents behind is told so first.
async fn sign_out(State(app): State<App>, signed: Signed, form: Posted) -> Response {
    let stays = handover::stays(&app, &signed);
    if stays > 0
        && form.field("anyway").is_empty()
        && let Ok(officer) = Officer::of(&app, signed.clone())
    {
        return html(&SignOutPage {
            stays,
            may_hand_over: officer.may(Act::SeeHandover),
            home: officer.home(),
            form_token: signed.form_token(),
        });
    }
    app.sign_in.sign_out(&signed);
    (AppendHeaders([app.cookie(COOKIE, "", "/", Some(0))]), Redirect::to("/sign-in")).into_response()
}

fn staffed(rulebook: &Rulebook) -> Vec<Staffed> {
    let unit = |unit: &crate::domain::Unit| Staffed {
        unit: unit.name.clone(),
        staff: unit.staff.iter().map(|staff| (staff.id.to_string(), staff.name.clone())).collect(),
    };
    rulebook.units().map(unit).filter(|unit| !unit.staff.is_empty()).collect()
}
