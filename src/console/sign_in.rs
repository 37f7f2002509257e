//! One-time links and sessions. Only hashes of what a browser holds are kept, and only in memory.
//!
//! Times are `Clock::real_us`: a link lives ten real minutes however fast a demo's clock runs.

use std::{
    collections::BTreeMap,
    fmt::{self, Write as _},
    net::SocketAddr,
    sync::{Mutex, MutexGuard, PoisonError},
};

use sha2::{Digest as _, Sha256};

use crate::domain::StaffId;

/// How long a link may be used.
const LINK_US: i64 = 10 * 60 * 1_000_000;
/// How long a session lasts, whatever happens in it.
const SESSION_US: i64 = 12 * 3_600 * 1_000_000;
/// Links remembered, so that a used or expired one can be told from a wrong one.
const LINKS_MAX: usize = 32;
/// Sessions at once; the one that ends first gives way.
const SESSIONS_MAX: usize = 64;

type Hash = [u8; 32];

/// Who may come in.
#[derive(Default)]
pub struct SignIn {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    links: BTreeMap<Hash, Link>,
    sessions: BTreeMap<Hash, Session>,
}

struct Link {
    until_us: i64,
    used: bool,
}

#[derive(Clone)]
struct Session {
    until_us: i64,
    by: Option<StaffId>,
}

/// The secret of a sign-in link: 256 random bits. Printing it takes a deliberate call.
pub struct OneTimeToken(String);

impl OneTimeToken {
    /// The link to print for the operator. The secret stands behind `#`: browsers keep that part to themselves.
    #[must_use]
    pub fn link(&self, address: SocketAddr) -> String {
        format!("http://{address}/sign-in#{}", self.0)
    }

    /// The secret alone.
    #[must_use]
    pub fn secret(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for OneTimeToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OneTimeToken(..)")
    }
}

/// Why a link does not open the door.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignInError {
    /// Nobody issued it, or it is forgotten.
    #[error(
        "This sign-in code is not one that this service issued. Copy the whole link that it printed at its start."
    )]
    Unknown,
    /// It has been used.
    #[error("This sign-in code has been used already; each works once. Ask for a new link.")]
    Used,
    /// It is older than ten minutes.
    #[error("This sign-in code is older than 10 minutes. Ask for a new link.")]
    Expired,
    /// The operating system gave no random numbers.
    #[error("The operating system gave no random numbers, so no safe session can be made.")]
    NoRandom,
}

/// A live session, as the pages see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Signed {
    /// The cookie's value; never shown.
    secret: Secret,
    /// Whose name is put to what they do; `None` until they have said.
    pub(super) by: Option<StaffId>,
}

#[derive(Clone, PartialEq, Eq)]
struct Secret(String);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("..")
    }
}

impl Signed {
    /// The token that every form of this session carries. Derived, so that it needs no memory of its own.
    pub(super) fn form_token(&self) -> String {
        hex(&Sha256::new_with_prefix(b"cordon form\0").chain_update(&self.secret.0).finalize())
    }

    /// Whether a form is one of this session's. Hashes are compared, so that the time taken betrays nothing.
    pub(super) fn owns_form(&self, token: &str) -> bool {
        hash(token) == hash(&self.form_token())
    }
}

impl SignIn {
    /// Nobody may come in until a link is issued.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes a link that can be used once within ten minutes of `real_us` (`Clock::real_us`).
    ///
    /// # Errors
    /// `NoRandom`.
    pub fn issue(&self, real_us: i64) -> Result<OneTimeToken, SignInError> {
        let token = random()?;
        let mut state = self.lock();
        make_room(&mut state.links, LINKS_MAX, |link| link.until_us);
        state.links.insert(hash(&token), Link { until_us: real_us + LINK_US, used: false });
        Ok(OneTimeToken(token))
    }

    /// Exchanges a link's secret for a session's cookie.
    pub(super) fn redeem(&self, token: &str, real_us: i64) -> Result<String, SignInError> {
        let cookie = random()?;
        let mut state = self.lock();
        let link = state.links.get_mut(&hash(token.trim())).ok_or(SignInError::Unknown)?;
        if link.used {
            return Err(SignInError::Used);
        }
        if real_us >= link.until_us {
            return Err(SignInError::Expired);
        }
        link.used = true;
        state.sessions.retain(|_, session| real_us < session.until_us);
        make_room(&mut state.sessions, SESSIONS_MAX, |session| session.until_us);
        state.sessions.insert(hash(&cookie), Session { until_us: real_us + SESSION_US, by: None });
        Ok(cookie)
    }

