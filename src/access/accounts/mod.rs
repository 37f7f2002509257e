//! Accounts: who they are, what they may do, and the links by which they come to their password.

mod change;
mod enrol;
mod prove;
mod token;

use std::{collections::BTreeMap, sync::Arc};

use sqlx::{FromRow, SqliteConnection};

use super::{Access, AccessError, Grant, Permit, Reach, Role};
use crate::domain::{CaseId, StaffId, Timestamp};

pub use change::{AccountError, NewAccount};
pub use enrol::{EnrolError, Enrolled, Invitation, Join};
pub use prove::{Proof, ProofError, Standing};
pub use token::{NewToken, TOKEN_DAYS, TOKEN_DAYS_MAX, Token, TokenRefused, TokenText};

/// What was read of the accounts is not relied on for longer, microseconds: a revoked account is out by then, whatever
/// befalls the file.
const FRESH_US: i64 = 60 * 1_000_000;

/// Somebody who may sign in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// What they sign in as: their id in the rulebook, if they are of its staff.
    pub id: StaffId,
    /// Who they are.
    pub name: String,
    /// What they are here for.
    pub grants: Vec<Grant>,
    /// The cases of whoever sees their own alone.
    pub caseload: Vec<CaseId>,
    /// They may no longer.
    pub revoked: bool,
    /// They have chosen a password.
    pub enrolled: bool,
    /// Rises with every change of what they may do.
    pub generation: i64,
}

impl Account {
    /// How far some of their roles reach.
    #[must_use]
    pub fn reach(&self, roles: &[Role]) -> Option<Reach> {
        let mut grants = self.grants.iter().filter(|grant| roles.contains(&grant.role)).peekable();
        grants.peek()?;
        Some(Reach::of(grants, &self.caseload))
    }

    fn is_administrator(&self) -> bool {
        let everywhere = |grant: &Grant| grant.role == Role::Administrator && grant.unit.is_none();
        !self.revoked && self.grants.iter().any(everywhere)
    }
}

/// All accounts as they were read.
#[derive(Debug, Clone, Default)]
pub struct Accounts {
    by_id: BTreeMap<StaffId, Account>,
    /// By their hash.
    tokens: BTreeMap<[u8; 32], Token>,
    read_us: i64,
}

impl Accounts {
    /// Nobody, read too long ago to rely on.
    pub(super) fn long_ago() -> Self {
        Self { read_us: i64::MIN / 4, ..Self::default() }
    }

    /// One that may sign in.
    #[must_use]
    pub fn live(&self, id: &StaffId) -> Option<&Account> {
        self.by_id.get(id).filter(|account| !account.revoked)
    }

    /// All of them, revoked ones, too, by id.
    pub fn all(&self) -> impl Iterator<Item = &Account> {
        self.by_id.values()
    }

    /// One, revoked or not.
    #[must_use]
    pub fn get(&self, id: &StaffId) -> Option<&Account> {
        self.by_id.get(id)
    }

    /// The tokens of an account, the newest first; of those that have ended the last ones.
    #[must_use]
    pub fn tokens_of(&self, id: &StaffId) -> Vec<&Token> {
        let mut tokens: Vec<&Token> = self.tokens.values().filter(|token| token.account == *id).collect();
        tokens.sort_by_key(|token| std::cmp::Reverse(token.no));
        tokens
    }

    /// Whether a token and its account are in use still.
    #[must_use]
    pub fn is_live(&self, token: &Token, at: Timestamp) -> bool {
        let known = self.tokens.values().find(|known| known.no == token.no);
        known.is_some_and(|known| !known.revoked && at < known.until) && self.live(&token.account).is_some()
    }

    /// Whether there is somebody who can let others in, signed up or with a link to do so.
    #[must_use]
    pub fn has_administrator(&self) -> bool {
        self.by_id.values().any(Account::is_administrator)
    }

    /// Whether one of them has signed up.
    #[must_use]
    pub fn administrator_has_signed_up(&self) -> bool {
        self.by_id.values().any(|account| account.is_administrator() && account.enrolled)
    }
}

impl Access {
    /// The accounts as last read; none if that is too long ago to rely on. `real_us` is `Clock::real_us`.
    #[must_use]
    pub fn accounts(&self, real_us: i64) -> Option<Arc<Accounts>> {
        let accounts = Arc::clone(&self.accounts.borrow());
        (real_us - accounts.read_us < FRESH_US).then_some(accounts)
    }

