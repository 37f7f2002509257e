//! Who is on duty when: weekly shifts in a place's civil time, and dates on which others take them.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{ToSpan, civil::Date};
use serde::{Deserialize, Serialize};

use super::{
    LocalTime, ScheduleError, StaffId, Timestamp, WeeklySpan,
    schedule::{clock, day, local_time, minute, weekdays},
};

/// Shifts of a week, one for each day and member of staff; the shifts of one date.
const SHIFTS_MAX: usize = 512;
/// Dates on which others take the shifts.
const EXCEPTIONS_MAX: usize = 400;

/// Why a rota was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RotaError {
    /// Its time zone, its days or its times.
    #[error(transparent)]
    Civil(#[from] ScheduleError),
    /// No shift at all, or too many.
    #[error("a rota has 1 to {SHIFTS_MAX} shifts a week, counted by day, and an exception at most as many")]
    ShiftCount,
    /// A start that is the end, or the end of the day.
    #[error("a shift of '{0}' is not 00:00 to 24:00, or ends as it starts")]
    Shift(StaffId),
    /// Too many exceptions.
    #[error("a rota has at most {EXCEPTIONS_MAX} exceptions; take out those that are over")]
    ExceptionCount,
    /// Two exceptions of one date.
    #[error("{0} stands there twice; write one exception with all shifts of that date")]
    SameDate(Date),
}

/// Who is told when a step of a policy, or a protected person, names a rota instead of a member of staff.
///
/// A shift belongs to the date on which it starts, also beyond midnight. On the nights when clocks change it keeps its
/// civil times, like a [`Schedule`](super::Schedule).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Raw", into = "Raw")]
pub struct Rota {
    /// Its id: one that no member of staff has, so that a step can name either.
    pub id: StaffId,
    /// What staff call it.
    pub name: String,
    /// Who is told while nobody is on duty.
    pub otherwise: StaffId,
    local: LocalTime,
    week: Vec<(i8, Shift)>,
    exceptions: BTreeMap<Date, Vec<Shift>>,
}

/// Somebody's part of a day, over midnight if the end is not after the start.
#[derive(Debug, Clone, PartialEq)]
struct Shift {
    who: StaffId,
    from_min: u16,
    until_min: u16,
}

impl Rota {
    /// Its time zone.
    #[must_use]
    pub fn local(&self) -> &LocalTime {
        &self.local
    }

    /// Everybody who has a shift, by id.
    #[must_use]
    pub fn members(&self) -> BTreeSet<&StaffId> {
        let weekly = self.week.iter().map(|(_, shift)| &shift.who);
        weekly.chain(self.exceptions.values().flatten().map(|shift| &shift.who)).collect()
    }

    /// Who is on duty at `at`, each once: whoever began first stands first.
    #[must_use]
    pub fn on_duty(&self, at: Timestamp) -> Vec<&StaffId> {
        let mut who = Vec::new();
        for (shift, from, until) in self.periods(at, at) {
            if from <= at && at < until && !who.contains(&&shift.who) {
                who.push(&shift.who);
            }
        }
        who
    }

    /// The instants in [`from`, `until`) at which somebody comes on duty or goes off.
    #[must_use]
    pub fn changes(&self, from: Timestamp, until: Timestamp) -> BTreeSet<Timestamp> {
        let edges = self.periods(from, until).flat_map(|(_, start, end)| [start, end]);
        edges.filter(|edge| from <= *edge && *edge < until).collect()
    }

    /// Every shift that may touch [`from`, `until`], by the date on which it starts. One lasts a day at most; the dates on
    /// both sides are for clocks that change around midnight.
    fn periods(
        &self,
        from: Timestamp,
        until: Timestamp,
    ) -> impl Iterator<Item = (&Shift, Timestamp, Timestamp)> {
        let date = |at, days: i64| self.local.civil(at).date().saturating_add(days.days());
        let last = date(until, 1);
        let dates = date(from, -2).series(1.day()).take_while(move |date| *date <= last);
        dates.flat_map(move |date| {
            let shifts = self.starting(date).filter_map(move |shift| {
                let (from, until) = self.local.period(date, shift.from_min, shift.until_min)?;
                Some((shift, from, until))
            });
            shifts.collect::<Vec<_>>()
        })
    }

