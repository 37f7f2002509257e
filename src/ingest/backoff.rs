//! How long to wait before connecting again.

/// The longest wait: a broker that is back is heard again within this time, plus the connect itself.
pub(super) const WAIT_MS_MAX: i64 = 2_000;

/// The wait after the first failure, before jitter.
const WAIT_MS_FIRST: i64 = 250;

/// Milliseconds to wait after `failures` failures in a row (1 or more): doubles up to the longest, and is spread over its
/// upper half by `random`, so that many clients of a restarted broker do not come back in step.
pub(super) fn wait_ms(failures: u32, random: u32) -> i64 {
    let full = (WAIT_MS_FIRST << failures.saturating_sub(1).min(8)).min(WAIT_MS_MAX);
    let half = full / 2;
    half + i64::from(random) % (full - half + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_doubles_to_the_longest_and_is_spread_over_its_upper_half() {
        for (failures, full) in
            [(1, 250), (2, 500), (3, 1_000), (4, 2_000), (5, 2_000), (u32::MAX, WAIT_MS_MAX)]
        {
            let waits: Vec<i64> = (0..5_000).map(|random| wait_ms(failures, random)).collect();
            assert_eq!(waits.iter().min(), Some(&(full / 2)), "after {failures}");
            assert_eq!(waits.iter().max(), Some(&full), "after {failures}");
        }
        assert!(wait_ms(9, u32::MAX) <= WAIT_MS_MAX);
    }
}
