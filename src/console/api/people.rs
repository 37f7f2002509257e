//! Who asks, who may sign in, and who has a device.

use axum::{Json, Router, extract::State, routing::get};
use schemars::JsonSchema;
use serde::Serialize;

use super::{
    super::{App, accounts, caller::Caller, enrolments, refusal::Refusal},
    facts::Instant,
};
use crate::{
    access::{Account, Grant, Permit, Role, Token},
    domain::{CaseId, Recipient, StaffId, UnitId},
};

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/api/v1/me", get(me))
        .route("/api/v1/accounts", get(all))
        .route("/api/v1/devices", get(devices))
}

/// Whose token this is, and what it is good for.
#[derive(Serialize, JsonSchema)]
pub(super) struct Me {
    account: StaffId,
    name: String,
    roles: Vec<GrantFacts>,
    /// The cases of whoever sees their own alone.
    caseload: Vec<CaseId>,
    token: Option<TokenFacts>,
    /// What the token was made for and the account's roles include now.
    may: Vec<Permit>,
}

/// A role in a unit.
#[derive(Serialize, JsonSchema)]
struct GrantFacts {
    role: Role,
    /// Null for every unit.
    unit: Option<UnitId>,
}

/// A token, without its text.
#[derive(Serialize, JsonSchema)]
struct TokenFacts {
    no: i64,
    name: String,
    permits: Vec<Permit>,
    made_at: Instant,
    /// It works until then.
    until: Instant,
}

async fn me(caller: Caller) -> Json<Me> {
    let token = |token: &Token| TokenFacts {
        no: token.no,
        name: token.name.clone(),
        permits: token.permits.clone(),
        made_at: token.made_at.into(),
        until: token.until.into(),
    };
    Json(Me {
        token: caller.token().map(token),
        may: caller.permits(),
        roles: caller.grants.iter().map(GrantFacts::from).collect(),
        account: caller.id,
        name: caller.name,
        caseload: caller.caseload,
    })
}

impl From<&Grant> for GrantFacts {
    fn from(grant: &Grant) -> Self {
        Self { role: grant.role, unit: grant.unit.clone() }
    }
}

/// Accounts.
#[derive(Serialize, JsonSchema)]
pub(super) struct AllAccounts {
    /// By id.
    accounts: Vec<AccountFacts>,
}

/// An account.
#[derive(Serialize, JsonSchema)]
struct AccountFacts {
    id: StaffId,
    name: String,
    roles: Vec<GrantFacts>,
    caseload: Vec<CaseId>,
    /// Its owner has chosen a password.
    enrolled: bool,
    /// It lets nobody in any more.
    revoked: bool,
}

async fn all(State(app): State<App>, caller: Caller) -> Result<Json<AllAccounts>, Refusal> {
    let facts = |account: Account| AccountFacts {
        roles: account.grants.iter().map(GrantFacts::from).collect(),
        id: account.id,
        name: account.name,
        caseload: account.caseload,
        enrolled: account.enrolled,
        revoked: account.revoked,
    };
    let accounts = accounts::all_in_sight(&app, &caller)?.into_iter().map(facts).collect();
    Ok(Json(AllAccounts { accounts }))
}

/// Who has a device for push messages.
#[derive(Serialize, JsonSchema)]
pub(super) struct Devices {
    /// Whether push messages are set up here at all.
    is_set_up: bool,
    /// Protected persons, then staff, by name.
    holders: Vec<HolderFacts>,
}

/// Somebody who can have one.
#[derive(Serialize, JsonSchema)]
struct HolderFacts {
    who: Recipient,
    name: String,
    /// They have one.
    has_push: bool,
}

async fn devices(State(app): State<App>, caller: Caller) -> Json<Devices> {
    let (board, _) = app.look_as(&caller);
    let holders = enrolments::holders(&board.rulebook, &caller).into_iter().flatten();
    let facts = |holder: enrolments::Holder| HolderFacts {
        who: holder.who,
        name: holder.name,
        has_push: holder.has_push,
    };
    Json(Devices { is_set_up: app.phones.is_some(), holders: holders.map(facts).collect() })
}
