//! Instants as a page that people keep shows them: UTC, with the day where it is not plain.

use crate::domain::Timestamp;

/// Shows instants; those of its own day without the day.
#[derive(Debug, Clone)]
pub(super) struct Days {
    day: String,
}

impl Days {
    /// Of the day of `first`.
    pub(super) fn of(first: Timestamp) -> Self {
        Self { day: format(first, DAY) }
    }

    /// `7 March 2026`.
    pub(super) fn day(&self) -> &str {
        &self.day
    }

    /// `12:03:05`, or `8 March 2026, 00:03:05` on another day.
    pub(super) fn at(&self, at: Timestamp) -> String {
        let clock = clock(at);
        if self.is_same(at) { clock } else { format!("{}, {clock}", format(at, DAY)) }
    }

    fn is_same(&self, at: Timestamp) -> bool {
        format(at, DAY) == self.day
    }
}

const DAY: &str = "%-d %B %Y";

/// `12:03:05`.
pub(super) fn clock(at: Timestamp) -> String {
    format(at, "%H:%M:%S")
}

/// `12:03`.
pub(super) fn minute(at: Timestamp) -> String {
    format(at, "%H:%M")
}

fn format(at: Timestamp, format: &str) -> String {
    match jiff::Timestamp::from_millisecond(at.as_ms()) {
        Ok(instant) => instant.strftime(format).to_string(),
        Err(_) => at.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_day_is_said() {
        let noon = Timestamp::from_ms(1_772_884_800_000);
        let days = Days::of(noon);
        assert_eq!((days.day(), days.at(noon)), ("7 March 2026", "12:00:00".into()));
        assert_eq!(days.at(noon.plus_ms(86_400_000)), "8 March 2026, 12:00:00");
    }
}
