//! Zones in words: whatever a drawing shows stands here, too.

use crate::{
    access::Proposed,
    console::names::Names,
    domain::{AnyZone, ProximityZone, Schedule, Zone},
    geometry::{Plane, Shape, distance_m},
    lab::rehearse::Compass,
};

/// `Circle of 300 m`.
pub(super) fn shape(zone: &Zone) -> String {
    match &zone.shape.0 {
        Shape::Circle(circle) => format!("Circle of {:.0} m", circle.radius_m()),
        Shape::Polygon(polygon) => {
            // Each ring has its first corner twice.
            let corners: usize = polygon.rings().iter().map(|ring| ring.len() - 1).sum();
            let holes = polygon.rings().len() - 1;
            let holes = match holes {
                0 => String::new(),
                1 => ", with a hole".into(),
                n => format!(", with {n} holes"),
            };
            format!(
                "Polygon of {corners} corners, at most {:.0} m from its middle{holes}",
                zone.shape.0.reach_m()
            )
        }
    }
}

/// `300 m around Ms A. Berry`.
pub(super) fn around(zone: &ProximityZone, names: Names<'_>) -> String {
    format!("{} m around {}, wherever they are", zone.radius_m.metres(), names.person(&zone.person))
}

/// `mon-fri 08:00 to 16:00, Europe/London`.
pub(super) fn hours(zone: &Zone) -> String {
    hours_of(zone.schedule.as_ref())
}

pub(super) fn hours_of(schedule: Option<&Schedule>) -> String {
    let Some(schedule) = schedule else { return "Always".into() };
    let spans = spans(schedule).into_iter().map(|[days, from, until]| format!("{days} {from} to {until}"));
    format!("{}, {}", spans.collect::<Vec<_>>().join("; "), schedule.time_zone())
}

/// Days, from and until, as people write them: a schedule keeps each day for itself.
pub(super) fn spans(schedule: &Schedule) -> Vec<[String; 3]> {
    const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    let written = serde_json::to_value(schedule).unwrap_or_default();
    let mut by_times: Vec<([String; 2], Vec<usize>)> = Vec::new();
    for span in written["spans"].as_array().into_iter().flatten() {
        let field = |name: &str| span[name].as_str().unwrap_or_default();
        let times = [field("from").to_owned(), field("until").to_owned()];
        let Some(day) = DAYS.iter().position(|day| *day == field("days")) else { continue };
        match by_times.iter_mut().find(|(known, _)| *known == times) {
            Some((_, days)) => days.push(day),
            None => by_times.push((times, vec![day])),
        }
    }
    let written = |([from, until], days): ([String; 2], Vec<usize>)| {
        let in_a_row = days.len() > 2 && days.windows(2).all(|two| two[1] == two[0] + 1);
        let days = match (in_a_row, days.as_slice()) {
            (true, [first, .., last]) => format!("{}-{}", DAYS[*first], DAYS[*last]),
            (_, days) => days.iter().map(|day| DAYS[*day]).collect::<Vec<_>>().join(", "),
        };
        [days, from, until]
    };
    by_times.into_iter().map(written).collect()
}

/// What is proposed, in a few words.
pub(super) fn change(proposed: &Proposed) -> String {
    match (&proposed.before, &proposed.zone) {
        (None, Some(zone)) => format!("A new zone, {}", zone.code()),
        (Some(before), Some(_)) => format!("Zone {} changed", before.code()),
        (Some(before), None) => format!("Zone {} taken out", before.code()),
        (None, None) => format!("Zone {}", proposed.id),
    }
}

/// A part of a zone that changes: what, as it is, as it is to be.
pub(in crate::console::records) struct Change {
    pub(in crate::console::records) what: &'static str,
    pub(in crate::console::records) before: String,
    pub(in crate::console::records) after: String,
}

/// A part of a zone, and what is said of it.
type Says<'s, Z> = (&'static str, &'s dyn Fn(&Z) -> String);

