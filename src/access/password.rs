//! Passwords: argon2id, written with its own parameters so that later ones can be stronger.

use argon2::{
    Algorithm, Argon2, Params, Version,
    password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString},
};
use tokio::sync::Semaphore;

use super::AccessError;
use crate::secret::Secret;

/// OWASP's first choice: 19 MiB, two passes, one lane.
const MEMORY_KIB: u32 = 19 * 1_024;
const PASSES: u32 = 2;
/// Characters. Beside a second factor NIST SP 800-63B asks for 8; a watch's console may ask for more.
const CHARS_MIN: usize = 12;
const CHARS_MAX: usize = 128;

/// Hashing takes a core for a while: strangers share one, so that no flood of guesses holds up who is known here.
#[derive(Debug)]
pub(super) struct Lanes {
    known: Semaphore,
    strangers: Semaphore,
}

impl Default for Lanes {
    fn default() -> Self {
        Self { known: Semaphore::new(1), strangers: Semaphore::new(1) }
    }
}

impl Lanes {
    /// Whether a password is the one that `stored` was made of. Without `stored` it takes as long and is wrong.
    pub(super) async fn is(
        &self,
        known: bool,
        password: &str,
        stored: Option<String>,
    ) -> Result<bool, AccessError> {
        let lane = if known { &self.known } else { &self.strangers };
        let _turn = lane.acquire().await.map_err(|_| stopping())?;
        let password = password.to_owned();
        tokio::task::spawn_blocking(move || match stored {
            Some(stored) => {
                let hash =
                    PasswordHash::new(&stored).map_err(|_| AccessError::Corrupt("a password".into()))?;
                Ok(argon2().verify_password(password.as_bytes(), &hash).is_ok())
            }
            None => hash(&password).map(|_| false),
        })
        .await
        .map_err(|_| stopping())?
    }

    /// What is stored of a new password.
    pub(super) async fn made(&self, password: Secret) -> Result<String, AccessError> {
        let _turn = self.known.acquire().await.map_err(|_| stopping())?;
        tokio::task::spawn_blocking(move || hash(password.expose())).await.map_err(|_| stopping())?
    }
}

/// What is wrong with a new password of an account, as a sentence for its owner.
pub(super) fn weakness(password: &str, account: &str) -> Option<String> {
    let chars = password.chars().count();
    if chars < CHARS_MIN {
        return Some(format!(
            "It has {chars} characters; choose at least {CHARS_MIN}, as in four or five words."
        ));
    }
    if chars > CHARS_MAX {
        return Some(format!("It has {chars} characters; choose at most {CHARS_MAX}."));
    }
    let lower = password.to_lowercase();
    if lower.contains(account) && account.len() >= 3 || lower.contains("cordon") {
        return Some("It holds your name or Cordon's; choose one that nobody can guess.".into());
    }
    let mut letters: Vec<char> = lower.chars().collect();
    letters.sort_unstable();
    letters.dedup();
    (letters.len() < 5).then(|| "It repeats few characters; choose one that nobody can guess.".into())
}

fn hash(password: &str) -> Result<String, AccessError> {
    let mut salt = [0; 16];
    getrandom::fill(&mut salt).map_err(|_| AccessError::NoRandom)?;
    let salt = SaltString::encode_b64(&salt).map_err(|_| AccessError::NoRandom)?;
    let hash = argon2().hash_password(password.as_bytes(), &salt);
    Ok(hash.map_err(|_| AccessError::Unavailable("no memory for a password".into()))?.to_string())
}

fn argon2() -> Argon2<'static> {
    let params =
        Params::new(MEMORY_KIB, PASSES, 1, None).expect("these parameters are within argon2's limits");
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

fn stopping() -> AccessError {
    AccessError::Unavailable("the service is stopping".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_the_password_itself_fits() {
        let lanes = Lanes::default();
        let stored = lanes.made(Secret::new("correct horse battery")).await.unwrap();
        assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{stored}");
        assert_ne!(stored, lanes.made(Secret::new("correct horse battery")).await.unwrap(), "salted");
        for (password, fits) in
            [("correct horse battery", true), ("correct horse batterx", false), ("", false)]
        {
            assert_eq!(lanes.is(true, password, Some(stored.clone())).await, Ok(fits));
            assert_eq!(lanes.is(false, password, None).await, Ok(false));
        }
    }

    #[test]
    fn a_password_that_can_be_guessed_is_refused_with_the_reason() {
        for (password, says) in [
            ("short one", "at least 12"),
            (&"x".repeat(129), "at most 128"),
            ("my name is amy-okafor", "your name"),
            ("Cordon-is-great", "Cordon's"),
            ("ababababababab", "repeats"),
        ] {
            let weakness = weakness(password, "amy-okafor").unwrap_or_default();
            assert!(weakness.contains(says), "{password}: {weakness}");
        }
        assert_eq!(weakness("four words as these", "amy-okafor"), None);
    }
}
