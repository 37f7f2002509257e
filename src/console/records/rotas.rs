//! Who is on duty when, in the form of a unit: a line for each shift of the week, and one for each shift of a date on which
//! it is otherwise.

use serde_json::{Value, json};

use super::{
    read::{Reader, sentence},
    sheet::{Control, Field, Section},
    values::Values,
};
use crate::domain::{LocalTime, Rota, StaffId};

const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
const TEXT_CHARS_MAX: usize = 20_000;
const SHIFTS: &str = "Write a line for each shift, like: amy mon-fri 08:00-20:00";
const EXCEPTIONS: &str = "Write a line for each shift, like: 2026-12-25 ben 08:00-20:00";

pub(super) fn write(values: &mut Values, rotas: &[Rota]) {
    for (n, rota) in rotas.iter().enumerate() {
        // The names are those of rulebook files.
        let written = serde_json::to_value(rota).unwrap_or_default();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        for name in ["id", "name", "time_zone", "else"] {
            values.put(format!("rota.{n}.{name}"), text(&written[name]));
        }
        values.put(format!("rota.{n}.shifts"), week(&written["shift"]).join("\n"));
        values.put(format!("rota.{n}.exceptions"), dates(&written["exception"]).join("\n"));
    }
}

/// All that a rota says, as its form has it.
pub(super) fn words(rota: &Rota) -> String {
    let mut values = Values::default();
    write(&mut values, std::slice::from_ref(rota));
    let [name, time_zone, otherwise, shifts, exceptions] =
        ["name", "time_zone", "else", "shifts", "exceptions"]
            .map(|part| values.get(&format!("rota.0.{part}")));
    let lines = [&format!("{name}, {time_zone}; while nobody is on duty: {otherwise}"), shifts, exceptions];
    lines.into_iter().filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
}

pub(super) fn sheet(values: &Values) -> Section {
    let fields = |row: &str| {
        vec![
            Field::line(format!("{row}.id"), "Id").hint("One that no member of staff has."),
            Field::line(format!("{row}.name"), "Name"),
            Field::line(format!("{row}.time_zone"), "Time zone").hint("Such as Europe/London."),
            Field::line(format!("{row}.else"), "While nobody is on duty").hint("The id of a member of staff."),
            Field::new(format!("{row}.shifts"), "Shifts of the week", Control::Text(TEXT_CHARS_MAX))
                .hint("A line for each: amy mon-fri 08:00-20:00"),
            Field::new(format!("{row}.exceptions"), "Dates on which it is otherwise", Control::Text(TEXT_CHARS_MAX))
                .hint("A line for each shift that starts then: 2026-12-25 ben 08:00-20:00. The date alone: nobody's does."),
        ]
    };
    Section::list("Rotas", "rota", "rota", values, fields)
        .hint("Who is on duty when. Where a policy or a person names a rota, whoever is on duty is told.")
}

pub(super) fn read(reader: &mut Reader<'_>) -> Vec<Rota> {
    reader.rows("rota", |reader, row| {
        let at = |name: &str| format!("{row}.{name}");
        let id: Option<StaffId> = reader.parsed(&at("id"), "Give it an id.");
        let name = reader.text(&at("name"), "Write its name.");
        let otherwise: Option<StaffId> =
            reader.parsed(&at("else"), "Write who is told while nobody is on duty.");
        let time_zone = reader.text(&at("time_zone"), "Write the time zone.");
        let is_known = LocalTime::named(&time_zone).is_some();
        if !is_known && !time_zone.is_empty() {
            reader.wrong.add(at("time_zone"), "That is no time zone such as Europe/London.");
        }
        let shifts: Option<Vec<Value>> =
            reader.values.get(&at("shifts")).lines().filter_map(line).map(shift).collect();
        if shifts.is_none() {
            reader.wrong.add(at("shifts"), format!("{SHIFTS}."));
        }
        let exceptions = exceptions(reader.values.get(&at("exceptions")));
        if exceptions.is_none() {
            reader.wrong.add(at("exceptions"), format!("{EXCEPTIONS}."));
        }
        let (shifts, exceptions) = (shifts?, exceptions?);
        let (id, otherwise) = (id?, otherwise.filter(|_| is_known)?);
        let rota = |exceptions: &[Value]| {
            let written = json!({"id": id, "name": name, "time_zone": time_zone, "else": otherwise,
                "shift": shifts, "exception": exceptions});
            serde_json::from_value::<Rota>(written)
        };
        rota(&exceptions)
            .map_err(|error| {
                // What is wrong without the dates is wrong with the week.
                let week = exceptions.is_empty() || (!shifts.is_empty() && rota(&[]).is_err());
                let place = if week { "shifts" } else { "exceptions" };
                reader.wrong.add(at(place), sentence(&error.to_string()));
            })
            .ok()
    })
}

fn line(text: &str) -> Option<&str> {
    Some(text.trim()).filter(|text| !text.is_empty())
}

