//! Signatures that have been used: whoever copies a signed request cannot have it taken a second time.

use std::{
    collections::BTreeSet,
    sync::{Mutex, MutexGuard, PoisonError},
};

use super::signature::TOLERANCE_S;
use crate::domain::Timestamp;

/// So many are remembered, the newest: two hundred a second for as long as one is believed.
const SIGNATURES_MAX: usize = 131_072;

/// Remembers signatures for as long as they would be believed. Bounded; after a restart it begins anew.
#[derive(Debug, Default)]
pub struct UsedSignatures(Mutex<BTreeSet<(i64, String)>>);

impl UsedSignatures {
    /// Notes a signature, made at `signed_s` Unix seconds, that has been verified at `now`; whether it is new.
    pub fn is_new(&self, now: Timestamp, signed_s: i64, signature: &str) -> bool {
        let mut used = self.used();
        let oldest_s = now.as_ms().div_euclid(1_000) - TOLERANCE_S;
        while used.first().is_some_and(|(at_s, _)| *at_s < oldest_s) {
            used.pop_first();
        }
        let is_new = used.insert((signed_s, signature.to_ascii_lowercase()));
        if used.len() > SIGNATURES_MAX {
            used.pop_first();
        }
        is_new
    }

    /// What it signed could not be taken: it may come again.
    pub fn forget(&self, signed_s: i64, signature: &str) {
        self.used().remove(&(signed_s, signature.to_ascii_lowercase()));
    }

    fn used(&self) -> MutexGuard<'_, BTreeSet<(i64, String)>> {
        // Every change is one step, so a panic elsewhere leaves nothing half done.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW_S: i64 = 1_780_000_000;

    fn is_new(used: &UsedSignatures, now_s: i64, signed_s: i64, signature: &str) -> bool {
        used.is_new(Timestamp::from_ms(now_s * 1_000), signed_s, signature)
    }

    #[test]
    fn a_signature_is_new_once_as_long_as_it_would_be_believed() {
        let used = UsedSignatures::default();
        assert!(is_new(&used, NOW_S, NOW_S, "v1=ab"));
        assert!(!is_new(&used, NOW_S, NOW_S, "v1=AB"), "the same in other letters");
        assert!(is_new(&used, NOW_S, NOW_S, "v1=cd"));
        assert!(!is_new(&used, NOW_S + TOLERANCE_S, NOW_S, "v1=ab"));
        used.forget(NOW_S, "v1=ab");
        assert!(is_new(&used, NOW_S, NOW_S, "v1=ab"));
    }

    #[test]
    fn memory_is_bounded_and_the_oldest_goes_first() {
        let used = UsedSignatures::default();
        for n in 0..=SIGNATURES_MAX as i64 {
            assert!(is_new(&used, NOW_S, NOW_S + n / 1_000, &n.to_string()));
        }
        assert_eq!(used.used().len(), SIGNATURES_MAX);
        assert!(is_new(&used, NOW_S, NOW_S, "0"), "forgotten");
        assert!(!is_new(&used, NOW_S, NOW_S, "1"));
        is_new(&used, NOW_S + 10 * TOLERANCE_S, NOW_S + 10 * TOLERANCE_S, "later");
        assert_eq!(used.used().len(), 1);
    }
}