    /// Reads the accounts anew: a command on this machine may have changed them.
    ///
    /// # Errors
    /// If they cannot be read.
    pub async fn reload(&self, real_us: i64) -> Result<(), AccessError> {
        let mut accounts = read(self).await?;
        accounts.read_us = real_us;
        self.accounts.send_replace(Arc::new(accounts));
        Ok(())
    }

    /// After a change of our own: the time of the last reading stands, which is no later than the truth.
    async fn reload_at_once(&self) -> Result<(), AccessError> {
        let read_us = self.accounts.borrow().read_us;
        self.reload(read_us).await
    }
}

/// One snapshot: a change between two of these statements would show half of it.
async fn read(access: &Access) -> Result<Accounts, AccessError> {
    let mut tx = access.db.read.begin().await?;
    let rows: Vec<(String, String, Option<i64>, i64, bool)> = sqlx::query_as(
        "SELECT id, name, revoked_at, generation, EXISTS (SELECT 1 FROM credentials WHERE account = id AND kind = 'password') \
         FROM accounts",
    )
    .fetch_all(&mut *tx)
    .await?;
    let grants: Vec<(String, String, String)> =
        sqlx::query_as("SELECT account, role, unit FROM grants ORDER BY account, role, unit")
            .fetch_all(&mut *tx)
            .await?;
    let caseload: Vec<(String, String)> =
        sqlx::query_as("SELECT account, case_id FROM caseload ORDER BY account, case_id")
            .fetch_all(&mut *tx)
            .await?;
    let tokens = read_tokens(&mut tx).await?;
    tx.commit().await?;

    let corrupt = |what: &str| AccessError::Corrupt(format!("an account's {what}"));
    let mut by_id = BTreeMap::new();
    for (id, name, revoked_at, generation, enrolled) in rows {
        let id: StaffId = id.parse().map_err(|_| corrupt("id"))?;
        let (grants, caseload) = (Vec::new(), Vec::new());
        let revoked = revoked_at.is_some();
        by_id.insert(id.clone(), Account { id, name, grants, caseload, revoked, enrolled, generation });
    }
    for (account, role, unit) in grants {
        let account =
            by_id.get_mut(&account.parse().map_err(|_| corrupt("id"))?).ok_or_else(|| corrupt("role"))?;
        let role = Role::parse(&role).ok_or_else(|| corrupt("role"))?;
        let unit = (!unit.is_empty()).then(|| unit.parse()).transpose().map_err(|_| corrupt("unit"))?;
        account.grants.push(Grant { role, unit });
    }
    for (account, case) in caseload {
        let account =
            by_id.get_mut(&account.parse().map_err(|_| corrupt("id"))?).ok_or_else(|| corrupt("case"))?;
        account.caseload.push(case.parse().map_err(|_| corrupt("case"))?);
    }
    Ok(Accounts { by_id, tokens, read_us: 0 })
}

/// As a row of `tokens` has it.
#[derive(FromRow)]
struct TokenRow {
    no: i64,
    account: String,
    name: String,
    hash: Vec<u8>,
    permits: String,
    made_at: i64,
    until: i64,
    revoked_at: Option<i64>,
    used_day: Option<i64>,
    days_used: i64,
}

async fn read_tokens(tx: &mut SqliteConnection) -> Result<BTreeMap<[u8; 32], Token>, AccessError> {
    let rows: Vec<TokenRow> = sqlx::query_as("SELECT * FROM tokens").fetch_all(tx).await?;
    let corrupt = |what: &str| AccessError::Corrupt(format!("a token's {what}"));
    let token = |row: TokenRow| {
        let hash = row.hash.try_into().map_err(|_| corrupt("hash"))?;
        let token = Token {
            no: row.no,
            account: row.account.parse().map_err(|_| corrupt("account"))?,
            name: row.name,
            permits: Permit::split(&row.permits).ok_or_else(|| corrupt("permits"))?,
            made_at: Timestamp::from_us(row.made_at),
            until: Timestamp::from_us(row.until),
            revoked: row.revoked_at.is_some(),
            used_day: row.used_day,
            days_used: row.days_used,
        };
        Ok((hash, token))
    };
    rows.into_iter().map(token).collect()
}