    /// The session of a cookie, if it lives.
    pub(super) fn session(&self, cookie: &str, real_us: i64) -> Option<Signed> {
        let session = self.lock().sessions.get(&hash(cookie)).cloned()?;
        let live = real_us < session.until_us;
        live.then(|| Signed { secret: Secret(cookie.into()), by: session.by })
    }

    /// Whether a session still lives: asked again and again by the live feed.
    pub(super) fn is_live(&self, signed: &Signed, real_us: i64) -> bool {
        self.session(&signed.secret.0, real_us).is_some()
    }

    /// Remembers who the signed-in person is.
    pub(super) fn set_staff(&self, signed: &Signed, by: StaffId) {
        if let Some(session) = self.lock().sessions.get_mut(&hash(&signed.secret.0)) {
            session.by = Some(by);
        }
    }

    /// Ends a session.
    pub(super) fn sign_out(&self, signed: &Signed) {
        self.lock().sessions.remove(&hash(&signed.secret.0));
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // No holder can leave it half changed, so a panic elsewhere does not spoil it.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Makes room for one more by forgetting what ends first.
fn make_room<T>(kept: &mut BTreeMap<Hash, T>, max: usize, until_us: impl Fn(&T) -> i64) {
    while kept.len() >= max {
        let first = kept.iter().min_by_key(|(_, one)| until_us(one)).map(|(key, _)| *key);
        first.map(|key| kept.remove(&key));
    }
}

fn random() -> Result<String, SignInError> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|_| SignInError::NoRandom)?;
    Ok(hex(&bytes))
}

fn hash(text: &str) -> Hash {
    Sha256::digest(text).into()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE_US: i64 = 60_000_000;

    fn signed_in(door: &SignIn) -> (String, Signed) {
        let token = door.issue(0).expect("random numbers");
        let cookie = door.redeem(token.secret(), 0).expect("a fresh link");
        let signed = door.session(&cookie, 0).expect("a fresh session");
        (cookie, signed)
    }

    #[test]
    fn a_link_works_once_and_for_ten_minutes() {
        let door = SignIn::new();
        let first = door.issue(0).expect("random numbers");
        let late = door.issue(0).expect("random numbers");
        assert!(door.redeem(first.secret(), 10 * MINUTE_US - 1).is_ok());
        assert_eq!(door.redeem(first.secret(), 10 * MINUTE_US - 1), Err(SignInError::Used));
        assert_eq!(door.redeem(late.secret(), 10 * MINUTE_US), Err(SignInError::Expired));
        assert_eq!(door.redeem("0000", 0), Err(SignInError::Unknown));
    }

    #[test]
    fn a_session_ends_after_twelve_hours_or_by_signing_out() {
        let door = SignIn::new();
        let (cookie, signed) = signed_in(&door);
        assert!(door.session(&cookie, 12 * 60 * MINUTE_US - 1).is_some());
        assert!(door.session(&cookie, 12 * 60 * MINUTE_US).is_none());
        door.sign_out(&signed);
        assert!(door.session(&cookie, 1).is_none());
    }

    #[test]
    fn a_form_belongs_to_one_session() {
        let door = SignIn::new();
        let ((_, one), (_, other)) = (signed_in(&door), signed_in(&door));
        assert!(one.owns_form(&one.form_token()));
        assert!(!one.owns_form(&other.form_token()));
        assert!(!one.owns_form(""));
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let door = SignIn::new();
        for minute in 0..100 {
            let token = door.issue(minute * MINUTE_US).expect("random numbers");
            door.redeem(token.secret(), minute * MINUTE_US).expect("a fresh link");
        }
        let state = door.lock();
        assert_eq!((state.links.len(), state.sessions.len()), (LINKS_MAX, SESSIONS_MAX));
    }

    #[test]
    fn secrets_are_not_printed() {
        let door = SignIn::new();
        let token = door.issue(0).expect("random numbers");
        let secret = token.secret().to_owned();
        let (cookie, signed) = signed_in(&door);
        let printed = format!("{token:?} {signed:?}");
        assert!(!printed.contains(&secret) && !printed.contains(&cookie));
    }
}
