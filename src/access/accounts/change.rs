//! Changes of accounts. Each stands in the audit log by the same transaction, or is not made.

use sqlx::SqliteConnection;

use super::{
    super::{
        Access, AccessError, Grant, Role,
        audit::{self, About, Record, Who, Whom},
        random,
    },
    Invitation,
};
use crate::domain::{CaseId, StaffId, Timestamp};

/// How long a link to choose a password works, milliseconds.
const LINK_MS: i64 = 24 * 3_600_000;
const NAME_CHARS_MAX: usize = 80;

/// An account to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAccount {
    /// What its owner signs in as.
    pub id: StaffId,
    /// Who they are.
    pub name: String,
    /// What they are here for; at least one.
    pub grants: Vec<Grant>,
    /// The cases of whoever sees their own alone.
    pub caseload: Vec<CaseId>,
}

/// Why accounts were left as they are.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AccountError {
    /// The id is taken; that of a revoked account stays taken, since the audit log names it.
    #[error("there is an account {0} already; each id is given once")]
    Taken(StaffId),
    /// No such account, or a revoked one.
    #[error("there is no account {0} in use")]
    Unknown(StaffId),
    /// Nobody could let anybody in any more.
    #[error("{0} is the last administrator of every unit; make another one first")]
    LastAdministrator(StaffId),
    /// It would be good for nothing.
    #[error("choose at least one role")]
    NoRole,
    /// The name.
    #[error("a name has 1 to 80 characters and no line breaks")]
    Name,
    /// There is somebody who can make accounts.
    #[error(
        "there is an administrator already; a new link for one who has lost theirs: cordon account link ID"
    )]
    HasAdministrator,
    /// A token that is good for nothing.
    #[error("choose at least one thing that the token may do")]
    NoPermit,
    /// How long a token works.
    #[error("a token works for 1 to 365 days")]
    TokenDays,
    /// The name of a token.
    #[error("a token's name has 1 to 60 characters and no line breaks")]
    TokenName,
    /// More than anybody looks after.
    #[error("an account has at most 10 tokens at once; revoke one that is not needed")]
    TooManyTokens,
    /// No such token of this account, or a revoked one.
    #[error("there is no token {0} in use")]
    NoToken(i64),
    /// The file.
    #[error(transparent)]
    Access(#[from] AccessError),
}

impl From<sqlx::Error> for AccountError {
    fn from(error: sqlx::Error) -> Self {
        Self::Access(error.into())
    }
}

impl Access {
    /// Makes the first administrator and their link; again, while nobody has used it.
    ///
    /// # Errors
    /// See [`AccountError`].
    pub async fn first_administrator(
        &self,
        id: &StaffId,
        name: &str,
        at: Timestamp,
    ) -> Result<Invitation, AccountError> {
        self.reload_at_once().await?;
        let accounts = std::sync::Arc::clone(&self.accounts.borrow());
        if accounts.administrator_has_signed_up() {
            return Err(AccountError::HasAdministrator);
        }
        if accounts.live(id).is_some_and(|account| account.is_administrator() && !account.enrolled) {
            return self.invite(id, &Who::Command, at).await;
        }
        let grants = vec![Grant { role: Role::Administrator, unit: None }];
        let new = NewAccount { id: id.clone(), name: name.into(), grants, caseload: Vec::new() };
        self.add_account(&new, &Who::Command, at).await
    }

