//! Recorded fixes from a CSV file.
//!
//! Columns are found by name, in any order; others are ignored. One time column is needed: `t_s`, `utc_s`
//! (seconds, fractions allowed) or `utc_ms`; and `lat`, `lon` (WGS84 degrees). Optional: `accuracy_m` (1-sigma
//! metres; empty or 0: unknown), `hdop` (empty or 0: unknown), `speed_mps`, `course_deg`, `satellites`,
//! `source` (`gnss` if there is no such column). Times must rise from line to line. No quotes.

use std::fmt;
use std::ops::RangeInclusive;

use tag_wire::limits::{ACC_M, ACC_M_MAX, COURSE_DEG, HDOP, LAT_DEG, LON_DEG, SPEED_MPS};
use tag_wire::{Fix, Source};

/// Most bytes of a file.
pub const BYTES_MAX: usize = 64 << 20;

/// Most bytes of a line.
const LINE_BYTES_MAX: usize = 4_096;

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
    let whole = |expected: &str| TrackError { line: 0, column: None, expected: expected.to_owned() };
    if csv.len() > BYTES_MAX {
        return Err(whole("a track has at most 64 MiB"));
    }
    let mut lines = csv.lines().enumerate().map(|(index, line)| (index + 1, line));
    let (_, header) = lines.next().ok_or_else(|| whole("a track begins with a header line"))?;
    let columns = Columns::find(header)?;
    let mut fixes: Vec<Fix> = Vec::new();
    for (number, line) in lines {
        let fix = columns.fix(number, line)?;
        if fixes.last().is_some_and(|before| before.t_ms >= fix.t_ms) {
            let expected = "a time later than the line before".to_owned();
            return Err(TrackError { line: number, column: Some(columns.time.name), expected });
        }
        fixes.push(fix);
    }
    if fixes.is_empty() {
        return Err(whole("a track has at least one fix"));
    }
    Ok(fixes)
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
            let mut found = names.iter().enumerate().filter(|(_, column)| **column == name);
            match (found.next(), found.next()) {
                (Some((index, _)), None) => Ok(Some(Column { name, index })),
                (None, _) => Ok(None),
                (Some(_), Some(_)) => Err(header_error(Some(name), "a name that occurs once")),
            }
        };
        let needed = |name| find(name)?.ok_or_else(|| header_error(Some(name), "this column is needed"));
        let times = [(find("t_s")?, 1e3), (find("utc_s")?, 1e3), (find("utc_ms")?, 1.0)];
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
        let refuse = |expected: String| TrackError { line: number, column: None, expected };
        if line.len() > LINE_BYTES_MAX {
            return Err(refuse(format!("a line has at most {LINE_BYTES_MAX} bytes")));
        }
        let cells: Vec<_> = line.split(',').map(str::trim).collect();
        if cells.len() != self.count {
            return Err(refuse(format!("as many cells as the header has columns: {}", self.count)));
        }
        let row = Row { number, cells };
        // Up to the year 9999 in either unit.
        let time = row.number(self.time, &(0.0..=253_402_300_799_999.0 / self.unit_ms))?;
        let known = |value: &f64| *value > 0.0;
        Ok(Fix {
            t_ms: (time * self.unit_ms).round() as i64,
            lat: row.number(self.lat, &LAT_DEG)?,
            lon: row.number(self.lon, &LON_DEG)?,
            acc_m: row.optional(self.accuracy, &ACC_M)?.filter(known).map(|acc_m| acc_m.min(ACC_M_MAX)),
            hdop: row.optional(self.hdop, &HDOP)?.filter(known),
            source: row.source(self.source)?,
            speed_mps: row.optional(self.speed, &SPEED_MPS)?,
            course_deg: row.optional(self.course, &COURSE_DEG)?.map(|course| course % 360.0),
            sats: row.optional(self.satellites, &(0.0..=255.0))?.map(|count| count as u8),
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
            TrackError { line: self.number, column: Some(column.name), expected }
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
        const ALL: [Source; 5] = [Source::Gnss, Source::Wifi, Source::Cell, Source::Beacon, Source::HomeUnit];
        let Some(column) = column else {
            return Ok(Source::Gnss);
        };
        let cell = self.cells[column.index];
        ALL.into_iter().find(|source| source.as_str() == cell).ok_or_else(|| TrackError {
            line: self.number,
            column: Some(column.name),
            expected: format!("one of {}", ALL.map(Source::as_str).join(", ")),
        })
    }
}

fn header_error(column: Option<&'static str>, expected: &str) -> TrackError {
    TrackError { line: 1, column, expected: expected.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

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
        assert_eq!((fixes[1].acc_m, fixes[1].hdop, fixes[1].sats), (None, None, None));
    }

    #[test]
    fn a_wrong_file_is_refused_with_line_and_column() {
        for (csv, error) in [
            ("", "a track begins with a header line"),
            ("t_s,lat,lon", "a track has at least one fix"),
            ("lat,lon\n1,1", "line 1: one of the columns t_s, utc_s, utc_ms is needed"),
            ("t_s,lat\n1,1", "line 1: column lon: this column is needed"),
            ("t_s,lat,lat,lon\n", "line 1: column lat: a name that occurs once"),
            ("t_s,lat,lon\n1,1", "line 2: as many cells as the header has columns: 3"),
            ("t_s,lat,lon\n1,1,1\n\n", "line 3: as many cells as the header has columns: 3"),
            ("t_s,lat,lon\n1,91,1", "line 2: column lat: a number from -90 to 90"),
            ("t_s,lat,lon\n1,1,NaN", "line 2: column lon: a number from -180 to 180"),
            ("t_s,lat,lon\n1,1,inf", "line 2: column lon: a number from -180 to 180"),
            ("t_s,lat,lon\n1,1,\"1\"", "line 2: column lon: a number from -180 to 180"),
            ("t_s,lat,lon\n-1,1,1", "line 2: column t_s: a number from 0 to 253402300799.999"),
            ("t_s,lat,lon\n2,1,1\n2,1,1", "line 3: column t_s: a time later than the line before"),
            ("t_s,lat,lon,accuracy_m\n1,1,1,-5", "line 2: column accuracy_m: a number from 0 to 1000000000"),
            (
                "t_s,lat,lon,source\n1,1,1,gps",
                "line 2: column source: one of gnss, wifi, cell, beacon, home_unit",
            ),
        ] {
            assert_eq!(read(csv).err().map(|error| error.to_string()).as_deref(), Some(error));
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
    }
}
