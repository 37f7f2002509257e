//! What a rulebook revision is refused for, and that its author is told what and where.

use cordon::{domain::Book, engine::Told, lab::Course};
use serde_json::{Value, json};

use crate::ward::{NOON, Ward, case};

/// The words with which a case with this zone is refused; empty if it is published.
fn refusal(zone: Value) -> String {
    let mut case = case();
    case["case"]["zone"][0] = zone;
    let book: Book = match serde_json::from_value(case) {
        Ok(book) => book,
        Err(error) => return error.to_string(),
    };
    let decision = Ward::new().line.tell(NOON, Told::Publish(book));
    decision.refused.map_or(String::new(), |refused| refused.to_string())
}

fn zone(shape: Value) -> Value {
    json!({"id": "z-1", "code": "ROSE", "shape": shape})
}

fn ring(corners: &[[f64; 2]]) -> Value {
    zone(json!({"polygon": [corners]}))
}

#[test]
fn a_sound_zone_is_published() {
    let square = [[53.4, -2.2], [53.4, -2.1], [53.5, -2.1], [53.5, -2.2]];
    assert_eq!(refusal(ring(&square)), "");
    assert_eq!(refusal(zone(json!({"circle": {"lat": 53.4, "lon": -2.2, "radius_m": 300.0}}))), "");
}

#[test]
fn a_wrong_zone_is_refused_with_what_and_where() {
    let circle = |lat: f64, lon: f64, radius_m: f64| {
        zone(json!({"circle": {"lat": lat, "lon": lon, "radius_m": radius_m}}))
    };
    let bow_tie = [[53.4, -2.2], [53.5, -2.1], [53.5, -2.2], [53.4, -2.1]];
    // Along a meridian: a parallel is no geodesic, and would enclose a sliver.
    let line = [[53.4, -2.2], [53.5, -2.2], [53.45, -2.2]];
    let date_line = [[53.4, 179.9], [53.4, -179.9], [53.5, -179.9]];
    let continent = [[30.0, -20.0], [30.0, 20.0], [60.0, 20.0]];
    let hole_outside = zone(json!({"polygon": [
        [[53.4, -2.2], [53.4, -2.1], [53.5, -2.1]],
        [[53.6, -2.3], [53.6, -2.29], [53.61, -2.29]]]}));
    for (zone, words) in [
        (circle(-2.2, 53.4, 300.0), ["zone z-1", "swapped"]),
        (circle(40.0, -2.2, 300.0), ["zone z-1", "outside the unit's area"]),
        (circle(91.0, -2.2, 300.0), ["latitude", "90"]),
        (circle(53.4, -2.2, 0.0), ["radius", "10"]),
        (circle(53.4, -2.2, 80_000.0), ["radius", "50"]),
        (ring(&bow_tie), ["ring", "cross"]),
        (ring(&line), ["ring", "cross"]),
        (ring(&date_line), ["180", ""]),
        (ring(&continent), ["100,000 m", "vertex 1"]),
        (hole_outside, ["outside", "ring"]),
    ] {
        let refusal = refusal(zone.clone());
        assert!(!refusal.is_empty(), "{zone} was published");
        for word in words {
            assert!(refusal.to_lowercase().contains(word), "{zone}: '{refusal}' does not say '{word}'");
        }
    }
}

#[test]
fn a_step_that_reaches_nobody_is_refused() {
    let mut ward = Ward::new();
    let mute: Book = serde_json::from_value(
        json!({"person": {"id": "p-1", "unit": "north", "name": "A person", "contact": []}}),
    )
    .unwrap();
    let refused = ward.line.tell(NOON, Told::Publish(mute)).refused.expect("she could not be reached");
    assert!(refused.to_string().contains("reaches person p-1 by sms"), "{refused}");
}

#[test]
fn a_tag_on_two_legs_is_refused() {
    let mut ward = Ward::new();
    let book = serde_json::from_value(crate::ward::wearer("w-2", "sim/t1")).unwrap();
    let refused = ward.line.tell(NOON, Told::Publish(book)).refused.expect("the tag is worn already");
    assert!(refused.to_string().contains("already worn"), "{refused}");
}

