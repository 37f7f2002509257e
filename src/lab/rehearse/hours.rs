//! When visits began, by the clocks of those who drew the zone.

use std::fmt;

use jiff::{Zoned, civil::Date};
use serde::Serialize;

use crate::domain::{LocalTime, Timestamp};

/// Nights are watched between these hours: whoever lives there is there.
const NIGHT_H: std::ops::Range<usize> = 0..5;
/// Between these hours of Monday to Friday most people are at work.
const WORK_H: std::ops::Range<usize> = 9..17;
/// A pattern is said of so many visits at least ...
const VISITS_MIN: u32 = 3;
/// ... if it holds so much more of them than of the week.
const PATTERN: f64 = 0.3;
/// The windows that are tried, hours; 24 is a whole day.
const WINDOWS_H: [usize; 5] = [1, 2, 3, 4, 24];
const DAY_H: usize = 24;

/// The night that an instant belongs to, if it is night.
pub(super) fn night(local: &LocalTime, at: Timestamp) -> Option<Date> {
    let civil = local.civil(at);
    NIGHT_H.contains(&hour(&civil)).then(|| civil.date())
}

/// The working day that an instant belongs to, if it lies in its working hours.
pub(super) fn workday(local: &LocalTime, at: Timestamp) -> Option<Date> {
    let civil = local.civil(at);
    let is_workday = civil.weekday().to_monday_zero_offset() < 5;
    (is_workday && WORK_H.contains(&hour(&civil))).then(|| civil.date())
}

fn hour(civil: &Zoned) -> usize {
    usize::try_from(civil.hour()).unwrap_or(0)
}

/// How many visits began in which hour of the week.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Hours {
    /// Monday to Sunday, 24 hours each.
    pub table: [[u32; DAY_H]; 7],
    /// Where most of them are: none, one or two windows, the second of what the first leaves.
    pub busiest: Vec<Busy>,
}

/// A part of the week in which many visits began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Busy {
    /// So many ...
    pub count: u32,
    /// ... of so many.
    pub of: u32,
    /// On these days ...
    pub days: Days,
    /// ... from this hour ...
    pub from_h: usize,
    /// ... to this one.
    pub until_h: usize,
}

/// Days of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Days {
    /// Monday to Friday.
    Weekdays,
    /// Saturday and Sunday.
    Weekends,
    /// All seven.
    Every,
    /// One, from 0 for Monday.
    Only(usize),
}

impl Days {
    const ALL: [Self; 10] = [
        Self::Weekdays,
        Self::Weekends,
        Self::Every,
        Self::Only(0),
        Self::Only(1),
        Self::Only(2),
        Self::Only(3),
        Self::Only(4),
        Self::Only(5),
        Self::Only(6),
    ];

    fn covers(self, day: usize) -> bool {
        match self {
            Self::Weekdays => day < 5,
            Self::Weekends => day >= 5,
            Self::Every => true,
            Self::Only(only) => day == only,
        }
    }
}

/// `on weekdays`.
impl fmt::Display for Days {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const NAMES: [&str; 7] =
            ["Mondays", "Tuesdays", "Wednesdays", "Thursdays", "Fridays", "Saturdays", "Sundays"];
        match self {
            Self::Weekdays => f.write_str("on weekdays"),
            Self::Weekends => f.write_str("on weekends"),
            Self::Every => f.write_str("on any day"),
            Self::Only(day) => write!(f, "on {}", NAMES.get(*day).copied().unwrap_or_default()),
        }
    }
}

impl Busy {
    /// `on weekdays between 7 and 9`.
    pub(super) fn hours(&self) -> String {
        match (self.from_h, self.until_h) {
            (0, DAY_H) => self.days.to_string(),
            (from, until) => format!("{} between {from} and {until}", self.days),
        }
    }
}

/// `9 of 12 on weekdays between 7 and 9`.
impl fmt::Display for Busy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {} {}", self.count, self.of, self.hours())
    }
}

impl Hours {
    pub(super) fn of(begins: impl Iterator<Item = Timestamp>, local: &LocalTime) -> Self {
        let mut table = [[0; DAY_H]; 7];
        for civil in begins.map(|at| local.civil(at)) {
            let day = usize::try_from(civil.weekday().to_monday_zero_offset()).unwrap_or(0);
            table[day][hour(&civil)] += 1;
        }
        let mut busiest = Vec::new();
        let mut rest = table;
        while busiest.len() < 2
            && let Some(busy) = busiest_of(&rest)
        {
            let hours = rest.iter_mut().enumerate().filter(|(day, _)| busy.days.covers(*day));
            hours.for_each(|(_, hours)| hours[busy.from_h..busy.until_h].fill(0));
            busiest.push(busy);
        }
        Self { table, busiest }
    }
}