/// `amy mon-fri 08:00-20:00`, `amy tue, thu 08:00-20:00`.
fn shift(text: &str) -> Option<Value> {
    let (who, rest) = text.split_once(char::is_whitespace)?;
    let (days, times) = rest.trim().rsplit_once(char::is_whitespace)?;
    let (from, until) = times.split_once('-')?;
    let who: StaffId = who.parse().ok()?;
    Some(json!({"who": who, "days": days.trim(), "from": from, "until": until}))
}

/// `2026-12-25 ben 08:00-20:00`, `2026-12-26`: the dates in the order in which they first stand there.
fn exceptions(text: &str) -> Option<Vec<Value>> {
    let mut dates: Vec<(&str, Vec<Value>)> = Vec::new();
    for text in text.lines().filter_map(line) {
        let mut parts = text.split_whitespace();
        let (date, who, times) = (parts.next()?, parts.next(), parts.next());
        if parts.next().is_some() {
            return None;
        }
        let duty = match (who, times) {
            (None, _) => None,
            (Some(who), Some(times)) => {
                let (from, until) = times.split_once('-')?;
                let who: StaffId = who.parse().ok()?;
                Some(json!({"who": who, "from": from, "until": until}))
            }
            (Some(_), None) => return None,
        };
        match dates.iter_mut().find(|(known, _)| *known == date) {
            Some((_, duties)) => duties.extend(duty),
            None => dates.push((date, duty.into_iter().collect())),
        }
    }
    Some(dates.into_iter().map(|(date, duties)| json!({"date": date, "shift": duties})).collect())
}

fn times(shift: &Value) -> String {
    let text = |name: &str| shift[name].as_str().unwrap_or_default();
    format!("{}-{}", text("from"), text("until"))
}

fn items(list: &Value) -> &[Value] {
    list.as_array().map(Vec::as_slice).unwrap_or_default()
}

/// A line for the same shift on several days.
fn week(shifts: &Value) -> Vec<String> {
    let mut lines: Vec<(&str, String, Vec<usize>)> = Vec::new();
    for shift in items(shifts) {
        let (who, times) = (shift["who"].as_str().unwrap_or_default(), times(shift));
        let day = DAYS.iter().position(|day| shift["days"] == **day).unwrap_or_default();
        match lines.last_mut() {
            Some((last, at, days)) if *last == who && *at == times => days.push(day),
            _ => lines.push((who, times, vec![day])),
        }
    }
    lines.into_iter().map(|(who, times, days)| format!("{who} {} {times}", runs(&days))).collect()
}

/// `mon-wed,fri`.
fn runs(days: &[usize]) -> String {
    let mut runs: Vec<(usize, usize)> = Vec::new();
    for &day in days {
        match runs.last_mut() {
            Some((_, last)) if *last + 1 == day => *last = day,
            _ => runs.push((day, day)),
        }
    }
    let run = |(first, last): (usize, usize)| match last - first {
        0 => DAYS[first].to_owned(),
        _ => format!("{}-{}", DAYS[first], DAYS[last]),
    };
    runs.into_iter().map(run).collect::<Vec<_>>().join(",")
}

fn dates(exceptions: &Value) -> Vec<String> {
    let lines = |exception: &Value| {
        let date = exception["date"].as_str().unwrap_or_default().to_owned();
        let duty =
            |shift: &Value| format!("{date} {} {}", shift["who"].as_str().unwrap_or_default(), times(shift));
        let duties: Vec<String> = items(&exception["shift"]).iter().map(duty).collect();
        if duties.is_empty() { vec![date] } else { duties }
    };
    items(exceptions).iter().flat_map(lines).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rota_that_nobody_touches_stays_as_it_is() {
        let rota: Rota = serde_json::from_value(json!({"id": "duty", "name": "Duty", "time_zone": "Europe/London",
            "else": "desk",
            "shift": [
                {"who": "ann", "days": "fri-mon", "from": "08:00", "until": "20:00"},
                {"who": "bob", "days": "mon, wed, thu", "from": "20:00", "until": "08:00"},
                {"who": "ann", "days": "sun", "from": "00:00", "until": "24:00"}],
            "exception": [
                {"date": "2026-06-03", "shift": [
                    {"who": "bob", "from": "08:00", "until": "20:00"}, {"who": "ann", "from": "20:00", "until": "08:00"}]},
                {"date": "2026-06-06"}]}))
        .expect("a sound rota");
        let mut values = Values::default();
        write(&mut values, std::slice::from_ref(&rota));
        assert_eq!(
            values.get("rota.0.shifts"),
            "ann fri-sun,mon 08:00-20:00\nbob mon,wed-thu 20:00-08:00\nann sun 00:00-24:00"
        );
        assert_eq!(
            values.get("rota.0.exceptions"),
            "2026-06-03 bob 08:00-20:00\n2026-06-03 ann 20:00-08:00\n2026-06-06"
        );
        let mut reader = Reader::new(&values);
        assert_eq!((read(&mut reader), reader.wrong.0.len()), (vec![rota], 0));
    }
}
