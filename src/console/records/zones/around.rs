//! A zone around a protected person as a form holds it. Where they are is typed by nobody: their Companion says it.

use super::form::{self, hours_sections, metres, new_id, schedule, why_section};
use crate::{
    console::{
        names::Names,
        records::{
            read::{Reader, Wrong, sentence},
            sheet::{Choice, Control, Field, Section},
            values::Values,
        },
    },
    domain::{Case, PersonId, ProximityZone, Radius, ZoneId},
};

pub(super) fn write(zone: &ProximityZone) -> Values {
    let mut values = Values::default();
    values.put("code", &zone.code);
    values.put("person", zone.person.as_str());
    values.put("radius_m", zone.radius_m.metres().to_string());
    values.put("margin_m", zone.margin_m.metres().to_string());
    form::write_schedule(&mut values, zone.schedule.as_ref());
    values
}

pub(super) fn sheet(values: &Values, is_new: bool, case: &Case, names: Names<'_>) -> Vec<Section> {
    let mut persons: Vec<Choice> =
        case.persons.iter().map(|person| Choice::new(person.as_str(), names.person(person))).collect();
    persons.insert(0, Choice::new("", "Choose"));
    let around = vec![
        Field::new("person", "Around whom", Control::Choice(persons)),
        Field::line("radius_m", "Radius, metres")
            .hint("50 to 5000. Less cannot be told from two positions in a city."),
        Field::line("margin_m", "Width of the warning zone around it, metres")
            .hint("300 m is about four minutes on foot."),
    ];
    let mut sections = vec![
        Section::new("Zone", form::named_fields(is_new)),
        Section::new("Where", around).hint(
            "It goes with the person: their Companion says where they are, and nobody else is shown it. While no fresh \
             position of it is known, the zone is off, and the console says so.",
        ),
    ];
    sections.extend(hours_sections(values));
    sections.push(why_section());
    sections
}

/// Reads a zone; `base` is the one in force.
pub(super) fn read(
    values: &Values,
    base: Option<&ZoneId>,
    taken: &[&ZoneId],
) -> Result<ProximityZone, Wrong> {
    let mut reader = Reader::new(values);
    let id = new_id(&mut reader, base, taken);
    let code = reader.text("code", "Give it a code name.");
    let person: Option<PersonId> = reader.parsed("person", "Choose the person.");
    let radius_m = metres(&mut reader, "radius_m").and_then(|metres| {
        Radius::try_from(metres).map_err(|error| reader.wrong.add("radius_m", sentence(&error))).ok()
    });
    let margin_m = form::margin(&mut reader);
    let schedule = schedule(&mut reader);
    let zone = || {
        let (id, person, radius_m, margin_m) = (id?, person?, radius_m?, margin_m?);
        Some(ProximityZone { id, code, person, radius_m, margin_m, schedule: schedule? })
    };
    let zone = zone();
    reader.done(zone)
}
