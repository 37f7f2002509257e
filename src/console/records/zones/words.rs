//! Zones in words: whatever a drawing shows stands here, too.

use crate::{
    access::Proposed,
    domain::{Schedule, Zone},
    geometry::Shape,
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

/// `mon-fri 08:00 to 16:00, Europe/London`.
pub(super) fn hours(zone: &Zone) -> String {
    let Some(schedule) = &zone.schedule else { return "Always".into() };
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
        (None, Some(zone)) => format!("A new zone, {}", zone.code),
        (Some(before), Some(_)) => format!("Zone {} changed", before.code),
        (Some(before), None) => format!("Zone {} taken out", before.code),
        (None, None) => format!("Zone {}", proposed.id),
    }
}

/// A part of a zone that changes: what, as it is, as it is to be.
pub(super) struct Change {
    pub(super) what: &'static str,
    pub(super) before: String,
    pub(super) after: String,
}

/// What is said of a zone.
type Say = fn(&Zone) -> String;

/// What differs between two zones.
pub(super) fn changes(before: Option<&Zone>, after: Option<&Zone>) -> Vec<Change> {
    let says: [(&'static str, Say); 4] = [
        ("Code name", |zone| zone.code.clone()),
        ("Where", shape),
        ("Warning zone", |zone| format!("{} m", zone.margin_m.metres())),
        ("When", hours),
    ];
    let of = |zone: Option<&Zone>, say: Say| zone.map(say).unwrap_or_default();
    let mut changes: Vec<Change> = says
        .into_iter()
        .map(|(what, say)| Change { what, before: of(before, say), after: of(after, say) })
        .filter(|change| change.before != change.after)
        .collect();
    let moved = before
        .zip(after)
        .is_some_and(|(before, after)| before.shape != after.shape && shape(before) == shape(after));
    if moved {
        changes.push(Change {
            what: "Where",
            before: "As drawn".into(),
            after: "Moved, of the same size".into(),
        });
    }
    changes
}
