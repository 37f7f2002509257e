//! Whoever asks: what they are here for, and how far what they ask for reaches.

use std::ops::Deref;

use axum::{extract::FromRequestParts, http::request::Parts};

use super::{App, refusal::Refusal, rights::Act, sign_in::Signed};
use crate::{
    access::{Account, Grant, Permit, Reach, Role, Token, audit::Who},
    domain::{CaseId, StaffId},
};

/// Whoever came by a one-time link sits at this machine: they may do all that anybody may.
const LINK: [Role; 3] = [Role::Supervisor, Role::Administrator, Role::Auditor];

/// Somebody with a session, or a machine with a token.
#[derive(Clone)]
pub(super) struct Caller {
    pub(super) id: StaffId,
    /// As the account has it; the rulebook may know better.
    pub(super) name: String,
    /// How far the act that was asked for reaches.
    pub(super) reach: Reach,
    pub(super) grants: Vec<Grant>,
    pub(super) caseload: Vec<CaseId>,
    by: By,
}

/// What they are known by.
#[derive(Clone)]
enum By {
    Link,
    Account,
    Token(Token),
}

impl Caller {
    /// The person behind a session.
    fn of_session(app: &App, signed: &Signed) -> Result<Self, Refusal> {
        let id = signed.by.clone().ok_or_else(Refusal::say_who_first)?;
        let reach = Reach::default();
        let Some(generation) = signed.generation else {
            let grants = LINK.map(|role| Grant { role, unit: None }).into();
            let (name, caseload) = (id.to_string(), Vec::new());
            return Ok(Self { id, name, reach, grants, caseload, by: By::Link });
        };
        let accounts = app.access.accounts(app.clock.real_us()).ok_or_else(Refusal::accounts_away)?;
        let account = accounts.live(&id).filter(|account| account.generation == generation);
        let Some(account) = account else {
            app.sign_in.sign_out(signed);
            return Err(Refusal::sign_in_first());
        };
        Ok(Self::of_account(account.clone(), By::Account))
    }

    /// Whoever shows a token.
    pub(super) fn of_token(token: Token, account: Account) -> Self {
        Self::of_account(account, By::Token(token))
    }

    fn of_account(account: Account, by: By) -> Self {
        let Account { id, name, grants, caseload, .. } = account;
        Self { id, name, reach: Reach::default(), grants, caseload, by }
    }

    /// How far an act reaches; none if they may not. A token never reaches further than its account does now.
    pub(super) fn reach_of(&self, act: Act) -> Option<Reach> {
        self.reach_of_roles(act).filter(|_| self.is_permitted(act))
    }

    /// How far their roles let an act reach, whatever a token was made for.
    pub(super) fn reach_of_roles(&self, act: Act) -> Option<Reach> {
        let mut grants = self.grants.iter().filter(|grant| act.roles().contains(&grant.role)).peekable();
        grants.peek()?;
        Some(Reach::of(grants, &self.caseload))
    }

    /// The same, asking for something that reaches so far.
    pub(super) fn reaching(self, reach: Reach) -> Self {
        Self { reach, ..self }
    }

    pub(super) fn may(&self, act: Act) -> bool {
        self.reach_of(act).is_some()
    }

    /// What it takes for a token, they have: no token may do what there is no permit for.
    fn is_permitted(&self, act: Act) -> bool {
        match &self.by {
            By::Link | By::Account => true,
            By::Token(token) => act.permit().is_some_and(|permit| token.permits.contains(&permit)),
        }
    }

    /// The permits that are worth something to them now: of which their roles include an act.
    pub(super) fn permits(&self) -> Vec<Permit> {
        let is_of_use =
            |permit: &Permit| Act::ALL.iter().any(|act| act.permit() == Some(*permit) && self.may(*act));
        Permit::ALL.into_iter().filter(is_of_use).collect()
    }

    pub(super) fn token(&self) -> Option<&Token> {
        match &self.by {
            By::Token(token) => Some(token),
            By::Link | By::Account => None,
        }
    }

    /// Why they may not.
    pub(super) fn may_not(&self, act: Act) -> Refusal {
        if self.is_permitted(act) {
            Refusal::not_yours(self.home())
        } else {
            Refusal::not_permitted(act.permit())
        }
    }

    /// As the audit log names them.
    pub(super) fn who(&self) -> Who {
        let id = self.id.clone();
        match &self.by {
            By::Link => Who::Link(Some(id)),
            By::Account => Who::Account(id),
            By::Token(token) => Who::Token(id, token.no),
        }
    }

    /// By what right they do something.
    pub(super) fn right(&self, act: Act) -> String {
        if matches!(self.by, By::Link) {
            return "one-time link".into();
        }
        let by = self.grants.iter().filter(|grant| act.roles().contains(&grant.role));
        let words = by.map(|Grant { role, unit }| {
            let unit = unit.as_ref().map_or("every unit", |unit| unit.as_str());
            format!("{} of {unit}", role.as_str())
        });
        words.collect::<Vec<_>>().join(", ")
    }

    /// The page to begin at.
    pub(super) fn home(&self) -> &'static str {
        let pages = [(Act::SeeQueue, "/"), (Act::SeeAccounts, "/accounts"), (Act::SeeAudit, "/audit")];
        pages.into_iter().find(|(act, _)| self.may(*act)).map_or("/", |(_, page)| page)
    }
}

impl FromRequestParts<App> for Caller {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Refusal> {
        // Missing if a route was put outside the gate by mistake: then nobody gets in.
        parts.extensions.get::<Self>().cloned().ok_or_else(Refusal::show_a_token)
    }
}

/// The signed-in person: a caller with a session, whose pages have forms.
#[derive(Clone)]
pub(super) struct Officer {
    pub(super) signed: Signed,
    caller: Caller,
}

impl Officer {
    pub(super) fn of(app: &App, signed: Signed) -> Result<Self, Refusal> {
        let caller = Caller::of_session(app, &signed)?;
        Ok(Self { signed, caller })
    }

    /// The same, asking for something that reaches so far.
    pub(super) fn reaching(self, reach: Reach) -> Self {
        Self { caller: self.caller.reaching(reach), ..self }
    }
}

impl Deref for Officer {
    type Target = Caller;

    fn deref(&self) -> &Caller {
        &self.caller
    }
}

impl FromRequestParts<App> for Officer {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Refusal> {
        // Missing if a route was put outside the gate by mistake: then nobody gets in.
        parts.extensions.get::<Self>().cloned().ok_or_else(Refusal::sign_in_first)
    }
}