    /// The shifts that start on a date.
    fn starting(&self, date: Date) -> impl Iterator<Item = &Shift> {
        let weekday = date.weekday().to_monday_one_offset();
        let exception = self.exceptions.get(&date);
        let weekly = self.week.iter().filter(move |(on, _)| exception.is_none() && *on == weekday);
        weekly.map(|(_, shift)| shift).chain(exception.into_iter().flatten())
    }
}

/// `{id = "supervisors", ..., shift = [{who = "s-1", days = "mon-fri", from = "08:00", until = "20:00"}]}`.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    id: StaffId,
    name: String,
    time_zone: String,
    #[serde(rename = "else")]
    otherwise: StaffId,
    #[serde(default)]
    shift: Vec<RawShift>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    exception: Vec<RawException>,
}

/// The same times on several days.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawShift {
    who: StaffId,
    days: String,
    from: String,
    until: String,
}

/// A date, and the shifts that start on it instead of the usual ones; nobody's, if there are none.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawException {
    #[serde(with = "written")]
    date: Date,
    #[serde(default)]
    shift: Vec<RawDuty>,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawDuty {
    who: StaffId,
    from: String,
    until: String,
}

impl TryFrom<Raw> for Rota {
    type Error = RotaError;
    fn try_from(raw: Raw) -> Result<Self, RotaError> {
        let local = local_time(&raw.time_zone)?;
        let mut week = Vec::new();
        for RawShift { who, days, from, until } in raw.shift {
            let shift = shift(who, &from, &until)?;
            week.extend(weekdays(&days)?.into_iter().map(|day| (day, shift.clone())));
            if week.len() > SHIFTS_MAX {
                return Err(RotaError::ShiftCount);
            }
        }
        if raw.exception.len() > EXCEPTIONS_MAX {
            return Err(RotaError::ExceptionCount);
        }
        let mut exceptions = BTreeMap::new();
        for RawException { date, shift: duties } in raw.exception {
            if duties.len() > SHIFTS_MAX {
                return Err(RotaError::ShiftCount);
            }
            let shifts = duties.into_iter().map(|RawDuty { who, from, until }| shift(who, &from, &until));
            if exceptions.insert(date, shifts.collect::<Result<_, _>>()?).is_some() {
                return Err(RotaError::SameDate(date));
            }
        }
        if week.is_empty() && exceptions.values().all(Vec::is_empty) {
            return Err(RotaError::ShiftCount);
        }
        Ok(Self { id: raw.id, name: raw.name, otherwise: raw.otherwise, local, week, exceptions })
    }
}

fn shift(who: StaffId, from: &str, until: &str) -> Result<Shift, RotaError> {
    let (from_min, until_min) = (minute(from)?, minute(until)?);
    if (WeeklySpan { weekday: 1, from_min, until_min }).is_sound() {
        Ok(Shift { who, from_min, until_min })
    } else {
        Err(RotaError::Shift(who))
    }
}

impl From<Rota> for Raw {
    fn from(rota: Rota) -> Self {
        let weekly = |(weekday, shift): &(i8, Shift)| RawShift {
            who: shift.who.clone(),
            days: day(*weekday).into(),
            from: clock(shift.from_min),
            until: clock(shift.until_min),
        };
        let duty = |shift: &Shift| RawDuty {
            who: shift.who.clone(),
            from: clock(shift.from_min),
            until: clock(shift.until_min),
        };
        let exception = |(date, shifts): (&Date, &Vec<Shift>)| RawException {
            date: *date,
            shift: shifts.iter().map(duty).collect(),
        };
        Self {
            time_zone: rota.local.name().into(),
            shift: rota.week.iter().map(weekly).collect(),
            exception: rota.exceptions.iter().map(exception).collect(),
            id: rota.id,
            name: rota.name,
            otherwise: rota.otherwise,
        }
    }
}

