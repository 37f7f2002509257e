//! When a protected person is told nothing but danger.

use serde::{Deserialize, Serialize};

use super::{LocalTime, ScheduleError, Timestamp, schedule::minute};

/// `{from = "22:00", until = "07:30", time_zone = "Europe/London"}`: every night from ten until half past seven.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Raw", into = "Raw")]
pub struct QuietHours {
    place: LocalTime,
    from: u16,
    until: u16,
}

// No part of it is a float.
impl Eq for QuietHours {}

/// Why quiet hours were refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QuietHoursError {
    /// They would last the whole day.
    #[error(
        "quiet hours begin at one time of day and end at another; from '{0}' until '{0}' nothing would ever be told"
    )]
    Always(String),
    /// A time of day, or its zone.
    #[error(transparent)]
    Time(#[from] ScheduleError),
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    from: String,
    until: String,
    time_zone: String,
}

impl QuietHours {
    /// From one time of day until another, each `HH:MM`, in an IANA time zone.
    ///
    /// # Errors
    /// See [`QuietHoursError`].
    pub fn new(from: &str, until: &str, time_zone: &str) -> Result<Self, QuietHoursError> {
        let (from, until) = (from.into(), until.into());
        Raw { from, until, time_zone: time_zone.into() }.try_into()
    }

    /// As [`QuietHours::new`] takes them: from, until, and the time zone.
    #[must_use]
    pub fn written(&self) -> [String; 3] {
        let Raw { from, until, time_zone } = self.clone().into();
        [from, until, time_zone]
    }

    /// When those end that `at` lies in; `None` if it lies in none.
    #[must_use]
    pub fn end(&self, at: Timestamp) -> Option<Timestamp> {
        let today = self.place.civil(at).date();
        let periods =
            [today.yesterday().ok()?, today].map(|date| self.place.period(date, self.from, self.until));
        let around = periods.into_iter().flatten().find(|(from, until)| (*from..*until).contains(&at));
        around.map(|(_, until)| until)
    }
}

impl TryFrom<Raw> for QuietHours {
    type Error = QuietHoursError;

    fn try_from(raw: Raw) -> Result<Self, QuietHoursError> {
        let place = LocalTime::named(&raw.time_zone)
            .ok_or_else(|| ScheduleError::UnknownTimeZone(raw.time_zone.chars().take(64).collect()))?;
        let of_day = |text: &str| match minute(text)? {
            whole if whole >= 24 * 60 => Err(ScheduleError::Time(text.into())),
            minute => Ok(minute),
        };
        let (from, until) = (of_day(&raw.from)?, of_day(&raw.until)?);
        if from == until {
            return Err(QuietHoursError::Always(raw.from));
        }
        Ok(Self { place, from, until })
    }
}

impl From<QuietHours> for Raw {
    fn from(quiet: QuietHours) -> Self {
        let clock = |minute: u16| format!("{:02}:{:02}", minute / 60, minute % 60);
        Self { from: clock(quiet.from), until: clock(quiet.until), time_zone: quiet.place.name().into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quiet(text: &str) -> Result<QuietHours, String> {
        serde_json::from_str(text).map_err(|error| error.to_string())
    }

    fn at(text: &str) -> Timestamp {
        Timestamp::from_ms(text.parse::<jiff::Timestamp>().unwrap().as_millisecond())
    }

    #[test]
    fn they_end_at_the_same_time_of_day_whatever_the_clocks_do() {
        let text = r#"{"from":"22:00","until":"07:30","time_zone":"Europe/London"}"#;
        let night = quiet(text).unwrap();
        assert_eq!(serde_json::to_string(&night).unwrap(), text);
        for (now, end) in [
            ("2026-01-05T21:59:59Z", None),
            ("2026-01-05T22:00:00Z", Some("2026-01-06T07:30:00Z")),
            ("2026-01-06T07:29:59Z", Some("2026-01-06T07:30:00Z")),
            ("2026-01-06T07:30:00Z", None),
            // Clocks go forward in this night, and back in that.
            ("2026-03-28T23:00:00Z", Some("2026-03-29T06:30:00Z")),
            ("2026-10-24T22:00:00Z", Some("2026-10-25T07:30:00Z")),
        ] {
            assert_eq!(night.end(at(now)), end.map(at), "{now}");
        }
        let noon = quiet(r#"{"from":"12:00","until":"14:00","time_zone":"UTC"}"#).unwrap();
        assert_eq!(noon.end(at("2026-01-05T13:00:00Z")), Some(at("2026-01-05T14:00:00Z")));
        assert_eq!(noon.end(at("2026-01-05T01:00:00Z")), None);
    }

    #[test]
    fn what_is_written_makes_them_again() {
        let night = QuietHours::new("22:00", "07:30", "Europe/London").unwrap();
        let [from, until, time_zone] = night.written();
        assert_eq!(QuietHours::new(&from, &until, &time_zone), Ok(night));
        assert!(matches!(
            QuietHours::new("22:00", "07:30", "Europe/Londres"),
            Err(QuietHoursError::Time(ScheduleError::UnknownTimeZone(_)))
        ));
    }

    #[test]
    fn hours_that_never_end_or_are_no_hours_are_refused_with_what_to_write() {
        for (text, says) in [
            (r#"{"from":"22:00","until":"22:00","time_zone":"UTC"}"#, "begin at one time"),
            (r#"{"from":"24:00","until":"07:00","time_zone":"UTC"}"#, "08:00"),
            (r#"{"from":"22:00","until":"7","time_zone":"UTC"}"#, "08:00"),
            (r#"{"from":"22:00","until":"07:00","time_zone":"Europe/Londres"}"#, "IANA"),
            (r#"{"from":"22:00","until":"07:00","time_zone":"UTC","days":2}"#, "days"),
        ] {
            let why = quiet(text).unwrap_err();
            assert!(why.contains(says), "{text}: {why}");
        }
    }
}
