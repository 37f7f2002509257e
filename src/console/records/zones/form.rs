//! A zone as a form holds it: drawn by typing, or pasted as GeoJSON.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::words;
use crate::{
    console::records::{
        read::{Reader, Wrong, sentence},
        sheet::{Choice, Control, Field, Section},
        values::Values,
    },
    domain::{Margin, Schedule, Zone, ZoneId, ZoneShape},
    geometry::Shape,
};

/// Of a shape that is typed or pasted; with a thousand corners it is shorter.
const SHAPE_CHARS_MAX: usize = 40_000;
const WHY_CHARS_MAX: usize = 500;

pub(super) fn write(zone: &Zone) -> Values {
    let mut values = Values::default();
    values.put("code", &zone.code);
    match &zone.shape.0 {
        Shape::Circle(circle) => {
            values.put("kind", "circle");
            values.put("lat", circle.centre().lat_deg().to_string());
            values.put("lon", circle.centre().lon_deg().to_string());
            values.put("radius_m", circle.radius_m().to_string());
        }
        Shape::Polygon(polygon) => {
            values.put("kind", "polygon");
            let mut text = String::new();
            for (n, ring) in polygon.rings().iter().enumerate() {
                // An empty line parts a hole from the ring around it.
                text.push_str(if n > 0 { "\n" } else { "" });
                for corner in &ring[..ring.len() - 1] {
                    // Writing to a text cannot fail.
                    let _ = writeln!(text, "{}, {}", corner.lat_deg(), corner.lon_deg());
                }
            }
            values.put("polygon", text);
        }
    }
    values.put("margin_m", zone.margin_m.metres().to_string());
    write_schedule(&mut values, zone.schedule.as_ref());
    values
}

pub(super) fn write_schedule(values: &mut Values, schedule: Option<&Schedule>) {
    let Some(schedule) = schedule else { return };
    values.put("time_zone", schedule.time_zone());
    for (n, [days, from, until]) in words::spans(schedule).into_iter().enumerate() {
        values.put(format!("span.{n}.days"), days);
        values.put(format!("span.{n}.from"), from);
        values.put(format!("span.{n}.until"), until);
    }
}

/// What every zone is called by.
pub(super) fn named_fields(is_new: bool) -> Vec<Field> {
    let id =
        Field::line("id", "Id").hint("Small letters, digits and '-'. It never changes and names no place.");
    let code = Field::line("code", "Code name")
        .hint("It is shown, spoken and texted, so it names no place and no person: ROWAN-4.");
    is_new.then_some(id).into_iter().chain([code]).collect()
}

pub(super) fn sheet(values: &Values, is_new: bool) -> Vec<Section> {
    let kinds = vec![
        Choice::new("circle", "A circle"),
        Choice::new("polygon", "A polygon, its corners drawn or typed"),
        Choice::new("geojson", "A polygon, pasted as GeoJSON"),
    ];
    let shape = vec![
        Field::new("kind", "Shape", Control::Choice(kinds)),
        Field::line("lat", "Middle of the circle, latitude").hint("Degrees, such as 53.196."),
        Field::line("lon", "Middle of the circle, longitude").hint("Degrees, such as -2.905."),
        Field::line("radius_m", "Radius of the circle, metres"),
        Field::new("polygon", "Corners of the polygon", Control::Text(SHAPE_CHARS_MAX))
            .hint("One on each line, latitude first: 53.196, -2.905. An empty line begins a hole."),
        Field::new("geojson", "GeoJSON", Control::Text(SHAPE_CHARS_MAX))
            .hint("A Polygon, or a Feature with one, as map programs write it."),
        Field::line("margin_m", "Width of the warning zone around it, metres")
            .hint("300 m is about four minutes on foot."),
    ];
    let mut sections = vec![Section::new("Zone", named_fields(is_new)), Section::new("Where", shape)];
    sections.extend(hours_sections(values));
    sections.push(why_section());
    sections
}

