//! Recorded fixes from a CSV file, and the pings a tag would have sent on that track.
//!
//! Columns are found by name, in any order; others are ignored. One time column is needed: `t_s`, `utc_s`
//! (seconds, fractions allowed) or `utc_ms`; and `lat`, `lon` (WGS84 degrees). Optional: `accuracy_m` (1-sigma
//! metres; empty or 0: unknown), `hdop` (empty or 0: unknown), `speed_mps`, `course_deg`, `satellites`,
//! `source` (`gnss` if there is no such column). Times must rise from line to line. No quotes.

use std::fmt;
use std::ops::RangeInclusive;

use tag_wire::limits::{
    ACC_M, ACC_M_MAX, COURSE_DEG, HDOP, INTERVAL_S, LAT_DEG, LON_DEG, SPEED_MPS,
};
use tag_wire::{Event, EventKind, Fix, Motion, Ping, Source};

use crate::tag::PROMISE_MARGIN_S;

/// Most bytes of a file.
pub const BYTES_MAX: usize = 64 << 20;

/// Most bytes of a line.
const LINE_BYTES_MAX: usize = 4_096;

/// When no fix comes this long after a ping was due, the tag says so, milliseconds; half the interval at
/// most.
const NO_FIX_AFTER_MS: i64 = 5_000;

/// A fast wearer moves; a slow one may still be in a car in a jam, so the recording does not say "still".
const MOVING_MPS: f64 = 0.5;

/// Why a track was refused. It repeats no value from the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrackError {
    /// Line, the header being 1; 0 for the file as a whole.
    pub line: usize,
    /// Column by name, where one is at fault.
    pub column: Option<&'static str>,
    /// What would be right.
    pub expected: String,
}

impl fmt::Display for TrackError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.line > 0 {
            write!(f, "line {}: ", self.line)?;
        }
        if let Some(column) = self.column {
            write!(f, "column {column}: ")?;
        }
        f.write_str(&self.expected)
    }
}

impl std::error::Error for TrackError {}

/// Reads a file of recorded fixes, their times as in the file but in milliseconds, rising.
///
/// # Errors
/// [`TrackError`] for the first line that cannot be read, and for a file without any fix.
pub fn read(csv: &str) -> Result<Vec<Fix>, TrackError> {
    let whole = |expected: &str| TrackError {
        line: 0,
        column: None,
        expected: expected.to_owned(),
    };
    if csv.len() > BYTES_MAX {
        return Err(whole("a track has at most 64 MiB"));
    }
    let mut lines = csv
        .lines()
        .enumerate()
        .map(|(index, line)| (index + 1, line));
    let (_, header) = lines
        .next()
        .ok_or_else(|| whole("a track begins with a header line"))?;
    let columns = Columns::find(header)?;
    let mut fixes: Vec<Fix> = Vec::new();
    for (number, line) in lines {
        let fix = columns.fix(number, line)?;
        if fixes.last().is_some_and(|before| before.t_ms >= fix.t_ms) {
            let expected = "a time later than the line before".to_owned();
            return Err(TrackError {
                line: number,
                column: Some(columns.time.name),
                expected,
            });
        }
        fixes.push(fix);
    }
    if fixes.is_empty() {
        return Err(whole("a track has at least one fix"));
    }
    Ok(fixes)
}

/// How to make pings of recorded fixes.
#[derive(Clone, Debug)]
pub struct PingPlan {
    /// Seconds between pings ([`INTERVAL_S`]).
    pub interval_s: u32,
    /// What the time of the first fix becomes, Unix milliseconds.
    pub start_ms: i64,
    /// Boot of every ping.
    pub boot: u32,
}

/// A ping and when it leaves the tag.
#[derive(Clone, Debug, PartialEq)]
pub struct TimedPing {
    /// When, Unix milliseconds: the ping's `sent_ms`.
    pub at_ms: i64,
    /// The ping. Its `oldest_kept` is its own number, as if each were acknowledged before the next.
    pub ping: Ping,
}

