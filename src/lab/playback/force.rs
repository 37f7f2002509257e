//! Which of a wearer's zones were in force when, each as it was drawn then.

use super::Stood;
use crate::{
    domain::{Timestamp, WearerId},
    engine::Rulebook,
};

/// Beginnings and ends of a zone's hours that are followed.
const EDGES_MAX: usize = 400;

/// The zones that a wearer was bound by from one instant to another, during which nothing was published.
pub(super) fn stood(rulebook: &Rulebook, wearer: &WearerId, from: Timestamp, until: Timestamp) -> Vec<Stood> {
    let bound = rulebook.zones().filter_map(|zone| rulebook.bound_zone(&zone.id));
    let drawn = bound.filter(|bound| rulebook.binds(bound, wearer)).map(|bound| Stood {
        id: bound.zone.id.clone(),
        code: bound.zone.code.clone(),
        drawn: Some(bound.zone.clone()),
        case: bound.case.clone(),
        unit: bound.unit.clone(),
        applied: spans(from, until, &edges(rulebook, wearer, bound.zone.schedule.as_ref()), |at| {
            rulebook.applies(bound, wearer, at)
        }),
    });
    let around = rulebook.proximity_of(wearer).filter_map(|bound| {
        let case = rulebook.case(&bound.case)?;
        let edges = edges(rulebook, wearer, bound.zone.schedule.as_ref());
        Some(Stood {
            id: bound.zone.id.clone(),
            code: bound.zone.code.clone(),
            drawn: None,
            case: Some(case.id.clone()),
            unit: case.unit.clone(),
            applied: spans(from, until, &edges, |at| rulebook.proximity_applies(bound, wearer, at)),
        })
    });
    drawn.chain(around).collect()
}

/// Takes later zones in: one that stood unchanged goes on.
pub(super) fn join(all: &mut Vec<Stood>, later: Vec<Stood>) {
    for one in later {
        let is_same = |known: &&mut Stood| {
            let of = |it: &Stood| (it.id.clone(), it.code.clone(), it.case.clone(), it.unit.clone());
            of(known) == of(&one) && known.drawn == one.drawn
        };
        match all.iter_mut().rev().find(is_same) {
            Some(known) => one.applied.into_iter().for_each(|span| extend(&mut known.applied, span)),
            None => all.push(one),
        }
    }
}

fn extend(spans: &mut Vec<[Timestamp; 2]>, [from, until]: [Timestamp; 2]) {
    match spans.last_mut() {
        Some(last) if last[1] == from => last[1] = until,
        _ => spans.push([from, until]),
    }
}

/// The next instant after one at which it may be otherwise whether a zone applies.
fn edges<'r>(
    rulebook: &'r Rulebook,
    wearer: &'r WearerId,
    schedule: Option<&'r crate::domain::Schedule>,
) -> impl Fn(Timestamp) -> Option<Timestamp> + 'r {
    move |at| {
        let bases = rulebook.cases_of(wearer).flat_map(|case| [Some(case.basis.from), case.basis.until]);
        let hours = schedule.and_then(|schedule| schedule.next_change(at));
        bases.flatten().chain(hours).filter(|edge| *edge > at).min()
    }
}

fn spans(
    from: Timestamp,
    until: Timestamp,
    next: &impl Fn(Timestamp) -> Option<Timestamp>,
    applies: impl Fn(Timestamp) -> bool,
) -> Vec<[Timestamp; 2]> {
    let (mut spans, mut at) = (Vec::new(), from);
    for _ in 0..EDGES_MAX {
        let end = next(at).map_or(until, |edge| edge.min(until));
        if applies(at) {
            extend(&mut spans, [at, end]);
        }
        if end >= until {
            break;
        }
        at = end;
    }
    spans
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::domain::Book;

    fn at(text: &str) -> Timestamp {
        let instant: jiff::Timestamp = text.parse().expect("an instant");
        Timestamp::from_ms(instant.as_millisecond())
    }

    fn circle(id: &str, radius_m: f64) -> Value {
        json!({"id": id, "code": id.to_uppercase(), "margin_m": 100.0,
            "shape": {"circle": {"lat": 53.2, "lon": -2.9, "radius_m": radius_m}}})
    }

    fn case(radius_m: f64) -> Value {
        json!({"case": {"id": "c-1", "unit": "u", "wearer": "w-1", "persons": [], "risk": "high", "policy": "usual",
            "basis": {"kind": "order", "from": "2026-01-01T00:00:00Z", "until": "2026-03-04T12:00:00Z"},
            "zone": [circle("home", radius_m)]}})
    }

    /// A zone for everybody on Wednesdays, and one of a case that ends on one at noon.
    fn rulebook() -> Rulebook {
        let mut school = circle("school", 200.0);
        school["schedule"] = json!({"time_zone": "Europe/London", "spans": [{"days": "wed", "from": "08:00", "until": "16:00"}]});
        let books = [
            json!({"unit": {"id": "u", "name": "U", "default_policy": "usual", "zone": [school],
                "area": {"south": 53.0, "west": -3.2, "north": 53.4, "east": -2.6}, "staff": []}}),
            json!({"wearer": {"id": "w-1", "unit": "u", "name": "W", "tag": []}}),
            json!({"wearer": {"id": "w-2", "unit": "u", "name": "X", "tag": []}}),
            case(300.0),
        ];
        books
            .into_iter()
            .fold(Rulebook::default(), |all, book| published(&all, book, at("2026-01-01T00:00:00Z")))
    }

    fn published(rulebook: &Rulebook, book: Value, when: Timestamp) -> Rulebook {
        rulebook.published(serde_json::from_value::<Book>(book).expect("a sound book"), when)
    }

    #[test]
    fn a_zone_is_in_force_in_its_hours_and_while_its_case_is() {
        let wearer = "w-1".parse().expect("an id");
        let [from, until] = ["2026-03-03T00:00:00Z", "2026-03-12T00:00:00Z"].map(at);
        let stood = stood(&rulebook(), &wearer, from, until);
        let of = |id: &str| &stood.iter().find(|it| it.id.as_str() == id).expect("a zone").applied;
        let ends = at("2026-03-04T12:00:00Z");
        // Whom nobody may watch is bound by no zone of the unit either.
        assert_eq!(*of("school"), [[at("2026-03-04T08:00:00Z"), ends]]);
        assert_eq!(*of("home"), [[from, ends]]);
        let other = super::stood(&rulebook(), &"w-2".parse().expect("an id"), from, until);
        assert!(other.iter().all(|zone| zone.id.as_str() == "school" && zone.applied.is_empty()));
    }

    #[test]
    fn a_zone_that_is_drawn_anew_is_another_and_one_that_is_not_goes_on() {
        let wearer = "w-1".parse().expect("an id");
        let [from, changed, until] =
            ["2026-03-03T00:00:00Z", "2026-03-03T06:00:00Z", "2026-03-03T09:00:00Z"].map(at);
        let (before, same) = (rulebook(), published(&rulebook(), case(300.0), changed));
        let other = published(&rulebook(), case(400.0), changed);
        for (after, spans) in
            [(same, vec![vec![[from, until]]]), (other, vec![vec![[from, changed]], vec![[changed, until]]])]
        {
            let mut all = stood(&before, &wearer, from, changed);
            join(&mut all, stood(&after, &wearer, changed, until));
            let home = all.into_iter().filter(|it| it.id.as_str() == "home").map(|it| it.applied);
            assert_eq!(home.collect::<Vec<_>>(), spans);
        }
    }
}
