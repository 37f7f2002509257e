//! One-time links, half-finished sign-ins and sessions. Only hashes of what a browser holds are kept, and only in memory.
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
/// After so long without a person's doing a session sees no person's data any more.
pub(super) const IDLE_S: u32 = 15 * 60;
const IDLE_US: i64 = IDLE_S as i64 * 1_000_000;
/// From the password to the code.
const HALF_US: i64 = 5 * 60 * 1_000_000;
/// Links remembered, so that a used or expired one can be told from a wrong one.
const LINKS_MAX: usize = 32;
/// Sessions at once; the one that ends first gives way.
const SESSIONS_MAX: usize = 4_096;
const HALVES_MAX: usize = 1_024;

type Hash = [u8; 32];

/// Who may come in.
#[derive(Default)]
pub struct SignIn {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    links: BTreeMap<Hash, Link>,
    halves: BTreeMap<Hash, Half>,
    sessions: BTreeMap<Hash, Session>,
}

struct Link {
    until_us: i64,
    used: bool,
}

/// Somebody who has shown their password.
#[derive(Clone)]
pub(super) struct Half {
    until_us: i64,
    pub(super) account: StaffId,
    pub(super) generation: i64,
}

#[derive(Clone)]
struct Session {
    until_us: i64,
    /// When its owner last did something.
    used_us: i64,
    by: Option<StaffId>,
    generation: Option<i64>,
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
    /// Of the account at sign-in; `None` for whoever came by a one-time link.
    pub(super) generation: Option<i64>,
    /// Its owner has done nothing for too long to be shown a person's data.
    pub(super) idle: bool,
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

    /// Whether a link was ever issued.
    pub(super) fn has_links(&self) -> bool {
        !self.lock().links.is_empty()
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
        state.begin(&cookie, real_us, None, None);
        Ok(cookie)
    }

    /// Remembers who has shown their password; gives the cookie by which they are known again.
    pub(super) fn half_way(
        &self,
        account: StaffId,
        generation: i64,
        real_us: i64,
    ) -> Result<String, SignInError> {
        let cookie = random()?;
        let mut state = self.lock();
        state.halves.retain(|_, half| real_us < half.until_us);
        make_room(&mut state.halves, HALVES_MAX, |half| half.until_us);
        state.halves.insert(hash(&cookie), Half { until_us: real_us + HALF_US, account, generation });
        Ok(cookie)
    }

    /// Who has shown their password in this browser, in the last five minutes.
    pub(super) fn half(&self, cookie: &str, real_us: i64) -> Option<Half> {
        self.lock().halves.get(&hash(cookie)).filter(|half| real_us < half.until_us).cloned()
    }

    /// Begins the session of somebody who has shown all that they must.
    pub(super) fn enter(
        &self,
        account: StaffId,
        generation: i64,
        half: &str,
        real_us: i64,
    ) -> Result<String, SignInError> {
        let cookie = random()?;
        let mut state = self.lock();
        state.halves.remove(&hash(half));
        state.begin(&cookie, real_us, Some(account), Some(generation));
        Ok(cookie)
    }

    /// The session of a cookie, if it lives.
    pub(super) fn session(&self, cookie: &str, real_us: i64) -> Option<Signed> {
        let session = self.lock().sessions.get(&hash(cookie)).cloned()?;
        let live = real_us < session.until_us;
        let Session { by, generation, used_us, .. } = session;
        // A one-time link is for whoever sits at this machine anyway.
        let idle = generation.is_some() && real_us - used_us >= IDLE_US;
        live.then(|| Signed { secret: Secret(cookie.into()), by, generation, idle })
    }

    /// Whether a session still lives: asked again and again by the live feed.
    pub(super) fn is_live(&self, signed: &Signed, real_us: i64) -> bool {
        self.session(&signed.secret.0, real_us).is_some()
    }

    /// Whether its owner has done nothing for so long that it shows nobody's data: asked again and again by the live feed.
    pub(super) fn is_idle(&self, signed: &Signed, real_us: i64) -> bool {
        self.session(&signed.secret.0, real_us).is_some_and(|session| session.idle)
    }

    /// Whoever has a live session in which they have done something of late, this one apart, and of which generation their
    /// account was.
    pub(super) fn people(&self, real_us: i64, but: Option<&Signed>) -> Vec<(StaffId, Option<i64>)> {
        let but = but.map(|signed| hash(&signed.secret.0));
        let state = self.lock();
        let here = state.sessions.iter().filter(|(cookie, session)| {
            let idle = session.generation.is_some() && real_us - session.used_us >= IDLE_US;
            Some(*cookie) != but.as_ref() && real_us < session.until_us && !idle
        });
        here.filter_map(|(_, session)| Some((session.by.clone()?, session.generation))).collect()
    }

    /// Its owner has done something. One that has been idle for too long stays so.
    pub(super) fn used(&self, signed: &Signed, real_us: i64) {
        if let Some(session) = self.lock().sessions.get_mut(&hash(&signed.secret.0))
            && real_us - session.used_us < IDLE_US
        {
            session.used_us = real_us;
        }
    }