/// The pings of a tag that recorded these fixes (times rising, as [`read`] returns them).
///
/// At every multiple of the interval after the first fix the tag wants a fix, and sends the first one at or
/// after it. When none came within 5 s (or half the interval), it says so with an event `no_fix`, keeping its
/// promise, and still sends a fix that comes later but before the next multiple.
pub fn pings(fixes: &[Fix], plan: &PingPlan) -> Vec<TimedPing> {
    let Some(first) = fixes.first() else {
        return Vec::new();
    };
    let interval_s = plan
        .interval_s
        .clamp(*INTERVAL_S.start(), *INTERVAL_S.end());
    let interval_ms = i64::from(interval_s) * 1_000;
    let patience_ms = NO_FIX_AFTER_MS.min(interval_ms / 2);
    let mut pings: Vec<TimedPing> = Vec::new();
    let mut send = |at_ms: i64, fixes: Vec<Fix>, events: Vec<Event>| {
        let seq = pings.len() as u64 + 1;
        let moving = fixes
            .iter()
            .any(|fix| fix.speed_mps.is_some_and(|mps| mps > MOVING_MPS));
        let ping = Ping {
            boot: plan.boot,
            seq,
            oldest_kept: seq,
            next_within_s: (interval_s + PROMISE_MARGIN_S).min(*INTERVAL_S.end()),
            sent_ms: at_ms,
            battery_pct: 80,
            charging: false,
            motion: if moving {
                Motion::Moving
            } else {
                Motion::Unknown
            },
            fixes,
            events,
        };
        pings.push(TimedPing { at_ms, ping });
    };
    // Multiples are counted from the first fix; `wanted` is the one that has no fix yet.
    let mut wanted = 0;
    for fix in fixes {
        let after_start_ms = fix.t_ms - first.t_ms;
        while after_start_ms > wanted * interval_ms + patience_ms {
            let t_ms = plan.start_ms + wanted * interval_ms + patience_ms;
            send(
                t_ms,
                vec![],
                vec![Event {
                    t_ms,
                    kind: EventKind::NoFix,
                    restored: false,
                }],
            );
            if after_start_ms < (wanted + 1) * interval_ms {
                break;
            }
            wanted += 1;
        }
        if after_start_ms >= wanted * interval_ms {
            let t_ms = plan.start_ms + after_start_ms;
            send(
                t_ms,
                vec![Fix {
                    t_ms,
                    ..fix.clone()
                }],
                vec![],
            );
            wanted = after_start_ms / interval_ms + 1;
        }
    }
    pings
}

#[derive(Clone, Copy)]
struct Column {
    name: &'static str,
    index: usize,
}

struct Columns {
    count: usize,
    time: Column,
    /// Milliseconds in one unit of the time column.
    unit_ms: f64,
    lat: Column,
    lon: Column,
    accuracy: Option<Column>,
    hdop: Option<Column>,
    speed: Option<Column>,
    course: Option<Column>,
    satellites: Option<Column>,
    source: Option<Column>,
}

impl Columns {
    fn find(header: &str) -> Result<Self, TrackError> {
        let names: Vec<_> = header.split(',').map(str::trim).collect();
        let find = |name: &'static str| {
            let mut found = names
                .iter()
                .enumerate()
                .filter(|(_, column)| **column == name);
            match (found.next(), found.next()) {
                (Some((index, _)), None) => Ok(Some(Column { name, index })),
                (None, _) => Ok(None),
                (Some(_), Some(_)) => Err(header_error(Some(name), "a name that occurs once")),
            }
        };
        let needed =
            |name| find(name)?.ok_or_else(|| header_error(Some(name), "this column is needed"));
        let times = [
            (find("t_s")?, 1e3),
            (find("utc_s")?, 1e3),
            (find("utc_ms")?, 1.0),
        ];
        let (time, unit_ms) = times
            .into_iter()
            .find_map(|(column, unit_ms)| Some((column?, unit_ms)))
            .ok_or_else(|| header_error(None, "one of the columns t_s, utc_s, utc_ms is needed"))?;
        Ok(Self {
            count: names.len(),
            time,
            unit_ms,
            lat: needed("lat")?,
            lon: needed("lon")?,
            accuracy: find("accuracy_m")?,
            hdop: find("hdop")?,
            speed: find("speed_mps")?,
            course: find("course_deg")?,
            satellites: find("satellites")?,
            source: find("source")?,
        })
    }

    fn fix(&self, number: usize, line: &str) -> Result<Fix, TrackError> {
        let refuse = |expected: String| TrackError {
            line: number,
            column: None,
            expected,
        };
        if line.len() > LINE_BYTES_MAX {
            return Err(refuse(format!("a line has at most {LINE_BYTES_MAX} bytes")));
        }
        let cells: Vec<_> = line.split(',').map(str::trim).collect();
        if cells.len() != self.count {
            return Err(refuse(format!(
                "as many cells as the header has columns: {}",
                self.count
            )));
        }
        let row = Row { number, cells };
        // Up to the year 9999 in either unit.
        let time = row.number(self.time, &(0.0..=253_402_300_799_999.0 / self.unit_ms))?;
        let known = |value: &f64| *value > 0.0;
        Ok(Fix {
            t_ms: (time * self.unit_ms).round() as i64,
            lat: row.number(self.lat, &LAT_DEG)?,
            lon: row.number(self.lon, &LON_DEG)?,
            acc_m: row
                .optional(self.accuracy, &ACC_M)?
                .filter(known)
                .map(|acc_m| acc_m.min(ACC_M_MAX)),
            hdop: row.optional(self.hdop, &HDOP)?.filter(known),
            source: row.source(self.source)?,
            speed_mps: row.optional(self.speed, &SPEED_MPS)?,
            course_deg: row
                .optional(self.course, &COURSE_DEG)?
                .map(|course| course % 360.0),
            sats: row
                .optional(self.satellites, &(0.0..=255.0))?
                .map(|count| count as u8),
        })
    }
}

