//! Who may come in, what they may do, and what they did: accounts and the audit log, in a database file of their own.
//!
//! The line never looks here: whatever befalls this file, alerts go out. Whoever wants to see a person's data waits until
//! the audit log has it, and is refused where that cannot be.

mod accounts;
pub mod audit;
mod db;
mod drafts;
mod erasures;
mod handovers;
mod holds;
mod password;
mod permit;
mod proposals;
mod role;
mod throttle;
mod totp;
mod two_people;

use std::{path::Path, sync::Arc};

use tokio::sync::{Mutex, watch};

use crate::database::SchemaError;

pub use accounts::{
    Account, AccountError, Accounts, EnrolError, Enrolled, Invitation, Join, NewAccount, NewToken, Proof,
    ProofError, Standing, TOKEN_DAYS, TOKEN_DAYS_MAX, Token, TokenRefused, TokenText,
};
use db::Db;
pub use db::{migrations, tables};
pub use drafts::{DRAFT_DAYS, Draft};
pub use erasures::{Asks, Erasure, ErasureCounts};
pub use handovers::{HandedPoint, Handover, Mark, Taken};
pub use holds::{HOLD_REASON_CHARS_MAX, Hold, Lifted};
use password::Lanes;
pub use permit::Permit;
pub use proposals::{Proposed, ZonesOf};
pub use role::{Grant, Reach, Role};
use throttle::Throttle;

/// Why accounts or the audit log cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AccessError {
    /// The file cannot be reached or written just now.
    #[error("accounts and audit log are not available: {0}")]
    Unavailable(String),
    /// The file holds something else.
    #[error("accounts and audit log are damaged: {0}")]
    Corrupt(String),
    /// Its schema is not one that this version serves.
    #[error("accounts and audit log cannot be used: {0}")]
    Schema(SchemaError),
    /// The operating system gave no random numbers.
    #[error("the operating system gave no random numbers")]
    NoRandom,
}

/// The open file, and what is known of it.
pub struct Access {
    db: Db,
    accounts: watch::Sender<Arc<Accounts>>,
    throttle: Throttle,
    /// By where they come from.
    wrong_tokens: Throttle,
    lanes: Lanes,
    keeping: Mutex<audit::Keeping>,
    second_place: watch::Sender<audit::SecondPlace>,
    key: [u8; 32],
}

impl std::fmt::Debug for Access {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Access(..)")
    }
}

impl Access {
    /// Opens the file, which is made if it is not there.
    ///
    /// # Errors
    /// If it cannot be made, opened or understood.
    pub async fn open(path: &Path) -> Result<Self, AccessError> {
        Self::of(Db::open(path).await?).await
    }

    /// One that is forgotten when it is dropped.
    ///
    /// # Errors
    /// If SQLite fails.
    pub async fn in_memory() -> Result<Self, AccessError> {
        Self::of(Db::in_memory().await?).await
    }

    /// One that knows nobody and takes nothing down: it stands in for a file that cannot be opened, so that alerts go out
    /// while nobody is let in.
    ///
    /// # Errors
    /// If SQLite fails.
    pub async fn closed() -> Result<Self, AccessError> {
        let access = Self::in_memory().await?;
        access.accounts.send_replace(Arc::new(Accounts::long_ago()));
        access.db.write.close().await;
        Ok(access)
    }

    /// Nothing can be written any more, as on a disk that is gone.
    #[cfg(test)]
    pub(crate) async fn lose(&self) {
        self.db.write.close().await;
    }

    async fn of(db: Db) -> Result<Self, AccessError> {
        let key = installation_key(&db).await?;
        let accounts = watch::Sender::new(Arc::default());
        let (throttle, wrong_tokens) = (Throttle::default(), Throttle::default());
        let (lanes, keeping) = (Lanes::default(), Mutex::default());
        let second_place = watch::Sender::new(audit::SecondPlace::default());
        let access = Self { db, accounts, throttle, wrong_tokens, lanes, keeping, second_place, key };
        access.reload(0).await?;
        Ok(access)
    }
}

/// The key of this file, made when it is first opened.
async fn installation_key(db: &Db) -> Result<[u8; 32], AccessError> {
    sqlx::query("INSERT OR IGNORE INTO keys (name, key) VALUES ('installation', $1)")
        .bind(&random::<32>()?[..])
        .execute(&db.write)
        .await?;
    let key: Vec<u8> =
        sqlx::query_scalar("SELECT key FROM keys WHERE name = 'installation'").fetch_one(&db.write).await?;
    key.try_into().map_err(|_| AccessError::Corrupt("its key".into()))
}

fn random<const N: usize>() -> Result<[u8; N], AccessError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|_| AccessError::NoRandom)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests;
