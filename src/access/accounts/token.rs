//! Tokens: what a machine or a person's script shows in place of a session.
//!
//! A token belongs to an account and is made for some of what the account may do. It is shown once; only its hash is kept.

use std::{fmt, net::IpAddr, str::FromStr};

use super::{
    super::{
        Access, AccessError, Permit,
        audit::{self, Who},
        random,
    },
    Account, AccountError,
    change::record,
    enrol::hash,
};
use crate::domain::{StaffId, Timestamp};

/// By which people, and programs that look for secrets, know what it is.
const PREFIX: &str = "cordon_";
/// Of hexadecimal behind it: 256 random bits.
const DIGITS: usize = 64;
/// Of one account at once.
const TOKENS_MAX: usize = 10;
/// Of an account's tokens that have ended so many are still listed.
const ENDED_KEPT: i64 = 30;
/// How long a token works unless its maker says otherwise, days.
pub const TOKEN_DAYS: i64 = 90;
/// And at most.
pub const TOKEN_DAYS_MAX: i64 = 365;
const NAME_CHARS_MAX: usize = 60;
const DAY_MS: i64 = 24 * 3_600_000;

/// A token as it is shown once and sent with each request; printing it takes a deliberate call.
#[derive(Clone, PartialEq, Eq)]
pub struct TokenText(String);

impl TokenText {
    /// The token itself.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    fn new() -> Result<Self, AccessError> {
        Ok(Self(format!("{PREFIX}{}", tag_wire::hex(&random::<32>()?))))
    }
}

impl fmt::Debug for TokenText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenText(..)")
    }
}

impl FromStr for TokenText {
    type Err = TokenRefused;

    fn from_str(text: &str) -> Result<Self, TokenRefused> {
        let digits = text.strip_prefix(PREFIX).ok_or(TokenRefused::Malformed)?;
        let is_hex = digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        if digits.len() == DIGITS && is_hex { Ok(Self(text.into())) } else { Err(TokenRefused::Malformed) }
    }
}

/// A token as it is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// Its number.
    pub no: i64,
    /// As whom it acts.
    pub account: StaffId,
    /// What its maker calls it.
    pub name: String,
    /// What it is made for.
    pub permits: Vec<Permit>,
    /// Since when.
    pub made_at: Timestamp,
    /// Until when.
    pub until: Timestamp,
    /// Somebody has ended it.
    pub revoked: bool,
    /// The last day on which it was used, in days since 1970.
    pub used_day: Option<i64>,
    /// On how many days it was used.
    pub days_used: i64,
}

/// A token to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewToken {
    /// What its maker calls it.
    pub name: String,
    /// What it is made for; at least one.
    pub permits: Vec<Permit>,
    /// How many days it works.
    pub days: i64,
}

impl NewToken {
    /// Whether it can be made.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn check(&self) -> Result<(), AccountError> {
        let name = self.name.trim();
        if !(1..=NAME_CHARS_MAX).contains(&name.chars().count()) || name.chars().any(char::is_control) {
            return Err(AccountError::TokenName);
        }
        if self.permits.is_empty() {
            return Err(AccountError::NoPermit);
        }
        if !(1..=TOKEN_DAYS_MAX).contains(&self.days) {
            return Err(AccountError::TokenDays);
        }
        Ok(())
    }
}

/// Why a token lets nobody in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenRefused {
    /// It is none.
    #[error("a token is cordon_ and 64 digits of 0-9 and a-f")]
    Malformed,
    /// Nobody made it, or it was forgotten long ago.
    #[error("nobody made this token here")]
    Unknown,
    /// Its time is over.
    #[error("this token has expired; make a new one")]
    Expired,
    /// Somebody has ended it, or its account.
    #[error("this token has been revoked")]
    Revoked,
    /// Accounts have not been read for too long.
    #[error("accounts have not been read for a minute")]
    Away,
    /// Wrong ones came from there too often.
    #[error("too many wrong tokens from this address; wait {0} s")]
    Wait(i64),
}

impl Access {
    /// Makes a token for an account in use. Its text is shown now and never again.
    ///
    /// # Errors
    /// See [`AccountError`].
    pub async fn make_token(
        &self,
        account: &StaffId,
        new: &NewToken,
        by: &Who,
        at: Timestamp,
    ) -> Result<(i64, TokenText), AccountError> {
        const LIVE: &str =
            "SELECT count(*) FROM tokens WHERE account = $1 AND revoked_at IS NULL AND until > $2";
        const FORGET: &str = "DELETE FROM tokens WHERE account = $1 AND (revoked_at IS NOT NULL OR until <= $2) AND no NOT IN \
             (SELECT no FROM tokens WHERE account = $1 AND (revoked_at IS NOT NULL OR until <= $2) ORDER BY no DESC LIMIT $3)";
        const INSERT: &str = "INSERT INTO tokens (account, name, hash, permits, made_at, until, days_used) \
                              VALUES ($1, $2, $3, $4, $5, $6, 0) RETURNING no";
        new.check()?;
        let text = TokenText::new()?;
        let until = at.plus_ms(new.days * DAY_MS);
        let mut tx = self.db.write.begin_with("BEGIN IMMEDIATE").await?;
        super::change::must_be_in_use(&mut tx, account).await?;
        let live: i64 =
            sqlx::query_scalar(LIVE).bind(account.as_str()).bind(at.as_us()).fetch_one(&mut *tx).await?;
        if usize::try_from(live).map_or(true, |live| live >= TOKENS_MAX) {
            return Err(AccountError::TooManyTokens);
        }
        sqlx::query(FORGET)
            .bind(account.as_str())
            .bind(at.as_us())
            .bind(ENDED_KEPT)
            .execute(&mut *tx)
            .await?;
        let no: i64 = sqlx::query_scalar(INSERT)
            .bind(account.as_str())
            .bind(new.name.trim())
            .bind(&hash(text.expose())[..])
            .bind(Permit::join(&new.permits))
            .bind(at.as_us())
            .bind(until.as_us())
            .fetch_one(&mut *tx)
            .await?;
        let why = format!("token {no} for {} days: {}", new.days, Permit::join(&new.permits));
        audit::append(&mut tx, &[record("make token", by, account, why, at)]).await?;
        tx.commit().await?;
        self.reload_at_once().await?;
        Ok((no, text))
    }