    /// Remembers who came by the link.
    pub(super) fn set_staff(&self, signed: &Signed, by: StaffId) {
        if let Some(session) = self.lock().sessions.get_mut(&hash(&signed.secret.0))
            && session.generation.is_none()
        {
            session.by = Some(by);
        }
    }

    /// Ends a session.
    pub(super) fn sign_out(&self, signed: &Signed) {
        self.lock().sessions.remove(&hash(&signed.secret.0));
    }

    /// Lets so much time pass at once for everybody who is in, or on their way: no test waits for a quarter of an hour.
    pub fn let_pass(&self, us: i64) {
        let mut state = self.lock();
        let State { links, halves, sessions } = &mut *state;
        links.values_mut().for_each(|link| link.until_us -= us);
        halves.values_mut().for_each(|half| half.until_us -= us);
        for session in sessions.values_mut() {
            session.until_us -= us;
            session.used_us -= us;
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // No holder can leave it half changed, so a panic elsewhere does not spoil it.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn begin(&mut self, cookie: &str, real_us: i64, by: Option<StaffId>, generation: Option<i64>) {
        self.sessions.retain(|_, session| real_us < session.until_us);
        make_room(&mut self.sessions, SESSIONS_MAX, |session| session.until_us);
        let session = Session { until_us: real_us + SESSION_US, used_us: real_us, by, generation };
        self.sessions.insert(hash(cookie), session);
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

    fn by_account(door: &SignIn) -> (String, Signed) {
        let amy: StaffId = "amy".parse().expect("an id");
        let half = door.half_way(amy.clone(), 3, 0).expect("random numbers");
        let cookie = door.enter(amy, 3, &half, 0).expect("random numbers");
        assert!(door.half(&half, 1).is_none(), "used up");
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
        for begin in [signed_in, by_account] {
            let door = SignIn::new();
            let (cookie, signed) = begin(&door);
            assert!(door.session(&cookie, 12 * 60 * MINUTE_US - 1).is_some());
            assert!(door.session(&cookie, 12 * 60 * MINUTE_US).is_none());
            door.sign_out(&signed);
            assert!(door.session(&cookie, 1).is_none());
        }
    }

    #[test]
    fn an_account_is_idle_after_a_quarter_of_an_hour_and_stays_so() {
        let door = SignIn::new();
        let (cookie, signed) = by_account(&door);
        let is_idle = |us| door.session(&cookie, us).expect("it lives").idle;
        assert!(!is_idle(15 * MINUTE_US - 1) && is_idle(15 * MINUTE_US));
        door.used(&signed, 10 * MINUTE_US);
        assert!(!is_idle(25 * MINUTE_US - 1) && is_idle(25 * MINUTE_US));
        door.used(&signed, 26 * MINUTE_US);
        assert!(is_idle(26 * MINUTE_US));
    }

    #[test]
    fn time_that_is_let_pass_is_as_good_as_time_that_has_passed() {
        let door = SignIn::new();
        let (link, half) =
            (door.issue(0).expect("random numbers"), door.half_way("amy".parse().expect("an id"), 3, 0));
        let (half, (cookie, signed)) = (half.expect("random numbers"), by_account(&door));
        door.let_pass(5 * MINUTE_US);
        assert!(door.half(&half, -1).is_some() && door.half(&half, 0).is_none());
        door.let_pass(5 * MINUTE_US);
        assert_eq!(door.redeem(link.secret(), 0), Err(SignInError::Expired));
        door.let_pass(5 * MINUTE_US);
        assert!(!door.is_idle(&signed, -1) && door.is_idle(&signed, 0));
        door.let_pass(12 * 60 * MINUTE_US - 15 * MINUTE_US);
        assert!(door.session(&cookie, -1).is_some() && door.session(&cookie, 0).is_none());
    }

    #[test]
    fn a_password_is_good_for_five_minutes() {
        let door = SignIn::new();
        let half = door.half_way("amy".parse().expect("an id"), 3, 0).expect("random numbers");
        assert!(door.half(&half, 5 * MINUTE_US - 1).is_some());
        assert!(door.half(&half, 5 * MINUTE_US).is_none());
        assert!(door.session(&half, 0).is_none(), "half is not in");
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
        for i in 0..i64::try_from(SESSIONS_MAX).expect("few") + 10 {
            let token = door.issue(i).expect("random numbers");
            door.redeem(token.secret(), i).expect("a fresh link");
        }
        for i in 0..i64::try_from(HALVES_MAX).expect("few") + 10 {
            door.half_way("amy".parse().expect("an id"), 1, i).expect("random numbers");
        }
        let state = door.lock();
        let kept = (state.links.len(), state.halves.len(), state.sessions.len());
        assert_eq!(kept, (LINKS_MAX, HALVES_MAX, SESSIONS_MAX));
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
