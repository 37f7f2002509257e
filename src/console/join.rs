//! From the link that an administrator hands over to a password, an authenticator app and recovery codes.

use askama::Template;
use axum::{
    Router,
    extract::State,
    http::StatusCode,
    response::{AppendHeaders, IntoResponse, Response},
    routing::get,
};
use qrcode::{Color, QrCode};

use super::{App, assets, guard::Fields, page::html, refusal::Refusal};
use crate::{
    access::{EnrolError, Join},
    secret::Secret,
};

/// Light modules around a QR code; its standard asks for four.
const QUIET: usize = 4;

pub(super) fn routes() -> Router<App> {
    Router::new().route("/join", get(page).post(join))
}

#[derive(Template)]
#[template(path = "join_link.html", config = ".askama.toml")]
struct LinkPage {
    error: String,
    has_scripts: bool,
}

#[derive(Template)]
#[template(path = "join.html", config = ".askama.toml")]
struct JoinPage {
    /// The link's secret, back again with the form.
    code: String,
    account: String,
    name: String,
    key: String,
    picture: Picture,
    password_error: String,
    totp_error: String,
}

#[derive(Template)]
#[template(path = "joined.html", config = ".askama.toml")]
struct JoinedPage {
    codes: Vec<String>,
    home: &'static str,
}

/// A QR code as one path of squares.
struct Picture {
    modules: usize,
    path: String,
}

async fn page() -> Response {
    html(&LinkPage { error: String::new(), has_scripts: assets::has_scripts() })
}

async fn join(State(app): State<App>, form: Fields) -> Result<Response, Refusal> {
    let given = form.field("code").trim();
    let token = given.rsplit('#').next().unwrap_or(given);
    let at = app.clock.wall();
    let join = match app.access.join(token, at).await {
        Ok(join) => join,
        Err(error) => return link_refused(error),
    };
    let (password, code) = (form.field("password"), form.field("totp").trim());
    if password.is_empty() && code.is_empty() {
        return Ok(html(&drawn(&app, &join, token, String::new(), String::new())));
    }
    let again = |password: String, totp: String| {
        let page = drawn(&app, &join, token, password, totp);
        Ok((StatusCode::UNPROCESSABLE_ENTITY, html(&page)).into_response())
    };
    if password != form.field("repeated") {
        return again("The two are not the same; type it twice.".into(), String::new());
    }
    match app.access.enrol(token, Secret::new(password), code, at).await {
        Ok(enrolled) => {
            let accounts = app.access.accounts(app.clock.real_us()).ok_or_else(Refusal::accounts_away)?;
            let account = accounts.live(&enrolled.account).ok_or_else(Refusal::sign_in_first)?;
            let (cookies, home) = app.let_in(&account.id, account.generation, "")?;
            let page = html(&JoinedPage { codes: enrolled.recovery_codes, home });
            Ok((AppendHeaders(cookies), page).into_response())
        }
        Err(EnrolError::Password(why)) => again(why, String::new()),
        Err(error @ EnrolError::Code) => again(String::new(), error.to_string()),
        Err(error) => link_refused(error),
    }
}

fn link_refused(error: EnrolError) -> Result<Response, Refusal> {
    match error {
        EnrolError::Access(error) => Err(error.into()),
        error => {
            let page = html(&LinkPage { error: error.to_string(), has_scripts: assets::has_scripts() });
            Ok((StatusCode::FORBIDDEN, page).into_response())
        }
    }
}

fn drawn(app: &App, join: &Join, token: &str, password_error: String, totp_error: String) -> JoinPage {
    JoinPage {
        code: token.into(),
        account: join.account.to_string(),
        name: join.name.clone(),
        key: join.key(),
        picture: Picture::of(&join.uri(&app.installation)),
        password_error,
        totp_error,
    }
}

impl Picture {
    fn of(text: &str) -> Self {
        // Some 100 letters; it would be too long from 2,953 on. Without a picture the key can still be typed.
        let Ok(code) = QrCode::new(text) else { return Self { modules: 0, path: String::new() } };
        let width = code.width();
        let dark = code.to_colors().into_iter().enumerate().filter(|(_, color)| *color == Color::Dark);
        let square = |(i, _)| format!("M{} {}h1v1h-1z", i % width + QUIET, i / width + QUIET);
        Self { modules: width + 2 * QUIET, path: dark.map(square).collect() }
    }
}