    /// Makes an account, and the link by which its owner chooses a password.
    ///
    /// # Errors
    /// See [`AccountError`].
    pub async fn add_account(
        &self,
        new: &NewAccount,
        by: &Who,
        at: Timestamp,
    ) -> Result<Invitation, AccountError> {
        let name = new.name.trim();
        if name.is_empty() || name.chars().count() > NAME_CHARS_MAX || name.chars().any(char::is_control) {
            return Err(AccountError::Name);
        }
        if new.grants.is_empty() {
            return Err(AccountError::NoRole);
        }
        let mut tx = self.db.write.begin_with("BEGIN IMMEDIATE").await?;
        let made = sqlx::query("INSERT OR IGNORE INTO accounts VALUES ($1, $2, $3, NULL, 1)")
            .bind(new.id.as_str())
            .bind(name)
            .bind(at.as_us())
            .execute(&mut *tx)
            .await?;
        if made.rows_affected() == 0 {
            return Err(AccountError::Taken(new.id.clone()));
        }
        put_grants(&mut tx, &new.id, &new.grants, &new.caseload).await?;
        let invitation = put_invitation(&mut tx, &new.id, at).await?;
        let why = described(&new.grants, &new.caseload);
        audit::append(&mut tx, &[record("make account", by, &new.id, why, at)]).await?;
        tx.commit().await?;
        self.reload_at_once().await?;
        Ok(invitation)
    }

    /// Gives an account other roles and cases. Its sessions end.
    ///
    /// # Errors
    /// See [`AccountError`].
    pub async fn change_account(
        &self,
        id: &StaffId,
        grants: &[Grant],
        caseload: &[CaseId],
        by: &Who,
        at: Timestamp,
    ) -> Result<(), AccountError> {
        if grants.is_empty() {
            return Err(AccountError::NoRole);
        }
        let mut tx = self.db.write.begin_with("BEGIN IMMEDIATE").await?;
        let before = administrators(&mut tx).await?;
        renew(&mut tx, id).await?;
        put_grants(&mut tx, id, grants, caseload).await?;
        keep_an_administrator(&mut tx, before, id).await?;
        let why = described(grants, caseload);
        audit::append(&mut tx, &[record("change account", by, id, why, at)]).await?;
        tx.commit().await?;
        Ok(self.reload_at_once().await?)
    }

    /// Ends an account for good: its sessions, its links and what it signed in with.
    ///
    /// # Errors
    /// See [`AccountError`].
    pub async fn revoke_account(
        &self,
        id: &StaffId,
        why: &str,
        by: &Who,
        at: Timestamp,
    ) -> Result<(), AccountError> {
        let mut tx = self.db.write.begin_with("BEGIN IMMEDIATE").await?;
        let before = administrators(&mut tx).await?;
        renew(&mut tx, id).await?;
        sqlx::query("UPDATE accounts SET revoked_at = $2 WHERE id = $1")
            .bind(id.as_str())
            .bind(at.as_us())
            .execute(&mut *tx)
            .await?;
        for sql in
            ["DELETE FROM credentials WHERE account = $1", "DELETE FROM invitations WHERE account = $1"]
        {
            sqlx::query(sql).bind(id.as_str()).execute(&mut *tx).await?;
        }
        end_tokens(&mut tx, id, at).await?;
        keep_an_administrator(&mut tx, before, id).await?;
        audit::append(&mut tx, &[record("revoke account", by, id, why.into(), at)]).await?;
        tx.commit().await?;
        Ok(self.reload_at_once().await?)
    }

    /// Makes a new link for an account: what it signs in with now goes on working until the link is used.
    ///
    /// # Errors
    /// See [`AccountError`].
    pub async fn invite(&self, id: &StaffId, by: &Who, at: Timestamp) -> Result<Invitation, AccountError> {
        let mut tx = self.db.write.begin_with("BEGIN IMMEDIATE").await?;
        must_be_in_use(&mut tx, id).await?;
        let invitation = put_invitation(&mut tx, id, at).await?;
        audit::append(&mut tx, &[record("make sign-in link", by, id, String::new(), at)]).await?;
        tx.commit().await?;
        Ok(invitation)
    }
}

/// Refuses an account that nobody has, or that is revoked.
pub(super) async fn must_be_in_use(tx: &mut SqliteConnection, id: &StaffId) -> Result<(), AccountError> {
    const IN_USE: &str = "SELECT count(*) FROM accounts WHERE id = $1 AND revoked_at IS NULL";
    let in_use: i64 = sqlx::query_scalar(IN_USE).bind(id.as_str()).fetch_one(tx).await?;
    if in_use == 0 { Err(AccountError::Unknown(id.clone())) } else { Ok(()) }
}

