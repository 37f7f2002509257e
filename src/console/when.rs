//! Instants as pages show them.

use std::fmt;

use super::words;
use crate::domain::Timestamp;

/// An instant, looked at from `now`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct When {
    at: Timestamp,
    now: Timestamp,
}

impl When {
    pub(super) fn new(at: Timestamp, now: Timestamp) -> Self {
        Self { at, now }
    }

    /// Milliseconds since 1970, for the page's script.
    pub(super) fn ms(self) -> i64 {
        self.at.as_ms()
    }

    /// `12 s`: how long ago; 0 s for the future.
    pub(super) fn age(self) -> String {
        words::span(self.now.s_since(self.at))
    }

    /// `18 s`: how long until then; 0 s for the past.
    pub(super) fn until(self) -> String {
        // A countdown that rounds down says "0 s" for a whole second before the time.
        words::span(self.at.s_since(self.now).ceil())
    }

    /// `02:14:07`, UTC.
    pub(super) fn clock(self) -> String {
        self.format("%H:%M:%S")
    }

    /// `1 Mar 02:14:07`, UTC.
    pub(super) fn date(self) -> String {
        self.format("%-d %b %H:%M:%S")
    }

    /// With the year: what is looked up later, too.
    pub(super) fn in_full(self) -> String {
        self.format("%Y-%m-%d %H:%M:%S")
    }

    /// `2026-03-01`, UTC.
    pub(super) fn day(self) -> String {
        self.format("%Y-%m-%d")
    }

    fn format(self, format: &str) -> String {
        match jiff::Timestamp::from_millisecond(self.at.as_ms()) {
            Ok(instant) => instant.strftime(format).to_string(),
            Err(_) => self.at.to_string(),
        }
    }
}

/// RFC 3339.
impl fmt::Display for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.at.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_countdowns_and_clock_times() {
        let now = Timestamp::from_ms(1_772_330_047_000);
        let before = When::new(now.plus_ms(-12_400), now);
        assert_eq!((before.age(), before.until()), ("12 s".into(), "0 s".into()));
        let after = When::new(now.plus_ms(17_100), now);
        assert_eq!((after.age(), after.until()), ("0 s".into(), "18 s".into()));
        let at = When::new(now, now);
        assert_eq!((at.clock(), at.date()), ("01:54:07".into(), "1 Mar 01:54:07".into()));
        assert_eq!(at.to_string(), "2026-03-01T01:54:07.000Z");
    }
}