struct Row<'a> {
    number: usize,
    cells: Vec<&'a str>,
}

impl Row<'_> {
    fn number(&self, column: Column, range: &RangeInclusive<f64>) -> Result<f64, TrackError> {
        let value = self.cells[column.index].parse::<f64>().ok();
        value.filter(|value| range.contains(value)).ok_or_else(|| {
            let expected = format!("a number from {} to {}", range.start(), range.end());
            TrackError {
                line: self.number,
                column: Some(column.name),
                expected,
            }
        })
    }

    fn optional(
        &self,
        column: Option<Column>,
        range: &RangeInclusive<f64>,
    ) -> Result<Option<f64>, TrackError> {
        column
            .filter(|column| !self.cells[column.index].is_empty())
            .map(|column| self.number(column, range))
            .transpose()
    }

    fn source(&self, column: Option<Column>) -> Result<Source, TrackError> {
        const ALL: [Source; 5] = [
            Source::Gnss,
            Source::Wifi,
            Source::Cell,
            Source::Beacon,
            Source::HomeUnit,
        ];
        let Some(column) = column else {
            return Ok(Source::Gnss);
        };
        let cell = self.cells[column.index];
        ALL.into_iter()
            .find(|source| source.as_str() == cell)
            .ok_or_else(|| TrackError {
                line: self.number,
                column: Some(column.name),
                expected: format!("one of {}", ALL.map(Source::as_str).join(", ")),
            })
    }
}

