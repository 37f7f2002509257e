//! The last fixes as witnesses for one zone: each says how likely the wearer is inside, and none is worth much that copies
//! the next.

use std::cmp::Reverse;

use serde::{Deserialize, Serialize};

use super::rule::Rule;
use crate::domain::Timestamp;

/// Fixes older than this no longer support a Violation, and no straight path is drawn over a longer gap.
pub const EVIDENCE_MS: i64 = 130_000;
/// Errors of GNSS fixes are correlated: 0.33 after 30 s, 0.12 after 60 s, hence about exp(-t / 27 s).
const CORRELATION_S: f64 = 27.0;
/// This many independent witnesses' worth of support proves a Violation: two fixes 10 s apart.
const WEIGHT_NEEDED: f64 = 1.3;
/// No fix gives or takes more than this to or from the balance of the last fixes, in logarithms of odds.
const BALANCE_OF_ONE: f64 = 2.5;
/// A fix speaks for being inside from this probability on.
const P_LIKELY: f64 = 0.5;
/// Support is looked for among the last fixes until they are worth this many witnesses: three fixes 15 s apart.
const WEIGHT_CONSIDERED: f64 = 1.85;
/// ... and among at least this many.
const FIXES_CONSIDERED: usize = 3;
/// Evidence kept: at one fix a second, `WEIGHT_NEEDED` takes 12.
const EVIDENCE_KEPT: usize = 16;

/// When each of the last fixes was, and how likely it says that the wearer was inside then.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Evidence(Vec<(Timestamp, f64)>);

impl Evidence {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    pub(super) fn remember(&mut self, at: Timestamp, p: f64) {
        self.0.retain(|(earlier, _)| at.ms_since(*earlier) <= EVIDENCE_MS);
        self.0.push((at, p));
        if self.0.len() > EVIDENCE_KEPT {
            self.thin();
        }
    }

    /// Forgets the witness that depends most on the next one, the later of two alike, and never the newest: however
    /// many fixes a second there are, those that are kept reach far enough back to be worth several witnesses.
    fn thin(&mut self) {
        let gaps = self.0.windows(2).enumerate();
        let closest = gaps.min_by_key(|(i, pair)| (pair[1].0.ms_since(pair[0].0), Reverse(*i)));
        if let Some((i, _)) = closest {
            self.0.remove(i);
        }
    }

    /// Fixes before the first one that supports a Violation can never matter.
    pub(super) fn forget_unlikely(&mut self) {
        let first = self.0.iter().position(|(_, p)| *p >= P_LIKELY).unwrap_or(self.0.len());
        self.0.drain(..first);
    }

    /// The last fixes, weighed against each other, say "inside", the last one among them: how much of them does, in
    /// independent witnesses, and the earliest that does.
    pub(super) fn balance(&self, rule: Rule) -> Option<Balance> {
        let (mut sum, mut weight, mut earliest) = (0.0, 0.0, None);
        let mut later: Option<Timestamp> = None;
        for (i, (at, p)) in self.0.iter().rev().enumerate() {
            if i == 0 && *p < P_LIKELY {
                return None;
            }
            let independent = later.map_or(1.0, |later| independence(*at, later));
            let odds = (p.max(1e-4) / (1.0 - p).max(1e-4)).ln();
            sum += independent * odds.clamp(-BALANCE_OF_ONE, BALANCE_OF_ONE);
            if *p >= P_LIKELY {
                weight += independent;
                earliest = Some(*at);
            }
            // Two that agree at the least.
            if i > 0 && sum >= rule.balance {
                return earliest.map(|earliest| Balance { weight, earliest });
            }
            later = Some(*at);
        }
        None
    }

    /// How many independent witnesses' worth of the last fixes agree on "inside", the last one among them, and the
    /// earliest that does: two of the last three, each weighted by how independent it is of the next.
    pub(super) fn agreement(&self, rule: Rule) -> Option<(f64, Timestamp)> {
        let (mut considered, mut support, mut earliest, mut later) = (0.0, 0.0, None, None);
        for (i, (at, p)) in self.0.iter().rev().enumerate() {
            if i == 0 && *p < rule.p_support || i >= FIXES_CONSIDERED && considered >= WEIGHT_CONSIDERED {
                break;
            }
            let weight = later.map_or(1.0, |later| independence(*at, later));
            considered += weight;
            if *p >= rule.p_support {
                support += weight;
                earliest = Some(*at);
            }
            later = Some(*at);
        }
        earliest.filter(|_| support >= WEIGHT_NEEDED).map(|earliest| (support, earliest))
    }
}

/// What a balance came to.
pub(super) struct Balance {
    pub(super) weight: f64,
    pub(super) earliest: Timestamp,
}

/// How independent the error of a fix is of that of a later one, 0 to 1.
fn independence(at: Timestamp, later: Timestamp) -> f64 {
    1.0 - (-later.s_since(at) / CORRELATION_S).exp()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn agree(fixes: &[(i64, f64)]) -> bool {
        let mut state = Evidence::default();
        for (s, p) in fixes {
            state.remember(Timestamp::from_ms(s * 1_000), *p);
        }
        state.agreement(Rule::default()).is_some()
    }

    #[test]
    fn two_of_the_last_three_agree_and_a_crowd_of_one_second_fixes_is_one_witness() {
        assert!(agree(&[(0, 0.8), (15, 0.8)]));
        assert!(agree(&[(0, 0.8), (15, 0.1), (30, 0.8)]));
        assert!(agree(&[(0, 0.8), (60, 0.1), (120, 0.8)]));
        assert!(!agree(&[(0, 0.8), (15, 0.1), (30, 0.1), (45, 0.8)]));
        assert!(!agree(&[(0, 0.8), (140, 0.8)]), "130 s is the limit");
        assert!(!agree(&[(0, 0.8), (15, 0.8), (30, 0.5)]), "the last one must agree");
        assert!(!agree(&[(0, 0.8), (1, 0.8), (2, 0.8)]));
        let mut state = Evidence::default();
        for i in 0..80 {
            state.remember(Timestamp::from_ms(i * 250), 0.8);
        }
        assert!(state.agreement(Rule::default()).is_some(), "four a second for 20 s");
        let crowd: Vec<(i64, f64)> = (0..13).map(|s| (s, 0.8)).collect();
        assert!(agree(&crowd));
    }
}
