//! Accounts, for administrators: who may sign in, as what, and for how long.
//!
//! An administrator of some units makes and changes accounts of those alone.

use std::collections::BTreeSet;

use askama::Template;
use axum::{
    Router,
    extract::{Path, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};

use super::{
    App,
    caller::{Caller, Officer},
    gate,
    guard::Posted,
    page::{Frame, framed, html},
    refusal::Refusal,
    rights::Act,
    tokens::{TokenLine, token_lines},
    when::When,
    words,
};
use crate::{
    access::{
        Account, AccountError, Grant, Invitation, NewAccount, Reach, Role,
        audit::{About, Whom},
    },
    domain::{CaseId, StaffId, Unit},
    engine::Rulebook,
};

/// Of a reason to revoke an account.
const REASON_CHARS_MAX: usize = 200;

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/accounts", get(list).post(add))
        .route("/accounts/{account}", get(one).post(change))
        .route("/accounts/{account}/link", post(link))
        .route("/accounts/{account}/revoke", post(revoke))
        .route("/accounts/{account}/tokens/{no}/revoke", post(revoke_token))
}

#[derive(Template)]
#[template(path = "accounts.html", config = ".askama.toml")]
struct ListPage {
    frame: Frame,
    accounts: Vec<Line>,
    form: Form,
    id: String,
    name: String,
    error: String,
}

#[derive(Template)]
#[template(path = "account.html", config = ".askama.toml")]
struct AccountPage {
    frame: Frame,
    line: Line,
    form: Form,
    error: String,
    made: Option<Made>,
    tokens: Vec<TokenLine>,
    /// Where they are revoked.
    tokens_at: String,
}

struct Line {
    id: String,
    name: String,
    roles: String,
    state: &'static str,
    is_revoked: bool,
}

/// Roles by unit, as boxes to tick, and cases.
struct Form {
    units: Vec<String>,
    rows: Vec<Row>,
    cases: String,
}

struct Row {
    role: &'static str,
    hint: &'static str,
    /// Value, label, ticked.
    boxes: Vec<(String, String, bool)>,
}

/// A link that was just made.
struct Made {
    link: String,
    until: When,
}

/// What a form says somebody may do.
struct Wanted {
    grants: Vec<Grant>,
    caseload: Vec<CaseId>,
}

async fn list(State(app): State<App>, officer: Officer) -> Result<Response, Refusal> {
    list_with(&app, &officer, ["", ""], Vec::new(), "", String::new()).await
}

async fn list_with(
    app: &App,
    officer: &Officer,
    [id, name]: [&str; 2],
    ticked: Vec<Grant>,
    cases: &str,
    error: String,
) -> Result<Response, Refusal> {
    let title = if error.is_empty() { "Accounts" } else { "Error: Accounts" };
    let (board, _, frame) = framed(app, officer, title, "accounts");
    gate::shows(app, officer, Act::SeeAccounts, gate::units(&officer.reach, &board.rulebook)).await?;
    let accounts = all_in_sight(app, officer)?.iter().map(line).collect();
    let form = Form::new(&board.rulebook, &officer.reach, &ticked, cases);
    let status = if error.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    Ok((status, html(&ListPage { frame, accounts, form, id: id.into(), name: name.into(), error }))
        .into_response())
}

async fn add(
    State(app): State<App>,
    officer: Officer,
    headers: HeaderMap,
    form: Posted,
) -> Result<Response, Refusal> {
    let (id, name) = (form.field("id").trim().to_lowercase(), form.field("name").trim());
    let again = |ticked, error| list_with(&app, &officer, [&id, name], ticked, form.field("cases"), error);
    let wanted = match wanted(&app, &officer, &form) {
        Ok(wanted) => wanted,
        Err(error) => return again(Vec::new(), error).await,
    };
    let account: StaffId = match id.parse() {
        Ok(account) => account,
        Err(error) => return again(wanted.grants, format!("What they sign in as: {error}.")).await,
    };
    let new = NewAccount { id: account, name: name.into(), grants: wanted.grants, caseload: wanted.caseload };
    match app.access.add_account(&new, &officer.who(), app.clock.wall()).await {
        Ok(invitation) => {
            account_with(&app, &officer, &new.id, String::new(), Some((invitation, &headers))).await
        }
        Err(AccountError::Access(error)) => Err(error.into()),
        Err(error) => again(new.grants, sentence(&error)).await,
    }
}

async fn one(State(app): State<App>, officer: Officer, Path(id): Path<String>) -> Result<Response, Refusal> {
    account_with(&app, &officer, &parse(&id)?, String::new(), None).await
}

