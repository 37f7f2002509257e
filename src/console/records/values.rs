//! What a form holds: as it was posted, as a draft has it, or as a record is written into it.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::Timestamp;

/// The fields of a form by name. A field of a list is named `list.N.field`, by the names of rulebook files.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Values(pub(super) Vec<(String, String)>);

impl Values {
    /// Makes room for another row of a list.
    pub(super) fn one_more(&mut self, list: &str) {
        let row = self.rows(list);
        self.put(format!("{list}.{row}"), "");
    }

    pub(super) fn put(&mut self, name: impl Into<String>, value: impl Into<String>) {
        self.0.push((name.into(), value.into()));
    }

    pub(super) fn put_instant(&mut self, name: impl Into<String>, at: Option<Timestamp>) {
        self.put(name, at.map(written).unwrap_or_default());
    }

    /// The first field of that name, without blanks around it; empty if there is none.
    pub(super) fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value.trim())
    }

    /// All fields of that name: boxes that are ticked.
    pub(super) fn all<'v>(&'v self, name: &'v str) -> impl Iterator<Item = &'v str> {
        self.0.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.trim())
    }

    /// How many rows of a list the form has.
    pub(super) fn rows(&self, list: &str) -> usize {
        self.numbers(list, |_| true).last().map_or(0, |last| last + 1)
    }

    /// The rows of a list in which something is written.
    pub(super) fn written_rows(&self, list: &str) -> BTreeSet<usize> {
        self.numbers(list, |value| !value.trim().is_empty())
    }

    /// The same with the rows of each list numbered without gaps: a row that is wiped out is gone, so that rows stand at the
    /// places of what is made of them. Line ends are those of files.
    pub(super) fn compacted(self) -> Self {
        let mut places: BTreeMap<String, BTreeMap<usize, usize>> = BTreeMap::new();
        for (name, value) in &self.0 {
            if let Some((list, n, _)) = row(name).filter(|_| !value.trim().is_empty()) {
                places.entry(list.into()).or_default().insert(n, 0);
            }
        }
        for rows in places.values_mut() {
            rows.values_mut().enumerate().for_each(|(place, n)| *n = place);
        }
        let moved = |(name, value): (String, String)| {
            let value = value.replace("\r\n", "\n");
            let Some((list, n, rest)) = row(&name) else { return Some((name, value)) };
            let place = places.get(list)?.get(&n)?;
            Some((format!("{list}.{place}{rest}"), value))
        };
        Self(self.0.into_iter().filter_map(moved).collect())
    }

    /// Whether a list has more rows than a form can hold.
    pub(super) fn overflows(&self) -> bool {
        self.0.iter().filter_map(|(name, _)| row(name)).any(|(_, n, _)| n >= ROWS_MAX)
    }

    fn numbers(&self, list: &str, counts: impl Fn(&str) -> bool) -> BTreeSet<usize> {
        let number = |(name, value): &(String, String)| {
            let rest = name.strip_prefix(list)?.strip_prefix('.')?;
            let number: usize = rest.split('.').next()?.parse().ok()?;
            (number < ROWS_MAX && counts(value)).then_some(number)
        };
        self.0.iter().filter_map(number).collect()
    }
}

/// Of a list in a form.
pub(super) const ROWS_MAX: usize = 400;

/// The list, the row and the rest of a field's name; `None` of a field of no list.
fn row(name: &str) -> Option<(&str, usize, &str)> {
    let (list, rest) = name.split_once('.')?;
    let digits = rest.find('.').unwrap_or(rest.len());
    let n = rest[..digits].parse().ok()?;
    Some((list, n, &rest[digits..]))
}

/// `2026-03-01 09:00`, UTC: as a form shows an instant, to the last digit that it has.
pub(in crate::console) fn written(at: Timestamp) -> String {
    let format = match at.as_ms() {
        ms if ms % 60_000 == 0 => "%Y-%m-%d %H:%M",
        ms if ms % 1_000 == 0 => "%Y-%m-%d %H:%M:%S",
        _ => "%Y-%m-%d %H:%M:%S%.3f",
    };
    match jiff::Timestamp::from_millisecond(at.as_ms()) {
        Ok(instant) => instant.strftime(format).to_string(),
        Err(_) => at.to_string(),
    }
}

/// An instant as a form shows it, or as RFC 3339 has it.
pub(in crate::console) fn instant(text: &str) -> Option<Timestamp> {
    let at = |instant: jiff::Timestamp| Timestamp::from_ms(instant.as_millisecond());
    if let Ok(instant) = text.parse::<jiff::Timestamp>() {
        return Some(at(instant));
    }
    let civil: jiff::civil::DateTime = text.parse().ok()?;
    // A date alone would be midnight, which nobody has said.
    if !text.contains(':') {
        return None;
    }
    Some(at(civil.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        for ms in [1_772_330_040_000, 1_772_330_047_000, 1_772_330_047_123, 0] {
            let at = Timestamp::from_ms(ms);
            assert_eq!(instant(&written(at)), Some(at), "{}", written(at));
        }
        assert_eq!(instant("2026-03-01 09:00"), instant("2026-03-01T10:00:00+01:00"));
        for wrong in ["", "today", "2026-03-01", "01/03/2026 09:00", "2026-02-30 09:00", "2026-03-01 25:00"] {
            assert_eq!(instant(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_row_that_is_wiped_out_leaves_no_gap() {
        let mut values = Values::default();
        for (name, value) in [
            ("name", ""),
            ("tag.0.id", " "),
            ("tag.4.id", "acme/2"),
            ("tag.4.until", ""),
            ("tag.1.id", "acme/1\r\n"),
            ("plan.weak", "45"),
        ] {
            values.put(name, value);
        }
        let expected = [
            ("name", ""),
            ("tag.1.id", "acme/2"),
            ("tag.1.until", ""),
            ("tag.0.id", "acme/1\n"),
            ("plan.weak", "45"),
        ];
        let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(values.compacted(), Values(expected.into()));
        let mut values = Values::default();
        values.put("tag.399.id", "x");
        assert!(!values.overflows());
        values.put("tag.400.id", "x");
        assert!(values.overflows());
    }

    #[test]
    fn rows_are_counted_by_their_numbers() {
        let mut values = Values::default();
        for (name, value) in
            [("tag.0.id", "acme/1"), ("tag.2.id", " "), ("tags", "x"), ("tag.999.id", "y"), ("tag.x", "z")]
        {
            values.put(name, value);
        }
        assert_eq!((values.rows("tag"), values.rows("contact")), (3, 0));
        assert_eq!(values.written_rows("tag"), [0].into());
    }
}
