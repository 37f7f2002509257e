//! A rehearsal as a person reads it.

use std::fmt::{self, Write};

use super::{Busy, Caveat, Compass, How, Rehearsal, Visit, VisitKind, Way};

/// Ways and visits that are named one by one.
const WAYS_MAX: usize = 8;
const VISITS_MAX: usize = 40;
/// A stay nearer to the zone's middle than this, metres, has no direction.
const MIDDLE_M: f64 = 50.0;
const DAY_NAMES: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

impl Rehearsal {
    /// How many alerts would have been raised: Approaches and Violations.
    #[must_use]
    pub fn alerts(&self) -> usize {
        self.approaches + self.violations
    }

    /// One sentence: how many alerts in how many days, and how many of them on one way.
    #[must_use]
    pub fn headline(&self) -> String {
        let days = many(self.days as usize, "day");
        if self.pings == 0 {
            return format!(
                "Nothing was heard of the wearer's tag in {days}: this says nothing about the zone."
            );
        }
        let main = self.ways.iter().find(|way| way.count() > 1 && way.how != How::Unclear);
        match (self.alerts(), main) {
            (0, _) => format!("No alert in {days}."),
            (1, _) => format!("1 alert in {days}."),
            (alerts, Some(way)) => {
                let all = if way.count() == alerts { "all".to_owned() } else { way.count().to_string() };
                format!("{alerts} alerts in {days}, {all} of them {}.", way.how)
            }
            (alerts, None) => format!("{alerts} alerts in {days}, no two of them on one way."),
        }
    }

    /// For a person at a terminal.
    #[must_use]
    pub fn summary(&self) -> String {
        let mut text = String::new();
        // Writing to a text cannot fail.
        let _ = self.write(&mut text);
        text.trim_end().to_owned()
    }

    fn write(&self, out: &mut String) -> fmt::Result {
        let day = |at| self.local.format(at, "%-d %B %Y");
        writeln!(out, "Zone {} ({}) for wearer {}", self.code, self.zone, self.wearer)?;
        writeln!(out, "{} to {} (times: {})\n", day(self.from), day(self.until), self.time_zone)?;
        writeln!(out, "{}\n", self.headline())?;
        for (count, what) in [
            (
                self.violations,
                "inside the zone (Violation: the protected person and the response team are told)",
            ),
            (self.approaches, "in the warning zone, not inside (Approach: staff are told)"),
            (self.watches, "perhaps close to the warning zone (Watch: nobody is told)"),
            (self.blind, "out of sight where the zone was within reach (Blind: staff are told)"),
        ] {
            writeln!(out, "{count:>5}  {what}")?;
        }
        if self.alerts() > 0 {
            self.write_ways(out)?;
            self.write_hours(out)?;
            self.write_visits(out)?;
        }
        if !self.caveats.is_empty() {
            writeln!(out, "\nBear in mind")?;
            self.caveats.iter().try_for_each(|caveat| writeln!(out, "  - {caveat}"))?;
        }
        Ok(())
    }

    fn write_ways(&self, out: &mut String) -> fmt::Result {
        let alerts = many(self.alerts(), "alert");
        writeln!(out, "\nWhere ({alerts}; sides are seen from the zone's middle)")?;
        for (nth, way) in self.ways.iter().enumerate().take(WAYS_MAX) {
            writeln!(out, "  {}. {way}", nth + 1)?;
        }
        let others = self.ways.iter().skip(WAYS_MAX);
        let left: usize = others.map(Way::count).sum();
        if left > 0 { writeln!(out, "     and {left} by other ways") } else { Ok(()) }
    }

    fn write_hours(&self, out: &mut String) -> fmt::Result {
        match self.hours.busiest.as_slice() {
            [] => writeln!(out, "\nWhen (no hours stand out)")?,
            [one] => writeln!(out, "\nWhen: {one}")?,
            [first, second, ..] => {
                let Busy { count, of, .. } = second;
                writeln!(out, "\nWhen: {first}; {count} of the other {of} {}", second.hours())?;
            }
        }
        let heads: String = (0..24).step_by(3).map(|hour| format!("{hour:<9}")).collect();
        writeln!(out, "       {}", heads.trim_end())?;
        for (name, hours) in DAY_NAMES.iter().zip(&self.hours.table) {
            let cell = |count: &u32| if *count == 0 { "·".to_owned() } else { count.to_string() };
            let cells: String = hours.iter().map(|count| format!("{:<3}", cell(count))).collect();
            writeln!(out, "  {name}  {}", cells.trim_end())?;
        }
        Ok(())
    }

    fn write_visits(&self, out: &mut String) -> fmt::Result {
        writeln!(out, "\nEach alert")?;
        let alerts = self.visits.iter().filter(|visit| visit.kind.is_alert());
        for visit in alerts.clone().take(VISITS_MAX) {
            let begin = self.local.format(visit.begin, "%a %e %b %H:%M");
            writeln!(out, "  {begin}  {visit}")?;
        }
        let left = alerts.skip(VISITS_MAX).count();
        if left > 0 { writeln!(out, "  and {left} more; --json has them all") } else { Ok(()) }
    }
}

/// `Approach   6 min           30 m from the border        way 1`.
impl fmt::Display for Visit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.kind {
            VisitKind::Watch => "Watch",
            VisitKind::Blind => "Blind",
            VisitKind::Approach => "Approach",
            VisitKind::Violation => "Violation",
        };
        let so_far = if self.lasts { "so far" } else { "" };
        let duration = format!("{} {so_far}", span(self.duration_s));
        write!(f, "{kind:<9}  {:<14}", duration.trim_end())?;
        write!(f, "  {:<26}", self.nearest_m.map(border).unwrap_or_default())?;
        self.way.map_or(Ok(()), |way| write!(f, "  way {}", way + 1))
    }
}