async fn account_with(
    app: &App,
    officer: &Officer,
    id: &StaffId,
    error: String,
    made: Option<(Invitation, &HeaderMap)>,
) -> Result<Response, Refusal> {
    let account = in_sight(app, officer, id)?;
    let about = About { subject: Some(Whom::Account(id.clone())), ..About::default() };
    gate::shows(app, officer, Act::SeeAccounts, [about]).await?;
    let title = format!("Account of {}", account.name);
    let (board, now, frame) = framed(app, officer, &title, "accounts");
    let cases: Vec<&str> = account.caseload.iter().map(CaseId::as_str).collect();
    let form = Form::new(&board.rulebook, &officer.reach, &account.grants, &cases.join(" "));
    let made = made.map(|(invitation, headers)| Made {
        link: invitation.link(&base(app, headers)),
        until: When::new(invitation.until, now),
    });
    let status = if error.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let (tokens, tokens_at) = (token_lines(app, id, now)?, format!("/accounts/{id}/tokens"));
    let page = AccountPage { frame, line: line(&account), form, error, made, tokens, tokens_at };
    Ok((status, html(&page)).into_response())
}

async fn change(
    State(app): State<App>,
    officer: Officer,
    Path(id): Path<String>,
    form: Posted,
) -> Result<Response, Refusal> {
    let id = within_reach(&app, &officer, &id)?;
    let Wanted { grants, caseload } = match wanted(&app, &officer, &form) {
        Ok(wanted) => wanted,
        Err(error) => return account_with(&app, &officer, &id, error, None).await,
    };
    let changed = app.access.change_account(&id, &grants, &caseload, &officer.who(), app.clock.wall()).await;
    done(&app, &officer, &id, changed).await
}

async fn link(
    State(app): State<App>,
    officer: Officer,
    Path(id): Path<String>,
    headers: HeaderMap,
    _: Posted,
) -> Result<Response, Refusal> {
    let id = within_reach(&app, &officer, &id)?;
    match app.access.invite(&id, &officer.who(), app.clock.wall()).await {
        Ok(invitation) => {
            account_with(&app, &officer, &id, String::new(), Some((invitation, &headers))).await
        }
        Err(AccountError::Access(error)) => Err(error.into()),
        Err(error) => account_with(&app, &officer, &id, sentence(&error), None).await,
    }
}

async fn revoke(
    State(app): State<App>,
    officer: Officer,
    Path(id): Path<String>,
    form: Posted,
) -> Result<Response, Refusal> {
    let id = within_reach(&app, &officer, &id)?;
    let reason = form.field("reason").trim();
    if reason.is_empty() || reason.chars().count() > REASON_CHARS_MAX {
        let error = "To revoke an account, write why, in at most 200 characters.".into();
        return account_with(&app, &officer, &id, error, None).await;
    }
    let revoked = app.access.revoke_account(&id, reason, &officer.who(), app.clock.wall()).await;
    done(&app, &officer, &id, revoked).await
}

async fn revoke_token(
    State(app): State<App>,
    officer: Officer,
    Path((id, no)): Path<(String, String)>,
    _: Posted,
) -> Result<Response, Refusal> {
    let id = within_reach(&app, &officer, &id)?;
    let no = no.parse().map_err(|_| Refusal::no_account())?;
    match app.access.revoke_token(&id, no, &officer.who(), app.clock.wall()).await {
        Ok(()) => Ok(Redirect::to(&format!("/accounts/{id}")).into_response()),
        Err(AccountError::Access(error)) => Err(error.into()),
        Err(error) => account_with(&app, &officer, &id, sentence(&error), None).await,
    }
}

async fn done(
    app: &App,
    officer: &Officer,
    id: &StaffId,
    result: Result<(), AccountError>,
) -> Result<Response, Refusal> {
    match result {
        Ok(()) => Ok(Redirect::to("/accounts").into_response()),
        Err(AccountError::Access(error)) => Err(error.into()),
        Err(error) => account_with(app, officer, id, sentence(&error), None).await,
    }
}

