//! Where a time axis has its marks.

use crate::domain::{MINUTE_MS, SECOND_MS, Timestamp};

/// So far apart marks are, milliseconds.
const STEPS_MS: [i64; 12] = [
    10 * SECOND_MS,
    30 * SECOND_MS,
    MINUTE_MS,
    2 * MINUTE_MS,
    5 * MINUTE_MS,
    10 * MINUTE_MS,
    30 * MINUTE_MS,
    60 * MINUTE_MS,
    120 * MINUTE_MS,
    360 * MINUTE_MS,
    720 * MINUTE_MS,
    1_440 * MINUTE_MS,
];

/// How far apart, milliseconds, and when: round instants after the first, `most` at the most where a day's step is enough.
#[must_use]
pub fn ticks(from: Timestamp, until: Timestamp, most: i64) -> (i64, Vec<Timestamp>) {
    let all_ms = until.ms_since(from);
    let step_ms = STEPS_MS.into_iter().find(|step| all_ms / step <= most).unwrap_or(all_ms.max(1));
    let first = Timestamp::from_ms(from.as_ms().div_euclid(step_ms) * step_ms + step_ms);
    let instants = std::iter::successors(Some(first), |at| Some(at.plus_ms(step_ms)));
    (step_ms, instants.take_while(|at| *at <= until).collect())
}
