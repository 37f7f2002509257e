//! How much a tag may send: what is beyond it is not judged message by message.

use std::collections::HashMap;

use crate::{
    domain::{TagId, Timestamp},
    engine::Rulebook,
};

/// Messages a tag may send: so many a second in the long run ...
const PER_S: f64 = 2.0;
/// ... and so many at once, for what it kept while it could not be heard.
const BURST: f64 = 600.0;
/// The same for all tags of a vendor that nobody wears, together.
const STRAYS_PER_S: f64 = 20.0;
/// Vendors remembered one by one; the others share an allowance, since anybody can make up names.
const VENDORS_MAX: usize = 1_000;

/// Token buckets. They live as long as the process: a restart grants a fresh burst, nothing else.
#[derive(Debug, Default)]
pub(super) struct Allowances {
    worn: HashMap<TagId, Bucket>,
    strays: HashMap<String, Bucket>,
}

#[derive(Debug, Clone, Copy)]
struct Bucket {
    tokens: f64,
    at: Timestamp,
}

impl Allowances {
    /// Takes as many of `wanted` messages as the tag may still send at `now`.
    pub(super) fn take(&mut self, tag: &TagId, wanted: usize, now: Timestamp, rulebook: &Rulebook) -> usize {
        let full = Bucket { tokens: BURST, at: now };
        if rulebook.is_assigned(tag) {
            if !self.worn.contains_key(tag) {
                self.worn.insert(tag.clone(), full);
            }
            return self.worn.get_mut(tag).map_or(wanted, |bucket| bucket.take(wanted, PER_S, now));
        }
        let known = self.strays.contains_key(tag.vendor()) || self.strays.len() < VENDORS_MAX;
        let vendor = if known { tag.vendor() } else { "" };
        self.strays.entry(vendor.to_owned()).or_insert(full).take(wanted, STRAYS_PER_S, now)
    }
}

impl Bucket {
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "between 0 and the burst"
    )]
    fn take(&mut self, wanted: usize, per_s: f64, now: Timestamp) -> usize {
        self.tokens = (self.tokens + now.s_since(self.at).max(0.0) * per_s).min(BURST);
        self.at = now;
        let taken = wanted.min(self.tokens as usize);
        self.tokens -= taken as f64;
        taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_then_the_rate_and_never_more_than_a_burst_again() {
        let start = Timestamp::from_ms(1_000_000);
        let mut bucket = Bucket { tokens: BURST, at: start };
        assert_eq!(bucket.take(1_000, PER_S, start), 600);
        assert_eq!(bucket.take(1, PER_S, start.plus_ms(499)), 0);
        assert_eq!(bucket.take(1, PER_S, start.plus_ms(500)), 1);
        assert_eq!(bucket.take(100, PER_S, start.plus_ms(10_500)), 20);
        assert_eq!(bucket.take(10_000, PER_S, start.plus_ms(86_400_000)), 600);
        assert_eq!(bucket.take(1, PER_S, start), 0, "a clock that goes back gives nothing");
    }

    #[test]
    fn made_up_tags_share_their_vendor_s_allowance_and_made_up_vendors_one() {
        let (mut allowances, rulebook, now) =
            (Allowances::default(), Rulebook::default(), Timestamp::from_ms(0));
        let taken: usize = (0..5_000)
            .map(|n| allowances.take(&format!("acme/t{n}").parse().unwrap(), 1, now, &rulebook))
            .sum();
        assert_eq!(taken, 600);
        for n in 0..5_000 {
            allowances.take(&format!("v{n}/t").parse().unwrap(), 1, now, &rulebook);
        }
        assert!(allowances.strays.len() <= VENDORS_MAX + 1);
    }
}
