//! When a zone applies: weekly spans in the zone's own civil time.

use jiff::{ToSpan, civil::Date};
use serde::{Deserialize, Serialize};

use super::{LocalTime, Timestamp};

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
        "spans[{0}]: a weekday is 1 (Monday) to 7, a time is 00:00 to 24:00, and the start differs from the end"
    )]
    Span(usize),
    /// Not days as people write them.
    #[error("'{0}' are no days; write \"mon\", \"mon-fri\" or \"sat, sun\"")]
    Days(String),
    /// Not a time of day as people write it.
    #[error("'{0}' is no time of day; write it like \"08:00\", the end of the day as \"24:00\"")]
    Time(String),
}

/// Part of a week: from a minute of a weekday's civil time to another, over midnight if the end is not after the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
    local: LocalTime,
    spans: Vec<WeeklySpan>,
}

/// `{time_zone = "Europe/London", spans = [{days = "mon-fri", from = "22:00", until = "06:00"}]}`.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    time_zone: String,
    spans: Vec<RawSpan>,
}

/// The same times on several days.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawSpan {
    days: String,
    from: String,
    until: String,
}

impl Schedule {
    /// # Errors
    /// See [`ScheduleError`].
    pub fn new(time_zone: &str, spans: Vec<WeeklySpan>) -> Result<Self, ScheduleError> {
        let local = local_time(time_zone)?;
        if spans.is_empty() || spans.len() > SPANS_MAX {
            return Err(ScheduleError::SpanCount(spans.len()));
        }
        if let Some(i) = spans.iter().position(|s| !s.is_sound()) {
            return Err(ScheduleError::Span(i));
        }
        Ok(Self { local, spans })
    }

    /// Its IANA time zone, such as Europe/London.
    #[must_use]
    pub fn time_zone(&self) -> &str {
        self.local.name()
    }

    /// Whether the schedule covers `at`.
    #[must_use]
    pub fn covers(&self, at: Timestamp) -> bool {
        self.periods_around(at).any(|(from, until)| from <= at && at < until)
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
        let edges = self.periods_around(at).flat_map(|(from, until)| [from, until]);
        edges.filter(|edge| *edge > at && self.covers(*edge) != covered).min()
    }

    /// Every period that may touch [`from`, `until`], by the day on which it starts; some may touch each other.
    pub fn periods(
        &self,
        from: Timestamp,
        until: Timestamp,
    ) -> impl Iterator<Item = (Timestamp, Timestamp)> + '_ {
        let date = |at| self.local.civil(at).date();
        self.periods_on(date(from).saturating_sub(2.days()), date(until).saturating_add(1.day()))
    }

    /// Every period that starts from two days before `at` to nine days after it.
    fn periods_around(&self, at: Timestamp) -> impl Iterator<Item = (Timestamp, Timestamp)> + '_ {
        let today = self.local.civil(at).date();
        self.periods_on(today.saturating_sub(2.days()), today.saturating_add(DAYS_AHEAD.days()))
    }

    /// Every period that starts on one of these dates.
    fn periods_on(&self, first: Date, last: Date) -> impl Iterator<Item = (Timestamp, Timestamp)> + '_ {
        first.series(1.day()).take_while(move |date| *date <= last).flat_map(move |date| {
            let weekday = date.weekday().to_monday_one_offset();
            let spans = self.spans.iter().filter(move |span| span.weekday == weekday);
            spans.filter_map(move |span| self.local.period(date, span.from_min, span.until_min))
        })
    }
}

impl WeeklySpan {
    pub(super) fn is_sound(self) -> bool {
        (1..=7).contains(&self.weekday)
            && self.from_min < MINUTES_PER_DAY
            && self.until_min <= MINUTES_PER_DAY
            && self.from_min != self.until_min
    }
}