#[test]
fn what_is_cordon_s_canary_s_is_nobody_else_s() {
    let ward = Ward::new();
    let refused = |change: &dyn Fn(&mut Value), mut value: Value| {
        change(&mut value);
        let problems = ward.line.engine.rulebook().check(&crate::ward::book(value.clone()));
        assert!(problems.iter().any(|problem| problem.contains("canary")), "{value}: {problems:?}");
    };
    let canary = || json!("cordon-canary-1");
    refused(&|unit| unit["unit"]["staff"][0]["id"] = canary(), crate::ward::unit());
    refused(
        &|unit| unit["unit"]["staff"][0]["contact"] = json!([{"channel": "loopback", "address": "x"}]),
        crate::ward::unit(),
    );
    refused(&|wearer| wearer["wearer"]["unit"] = canary(), crate::ward::wearer("w-1", "sim/t1"));
    refused(&|_| (), crate::ward::wearer("cordon-canary", "sim/t2"));
    refused(&|_| (), crate::ward::wearer("w-2", "acme/cordon-canary"));
    refused(&|person| person["person"]["id"] = canary(), crate::ward::person());
    refused(
        &|person| person["person"]["contact"][0] = json!({"channel": "loopback", "address": "x"}),
        crate::ward::person(),
    );
    refused(
        &|person| {
            person["person"]["companion"] =
                json!([{"id": "sim/cordon-canary", "from": "2026-01-01T00:00:00Z"}]);
        },
        crate::ward::person(),
    );
    refused(&|case| case["case"]["zone"][0]["id"] = canary(), case());
    refused(&|case| case["case"]["id"] = canary(), case());
    for book in [crate::ward::unit(), crate::ward::wearer("w-1", "sim/t1"), crate::ward::person(), case()] {
        let problems = ward.line.engine.rulebook().check(&crate::ward::book(book));
        assert_eq!(problems, Vec::<String>::new());
    }
}

#[test]
fn what_was_changed_step_by_step_is_what_was_published_last() {
    let books = |values: Vec<Value>| values.into_iter().map(crate::ward::book).collect::<Vec<Book>>();
    let (mut old_leg, mut new_leg) =
        (crate::ward::wearer("w-1", "sim/t1"), crate::ward::wearer("w-2", "sim/t1"));
    old_leg["wearer"]["tag"][0]["until"] = json!("2026-03-01T00:00:00Z");
    new_leg["wearer"]["tag"][0]["from"] = json!("2026-03-01T00:00:00Z");
    let mut moved = case();
    moved["case"]["wearer"] = json!("w-2");
    moved["case"]["zone"] = json!([{"id": "z-9", "code": "OAK", "shape": {"circle": {"lat": 53.6, "lon": -2.0, "radius_m": 100.0}}}]);
    let person = json!({"person": {"id": "p-1", "unit": "north", "name": "A person",
        "contact": [{"channel": "sms", "address": "+447700900077"}]}});
    let last = books(vec![crate::ward::unit(), old_leg, new_leg, person, moved]);
    let step_by_step = last.iter().fold(Ward::new(), |mut ward, book| {
        ward.line.publish(NOON, book.clone()).unwrap();
        ward
    });
    let at_once = Course::with(&last, NOON).unwrap();
    let (changed, fresh) = (step_by_step.line.engine.rulebook(), at_once.engine.rulebook());
    for at in [NOON.plus_ms(-30 * 86_400_000), NOON] {
        assert_eq!(changed.wearer_of(&crate::ward::tag(), at), fresh.wearer_of(&crate::ward::tag(), at));
    }
    for address in [crate::ward::person_phone(), "+447700900077", crate::ward::responder_phone()] {
        assert_eq!(changed.recipients_at(address), fresh.recipients_at(address), "{address}");
    }
    for wearer in ["w-1", "w-2"] {
        let wearer = wearer.parse().unwrap();
        for (lat, lon) in [(53.48, -2.24), (53.6, -2.0)] {
            let here = cordon::geometry::LatLon::new(lat, lon).unwrap();
            let near = |rulebook: &cordon::engine::Rulebook| rulebook.zones_near(&wearer, None, here, 10.0);
            assert_eq!(near(changed), near(fresh));
        }
        assert_eq!(changed.is_bound(&wearer, NOON), fresh.is_bound(&wearer, NOON));
    }
    assert!(
        !fresh
            .zones_near(
                &"w-2".parse().unwrap(),
                None,
                cordon::geometry::LatLon::new(53.6, -2.0).unwrap(),
                10.0
            )
            .is_empty()
    );
}
