//! How fast a token may be used: a hundred or so requests at once, and ten a second in the long run.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// So many at once, for whoever has been quiet.
pub(super) const BURST: i64 = 120;
/// One comes back after so long.
const EACH_US: i64 = 100_000;
/// Tokens remembered at once. Whoever has long been quiet is forgotten first: nothing is known of them that matters.
const KEPT_MAX: usize = 10_000;

/// Of each token, by its number, up to when its requests so far would have been spread evenly.
#[derive(Default)]
pub(super) struct Pace(Mutex<BTreeMap<i64, i64>>);

impl Pace {
    /// Counts a request; seconds to wait, if it comes too soon. Then it is not counted.
    pub(super) fn take(&self, token: i64, now_us: i64) -> Result<(), i64> {
        let mut spread = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let until_us = spread.get(&token).copied().unwrap_or(i64::MIN).max(now_us) + EACH_US;
        let over_us = until_us - now_us - BURST * EACH_US;
        if over_us > 0 {
            return Err((over_us + 999_999) / 1_000_000);
        }
        if spread.len() >= KEPT_MAX {
            spread.retain(|_, until_us| *until_us > now_us);
        }
        if spread.len() < KEPT_MAX || spread.contains_key(&token) {
            spread.insert(token, until_us);
        }
        Ok(())
    }
}

/// Feeds of one token at a time: one for each place that listens, and some that have not noticed yet that they are cut off.
const FEEDS_MAX: usize = 8;

/// Who listens to feeds, by the number of the token.
#[derive(Default)]
pub(super) struct Seats(Mutex<BTreeMap<i64, Arc<Semaphore>>>);

impl Seats {
    /// A place to listen from for as long as what is returned is kept; none if all are taken.
    pub(super) fn take(&self, token: i64) -> Option<OwnedSemaphorePermit> {
        let mut seats = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        seats.retain(|_, seats| seats.available_permits() < FEEDS_MAX);
        let seats = seats.entry(token).or_insert_with(|| Arc::new(Semaphore::new(FEEDS_MAX)));
        Arc::clone(seats).try_acquire_owned().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_listens_at_eight_places_and_each_can_be_given_up() {
        let seats = Seats::default();
        let mut taken: Vec<_> = (0..FEEDS_MAX).map(|_| seats.take(1).expect("a seat")).collect();
        assert!(seats.take(1).is_none() && seats.take(2).is_some());
        taken.pop();
        assert!(seats.take(1).is_some());
        taken.clear();
        assert!(seats.take(3).is_some() && seats.0.lock().unwrap().len() == 1, "who is gone is forgotten");
    }

    #[test]
    fn many_at_once_and_then_ten_a_second_and_each_token_by_itself() {
        let pace = Pace::default();
        for _ in 0..BURST {
            assert_eq!(pace.take(1, 5), Ok(()));
        }
        assert_eq!(pace.take(1, 5), Err(1));
        assert_eq!(pace.take(2, 5), Ok(()), "another token");
        assert_eq!(pace.take(1, 5 + EACH_US), Ok(()));
        assert_eq!(pace.take(1, 5 + EACH_US), Err(1));
        let hour_us = 3_600_000_000;
        for _ in 0..BURST {
            assert_eq!(pace.take(1, hour_us), Ok(()));
        }
        assert_eq!(pace.take(1, hour_us), Err(1), "rest does not add up");
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let pace = Pace::default();
        for token in 0..20_000 {
            assert_eq!(pace.take(token, 0), Ok(()));
        }
        assert_eq!(pace.0.lock().unwrap().len(), KEPT_MAX);
        assert_eq!(pace.take(20_000, EACH_US + 1), Ok(()));
        assert_eq!(pace.0.lock().unwrap().len(), 1);
    }
}