impl TryFrom<Raw> for Schedule {
    type Error = ScheduleError;
    fn try_from(raw: Raw) -> Result<Self, ScheduleError> {
        let mut spans = Vec::new();
        for span in raw.spans {
            let (from_min, until_min) = (minute(&span.from)?, minute(&span.until)?);
            spans.extend(weekdays(&span.days)?.into_iter().map(|weekday| WeeklySpan {
                weekday,
                from_min,
                until_min,
            }));
            if spans.len() > SPANS_MAX {
                return Err(ScheduleError::SpanCount(spans.len()));
            }
        }
        Self::new(&raw.time_zone, spans)
    }
}

impl From<Schedule> for Raw {
    fn from(schedule: Schedule) -> Self {
        let span = |span: &WeeklySpan| RawSpan {
            days: day(span.weekday).into(),
            from: clock(span.from_min),
            until: clock(span.until_min),
        };
        Self { time_zone: schedule.local.name().into(), spans: schedule.spans.iter().map(span).collect() }
    }
}

const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// As people write it; of a weekday from 1 for Monday.
pub(super) fn day(weekday: i8) -> &'static str {
    usize::try_from(weekday - 1).ok().and_then(|i| DAYS.get(i)).copied().unwrap_or_default()
}

/// As people write it; of minutes since midnight.
pub(super) fn clock(minute: u16) -> String {
    format!("{:02}:{:02}", minute / 60, minute % 60)
}

/// The time zone of that name.
pub(super) fn local_time(name: &str) -> Result<LocalTime, ScheduleError> {
    LocalTime::named(name).ok_or_else(|| ScheduleError::UnknownTimeZone(name.chars().take(64).collect()))
}

/// The weekdays of `mon`, `mon-fri`, `fri-mon` (over the weekend) or `tue, thu`, from 1 for Monday.
pub(super) fn weekdays(text: &str) -> Result<Vec<i8>, ScheduleError> {
    let refused = || ScheduleError::Days(text.chars().take(40).collect());
    let number =
        |day: &str| (1..).zip(DAYS).find(|(_, name)| *name == day.trim()).map(|(n, _)| n).ok_or_else(refused);
    let mut days = Vec::new();
    for part in text.split(',').take(SPANS_MAX) {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last): (i8, i8) = (number(first)?, number(last)?);
        days.extend((0..=(last - first).rem_euclid(7)).map(|i| (first - 1 + i) % 7 + 1));
    }
    Ok(days)
}

