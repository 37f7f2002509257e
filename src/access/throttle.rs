//! Guessing is slowed down, and nobody is locked out by somebody else's guesses.
//!
//! Failures are counted for an account and where they come from: a browser that has signed in to this account before shows
//! a cookie to that effect, and is counted by itself. So whoever guesses at the accounts of a whole shift slows down
//! strangers, and none of the browsers that the shift works at. Nothing here is a lock: each wait ends by itself.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

/// So many failures in a row cost nothing.
const FREE: u32 = 5;
/// The first wait; each further failure doubles it.
const WAIT_US: i64 = 15 * 1_000_000;
const WAIT_US_MAX: i64 = 15 * 60 * 1_000_000;
/// After so long without a failure all is forgotten.
const FORGET_US: i64 = 60 * 60 * 1_000_000;
/// What is remembered at once; whoever failed longest ago gives way.
const KEPT_MAX: usize = 10_000;

/// At which account, and from where: a known browser, or `None` for strangers together.
type Key = (String, Option<[u8; 32]>);

/// Failures, in memory.
#[derive(Debug, Default)]
pub(super) struct Throttle {
    failures: Mutex<BTreeMap<Key, Failures>>,
}

#[derive(Debug, Clone, Copy)]
struct Failures {
    in_a_row: u32,
    last_us: i64,
}

impl Failures {
    fn until_us(self) -> i64 {
        match self.in_a_row.checked_sub(FREE) {
            None => i64::MIN,
            Some(over) => self.last_us + (WAIT_US << over.min(20)).min(WAIT_US_MAX),
        }
    }
}

impl Throttle {
    /// Counts a try before it is known how it ends, so that many at once are counted, too. Microseconds to wait, if it
    /// comes too soon; then it is not counted.
    pub(super) fn try_now(&self, account: &str, browser: Option<[u8; 32]>, now_us: i64) -> Result<(), i64> {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (account.to_owned(), browser);
        let known = failures.get(&key).copied().filter(|known| now_us - known.last_us < FORGET_US);
        if let Some(known) = known
            && known.until_us() > now_us
        {
            return Err(known.until_us() - now_us);
        }
        if failures.len() >= KEPT_MAX && !failures.contains_key(&key) {
            let oldest = failures.iter().min_by_key(|(_, one)| one.last_us).map(|(key, _)| key.clone());
            oldest.map(|key| failures.remove(&key));
        }
        let in_a_row = known.map_or(0, |known| known.in_a_row).saturating_add(1);
        failures.insert(key, Failures { in_a_row, last_us: now_us });
        Ok(())
    }

    /// It did not fail.
    pub(super) fn succeeded(&self, account: &str, browser: Option<[u8; 32]>) {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        failures.remove(&(account.to_owned(), browser));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: i64 = 1_000_000;

    #[test]
    fn five_tries_are_free_and_then_each_waits_longer() {
        let throttle = Throttle::default();
        for _ in 0..5 {
            assert_eq!(throttle.try_now("amy", None, 0), Ok(()));
        }
        let mut now = 0;
        for wait_s in [15, 30, 60, 120, 240, 480, 900, 900] {
            assert_eq!(throttle.try_now("amy", None, now + wait_s * S - 1), Err(1), "{wait_s}");
            now += wait_s * S;
            assert_eq!(throttle.try_now("amy", None, now), Ok(()), "{wait_s}");
        }
        assert_eq!(throttle.try_now("amy", None, now + FORGET_US), Ok(()));
        assert_eq!(throttle.try_now("amy", None, now + FORGET_US), Ok(()), "forgotten: free again");
    }

    #[test]
    fn success_forgets_and_a_known_browser_is_counted_by_itself() {
        let throttle = Throttle::default();
        for _ in 0..5 {
            throttle.try_now("amy", None, 0).unwrap();
        }
        assert!(throttle.try_now("amy", None, 0).is_err());
        assert_eq!(throttle.try_now("amy", Some([1; 32]), 0), Ok(()), "not held up by strangers");
        assert_eq!(throttle.try_now("ben", None, 0), Ok(()), "nor is another account");
        throttle.succeeded("amy", None);
        assert_eq!(throttle.try_now("amy", None, 0), Ok(()));
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let throttle = Throttle::default();
        for i in 0..KEPT_MAX + 10 {
            throttle.try_now(&format!("a-{i}"), None, i64::try_from(i).unwrap()).unwrap();
        }
        assert_eq!(throttle.failures.lock().unwrap().len(), KEPT_MAX);
    }
}
