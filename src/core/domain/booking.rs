//! When a protected person's ways are tried out: once a month, at a time that they have chosen.

use jiff::{ToSpan, civil, tz::TimeZone};
use serde::{Deserialize, Serialize};

use super::{ScheduleError, Timestamp, schedule::minute};

/// Every month has this day.
const DAY_MAX: i8 = 28;
/// Months looked at: this one and the next always have one to come.
const MONTHS_AHEAD: i32 = 2;

/// `{day = 3, at = "18:30", time_zone = "Europe/London"}`: on the third of each month at half past six in the evening.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Raw", into = "Raw")]
pub struct TestBooking {
    zone: TimeZone,
    name: String,
    day: i8,
    minute: u16,
}

/// Why a booking was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BookingError {
    /// The day.
    #[error("the day of a test is 1 to {DAY_MAX}, which every month has; this one is {0}")]
    Day(i8),
    /// The time of day, or its zone.
    #[error(transparent)]
    Time(#[from] ScheduleError),
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    day: i8,
    at: String,
    time_zone: String,
}

impl TestBooking {
    /// On a day of each month, at a time of day written `HH:MM`, in an IANA time zone.
    ///
    /// # Errors
    /// See [`BookingError`].
    pub fn new(day: i8, at: &str, time_zone: &str) -> Result<Self, BookingError> {
        Raw { day, at: at.into(), time_zone: time_zone.into() }.try_into()
    }

    /// As [`TestBooking::new`] takes them: the day, the time of day and the time zone.
    #[must_use]
    pub fn written(&self) -> (i8, String, String) {
        let Raw { day, at, time_zone } = self.clone().into();
        (day, at, time_zone)
    }

    /// The first one after `at`; `None` at the end of time.
    #[must_use]
    pub fn next_after(&self, at: Timestamp) -> Option<Timestamp> {
        let now = jiff::Timestamp::from_millisecond(at.as_ms()).ok()?;
        let month = now.to_zoned(self.zone.clone()).date().first_of_month();
        let months = (0..=MONTHS_AHEAD).filter_map(|ahead| month.checked_add(ahead.months()).ok());
        months.filter_map(|month| self.in_month(month)).find(|booked| *booked > at)
    }

    fn in_month(&self, month: civil::Date) -> Option<Timestamp> {
        let midnight = month.checked_add((self.day - 1).days()).ok()?.at(0, 0, 0, 0);
        let civil = midnight.checked_add(i64::from(self.minute).minutes()).ok()?;
        // A time that the clocks jump over comes right after the jump; of two, the first.
        let zoned = self.zone.to_ambiguous_zoned(civil).compatible().ok()?;
        Some(Timestamp::from_ms(zoned.timestamp().as_millisecond()))
    }
}

impl TryFrom<Raw> for TestBooking {
    type Error = BookingError;

    fn try_from(raw: Raw) -> Result<Self, BookingError> {
        // The bundled database, never the host's: two machines must decide alike.
        let zone = jiff::tz::TimeZoneDatabase::bundled()
            .get(&raw.time_zone)
            .map_err(|_| ScheduleError::UnknownTimeZone(raw.time_zone.chars().take(64).collect()))?;
        let minute = minute(&raw.at)?;
        if minute >= 24 * 60 {
            return Err(ScheduleError::Time(raw.at).into());
        }
        if !(1..=DAY_MAX).contains(&raw.day) {
            return Err(BookingError::Day(raw.day));
        }
        Ok(Self { zone, name: raw.time_zone, day: raw.day, minute })
    }
}

impl From<TestBooking> for Raw {
    fn from(booking: TestBooking) -> Self {
        let TestBooking { name: time_zone, day, minute, .. } = booking;
        Self { day, at: format!("{:02}:{:02}", minute / 60, minute % 60), time_zone }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn booking(text: &str) -> Result<TestBooking, String> {
        serde_json::from_str(text).map_err(|error| error.to_string())
    }

    fn at(text: &str) -> Timestamp {
        Timestamp::from_ms(text.parse::<jiff::Timestamp>().unwrap().as_millisecond())
    }

    #[test]
    fn it_comes_once_a_month_at_the_same_time_of_day_whatever_the_clocks_do() {
        let text = r#"{"day":3,"at":"18:30","time_zone":"Europe/London"}"#;
        let monthly = booking(text).unwrap();
        assert_eq!(serde_json::to_string(&monthly).unwrap(), text);
        let mut now = at("2026-02-03T18:29:59Z");
        for next in ["2026-02-03T18:30:00Z", "2026-03-03T18:30:00Z", "2026-04-03T17:30:00Z"] {
            now = monthly.next_after(now).unwrap();
            assert_eq!(now, at(next));
        }
        let new_year = monthly.next_after(at("2026-12-03T18:30:00Z"));
        assert_eq!(new_year, Some(at("2027-01-03T18:30:00Z")));
        // The clocks jump over it.
        let night = booking(r#"{"day":28,"at":"01:30","time_zone":"Europe/London"}"#).unwrap();
        assert_eq!(night.next_after(at("2027-03-27T00:00:00Z")), Some(at("2027-03-28T01:30:00Z")));
    }

    #[test]
    fn what_is_written_makes_it_again() {
        let monthly = TestBooking::new(3, "18:30", "Europe/London").unwrap();
        let (day, at, time_zone) = monthly.written();
        assert_eq!(TestBooking::new(day, &at, &time_zone), Ok(monthly));
        assert_eq!(TestBooking::new(29, "18:30", "UTC"), Err(BookingError::Day(29)));
    }

    #[test]
    fn a_booking_that_some_month_lacks_is_refused_with_what_to_write() {
        for (text, says) in [
            (r#"{"day":29,"at":"18:30","time_zone":"UTC"}"#, "1 to 28"),
            (r#"{"day":0,"at":"18:30","time_zone":"UTC"}"#, "1 to 28"),
            (r#"{"day":3,"at":"24:00","time_zone":"UTC"}"#, "08:00"),
            (r#"{"day":3,"at":"6pm","time_zone":"UTC"}"#, "08:00"),
            (r#"{"day":3,"at":"18:30","time_zone":"Europe/Londres"}"#, "IANA"),
            (r#"{"day":3,"at":"18:30","time_zone":"UTC","week":2}"#, "week"),
        ] {
            let why = booking(text).unwrap_err();
            assert!(why.contains(says), "{text}: {why}");
        }
    }
}
