//! How much evidence it takes to prove a Violation: one rule with one set of numbers, chosen on recorded tracks with
//! ground truth (`cordon evaluate` shows what other choices would have cost).

/// The evidence that proves a Violation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rule {
    /// One trusted fix proves it from this probability on.
    pub(super) p_trusted: f64,
    /// So does an instant before the newest fix, by all fixes together.
    pub(super) p_path: f64,
    /// A fix supports it from this probability on.
    pub(super) p_support: f64,
    /// So much in the balance of the last fixes proves it: the sum of the logarithms of their odds.
    pub(super) balance: f64,
}

impl Default for Rule {
    fn default() -> Self {
        Self { p_trusted: 0.84, p_path: 0.84, p_support: 0.7, balance: 2.2 }
    }
}

impl Rule {
    /// The probability from which on one trusted fix proves a Violation, 0 to 1.
    #[must_use]
    pub fn p_trusted(self) -> f64 {
        self.p_trusted
    }

    /// The probability from which on all fixes together prove one, 0 to 1.
    #[must_use]
    pub fn p_path(self) -> f64 {
        self.p_path
    }

    /// The rule with every proof made harder by so much (the logarithm of its odds), or easier if negative: what the
    /// operating curve is made of. Service always runs with 0, the default.
    #[must_use]
    pub fn with_caution(caution: f64) -> Self {
        let harder = |p: f64| 1.0 / (1.0 + ((1.0 - p) / p) * (-caution).exp());
        let usual = Self::default();
        Self {
            p_trusted: harder(usual.p_trusted),
            p_path: harder(usual.p_path),
            p_support: harder(usual.p_support),
            balance: (usual.balance + caution).max(0.1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn caution_is_log_odds() {
        let usual = Rule::default();
        let same = Rule::with_caution(0.0);
        assert!(
            (same.p_trusted - usual.p_trusted).abs() < 1e-12 && (same.balance - usual.balance).abs() < 1e-12
        );
        let harder = Rule::with_caution(1.0);
        let log_odds = |p: f64| (p / (1.0 - p)).ln();
        assert!((log_odds(harder.p_path) - log_odds(usual.p_path) - 1.0).abs() < 1e-12);
        assert!(Rule::with_caution(-1.0).p_support < usual.p_support);
    }
}
