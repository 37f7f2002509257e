//! Instants. A `Timestamp` is told to the code that needs it; only `crate::clock` asks for one.

use std::fmt;

use serde::{Deserialize, Serialize};

/// One second in milliseconds.
pub const SECOND_MS: i64 = 1_000;
/// One minute in milliseconds.
pub const MINUTE_MS: i64 = 60_000;
/// An hour in milliseconds.
pub const HOUR_MS: i64 = 60 * MINUTE_MS;

/// An instant: microseconds since 1970-01-01T00:00:00Z, without leap seconds.
///
/// Microseconds, because the sequencer's stamps rise strictly: a millisecond each would run ahead of the clock
/// above 1,000 inputs a second.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(i64);

impl Timestamp {
    /// Before everything: the start of an empty journal.
    pub const MIN: Self = Self(i64::MIN);
    /// After everything: a basis without an end.
    pub const MAX: Self = Self(i64::MAX);

    /// From microseconds since 1970.
    #[must_use]
    pub const fn from_us(us: i64) -> Self {
        Self(us)
    }

    /// From milliseconds since 1970; saturates.
    #[must_use]
    pub const fn from_ms(ms: i64) -> Self {
        Self(ms.saturating_mul(1_000))
    }

    /// Microseconds since 1970.
    #[must_use]
    pub const fn as_us(self) -> i64 {
        self.0
    }

    /// Whole milliseconds since 1970, rounded down.
    #[must_use]
    pub const fn as_ms(self) -> i64 {
        self.0.div_euclid(1_000)
    }

    /// This instant moved by `ms` milliseconds (negative: earlier); saturates.
    #[must_use]
    pub const fn plus_ms(self, ms: i64) -> Self {
        Self(self.0.saturating_add(ms.saturating_mul(1_000)))
    }

    /// Milliseconds from `earlier` to this instant, negative if it is later; saturates.
    #[must_use]
    pub const fn ms_since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0).div_euclid(1_000)
    }

    /// Seconds from `earlier` to this instant.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "a span of more than 285 years is not meant to be exact")]
    pub const fn s_since(self, earlier: Self) -> f64 {
        self.0.saturating_sub(earlier.0) as f64 / 1e6
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// RFC 3339 in UTC, to the millisecond.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_millisecond(self.as_ms()) {
            Ok(instant) => write!(f, "{instant:.3}"),
            Err(_) => write!(f, "{}us", self.0),
        }
    }
}