/// Dates as people write them.
mod written {
    use std::fmt;

    use jiff::civil::Date;
    use serde::{
        Deserializer, Serializer,
        de::{Error, Unexpected, Visitor},
    };

    pub(super) fn serialize<S: Serializer>(date: &Date, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(date)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Date, D::Error> {
        deserializer.deserialize_str(DateVisitor)
    }

    struct DateVisitor;

    impl Visitor<'_> for DateVisitor {
        type Value = Date;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a date in quotes such as \"2026-12-25\"")
        }

        fn visit_str<E: Error>(self, text: &str) -> Result<Date, E> {
            // Nothing longer: a time beside the date would be thrown away.
            let date = (text.len() == "2026-12-25".len()).then(|| text.parse().ok()).flatten();
            date.ok_or_else(|| E::invalid_value(Unexpected::Str(text), &self))
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::from_ms(text.parse::<jiff::Timestamp>().unwrap().as_millisecond())
    }

    /// Ann by day and Bob by night, on one date the other way round, on another nobody; Eve beside Ann on Mondays.
    fn written() -> Value {
        json!({"id": "supervisors", "name": "Supervisor on duty", "time_zone": "Europe/London", "else": "desk",
            "shift": [
                {"who": "ann", "days": "mon-sun", "from": "08:00", "until": "20:00"},
                {"who": "bob", "days": "mon-sun", "from": "20:00", "until": "08:00"},
                {"who": "eve", "days": "mon", "from": "08:00", "until": "12:00"}],
            "exception": [
                {"date": "2026-06-03", "shift": [
                    {"who": "bob", "from": "08:00", "until": "20:00"}, {"who": "ann", "from": "20:00", "until": "08:00"}]},
                {"date": "2026-06-06"}]})
    }

    fn rota() -> Rota {
        serde_json::from_value(written()).unwrap()
    }

    fn on_duty(rota: &Rota, instant: &str) -> String {
        rota.on_duty(at(instant)).into_iter().map(StaffId::as_str).collect::<Vec<_>>().join("+")
    }

    #[test]
    fn who_is_on_duty_follows_the_week_and_its_exceptions() {
        let rota = rota();
        for (instant, who) in [
            ("2026-06-01T06:59:59.999Z", "bob"),
            ("2026-06-01T07:00:00Z", "ann+eve"),
            ("2026-06-01T11:00:00Z", "ann"),
            ("2026-06-01T19:00:00Z", "bob"),
            // Tuesday's night goes on into the exception, and the exception's night into Thursday.
            ("2026-06-03T06:59:00Z", "bob"),
            ("2026-06-03T07:00:00Z", "bob"),
            ("2026-06-03T19:00:00Z", "ann"),
            ("2026-06-04T06:59:00Z", "ann"),
            ("2026-06-04T07:00:00Z", "ann"),
            ("2026-06-04T19:00:00Z", "bob"),
            // Nobody begins on Saturday; Friday's night goes on.
            ("2026-06-06T06:59:00Z", "bob"),
            ("2026-06-06T07:00:00Z", ""),
            ("2026-06-07T06:59:00Z", ""),
            ("2026-06-07T07:00:00Z", "ann"),
        ] {
            assert_eq!(on_duty(&rota, instant), who, "{instant}");
        }
    }

    #[test]
    fn a_change_at_two_is_a_change_at_two_when_clocks_are_set() {
        let mut written = written();
        written["shift"] = json!([
            {"who": "ann", "days": "mon-sun", "from": "02:00", "until": "14:00"},
            {"who": "bob", "days": "mon-sun", "from": "14:00", "until": "02:00"}]);
        let rota: Rota = serde_json::from_value(written).unwrap();
        // Forward: 02:00 is the moment of the jump. Back: 01:59 comes twice, 02:00 once.
        for (instant, who) in [
            ("2026-03-29T00:59:59Z", "bob"),
            ("2026-03-29T01:00:00Z", "ann"),
            ("2026-10-25T00:59:00Z", "bob"),
            ("2026-10-25T01:59:59Z", "bob"),
            ("2026-10-25T02:00:00Z", "ann"),
        ] {
            assert_eq!(on_duty(&rota, instant), who, "{instant}");
        }
    }

    #[test]
    fn it_changes_where_somebody_comes_or_goes_and_nowhere_else() {
        let rota = rota();
        let (from, until) = (at("2026-05-31T23:00:00Z"), at("2026-06-08T23:00:00Z"));
        let changes = rota.changes(from, until);
        let mut minute = from;
        while minute < until {
            let before = rota.on_duty(minute.plus_ms(-1));
            assert!(before == rota.on_duty(minute) || changes.contains(&minute), "{minute}");
            minute = minute.plus_ms(60_000);
        }
        assert!(changes.iter().all(|change| from <= *change && *change < until));
        assert!(changes.contains(&at("2026-06-01T11:00:00Z")) && changes.len() < 30, "{changes:?}");
    }

    #[test]
    fn everybody_who_has_a_shift_is_a_member() {
        let rota = rota();
        let members: Vec<&str> = rota.members().into_iter().map(StaffId::as_str).collect();
        assert_eq!(members, ["ann", "bob", "eve"]);
    }

    #[test]
    fn the_journal_holds_what_was_written() {
        let rota = rota();
        let text = serde_json::to_string(&rota).unwrap();
        assert_eq!(serde_json::from_str::<Rota>(&text).unwrap(), rota);
    }

    #[test]
    fn what_cannot_be_is_refused_with_its_reason() {
        let refusal = |change: &dyn Fn(&mut Value)| {
            let mut rota = written();
            change(&mut rota);
            serde_json::from_value::<Rota>(rota).unwrap_err().to_string()
        };
        for (says, change) in [
            (
                "no IANA time zone",
                &(|r: &mut Value| r["time_zone"] = json!("Europe/Londres")) as &dyn Fn(&mut Value),
            ),
            ("missing field `else`", &|r| drop(r.as_object_mut().unwrap().remove("else"))),
            ("1 to 512 shifts", &|r| (r["shift"], r["exception"]) = (json!([]), json!([]))),
            ("1 to 512 shifts", &|r| r["shift"] = vec![r["shift"][0].clone(); 74].into()),
            ("a shift of 'ann' is not", &|r| r["shift"][0]["until"] = json!("08:00")),
            ("a shift of 'ann' is not", &|r| r["shift"][0]["from"] = json!("24:00")),
            ("are no days", &|r| r["shift"][0]["days"] = json!("someday")),
            ("no time of day", &|r| r["exception"][0]["shift"][0]["from"] = json!("8")),
            ("2026-06-03 stands there twice", &|r| r["exception"][1]["date"] = json!("2026-06-03")),
            ("a date in quotes", &|r| r["exception"][0]["date"] = json!("2026-06-31")),
            ("a date in quotes", &|r| r["exception"][0]["date"] = json!("2026-06-03T10:00")),
            ("a date in quotes", &|r| r["exception"][0]["date"] = json!(20_260_603)),
            ("at most 400 exceptions", &|r| r["exception"] = vec![r["exception"][1].clone(); 401].into()),
            ("unknown field `day`", &|r| r["exception"][0]["day"] = json!("x")),
        ] {
            let refusal = refusal(change);
            assert!(refusal.contains(says), "{says}: {refusal}");
        }
    }
}
