//! What a rulebook revision is refused for, and that its author is told what and where.

use cordon::{domain::Book, engine::Told};
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
