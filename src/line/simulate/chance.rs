//! Chance, from a seed: each part of a world has its own, so that a change in one leaves the others as they were.

use firmware_sim::random::Random;

/// Seeded random numbers for one part of a world.
pub(super) struct Chance(Random);

impl Chance {
    /// For a part of the world of a seed.
    pub(super) fn of(seed: u64, part: u64) -> Self {
        let mut random = Random::new(seed ^ part.wrapping_mul(0x9e6c_63d0_876a_68ee));
        // Seeds that are near each other are far apart after one step.
        Self(Random::new(random.bits()))
    }

    /// True with a probability.
    pub(super) fn happens(&mut self, probability: f64) -> bool {
        self.0.unit() < probability
    }

    /// A number from `low` up to but not `high`.
    pub(super) fn between(&mut self, low: f64, high: f64) -> f64 {
        self.0.between(low, high)
    }

    /// The same of whole numbers.
    #[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "spans of milliseconds")]
    pub(super) fn whole(&mut self, low: i64, high: i64) -> i64 {
        low + (self.0.unit() * (high - low) as f64) as i64
    }

    /// A number from `low` to `high` whose logarithm is evenly spread: most are small.
    pub(super) fn mostly_small(&mut self, low: f64, high: f64) -> f64 {
        self.0.between(low.ln(), high.ln()).exp()
    }

    /// The same in whole milliseconds, of seconds.
    #[expect(clippy::cast_possible_truncation, reason = "spans of milliseconds")]
    pub(super) fn ms(&mut self, low_s: f64, high_s: f64) -> i64 {
        (self.mostly_small(low_s, high_s) * 1_000.0) as i64
    }

    /// One of these, which must not be empty.
    pub(super) fn one_of<'t, T>(&mut self, these: &'t [T]) -> &'t T {
        let nth = (self.0.bits() % these.len() as u64) as usize;
        &these[nth]
    }

    /// 64 random bits.
    pub(super) fn bits(&mut self) -> u64 {
        self.0.bits()
    }

    /// 16 random bytes.
    pub(super) fn bytes(&mut self) -> [u8; 16] {
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&self.0.bits().to_le_bytes());
        bytes[8..].copy_from_slice(&self.0.bits().to_le_bytes());
        bytes
    }
}
