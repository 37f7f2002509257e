//! When a zone applies: weekly spans in the zone's own civil time.

use jiff::{ToSpan, civil, tz::TimeZone};
use serde::{Deserialize, Serialize};

use super::Timestamp;

/// More spans than this are a mistake: a week has 21 eight-hour shifts.
const SPANS_MAX: usize = 64;
const MINUTES_PER_DAY: u16 = 24 * 60;
/// How far ahead `next_change` looks. A weekly schedule changes within eight days, or never does.
const DAYS_AHEAD: i64 = 9;

/// Why a schedule was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScheduleError {
    /// The IANA database has no such zone.
    #[error("'{0}' is no IANA time zone such as Europe/London")]
    UnknownTimeZone(String),
    /// No span at all, or too many.
    #[error(
        "a schedule has 1 to {SPANS_MAX} spans, this one has {0}; leave the schedule out for a zone that always applies"
    )]
    SpanCount(usize),
    /// Weekday, start or end out of range.
    #[error(
        "span {0}: a weekday is 1 (Monday) to 7, a time is 00:00 to 24:00, and the start differs from the end"
    )]
    Span(usize),
}

/// Part of a week: from a minute of a weekday's civil time to another, over midnight if the end is not after the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct WeeklySpan {
    /// 1 is Monday, 7 is Sunday: the day on which the span starts.
    pub weekday: i8,
    /// First minute of the day that belongs to the span, 0 to 1439.
    pub from_min: u16,
    /// First minute that no longer does, 0 to 1440; at or before `from_min` it lies on the next day.
    pub until_min: u16,
}

/// Weekly spans in one IANA time zone. On the nights when clocks change a span keeps its civil times: it is an hour
/// longer or shorter in real time; a start that the clocks jump over begins right after the jump.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Raw", into = "Raw")]
pub struct Schedule {
    zone: TimeZone,
    name: String,
    spans: Vec<WeeklySpan>,
}

#[derive(Clone, Serialize, Deserialize)]
struct Raw {
    time_zone: String,
    spans: Vec<WeeklySpan>,
}

impl Schedule {
    /// # Errors
    /// See [`ScheduleError`].
    pub fn new(time_zone: &str, spans: Vec<WeeklySpan>) -> Result<Self, ScheduleError> {
        // The bundled database, never the host's: two machines must decide alike.
        let zone = jiff::tz::TimeZoneDatabase::bundled()
            .get(time_zone)
            .map_err(|_| ScheduleError::UnknownTimeZone(time_zone.chars().take(64).collect()))?;
        if spans.is_empty() || spans.len() > SPANS_MAX {
            return Err(ScheduleError::SpanCount(spans.len()));
        }
        if let Some(i) = spans.iter().position(|s| !s.is_sound()) {
            return Err(ScheduleError::Span(i));
        }
        Ok(Self {
            zone,
            name: time_zone.into(),
            spans,
        })
    }

    /// Whether the schedule covers `at`.
    #[must_use]
    pub fn covers(&self, at: Timestamp) -> bool {
        self.periods_around(at)
            .any(|(from, until)| from <= at && at < until)
    }

    /// The latest instant in (`after`, `until`] at which the schedule began to apply, if any.
    #[must_use]
    pub fn last_start_between(&self, after: Timestamp, until: Timestamp) -> Option<Timestamp> {
        self.periods_around(until)
            .map(|(from, _)| from)
            .filter(|from| after < *from && *from <= until && !self.covers(from.plus_ms(-1)))
            .max()
    }

    /// The next instant after `at` at which the schedule starts or stops to apply, if it ever does.
    #[must_use]
    pub fn next_change(&self, at: Timestamp) -> Option<Timestamp> {
        let covered = self.covers(at);
        let edges = self
            .periods_around(at)
            .flat_map(|(from, until)| [from, until]);
        edges
            .filter(|edge| *edge > at && self.covers(*edge) != covered)
            .min()
    }

    /// Every period that starts from a day before `at` to nine days after it.
    fn periods_around(&self, at: Timestamp) -> impl Iterator<Item = (Timestamp, Timestamp)> + '_ {
        let today = jiff::Timestamp::from_millisecond(at.as_ms())
            .unwrap_or(jiff::Timestamp::UNIX_EPOCH)
            .to_zoned(self.zone.clone())
            .date();
        (-2..=DAYS_AHEAD)
            .filter_map(move |day| today.checked_add(day.days()).ok())
            .flat_map(move |date| {
                let weekday = date.weekday().to_monday_one_offset();
                self.spans
                    .iter()
                    .filter(move |s| s.weekday == weekday)
                    .filter_map(move |s| self.period(date, *s))
            })
    }

    fn period(&self, date: civil::Date, span: WeeklySpan) -> Option<(Timestamp, Timestamp)> {
        let last_day = if span.until_min <= span.from_min {
            date.tomorrow().ok()?
        } else {
            date
        };
        Some((
            self.instant(date, span.from_min)?,
            self.instant(last_day, span.until_min)?,
        ))
    }

    fn instant(&self, date: civil::Date, minute: u16) -> Option<Timestamp> {
        let midnight = date.at(0, 0, 0, 0);
        let civil = midnight.checked_add(i64::from(minute).minutes()).ok()?;
        // "Compatible": the first of two equal civil times, and just after a gap.
        let zoned = self.zone.to_ambiguous_zoned(civil).compatible().ok()?;
        Some(Timestamp::from_ms(zoned.timestamp().as_millisecond()))
    }
}