/// Ends all tokens of an account.
pub(super) async fn end_tokens(
    tx: &mut SqliteConnection,
    id: &StaffId,
    at: Timestamp,
) -> Result<(), sqlx::Error> {
    const END: &str = "UPDATE tokens SET revoked_at = $2 WHERE account = $1 AND revoked_at IS NULL";
    sqlx::query(END).bind(id.as_str()).bind(at.as_us()).execute(tx).await.map(drop)
}

/// Ends the sessions of an account in use.
async fn renew(tx: &mut SqliteConnection, id: &StaffId) -> Result<(), AccountError> {
    const RENEW: &str =
        "UPDATE accounts SET generation = generation + 1 WHERE id = $1 AND revoked_at IS NULL";
    let met = sqlx::query(RENEW).bind(id.as_str()).execute(tx).await?;
    if met.rows_affected() == 0 { Err(AccountError::Unknown(id.clone())) } else { Ok(()) }
}

async fn put_grants(
    tx: &mut SqliteConnection,
    id: &StaffId,
    grants: &[Grant],
    caseload: &[CaseId],
) -> Result<(), sqlx::Error> {
    for sql in ["DELETE FROM grants WHERE account = $1", "DELETE FROM caseload WHERE account = $1"] {
        sqlx::query(sql).bind(id.as_str()).execute(&mut *tx).await?;
    }
    for grant in grants {
        sqlx::query("INSERT OR IGNORE INTO grants VALUES ($1, $2, $3)")
            .bind(id.as_str())
            .bind(grant.role.as_str())
            .bind(grant.unit.as_ref().map_or("", |unit| unit.as_str()))
            .execute(&mut *tx)
            .await?;
    }
    for case in caseload {
        sqlx::query("INSERT OR IGNORE INTO caseload VALUES ($1, $2)")
            .bind(id.as_str())
            .bind(case.as_str())
            .execute(&mut *tx)
            .await?;
    }
    Ok(())
}

/// How many can let others in.
async fn administrators(tx: &mut SqliteConnection) -> Result<i64, sqlx::Error> {
    const COUNT: &str = "SELECT count(*) FROM accounts JOIN grants ON account = id \
                         WHERE role = 'administrator' AND unit = '' AND revoked_at IS NULL";
    sqlx::query_scalar(COUNT).fetch_one(tx).await
}

/// Refuses what would leave none of them.
async fn keep_an_administrator(
    tx: &mut SqliteConnection,
    before: i64,
    id: &StaffId,
) -> Result<(), AccountError> {
    if before > 0 && administrators(tx).await? == 0 {
        return Err(AccountError::LastAdministrator(id.clone()));
    }
    Ok(())
}

async fn put_invitation(
    tx: &mut SqliteConnection,
    id: &StaffId,
    at: Timestamp,
) -> Result<Invitation, AccountError> {
    let token = tag_wire::hex(&random::<32>()?);
    let until = at.plus_ms(LINK_MS);
    sqlx::query("INSERT OR REPLACE INTO invitations VALUES ($1, $2, $3)")
        .bind(id.as_str())
        .bind(&super::enrol::hash(&token)[..])
        .bind(until.as_us())
        .execute(tx)
        .await?;
    Ok(Invitation { token, until })
}

pub(super) fn record(what: &'static str, who: &Who, id: &StaffId, why: String, at: Timestamp) -> Record {
    let about = About { subject: Some(Whom::Account(id.clone())), ..About::default() };
    Record { at, who: who.clone(), what, why, about }
}

/// Roles and cases in a line, as the audit log has them.
fn described(grants: &[Grant], caseload: &[CaseId]) -> String {
    let grant = |grant: &Grant| {
        let unit = grant.unit.as_ref().map_or("every unit", |unit| unit.as_str());
        format!("{} of {unit}", grant.role.as_str())
    };
    let cases = caseload.iter().map(|case| format!("case {case}"));
    grants.iter().map(grant).chain(cases).collect::<Vec<_>>().join(", ")
}