/// `7 times from the north to the south, 2 back, at about 40 km/h; at the nearest 30 m from the border`.
impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let times = many(self.count(), "time");
        match &self.how {
            How::Passing { from, to, there, back: 0, kmh } => {
                write!(f, "{} {}, at about {kmh:.0} km/h", many(*there, "time"), straight(*from, *to))?;
            }
            How::Passing { from, to, there, back, kmh } => {
                let way = straight(*from, *to);
                write!(f, "{times}: {there} {way}, {back} the other way, at about {kmh:.0} km/h")?;
            }
            How::Staying { side, from_middle_m } => {
                let lasts = span(self.lasts_s);
                match *from_middle_m < MIDDLE_M {
                    true => write!(f, "{times} staying in the zone's middle, for about {lasts}")?,
                    false => {
                        let metres = (from_middle_m / 10.0).round() * 10.0;
                        write!(f, "{times} staying {metres:.0} m {side} of the middle, for about {lasts}")?;
                    }
                }
            }
            How::Unclear => write!(f, "{times} with too few positions to tell the way")?,
        }
        if let Some(nearest_m) = self.nearest_m {
            write!(f, "; {}", border(nearest_m))?;
        }
        match self.violations {
            0 => Ok(()),
            some if some == self.count() => write!(f, "; inside each time"),
            some => write!(f, "; inside {}", many(some, "time")),
        }
    }
}

/// `on one way between the north and the south`.
impl fmt::Display for How {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Passing { from, to, back: 0, .. } => write!(f, "on one way {}", straight(*from, *to)),
            Self::Passing { from, to, .. } if from == to => write!(f, "on one way in and out on the {from}"),
            Self::Passing { from, to, .. } => write!(f, "on one way between the {from} and the {to}"),
            Self::Staying { from_middle_m, .. } if *from_middle_m < MIDDLE_M => {
                f.write_str("in the zone's middle")
            }
            Self::Staying { side, .. } => write!(f, "at one place {side} of the zone's middle"),
            Self::Unclear => f.write_str("by a way that the positions do not show"),
        }
    }
}

impl fmt::Display for Caveat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("The journal is empty: there is nothing to rehearse."),
            Self::Shorter { asked, holds } => {
                write!(f, "The journal holds {} of the {asked} asked for.", many(*holds as usize, "day"))
            }
            Self::NoPings { hours, of_days } => {
                let lost = if *hours < 48 { many(*hours, "hour") } else { many((hours + 12) / 24, "day") };
                let of = many(*of_days as usize, "day");
                write!(
                    f,
                    "In {lost} of {of}, together, nothing was heard of the tag: the true count may be higher."
                )
            }
            Self::Nights { inside, near, of } => {
                write!(f, "{} Do they live there?", stays(*inside, *near, *of, "nights"))
            }
            Self::Workdays { inside, near, of } => {
                let days = stays(*inside, *near, *of, "working days");
                write!(f, "{days} Do they work there, or is it their school or clinic?")
            }
            Self::Unreadable { records } => {
                write!(f, "{} of the wearer cannot be read and are left out.", many(*records, "record"))
            }
            Self::Sparse { every_s: Some(every_s) } => write!(
                f,
                "On the way around this zone the tag reported about every {every_s:.0} s, as tags do far from zones in \
                 force: short visits may be missing."
            ),
            Self::Sparse { every_s: None } => f.write_str(
                "Far from zones in force a tag reports about once a minute: short visits may be missing.",
            ),
            Self::Utc => f.write_str(
                "Hours are in UTC: no zone here has a schedule that says which clocks are the unit's.",
            ),
        }
    }
}

/// `from the north to the south`.
fn straight(from: Compass, to: Compass) -> String {
    if from == to { format!("in and out on the {from}") } else { format!("from the {from} to the {to}") }
}

/// `30 m from the border`, `60 m inside`.
fn border(metres: f64) -> String {
    let shown = if metres.abs() < 20.0 { metres.abs() } else { (metres.abs() / 10.0).round() * 10.0 };
    match (shown < 0.5, metres < 0.0) {
        (true, _) => "at the border".into(),
        (_, true) => format!("{shown:.0} m inside"),
        (_, false) => format!("{shown:.0} m from the border"),
    }
}

/// `40 s`, `6 min`, `3 h`, `2 days`.
fn span(seconds: i64) -> String {
    match seconds {
        ..90 => format!("{seconds} s"),
        90..5_400 => format!("{} min", (seconds + 30) / 60),
        5_400..172_800 => format!("{} h", (seconds + 1_800) / 3_600),
        _ => format!("{} days", (seconds + 43_200) / 86_400),
    }
}

fn many(count: usize, word: &str) -> String {
    if count == 1 { format!("1 {word}") } else { format!("{count} {word}s") }
}

/// `The wearer was inside this zone on 20 of 30 nights.`
fn stays(inside: usize, near: usize, of: usize, days: &str) -> String {
    let place = match (inside, near) {
        (_, 0) => "inside this zone".to_owned(),
        (0, _) => "in its warning zone".to_owned(),
        _ => format!("inside this zone on {inside} and in its warning zone on {near}"),
    };
    if inside > 0 && near > 0 {
        format!("The wearer was {place} of {of} {days}.")
    } else {
        format!("The wearer was {place} on {} of {of} {days}.", inside + near)
    }
}
