//! A rulebook of one zone, its wearer, the protected person, and an officer who is told by text.
#![allow(dead_code, reason = "no suite uses all of it")]

use cordon::domain::Book;
use serde_json::json;

/// The protected person's number.
pub(crate) const PERSON: &str = "+447700900001";
/// The officer's.
pub(crate) const OFFICER: &str = "+447700900002";

/// The tag is `sim/tag-1`; the zone's middle is at 54 degrees north, 3 degrees east. Nobody is told twice within an hour.
pub(crate) fn rulebook() -> Vec<Book> {
    let officer = json!([{"to": "officer", "channel": "sms", "wait_s": 3600}]);
    let books = [
        json!({"unit": {"id": "unit", "name": "Unit", "default_policy": "standard",
            "area": {"south": 53.0, "west": 2.0, "north": 55.0, "east": 4.0},
            "staff": [{"id": "officer", "name": "Officer", "contact": [{"channel": "sms", "address": OFFICER}]}],
            "policy": [{"id": "standard", "protected": [{"channel": "sms", "wait_s": 3600}],
                "danger": officer, "device": officer, "upkeep": officer}]}}),
        json!({"wearer": {"id": "w-1", "unit": "unit", "name": "Wearer",
            "tag": [{"id": "sim/tag-1", "from": "2026-01-01T00:00:00Z"}]}}),
        json!({"person": {"id": "p-1", "unit": "unit", "name": "Person",
            "contact": [{"channel": "sms", "address": PERSON}]}}),
        json!({"case": {"id": "c-1", "unit": "unit", "wearer": "w-1", "persons": ["p-1"], "risk": "high",
            "policy": "standard", "basis": {"kind": "order", "from": "2026-01-01T00:00:00Z"},
            "zone": [{"id": "z-1", "code": "CURLEW",
                "shape": {"circle": {"lat": 54.0, "lon": 3.0, "radius_m": 200}}}]}}),
    ];
    books.into_iter().map(|book| serde_json::from_value(book).unwrap()).collect()
}
