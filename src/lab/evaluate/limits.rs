//! How sure a rate is: exact limits of a binomial proportion.
//!
//! Clopper and Pearson, "The use of confidence or fiducial limits illustrated in the case of the binomial",
//! Biometrika 26 (1934). They hold for independent trials; zones over one route are not, so that the truth may be a
//! little outside of them.

/// Limits of the true rate at 95 %, when `hits` of `trials` hit.
pub(super) fn limits_95(hits: usize, trials: usize) -> (f64, f64) {
    if trials == 0 {
        return (0.0, 1.0);
    }
    let low = if hits == 0 { 0.0 } else { solve(|p| 1.0 - at_most(hits - 1, trials, p) - 0.025) };
    let high = if hits == trials { 1.0 } else { solve(|p| 0.025 - at_most(hits, trials, p)) };
    (low, high)
}

/// The probability of at most `hits` hits.
#[expect(clippy::cast_precision_loss, reason = "counts far below 2^53")]
fn at_most(hits: usize, trials: usize, p: f64) -> f64 {
    if p <= 0.0 {
        return 1.0;
    }
    if p >= 1.0 {
        return if hits >= trials { 1.0 } else { 0.0 };
    }
    let mut log_term = trials as f64 * (1.0 - p).ln();
    let mut sum = log_term.exp();
    for k in 1..=hits {
        log_term += ((trials - k + 1) as f64 / k as f64).ln() + p.ln() - (1.0 - p).ln();
        sum += log_term.exp();
    }
    sum.min(1.0)
}

/// Where a function that rises from below 0 to above it crosses 0, between 0 and 1.
fn solve(rising: impl Fn(f64) -> f64) -> f64 {
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..60 {
        let middle = (low + high) / 2.0;
        if rising(middle) < 0.0 { low = middle } else { high = middle }
    }
    (low + high) / 2.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_those_of_the_tables() {
        let near = |(low, high): (f64, f64), expected: (f64, f64)| {
            assert!((low - expected.0).abs() < 5e-4 && (high - expected.1).abs() < 5e-4, "{low} {high}");
        };
        near(limits_95(0, 100), (0.0, 0.0362));
        near(limits_95(1, 63), (0.0004, 0.0853));
        near(limits_95(5, 20), (0.0866, 0.4910));
        near(limits_95(20, 20), (0.8316, 1.0));
        near(limits_95(0, 0), (0.0, 1.0));
    }
}
