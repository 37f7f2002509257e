//! From a link to a password, an authenticator app and recovery codes.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

use super::{
    super::{
        Access, AccessError,
        audit::{self, Who},
        password, random, totp,
    },
    change::{end_tokens, record},
};
use crate::{
    domain::{StaffId, Timestamp},
    secret::Secret,
};

const RECOVERY_CODES: usize = 10;

/// The secret of a link by which somebody chooses their password; printing it takes a deliberate call.
pub struct Invitation {
    pub(super) token: String,
    /// It works once, until then.
    pub until: Timestamp,
}

impl Invitation {
    /// The link to hand over. The secret stands behind `#`: browsers keep that part to themselves.
    #[must_use]
    pub fn link(&self, base: &str) -> String {
        format!("{base}/join#{}", self.token)
    }
}

impl fmt::Debug for Invitation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Invitation(..)")
    }
}

/// What a link that works opens.
#[derive(Clone)]
pub struct Join {
    /// Whose it is.
    pub account: StaffId,
    /// Their name.
    pub name: String,
    /// The key for their authenticator app; the same each time the link is opened.
    key: [u8; totp::KEY_BYTES],
}

impl Join {
    /// The key as it is typed into an app, in groups of four.
    #[must_use]
    pub fn key(&self) -> String {
        let text = totp::base32(&self.key);
        text.as_bytes().chunks(4).map(String::from_utf8_lossy).collect::<Vec<_>>().join(" ")
    }

    /// The same for an app that reads a picture.
    #[must_use]
    pub fn uri(&self, installation: &str) -> String {
        let key = totp::base32(&self.key);
        format!(
            "otpauth://totp/Cordon%20{installation}:{}?secret={key}&issuer=Cordon%20{installation}",
            self.account
        )
    }

    #[cfg(test)]
    pub(crate) fn code_at(&self, at: Timestamp) -> String {
        totp::code_at(&self.key, at)
    }
}

/// Somebody who has just chosen a password.
pub struct Enrolled {
    /// Who.
    pub account: StaffId,
    /// Codes that stand in for the app, each once. Shown now and never again.
    pub recovery_codes: Vec<String>,
}

/// Why somebody is not enrolled.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EnrolError {
    /// The link.
    #[error(
        "This link does not work: it has been used, is older than a day, or a newer one was made. Ask an administrator for a new one."
    )]
    Link,
    /// The password.
    #[error("{0}")]
    Password(String),
    /// The code.
    #[error(
        "This is not the code that the app shows now. If it never fits, set the phone's clock to automatic."
    )]
    Code,
    /// The file.
    #[error(transparent)]
    Access(#[from] AccessError),
}

impl From<sqlx::Error> for EnrolError {
    fn from(error: sqlx::Error) -> Self {
        Self::Access(error.into())
    }
}

impl Access {
    /// What a link opens.
    ///
    /// # Errors
    /// `Link` if it does not work.
    pub async fn join(&self, token: &str, at: Timestamp) -> Result<Join, EnrolError> {
        const SELECT: &str = "SELECT id, name FROM invitations JOIN accounts ON id = account \
                              WHERE hash = $1 AND until > $2 AND revoked_at IS NULL";
        let found: Option<(String, String)> = sqlx::query_as(SELECT)
            .bind(&hash(token)[..])
            .bind(at.as_us())
            .fetch_optional(&self.db.read)
            .await?;
        let (account, name) = found.ok_or(EnrolError::Link)?;
        let account = account.parse().map_err(|_| AccessError::Corrupt("an account's id".into()))?;
        let mut mac =
            Hmac::<Sha256>::new_from_slice(self.key.as_ref()).expect("HMAC takes a key of any length");
        mac.update(b"totp\0");
        mac.update(token.as_bytes());
        let mut key = [0; totp::KEY_BYTES];
        key.copy_from_slice(&mac.finalize().into_bytes()[..totp::KEY_BYTES]);
        Ok(Join { account, name, key })
    }

    /// Uses a link up: from now on this password and this app let its owner in, and nothing from before.
    ///
    /// # Errors
    /// See [`EnrolError`]; the link still works.
    pub async fn enrol(
        &self,
        token: &str,
        chosen: Secret,
        code: &str,
        at: Timestamp,
    ) -> Result<Enrolled, EnrolError> {
        let Join { account, key, .. } = self.join(token, at).await?;
        if let Some(weakness) = password::weakness(chosen.expose(), account.as_str()) {
            return Err(EnrolError::Password(weakness));
        }
        let step = totp::step_of(&key, code, at).ok_or(EnrolError::Code)?;
        let stored = self.lanes.made(chosen).await?;
        let recovery_codes = (0..RECOVERY_CODES).map(|_| recovery_code()).collect::<Result<Vec<_>, _>>()?;

        let mut tx = self.db.write.begin_with("BEGIN IMMEDIATE").await?;
        // Two windows with one link: the first wins.
        let used = sqlx::query("DELETE FROM invitations WHERE hash = $1")
            .bind(&hash(token)[..])
            .execute(&mut *tx)
            .await?;
        if used.rows_affected() == 0 {
            return Err(EnrolError::Link);
        }
        sqlx::query("DELETE FROM credentials WHERE account = $1")
            .bind(account.as_str())
            .execute(&mut *tx)
            .await?;
        end_tokens(&mut tx, &account, at).await?;
        let recovery = recovery_codes.iter().map(|code| ("recovery", hash(&bare(code)).to_vec(), 0));
        let credentials =
            [("password", stored.into_bytes(), 0), ("totp", key.to_vec(), step)].into_iter().chain(recovery);
        for (no, (kind, secret, used)) in (0_i64..).zip(credentials) {
            sqlx::query("INSERT INTO credentials VALUES ($1, $2, $3, $4, $5, $6)")
                .bind(account.as_str())
                .bind(kind)
                .bind(no)
                .bind(secret)
                .bind(at.as_us())
                .bind(used)
                .execute(&mut *tx)
                .await?;
        }
        sqlx::query("UPDATE accounts SET generation = generation + 1 WHERE id = $1")
            .bind(account.as_str())
            .execute(&mut *tx)
            .await?;
        let who = Who::Account(account.clone());
        audit::append(&mut tx, &[record("enrol", &who, &account, String::new(), at)]).await?;
        tx.commit().await?;
        self.reload_at_once().await?;
        Ok(Enrolled { account, recovery_codes })
    }
}

/// 75 random bits in three groups.
fn recovery_code() -> Result<String, AccessError> {
    let text = totp::base32(&random::<10>()?).to_lowercase();
    Ok([&text[..5], &text[5..10], &text[10..15]].join("-"))
}

/// As it is hashed, however it was typed.
pub(super) fn bare(code: &str) -> String {
    code.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_lowercase()
}

/// Of secrets with so many random bits that guessing them is no use.
pub(super) fn hash(secret: &str) -> [u8; 32] {
    Sha256::digest(secret).into()
}