impl WeeklySpan {
    fn is_sound(self) -> bool {
        (1..=7).contains(&self.weekday)
            && self.from_min < MINUTES_PER_DAY
            && self.until_min <= MINUTES_PER_DAY
            && self.from_min != self.until_min
    }
}

impl TryFrom<Raw> for Schedule {
    type Error = ScheduleError;
    fn try_from(raw: Raw) -> Result<Self, ScheduleError> {
        Self::new(&raw.time_zone, raw.spans)
    }
}

impl From<Schedule> for Raw {
    fn from(schedule: Schedule) -> Self {
        Self {
            time_zone: schedule.name,
            spans: schedule.spans,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::from_ms(text.parse::<jiff::Timestamp>().unwrap().as_millisecond())
    }

    fn nights() -> Schedule {
        // Saturday 22:00 to Sunday 06:00.
        Schedule::new(
            "Europe/London",
            vec![WeeklySpan {
                weekday: 6,
                from_min: 22 * 60,
                until_min: 6 * 60,
            }],
        )
        .unwrap()
    }

    #[test]
    fn a_night_is_as_long_as_the_clocks_make_it() {
        // (Saturday evening, hours the span lasts): spring forward, autumn back, an ordinary week.
        for (start, hours) in [
            ("2026-03-28T22:00:00Z", 7),
            ("2026-10-24T21:00:00Z", 9),
            ("2026-06-06T21:00:00Z", 8),
        ] {
            let start = at(start);
            assert!(!nights().covers(start.plus_ms(-1)), "{start}");
            assert!(nights().covers(start), "{start}");
            assert_eq!(
                nights().next_change(start),
                Some(start.plus_ms(hours * 3_600_000)),
                "{start}"
            );
        }
    }

    #[test]
    fn a_start_that_the_clocks_jump_over_begins_right_after_the_jump() {
        let schedule = Schedule::new(
            "Europe/London",
            vec![WeeklySpan {
                weekday: 7,
                from_min: 90,
                until_min: 180,
            }],
        )
        .unwrap();
        let jump = at("2026-03-29T01:00:00Z");
        assert!(!schedule.covers(jump.plus_ms(-1)));
        assert_eq!(
            schedule.next_change(jump.plus_ms(-1)),
            Some(at("2026-03-29T01:30:00Z"))
        );
    }

    #[test]
    fn adjoining_spans_are_one() {
        let whole_week = (1..=7)
            .map(|weekday| WeeklySpan {
                weekday,
                from_min: 0,
                until_min: 1440,
            })
            .collect();
        let schedule = Schedule::new("Asia/Tokyo", whole_week).unwrap();
        let start = at("2026-05-05T12:00:00Z");
        assert_eq!(schedule.next_change(start), None);
        assert_eq!(
            schedule.last_start_between(start, start.plus_ms(86_400_000 * 2)),
            None
        );
    }

    #[test]
    fn the_last_start_is_found_only_inside_the_span_asked_for() {
        let start = at("2026-06-06T21:00:00Z");
        assert_eq!(
            nights().last_start_between(start.plus_ms(-1), start),
            Some(start)
        );
        assert_eq!(
            nights().last_start_between(start, start.plus_ms(60_000)),
            None
        );
    }

    #[test]
    fn a_wrong_schedule_is_refused_with_its_reason() {
        let span = WeeklySpan {
            weekday: 1,
            from_min: 0,
            until_min: 60,
        };
        assert_eq!(
            Schedule::new("Europe/Londres", vec![span]),
            Err(ScheduleError::UnknownTimeZone("Europe/Londres".into()))
        );
        assert_eq!(
            Schedule::new("UTC", vec![]),
            Err(ScheduleError::SpanCount(0))
        );
        for bad in [
            WeeklySpan { weekday: 0, ..span },
            WeeklySpan { weekday: 8, ..span },
            WeeklySpan {
                until_min: 0,
                ..span
            },
            WeeklySpan {
                from_min: 1440,
                ..span
            },
            WeeklySpan {
                until_min: 1441,
                ..span
            },
        ] {
            assert_eq!(
                Schedule::new("UTC", vec![span, bad]),
                Err(ScheduleError::Span(1)),
                "{bad:?}"
            );
        }
    }
}