/// The window that holds most more of the visits than of the week.
#[expect(clippy::cast_precision_loss, reason = "168 hours")]
fn busiest_of(table: &[[u32; DAY_H]; 7]) -> Option<Busy> {
    let of: u32 = table.iter().flatten().sum();
    let judge = |(days, from_h, until_h): (Days, usize, usize)| {
        let hours = table.iter().enumerate().filter(|(day, _)| days.covers(*day));
        let (cells, count) = hours.fold((0, 0), |(cells, count), (_, hours)| {
            (cells + until_h - from_h, count + hours[from_h..until_h].iter().sum::<u32>())
        });
        let score = f64::from(count) / f64::from(of) - cells as f64 / 168.0;
        (score, Busy { count, of, days, from_h, until_h })
    };
    let windows = Days::ALL.into_iter().flat_map(|days| {
        let lengths = WINDOWS_H.into_iter().filter(move |length| days != Days::Every || *length < DAY_H);
        lengths.flat_map(move |length| (0..=DAY_H - length).map(move |from| (days, from, from + length)))
    });
    let best = windows.map(judge).reduce(|best, next| if next.0 > best.0 { next } else { best });
    best.filter(|(score, busy)| busy.of >= VISITS_MIN && busy.count >= 2 && *score >= PATTERN)
        .map(|(_, busy)| busy)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hours(begins: &[&str]) -> Hours {
        let local = LocalTime::named("Europe/London").unwrap();
        let instant = |text: &&str| text.parse::<jiff::Timestamp>().unwrap().as_millisecond();
        Hours::of(begins.iter().map(|text| Timestamp::from_ms(instant(text))), &local)
    }

    fn said(begins: &[&str]) -> Vec<String> {
        hours(begins).busiest.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn hours_are_those_of_the_unit_in_summer_and_in_winter() {
        let found = hours(&["2026-03-27T07:30:00Z", "2026-03-30T06:30:00Z"]);
        assert_eq!((found.table[4][7], found.table[0][7]), (1, 1));
        assert_eq!(found.table.iter().flatten().sum::<u32>(), 2);
    }

    #[test]
    fn a_way_to_work_and_back_shows_as_two_windows() {
        let days = ["02", "03", "04", "05", "06", "09"];
        let begins: Vec<String> = days
            .iter()
            .flat_map(|day| [format!("2026-03-{day}T07:40:00Z"), format!("2026-03-{day}T16:50:00Z")])
            .collect();
        let begins: Vec<&str> = begins.iter().map(String::as_str).collect();
        assert_eq!(
            said(&begins),
            ["6 of 12 on weekdays between 7 and 8", "6 of 6 on weekdays between 16 and 17"]
        );
    }

    #[test]
    fn a_habit_of_one_day_and_one_of_weekends() {
        let mondays = ["2026-03-02T19:10:00Z", "2026-03-09T19:20:00Z", "2026-03-16T20:05:00Z"];
        assert_eq!(said(&mondays), ["3 of 3 on Mondays between 19 and 21"]);
        let weekends = [
            "2026-03-01T03:00:00Z",
            "2026-03-07T10:00:00Z",
            "2026-03-08T17:00:00Z",
            "2026-03-14T22:00:00Z",
            "2026-03-15T13:00:00Z",
        ];
        assert_eq!(said(&weekends), ["5 of 5 on weekends"]);
    }

    #[test]
    fn nothing_is_said_of_few_or_scattered_visits() {
        assert_eq!(said(&[]), [""; 0]);
        assert_eq!(said(&["2026-03-02T19:10:00Z", "2026-03-09T19:20:00Z"]), [""; 0]);
        let scattered: Vec<String> =
            (0..28).map(|n| format!("2026-03-{:02}T{:02}:00:00Z", n + 1, n * 5 % 24)).collect();
        let scattered: Vec<&str> = scattered.iter().map(String::as_str).collect();
        assert_eq!(said(&scattered), [""; 0]);
    }
}