/// Minutes since midnight of `HH:MM`, up to 24:59: whoever asks judges the range.
pub(super) fn minute(text: &str) -> Result<u16, ScheduleError> {
    let part = |digits: &str| match digits.as_bytes() {
        [tens @ b'0'..=b'9', ones @ b'0'..=b'9'] => Some((tens - b'0') * 10 + (ones - b'0')),
        _ => None,
    };
    let parts = text.split_once(':').and_then(|(hours, minutes)| Some((part(hours)?, part(minutes)?)));
    match parts {
        Some((hours @ 0..=24, minutes @ 0..=59)) => Ok(u16::from(hours) * 60 + u16::from(minutes)),
        _ => Err(ScheduleError::Time(text.chars().take(40).collect())),
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
        Schedule::new("Europe/London", vec![WeeklySpan { weekday: 6, from_min: 22 * 60, until_min: 6 * 60 }])
            .unwrap()
    }

    #[test]
    fn a_night_is_as_long_as_the_clocks_make_it() {
        // (Saturday evening, hours the span lasts): spring forward, autumn back, an ordinary week.
        for (start, hours) in
            [("2026-03-28T22:00:00Z", 7), ("2026-10-24T21:00:00Z", 9), ("2026-06-06T21:00:00Z", 8)]
        {
            let start = at(start);
            assert!(!nights().covers(start.plus_ms(-1)), "{start}");
            assert!(nights().covers(start), "{start}");
            assert_eq!(nights().next_change(start), Some(start.plus_ms(hours * 3_600_000)), "{start}");
        }
    }

    #[test]
    fn a_start_that_the_clocks_jump_over_begins_right_after_the_jump() {
        let schedule =
            Schedule::new("Europe/London", vec![WeeklySpan { weekday: 7, from_min: 90, until_min: 180 }])
                .unwrap();
        let jump = at("2026-03-29T01:00:00Z");
        assert!(!schedule.covers(jump.plus_ms(-1)));
        assert_eq!(schedule.next_change(jump.plus_ms(-1)), Some(at("2026-03-29T01:30:00Z")));
    }

    #[test]
    fn adjoining_spans_are_one() {
        let whole_week =
            (1..=7).map(|weekday| WeeklySpan { weekday, from_min: 0, until_min: 1440 }).collect();
        let schedule = Schedule::new("Asia/Tokyo", whole_week).unwrap();
        let start = at("2026-05-05T12:00:00Z");
        assert_eq!(schedule.next_change(start), None);
        assert_eq!(schedule.last_start_between(start, start.plus_ms(86_400_000 * 2)), None);
    }

    #[test]
    fn the_last_start_is_found_only_inside_the_span_asked_for() {
        let start = at("2026-06-06T21:00:00Z");
        assert_eq!(nights().last_start_between(start.plus_ms(-1), start), Some(start));
        assert_eq!(nights().last_start_between(start, start.plus_ms(60_000)), None);
    }

    #[test]
    fn a_wrong_schedule_is_refused_with_its_reason() {
        let span = WeeklySpan { weekday: 1, from_min: 0, until_min: 60 };
        assert_eq!(
            Schedule::new("Europe/Londres", vec![span]),
            Err(ScheduleError::UnknownTimeZone("Europe/Londres".into()))
        );
        assert_eq!(Schedule::new("UTC", vec![]), Err(ScheduleError::SpanCount(0)));
        for bad in [
            WeeklySpan { weekday: 0, ..span },
            WeeklySpan { weekday: 8, ..span },
            WeeklySpan { until_min: 0, ..span },
            WeeklySpan { from_min: 1440, ..span },
            WeeklySpan { until_min: 1441, ..span },
        ] {
            assert_eq!(Schedule::new("UTC", vec![span, bad]), Err(ScheduleError::Span(1)), "{bad:?}");
        }
    }

    fn parsed(spans: &str) -> Result<Schedule, String> {
        let text = format!(r#"{{"time_zone": "Europe/London", "spans": [{spans}]}}"#);
        serde_json::from_str(&text).map_err(|error| error.to_string())
    }

    #[test]
    fn days_and_times_are_written_as_people_write_them() {
        for (days, expected) in [
            ("mon", vec![1]),
            ("mon-fri", vec![1, 2, 3, 4, 5]),
            ("fri-mon", vec![5, 6, 7, 1]),
            ("tue, thu", vec![2, 4]),
            ("mon-tue,sun", vec![1, 2, 7]),
        ] {
            let schedule =
                parsed(&format!(r#"{{"days": "{days}", "from": "08:05", "until": "24:00"}}"#)).unwrap();
            let weekdays: Vec<i8> = schedule.spans.iter().map(|span| span.weekday).collect();
            assert_eq!(weekdays, expected, "{days}");
            assert!(
                schedule.spans.iter().all(|span| (span.from_min, span.until_min) == (485, 1440)),
                "{days}"
            );
            let again: Schedule = serde_json::from_str(&serde_json::to_string(&schedule).unwrap()).unwrap();
            assert_eq!(again, schedule);
        }
    }

    #[test]
    fn days_and_times_that_cannot_be_are_refused_with_an_example() {
        for (days, from, says) in [
            ("monday", "08:00", "mon-fri"),
            ("mon-", "08:00", "mon-fri"),
            ("", "08:00", "mon-fri"),
            ("mon", "8:00", "\"08:00\""),
            ("mon", "08:60", "\"08:00\""),
            ("mon", "+8:00", "\"08:00\""),
            ("mon", "24:00", "spans[0]"),
            ("mon", "24:30", "spans[0]"),
        ] {
            let error =
                parsed(&format!(r#"{{"days": "{days}", "from": "{from}", "until": "23:00"}}"#)).unwrap_err();
            assert!(error.contains(says), "{days} {from}: {error}");
        }
    }
}
