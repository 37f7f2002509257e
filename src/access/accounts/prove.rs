//! Showing that one is who one says: a password, then a code.

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::{
    super::{
        Access, AccessError,
        audit::{Record, Who},
        random, totp,
    },
    change::record,
    enrol::{bare, hash},
};
use crate::{
    domain::{StaffId, Timestamp},
    secret::Secret,
};

/// What is shown to be let in. A passkey or a sign-in with OpenID Connect joins here; either is whole by itself.
#[derive(Debug)]
pub enum Proof {
    /// What its owner knows.
    Password(Secret),
    /// What their app shows, or one of their recovery codes.
    Code(Secret),
}

/// How far somebody is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// A code is needed still.
    Half,
    /// They are who they say. So many recovery codes are left, if this was one.
    Whole(Option<i64>),
}

/// Why somebody is not let in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// One word for a wrong name, password or code, and for a revoked account: strangers learn nothing.
    #[error("wrong")]
    Wrong,
    /// It failed too often.
    #[error("wait {0} s")]
    Wait(i64),
    /// The file.
    #[error(transparent)]
    Access(#[from] AccessError),
}

impl From<sqlx::Error> for ProofError {
    fn from(error: sqlx::Error) -> Self {
        Self::Access(error.into())
    }
}

impl Access {
    /// Judges a proof. `known` is what [`Self::known_browser`] found; `real_us` is `Clock::real_us`.
    ///
    /// # Errors
    /// See [`ProofError`].
    pub async fn prove(
        &self,
        name: &str,
        proof: Proof,
        known: Option<[u8; 32]>,
        at: Timestamp,
        real_us: i64,
    ) -> Result<Standing, ProofError> {
        let wait = |us: i64| ProofError::Wait(us.div_euclid(1_000_000) + 1);
        let id = name.parse::<StaffId>().ok();
        // What is no account's name at all counts as one, however many there are: what a stranger sends is not kept.
        let counted = id.as_ref().map_or("", StaffId::as_str).to_owned();
        self.throttle.try_now(&counted, known, real_us).map_err(wait)?;
        let accounts = self.accounts(real_us);
        let accounts = accounts.ok_or_else(|| AccessError::Unavailable("not read for a minute".into()))?;
        let live = id.filter(|id| accounts.live(id).is_some());
        let (result, which) = match &proof {
            Proof::Password(password) => {
                (self.password(live.as_ref(), password, known.is_some()).await?, "password")
            }
            Proof::Code(code) => (self.code(live.as_ref(), code.expose().trim(), at).await?, "code"),
        };
        let (standing, record) = match (live, result) {
            (Some(id), Some(standing)) => (Ok(standing), came_in(&id, standing, at)),
            // A guess at an account is recorded; names that nobody has would fill the log.
            (Some(id), None) => {
                let refused = record("refused sign-in", &Who::Stranger, &id, format!("wrong {which}"), at);
                (Err(ProofError::Wrong), Some(refused))
            }
            (None, _) => (Err(ProofError::Wrong), None),
        };
        if let Some(record) = record {
            self.record(&[record]).await?;
        }
        if matches!(standing, Ok(Standing::Whole(_))) {
            self.throttle.succeeded(&counted, known);
        }
        standing
    }

    /// Judges password and code together, of somebody who is in already and asks for more than a session gives. `from` is
    /// what failures are counted by beside the account.
    ///
    /// # Errors
    /// See [`ProofError`].
    pub async fn prove_again(
        &self,
        id: &StaffId,
        [password, code]: [Secret; 2],
        from: [u8; 32],
        at: Timestamp,
        real_us: i64,
    ) -> Result<(), ProofError> {
        let wait = |us: i64| ProofError::Wait(us.div_euclid(1_000_000) + 1);
        self.throttle.try_now(id.as_str(), Some(from), real_us).map_err(wait)?;
        // A code is used up by a right password alone.
        let fits = self.password(Some(id), &password, true).await?.is_some()
            && self.code(Some(id), code.expose().trim(), at).await?.is_some();
        if !fits {
            let who = Who::Account(id.clone());
            self.record(&[record("refused proof", &who, id, "wrong password or code".into(), at)]).await?;
            return Err(ProofError::Wrong);
        }
        self.throttle.succeeded(id.as_str(), Some(from));
        Ok(())
    }