/// When it applies.
pub(super) fn hours_sections(values: &Values) -> [Section; 2] {
    let zone = vec![
        Field::line("time_zone", "Time zone of the hours")
            .hint("Such as Europe/London. Empty if the zone always applies."),
    ];
    let spans = Section::list("Hours", "span", "span of hours", values, |row| {
        vec![
            Field::line(format!("{row}.days"), "Days").hint("Such as mon-fri, or sat, sun."),
            Field::line(format!("{row}.from"), "From").hint("Such as 08:00."),
            Field::line(format!("{row}.until"), "Until").hint("At or before the start: on the next day."),
        ]
    })
    .hint("Leave them empty for a zone that always applies.");
    [Section::new("When", zone), spans]
}

pub(super) fn why_section() -> Section {
    let why = vec![
        Field::new("why", "Why", Control::Text(WHY_CHARS_MAX))
            .hint("For whoever approves it: the order's words, or what has changed. No address."),
    ];
    Section::new("For whoever approves it", why)
}

/// Reads a zone; `base` is the one in force.
pub(super) fn read(values: &Values, base: Option<&ZoneId>, taken: &[&ZoneId]) -> Result<Zone, Wrong> {
    let mut reader = Reader::new(values);
    let id = new_id(&mut reader, base, taken);
    let code = reader.text("code", "Give it a code name.");
    let shape = shape(&mut reader);
    let margin_m = margin(&mut reader);
    let schedule = schedule(&mut reader);
    let zone = || Some(Zone { id: id?, code, shape: shape?, margin_m: margin_m?, schedule: schedule? });
    let zone = zone();
    reader.done(zone)
}

/// The id of a zone, which only a new one is given; `taken` are those of the zones beside it.
pub(super) fn new_id(reader: &mut Reader<'_>, base: Option<&ZoneId>, taken: &[&ZoneId]) -> Option<ZoneId> {
    if let Some(id) = base {
        return Some(id.clone());
    }
    let id: Option<ZoneId> = reader.parsed("id", "Give it an id.");
    if id.as_ref().is_some_and(|id| taken.contains(&id)) {
        reader.wrong.add("id", "There is a zone of that id here already. Choose another.");
    }
    id
}

pub(super) fn margin(reader: &mut Reader<'_>) -> Option<Margin> {
    let metres = metres(reader, "margin_m")?;
    Margin::try_from(metres).map_err(|error| reader.wrong.add("margin_m", sentence(&error))).ok()
}

/// Why, which is asked for when it is proposed.
pub(super) fn why(values: &Values) -> Result<String, Wrong> {
    let mut reader = Reader::new(values);
    let why = reader.text("why", "Write why, for whoever approves it.");
    if why.chars().count() > WHY_CHARS_MAX {
        reader.wrong.add("why", format!("At most {WHY_CHARS_MAX} characters."));
    }
    reader.done(Some(why))
}

fn shape(reader: &mut Reader<'_>) -> Option<ZoneShape> {
    // What a rulebook file would say, so that there is one way to read a shape.
    let (at, raw) = match reader.values.get("kind") {
        "circle" => {
            let (lat, lon) = (metres(reader, "lat"), metres(reader, "lon"));
            let radius_m = metres(reader, "radius_m");
            ("radius_m", json!({"circle": {"lat": lat?, "lon": lon?, "radius_m": radius_m?}}))
        }
        "polygon" => ("polygon", json!({"polygon": corners(reader)?})),
        "geojson" => ("geojson", json!({"polygon": geojson(reader)?})),
        _ => {
            reader.wrong.add("kind", "Choose the shape.");
            return None;
        }
    };
    let read: Result<ZoneShape, _> = serde_json::from_value(raw);
    read.map_err(|error| {
        let says = error.to_string();
        let at = if says.starts_with("centre") { "lat" } else { at };
        reader.wrong.add(at, sentence(&says));
    })
    .ok()
}