fn header_error(column: Option<&'static str>, expected: &str) -> TrackError {
    TrackError {
        line: 1,
        column,
        expected: expected.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const PLAN: PingPlan = PingPlan {
        interval_s: 15,
        start_ms: 1_000_000,
        boot: 3,
    };

    fn at(seconds: &[u32]) -> Vec<TimedPing> {
        let lines: String = seconds
            .iter()
            .map(|second| format!("{second},48,-30\n"))
            .collect();
        pings(&read(&format!("t_s,lat,lon\n{lines}")).unwrap(), &PLAN)
    }

    /// Seconds after the start, and whether there was a fix.
    fn timeline(pings: &[TimedPing]) -> Vec<(i64, bool)> {
        let second = |ping: &TimedPing| (ping.at_ms - PLAN.start_ms) / 1_000;
        pings
            .iter()
            .map(|ping| (second(ping), !ping.ping.fixes.is_empty()))
            .collect()
    }

    #[test]
    fn the_first_fix_at_or_after_each_multiple_is_sent() {
        let every_second = at(&Vec::from_iter(100..=131));
        assert_eq!(timeline(&every_second), [(0, true), (15, true), (30, true)]);
        let with_jitter = at(&[100, 114, 117, 129, 130]);
        assert_eq!(timeline(&with_jitter), [(0, true), (17, true), (30, true)]);
        let ping = &with_jitter[1].ping;
        assert_eq!((ping.boot, ping.seq, ping.oldest_kept), (3, 2, 2));
        assert_eq!((ping.sent_ms, ping.fixes[0].t_ms), (1_017_000, 1_017_000));
    }

    #[test]
    fn a_gap_is_told_and_the_promise_kept() {
        let pings = at(&[0, 37, 44, 45, 200]);
        let gap = (4..=12).map(|n| (n * 15 + 5, false));
        let expected = [
            (0, true),
            (20, false),
            (35, false),
            (37, true),
            (45, true),
            (65, false),
        ];
        let expected = Vec::from_iter(expected.into_iter().chain(gap.skip(1)).chain([(200, true)]));
        assert_eq!(timeline(&pings), expected);
        for pair in pings.windows(2) {
            let promised_ms = pair[0].at_ms + i64::from(pair[0].ping.next_within_s) * 1_000;
            assert!(pair[1].at_ms > pair[0].at_ms && pair[1].at_ms <= promised_ms);
        }
        assert_eq!(pings[1].ping.events[0].kind, EventKind::NoFix);
    }

    #[test]
    fn columns_are_found_by_name() {
        let csv = "lon,extra,hdop,utc_ms,lat,satellites,accuracy_m,speed_mps,source,course_deg\r\n\
                   -30.5,x,0.9,1500,48.25,12,,1.5,cell,360\r\n 2,,0,1600,1,,0,,gnss,\r\n";
        let fixes = read(csv).unwrap();
        let first = Fix {
            t_ms: 1_500,
            lat: 48.25,
            lon: -30.5,
            acc_m: None,
            hdop: Some(0.9),
            source: Source::Cell,
            speed_mps: Some(1.5),
            course_deg: Some(0.0),
            sats: Some(12),
        };
        assert!(fixes[0] == first);
        assert_eq!(
            (fixes[1].acc_m, fixes[1].hdop, fixes[1].sats),
            (None, None, None)
        );
    }

    #[test]
    fn a_wrong_file_is_refused_with_line_and_column() {
        for (csv, error) in [
            ("", "a track begins with a header line"),
            ("t_s,lat,lon", "a track has at least one fix"),
            (
                "lat,lon\n1,1",
                "line 1: one of the columns t_s, utc_s, utc_ms is needed",
            ),
            ("t_s,lat\n1,1", "line 1: column lon: this column is needed"),
            (
                "t_s,lat,lat,lon\n",
                "line 1: column lat: a name that occurs once",
            ),
            (
                "t_s,lat,lon\n1,1",
                "line 2: as many cells as the header has columns: 3",
            ),
            (
                "t_s,lat,lon\n1,1,1\n\n",
                "line 3: as many cells as the header has columns: 3",
            ),
            (
                "t_s,lat,lon\n1,91,1",
                "line 2: column lat: a number from -90 to 90",
            ),
            (
                "t_s,lat,lon\n1,1,NaN",
                "line 2: column lon: a number from -180 to 180",
            ),
            (
                "t_s,lat,lon\n1,1,inf",
                "line 2: column lon: a number from -180 to 180",
            ),
            (
                "t_s,lat,lon\n1,1,\"1\"",
                "line 2: column lon: a number from -180 to 180",
            ),
            (
                "t_s,lat,lon\n-1,1,1",
                "line 2: column t_s: a number from 0 to 253402300799.999",
            ),
            (
                "t_s,lat,lon\n2,1,1\n2,1,1",
                "line 3: column t_s: a time later than the line before",
            ),
            (
                "t_s,lat,lon,accuracy_m\n1,1,1,-5",
                "line 2: column accuracy_m: a number from 0 to 1000000000",
            ),
            (
                "t_s,lat,lon,source\n1,1,1,gps",
                "line 2: column source: one of gnss, wifi, cell, beacon, home_unit",
            ),
        ] {
            assert_eq!(
                read(csv).err().map(|error| error.to_string()).as_deref(),
                Some(error)
            );
        }
        let long = format!("t_s,lat,lon\n1,1,1{}", " ".repeat(LINE_BYTES_MAX));
        assert_eq!(read(&long).unwrap_err().line, 2);
    }

    proptest! {
        #[test]
        fn noise_never_panics(rows in "([0-9.eE,+-]{0,30}\n){0,9}", cut in any::<prop::sample::Index>()) {
            let csv = format!("t_s,lat,lon,accuracy_m,hdop\n{rows}");
            let _ = read(&csv);
            let _ = read(&csv[..cut.index(csv.len())]);
        }

        #[test]
        fn every_slot_sends_its_first_fix_and_nothing_breaks_a_promise(
            gaps in prop::collection::vec(1..200_000_i64, 1..60),
            interval_s in 1..120_u32,
        ) {
            let mut t_ms = 5_000;
            let fix = read("t_s,lat,lon\n1,48,-30").unwrap().remove(0);
            let fixes = Vec::from_iter(gaps.iter().map(|gap_ms| {
                t_ms += gap_ms;
                Fix { t_ms, ..fix.clone() }
            }));
            let plan = PingPlan { interval_s, ..PLAN };
            let pings = pings(&fixes, &plan);
            let slot = |at_ms: i64| (at_ms - plan.start_ms) / (i64::from(interval_s) * 1_000);
            let mut expected = Vec::new();
            for fix in &fixes {
                let at_ms = plan.start_ms + fix.t_ms - fixes[0].t_ms;
                if expected.last().is_none_or(|last| slot(*last) < slot(at_ms)) {
                    expected.push(at_ms);
                }
            }
            let sent = pings.iter().flat_map(|ping| ping.ping.fixes.iter().map(|fix| fix.t_ms));
            prop_assert_eq!(Vec::from_iter(sent), expected);
            for (n, pair) in pings.windows(2).enumerate() {
                prop_assert_eq!(pair[1].ping.seq, n as u64 + 2);
                let promised_ms = i64::from(pair[0].ping.next_within_s) * 1_000;
                prop_assert!(pair[1].at_ms > pair[0].at_ms);
                prop_assert!(pair[1].at_ms - pair[0].at_ms <= promised_ms);
            }
        }
    }
}
