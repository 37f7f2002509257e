//! When an alert is tried again, and what is told of a provider that fails. The simulator follows the same schedule.

mod health;

pub use health::Health;

use crate::domain::Timestamp;

/// How long a claimed alert is kept from other claimers, milliseconds: more than one try takes.
pub const LEASE_MS: i64 = 30_000;
/// A provider that is busy is given this long if it asks for it, milliseconds. For a longer pause the engine looks for
/// another way.
pub const PAUSE_GRANTED_MS_MAX: i64 = 5_000;

/// The first tries, milliseconds from the first.
const FIRST_TRIES_MS: [i64; 5] = [0, 2_000, 5_000, 10_000, 15_000];
/// From then on, milliseconds from one to the next.
const LATER_TRIES_MS: i64 = 30_000;
/// The least pause between the end of a try and the next of the first tries, milliseconds.
const PAUSE_MS_MIN: i64 = 1_000;

/// When the next try is due, after `tries` of which the first began at `first` and the last ended at `ended`.
///
/// A try whose time has already passed (the provider was slow, the service was down) comes soon, but never as one of
/// a burst. A `first` in the future (the clock was set back) delays nothing.
pub fn next_try_at(first: Timestamp, tries: u32, ended: Timestamp) -> Timestamp {
    let (slot, pause_ms) = slot(first, tries);
    let soonest = if slot < ended { ended.plus_ms(pause_ms) } else { slot };
    soonest.min(ended.plus_ms(LATER_TRIES_MS))
}

/// When the next try is due after a busy provider has asked for a pause. A long one is not waited for to its end: the
/// provider may be mistaken, and its next answer may be the only way to somebody.
pub fn after_pause(pause_ms: i64, ended: Timestamp) -> Timestamp {
    ended.plus_ms(pause_ms.clamp(PAUSE_MS_MIN, LATER_TRIES_MS))
}

/// The time of the try after `tries`, and the pause if it has passed.
fn slot(first: Timestamp, tries: u32) -> (Timestamp, i64) {
    let last_ms = FIRST_TRIES_MS[FIRST_TRIES_MS.len() - 1];
    match FIRST_TRIES_MS.get(tries as usize) {
        Some(offset_ms) => (first.plus_ms(*offset_ms), PAUSE_MS_MIN),
        None => {
            let later = i64::from(tries) - FIRST_TRIES_MS.len() as i64 + 1;
            (first.plus_ms(last_ms + later * LATER_TRIES_MS), LATER_TRIES_MS)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: Timestamp = Timestamp::from_ms(1_780_000_000_000);

    fn next_ms(tries: u32, ended_ms: i64) -> i64 {
        next_try_at(FIRST, tries, FIRST.plus_ms(ended_ms)).ms_since(FIRST)
    }

    #[test]
    fn tries_at_0_2_5_10_15_then_every_30_s() {
        let mut at_ms = vec![0];
        for tries in 1..9 {
            at_ms.push(next_ms(tries, at_ms[at_ms.len() - 1] + 20));
        }
        assert_eq!(at_ms, [0, 2_000, 5_000, 10_000, 15_000, 45_000, 75_000, 105_000, 135_000]);
    }

    #[test]
    fn a_slow_provider_is_given_a_second_and_a_long_pause_makes_no_burst() {
        assert_eq!(next_ms(1, 10_000), 11_000);
        assert_eq!(next_ms(2, 21_000), 22_000);
        assert_eq!(next_ms(5, 25_000), 45_000);
        // Down for an hour: the fifth soon, then the rest 30 s apart.
        assert_eq!(next_ms(4, 3_600_000), 3_601_000);
        assert_eq!(next_ms(5, 3_601_000), 3_631_000);
    }

    #[test]
    fn a_clock_set_back_delays_no_try_beyond_the_longest_pause() {
        assert_eq!(next_ms(1, -3_600_000), -3_600_000 + 30_000);
    }

    #[test]
    fn a_pause_that_a_provider_asks_for_is_granted_within_reason() {
        let pause_ms = |asked_ms| after_pause(asked_ms, FIRST).ms_since(FIRST);
        assert_eq!([0, 3_000, 5_000, 3_600_000].map(pause_ms), [1_000, 3_000, 5_000, 30_000]);
    }
}