/// A number that is one.
pub(super) fn metres(reader: &mut Reader<'_>, name: &str) -> Option<f64> {
    let read = reader.values.get(name).parse::<f64>().ok().filter(|number| number.is_finite());
    if read.is_none() {
        let such = if name.ends_with("_m") { "300" } else { "53.196" };
        reader.wrong.add(name, format!("Write a number, such as {such}."));
    }
    read
}

/// `lat, lon` on each line; an empty line begins another ring.
fn corners(reader: &mut Reader<'_>) -> Option<Vec<Vec<[f64; 2]>>> {
    let text = reader.values.get("polygon");
    let mut rings = vec![Vec::new()];
    for (n, line) in text.lines().map(str::trim).enumerate() {
        let numbers: Vec<_> = line.split(',').map(|part| part.trim().parse::<f64>().ok()).collect();
        match (numbers.as_slice(), rings.last_mut()) {
            _ if line.is_empty() => rings.push(Vec::new()),
            ([Some(lat), Some(lon)], Some(ring)) => ring.push([*lat, *lon]),
            _ => {
                let says = format!("Line {} is no corner. Write it like 53.196, -2.905.", n + 1);
                reader.wrong.add("polygon", says);
                return None;
            }
        }
    }
    rings.retain(|ring| !ring.is_empty());
    if rings.is_empty() {
        reader.wrong.add("polygon", "Write at least three corners.");
        return None;
    }
    Some(rings)
}

/// RFC 7946 has the longitude first.
fn geojson(reader: &mut Reader<'_>) -> Option<Vec<Vec<[f64; 2]>>> {
    let read = || {
        let value: Value = serde_json::from_str(reader.values.get("geojson")).ok()?;
        let geometry = if value["type"] == "Feature" { &value["geometry"] } else { &value };
        if geometry["type"] != "Polygon" {
            return None;
        }
        let rings: Vec<Vec<Vec<f64>>> = serde_json::from_value(geometry["coordinates"].clone()).ok()?;
        let corner = |position: &Vec<f64>| Some([*position.get(1)?, *position.first()?]);
        rings.iter().map(|ring| ring.iter().map(corner).collect()).collect()
    };
    let read = read();
    if read.is_none() {
        reader.wrong.add("geojson", "This is no GeoJSON Polygon, nor a Feature with one.");
    }
    read
}

/// The outer option is empty if it was wrong, the inner one if the zone always applies.
pub(super) fn schedule(reader: &mut Reader<'_>) -> Option<Option<Schedule>> {
    let time_zone = reader.values.get("time_zone");
    let rows = reader.values.written_rows("span");
    if time_zone.is_empty() && rows.is_empty() {
        return Some(None);
    }
    if time_zone.is_empty() {
        reader.wrong.add("time_zone", "Write the time zone of the hours, such as Europe/London.");
        return None;
    }
    if rows.is_empty() {
        reader.wrong.add("span", "Write the hours, or take the time zone out.");
        return None;
    }
    let span = |n: &usize| {
        let field = |name| reader.values.get(&format!("span.{n}.{name}"));
        json!({"days": field("days"), "from": field("from"), "until": field("until")})
    };
    let spans: Vec<_> = rows.iter().map(span).collect();
    let mut wrong = Vec::new();
    for (n, span) in rows.iter().zip(&spans) {
        // One by one, so that the line that is wrong is known.
        let alone = json!({"time_zone": "UTC", "spans": [span]});
        if let Err(error) = serde_json::from_value::<Schedule>(alone) {
            wrong.push((format!("span.{n}"), sentence(&error.to_string())));
        }
    }
    if wrong.is_empty() {
        let whole = json!({"time_zone": time_zone, "spans": spans});
        match serde_json::from_value(whole) {
            Ok(schedule) => return Some(Some(schedule)),
            Err(error) => wrong.push(("time_zone".into(), sentence(&error.to_string()))),
        }
    }
    for (at, says) in wrong {
        reader.wrong.add(at, says);
    }
    None
}