/// What the form asks for, if it is the administrator's to give.
fn wanted(app: &App, officer: &Officer, form: &Posted) -> Result<Wanted, String> {
    let (board, _) = app.look_as(officer);
    let mut grants = Vec::new();
    for value in form.all("grant") {
        let (role, unit) = value.split_once(':').unwrap_or((value, ""));
        let role = Role::parse(role).ok_or("Choose roles from the list.")?;
        let unit = (!unit.is_empty())
            .then(|| unit.parse())
            .transpose()
            .map_err(|_| "Choose units from the list.")?;
        let grant = Grant { role, unit };
        if !is_ours(&officer.reach, &grant) {
            return Err("You can give roles in your own units alone.".into());
        }
        grants.push(grant);
    }
    let words =
        form.field("cases").split(|c: char| c.is_whitespace() || c == ',').filter(|word| !word.is_empty());
    let mut caseload = BTreeSet::new();
    for word in words {
        let case = word.parse().ok().filter(|id| board.rulebook.case(id).is_some());
        caseload.insert(case.ok_or_else(|| {
            let word: String = word.chars().take(40).collect();
            format!("There is no case {word} in your units. Write cases as the rulebook names them.")
        })?);
    }
    Ok(Wanted { grants, caseload: caseload.into_iter().collect() })
}

/// Whether a grant is this administrator's to give and take.
fn is_ours(reach: &Reach, grant: &Grant) -> bool {
    grant.unit.as_ref().map_or(reach.everything, |unit| reach.has_unit(unit))
}

/// Whether an account has to do with the administrator's units at all.
fn is_in_sight(reach: &Reach, account: &Account) -> bool {
    reach.everything || account.grants.iter().any(|grant| is_ours(reach, grant))
}

/// The accounts that have to do with the administrator's units.
pub(super) fn all_in_sight(app: &App, caller: &Caller) -> Result<Vec<Account>, Refusal> {
    let all = app.access.accounts(app.clock.real_us()).ok_or_else(Refusal::accounts_away)?;
    Ok(all.all().filter(|account| is_in_sight(&caller.reach, account)).cloned().collect())
}

fn in_sight(app: &App, officer: &Officer, id: &StaffId) -> Result<Account, Refusal> {
    let all = app.access.accounts(app.clock.real_us()).ok_or_else(Refusal::accounts_away)?;
    all.get(id)
        .filter(|account| is_in_sight(&officer.reach, account))
        .cloned()
        .ok_or_else(Refusal::no_account)
}

/// An account that this administrator may change: all of its roles are theirs to give.
fn within_reach(app: &App, officer: &Officer, id: &str) -> Result<StaffId, Refusal> {
    let account = in_sight(app, officer, &parse(id)?)?;
    let all_ours = account.grants.iter().all(|grant| is_ours(&officer.reach, grant));
    if all_ours { Ok(account.id) } else { Err(Refusal::not_yours("/accounts")) }
}

fn parse(id: &str) -> Result<StaffId, Refusal> {
    id.parse().map_err(|_| Refusal::no_account())
}

/// Where the link leads: to where the administrator is.
pub(super) fn base(app: &App, headers: &HeaderMap) -> String {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    match &app.public {
        Some(public) => format!("https://{}", public.host),
        None => format!("http://{host}"),
    }
}

fn line(account: &Account) -> Line {
    let role = |grant: &Grant| {
        let unit = grant.unit.as_ref().map_or("every unit", |unit| unit.as_str());
        format!("{} of {unit}", words::staff_role(grant.role).0)
    };
    Line {
        id: account.id.to_string(),
        name: account.name.clone(),
        roles: account.grants.iter().map(role).collect::<Vec<_>>().join(", "),
        state: match account {
            Account { revoked: true, .. } => "Revoked",
            Account { enrolled: false, .. } => "Has not signed up yet",
            Account { .. } => "In use",
        },
        is_revoked: account.revoked,
    }
}

impl Form {
    fn new(rulebook: &Rulebook, reach: &Reach, ticked: &[Grant], cases: &str) -> Self {
        let units: Vec<&Unit> = rulebook.units().filter(|unit| reach.has_unit(&unit.id)).collect();
        let columns = units.iter().map(|unit| Some(unit.id.clone())).chain(reach.everything.then_some(None));
        let columns: Vec<_> = columns.collect();
        let row = |role: Role| {
            let (word, hint) = words::staff_role(role);
            let boxes = columns.iter().map(|unit| {
                let of = unit.as_ref().map_or("", |unit| unit.as_str());
                let is = ticked.contains(&Grant { role, unit: unit.clone() });
                let label = format!("{word} of {}", if of.is_empty() { "every unit" } else { of });
                (format!("{}:{of}", role.as_str()), label, is)
            });
            Row { role: word, hint, boxes: boxes.collect() }
        };
        let names = units.iter().map(|unit| unit.name.clone());
        Self {
            units: names.chain(reach.everything.then(|| "Every unit".into())).collect(),
            rows: Role::ALL.into_iter().map(row).collect(),
            cases: cases.into(),
        }
    }
}

pub(super) fn sentence(error: &AccountError) -> String {
    let text = error.to_string();
    let mut letters = text.chars();
    let first = letters.next().map(|c| c.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.", letters.as_str())
}