/// What differs between two zones.
pub(in crate::console::records) fn changes(before: Option<&Zone>, after: Option<&Zone>) -> Vec<Change> {
    let says: [Says<'_, Zone>; 5] = [
        ("Code name", &|zone| zone.code.clone()),
        ("Where", &shape),
        ("Area", &|zone| area(zone.shape.0.area_m2())),
        ("Warning zone", &|zone| format!("{} m", zone.margin_m.metres())),
        ("When", &hours),
    ];
    let mut changes = said(&says, before, after);
    let moved = before
        .zip(after)
        .is_some_and(|(before, after)| before.shape != after.shape && shape(before) == shape(after));
    if moved {
        changes.push(Change {
            what: "Where",
            before: "As drawn".into(),
            after: "Moved, or of another form".into(),
        });
    }
    changes
}

/// The same of zones around persons.
pub(in crate::console::records) fn changes_around(
    before: Option<&ProximityZone>,
    after: Option<&ProximityZone>,
    names: Names<'_>,
) -> Vec<Change> {
    let says: [Says<'_, ProximityZone>; 5] = [
        ("Code name", &|zone| zone.code.clone()),
        ("Around", &|zone| names.person(&zone.person)),
        ("Radius", &|zone| format!("{} m", zone.radius_m.metres())),
        ("Warning zone", &|zone| format!("{} m", zone.margin_m.metres())),
        ("When", &|zone| hours_of(zone.schedule.as_ref())),
    ];
    said(&says, before, after)
}

/// The same of whatever zones they are.
pub(super) fn changes_of_any(
    before: Option<&AnyZone>,
    after: Option<&AnyZone>,
    names: Names<'_>,
) -> Vec<Change> {
    if [before, after].into_iter().flatten().all(|zone| zone.drawn().is_some()) {
        return changes(before.and_then(AnyZone::drawn), after.and_then(AnyZone::drawn));
    }
    changes_around(before.and_then(AnyZone::around), after.and_then(AnyZone::around), names)
}

/// What of these sentences differs.
fn said<Z>(says: &[Says<'_, Z>], before: Option<&Z>, after: Option<&Z>) -> Vec<Change> {
    let change = |(what, say): &Says<'_, Z>| {
        let of = |zone: Option<&Z>| zone.map(say).unwrap_or_default();
        Change { what, before: of(before), after: of(after) }
    };
    says.iter().map(change).filter(|change| change.before != change.after).collect()
}

/// What a drawing of two shapes shows, in sentences.
pub(in crate::console::records) fn facts(before: &Zone, after: &Zone) -> Vec<String> {
    let (old, new) = (&before.shape.0, &after.shape.0);
    if old == new {
        return Vec::new();
    }
    if let (Shape::Circle(old), Shape::Circle(new)) = (old, new)
        && distance_m(old.centre(), new.centre()) < 1.0
    {
        let grown_m = new.radius_m() - old.radius_m();
        let how = if grown_m >= 0.0 { ["reaches", "further"] } else { ["ends", "earlier"] };
        return vec![format!("It {} {:.0} m {} than before on all sides.", how[0], grown_m.abs(), how[1])];
    }
    let plane = Plane::about(old.centre());
    let towards = |place| Compass::to(plane.project(place));
    let moved_m = distance_m(old.centre(), new.centre());
    let moved = (moved_m >= 1.0)
        .then(|| format!("Its middle moved {moved_m:.0} m to the {}.", towards(new.centre())));
    let further = |one: &Shape, other: &Shape| one.beyond(other).filter(|(metres, _)| *metres >= 1.0);
    let gained = further(new, old).map(|(metres, place)| {
        format!("It reaches up to {metres:.0} m further than before, the most in the {}.", towards(place))
    });
    let lost = further(old, new).map(|(metres, place)| {
        format!("It ends up to {metres:.0} m earlier than before, the most in the {}.", towards(place))
    });
    let none = (gained.is_none() && lost.is_none()).then(|| "Its outer border is where it was.".to_owned());
    [moved, gained, lost, none].into_iter().flatten().collect()
}

/// `0.28 km²`, or `4900 m²` of one that is not a hundred metres wide.
fn area(m2: f64) -> String {
    if m2 >= 10_000.0 { format!("{:.2} km²", m2 / 1e6) } else { format!("{m2:.0} m²") }
}