    async fn password(
        &self,
        id: Option<&StaffId>,
        password: &Secret,
        known: bool,
    ) -> Result<Option<Standing>, ProofError> {
        const SELECT: &str = "SELECT secret FROM credentials WHERE account = $1 AND kind = 'password'";
        let stored: Option<Vec<u8>> = match id {
            Some(id) => sqlx::query_scalar(SELECT).bind(id.as_str()).fetch_optional(&self.db.read).await?,
            None => None,
        };
        let stored = stored.map(String::from_utf8).transpose();
        let stored = stored.map_err(|_| AccessError::Corrupt("a password".into()))?;
        let fits = self.lanes.is(known, password.expose(), stored).await?;
        Ok(fits.then_some(Standing::Half))
    }

    async fn code(
        &self,
        id: Option<&StaffId>,
        code: &str,
        at: Timestamp,
    ) -> Result<Option<Standing>, ProofError> {
        let Some(id) = id else { return Ok(None) };
        if code.len() == 6 && code.bytes().all(|byte| byte.is_ascii_digit()) {
            return self.app_code(id, code, at).await;
        }
        // Marks it as used and looks at it at once: the same code in two windows works in one.
        const USE: &str = "UPDATE credentials SET used = 1 WHERE account = $1 AND kind = 'recovery' AND secret = $2 AND used = 0";
        const LEFT: &str =
            "SELECT count(*) FROM credentials WHERE account = $1 AND kind = 'recovery' AND used = 0";
        let hash = hash(&bare(code));
        let used = sqlx::query(USE).bind(id.as_str()).bind(&hash[..]).execute(&self.db.write).await?;
        if used.rows_affected() == 0 {
            return Ok(None);
        }
        let left = sqlx::query_scalar(LEFT).bind(id.as_str()).fetch_one(&self.db.read).await?;
        Ok(Some(Standing::Whole(Some(left))))
    }

    async fn app_code(
        &self,
        id: &StaffId,
        code: &str,
        at: Timestamp,
    ) -> Result<Option<Standing>, ProofError> {
        const KEY: &str = "SELECT secret FROM credentials WHERE account = $1 AND kind = 'totp'";
        const USE: &str =
            "UPDATE credentials SET used = $2 WHERE account = $1 AND kind = 'totp' AND used < $2";
        let key: Option<Vec<u8>> =
            sqlx::query_scalar(KEY).bind(id.as_str()).fetch_optional(&self.db.read).await?;
        let Some(step) = key.and_then(|key| totp::step_of(&key, code, at)) else { return Ok(None) };
        // A code that somebody looked at over a shoulder has been used.
        let used = sqlx::query(USE).bind(id.as_str()).bind(step).execute(&self.db.write).await?;
        Ok((used.rows_affected() == 1).then_some(Standing::Whole(None)))
    }

    /// What a browser keeps that has signed in to an account.
    ///
    /// # Errors
    /// `NoRandom`.
    pub fn browser_cookie(&self, id: &StaffId) -> Result<String, AccessError> {
        let nonce = tag_wire::hex(&random::<16>()?);
        let seal = tag_wire::hex(&self.browser_seal(id.as_str(), &nonce));
        Ok(format!("{nonce}{seal}"))
    }

    /// Which browser this is, if it has signed in to this account before.
    #[must_use]
    pub fn known_browser(&self, name: &str, cookie: &str) -> Option<[u8; 32]> {
        let (nonce, seal) = cookie.split_at_checked(32)?;
        let expected = tag_wire::hex(&self.browser_seal(name, nonce));
        bool::from(expected.as_bytes().ct_eq(seal.as_bytes())).then(|| Sha256::digest(cookie).into())
    }

    fn browser_seal(&self, name: &str, nonce: &str) -> [u8; 32] {
        let mut mac =
            Hmac::<Sha256>::new_from_slice(self.key.as_ref()).expect("HMAC takes a key of any length");
        for part in ["browser", name, nonce] {
            mac.update(part.as_bytes());
            mac.update(b"\0");
        }
        mac.finalize().into_bytes().into()
    }
}

/// Only whoever is wholly in has come in.
fn came_in(id: &StaffId, standing: Standing, at: Timestamp) -> Option<Record> {
    let who = Who::Account(id.clone());
    let why = match standing {
        Standing::Half => return None,
        Standing::Whole(None) => String::new(),
        Standing::Whole(Some(left)) => format!("with a recovery code; {left} left"),
    };
    Some(record("sign in", &who, id, why, at))
}