    /// Ends a token of an account for good.
    ///
    /// # Errors
    /// See [`AccountError`].
    pub async fn revoke_token(
        &self,
        account: &StaffId,
        no: i64,
        by: &Who,
        at: Timestamp,
    ) -> Result<(), AccountError> {
        const REVOKE: &str =
            "UPDATE tokens SET revoked_at = $3 WHERE account = $1 AND no = $2 AND revoked_at IS NULL";
        let mut tx = self.db.write.begin_with("BEGIN IMMEDIATE").await?;
        let met =
            sqlx::query(REVOKE).bind(account.as_str()).bind(no).bind(at.as_us()).execute(&mut *tx).await?;
        if met.rows_affected() == 0 {
            return Err(AccountError::NoToken(no));
        }
        audit::append(&mut tx, &[record("revoke token", by, account, format!("token {no}"), at)]).await?;
        tx.commit().await?;
        Ok(self.reload_at_once().await?)
    }

    /// Whose a token is, if it works. Whoever sends wrong ones is made to wait; one that works is never held up by them.
    ///
    /// # Errors
    /// See [`TokenRefused`].
    pub fn by_token(
        &self,
        text: &str,
        from: Option<IpAddr>,
        at: Timestamp,
        real_us: i64,
    ) -> Result<(Token, Account), TokenRefused> {
        let accounts = self.accounts(real_us).ok_or(TokenRefused::Away)?;
        let found = text.parse::<TokenText>().and_then(|text| {
            let token = accounts.tokens.get(&hash(text.expose())).ok_or(TokenRefused::Unknown)?;
            let account = accounts.live(&token.account).filter(|_| !token.revoked);
            let account = account.ok_or(TokenRefused::Revoked)?;
            if at >= token.until { Err(TokenRefused::Expired) } else { Ok((token.clone(), account.clone())) }
        });
        found.map_err(|why| match self.wrong_tokens.try_now(&place(from), None, real_us) {
            Ok(()) => why,
            Err(wait_us) => TokenRefused::Wait(wait_us.div_euclid(1_000_000) + 1),
        })
    }

    /// Notes that a token was used on a day.
    ///
    /// # Errors
    /// If it cannot be written down.
    pub async fn token_used(&self, no: i64, day: i64) -> Result<(), AccessError> {
        const USED: &str = "UPDATE tokens SET used_day = $2, days_used = days_used + 1 \
                            WHERE no = $1 AND (used_day IS NULL OR used_day < $2)";
        sqlx::query(USED).bind(no).bind(day).execute(&self.db.write).await?;
        self.reload_at_once().await
    }
}

/// Where somebody comes from, as failures are counted: of the newer addresses a network, which is one customer's.
fn place(from: Option<IpAddr>) -> String {
    match from.map(|from| from.to_canonical()) {
        None => String::new(),
        Some(IpAddr::V4(address)) => address.to_string(),
        Some(IpAddr::V6(address)) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}")
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_token_is_read_as_it_was_written_and_nothing_else_is_one(digits in "[0-9a-f]{64}", text in "\\PC{0,90}", cut in 0_usize..71) {
            let token = format!("{PREFIX}{digits}");
            prop_assert_eq!(token.parse::<TokenText>().map(|it| it.expose().to_owned()), Ok(token.clone()));
            prop_assert!(token[..cut].parse::<TokenText>().is_err());
            for bad in [format!("{token} "), format!(" {token}"), token.to_uppercase(), digits, format!("{token}0")] {
                prop_assert_eq!(bad.parse::<TokenText>(), Err(TokenRefused::Malformed));
            }
            let shape = text.len() == 71 && text.starts_with(PREFIX) && text[7..].bytes().all(|b| b.is_ascii_hexdigit() && !b.is_ascii_uppercase());
            prop_assert_eq!(text.parse::<TokenText>().is_ok(), shape);
        }
    }

    #[test]
    fn no_token_is_printed_by_mistake_and_no_two_are_alike() {
        let (one, other) = (TokenText::new().unwrap(), TokenText::new().unwrap());
        assert!(one != other && one.expose().parse::<TokenText>().is_ok());
        assert_eq!(format!("{one:?}"), "TokenText(..)");
    }

    #[test]
    fn a_network_is_one_place() {
        let at = |text: &str| place(Some(text.parse().unwrap()));
        assert_eq!(at("2001:db8:1:2:3::4"), at("2001:db8:1:2:ffff::1"));
        assert_ne!(at("2001:db8:1:2::1"), at("2001:db8:1:3::1"));
        assert_eq!(at("::ffff:192.0.2.7"), at("192.0.2.7"));
        assert_ne!(at("192.0.2.7"), at("192.0.2.8"));
    }
}
