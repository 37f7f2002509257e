//! What the pages show of zones around persons: whether they are on, and never where the person is.

use serde_json::json;

use super::*;
use crate::{domain::Book, engine::Companionship};

/// The fixture's first case with a zone around its person, of whose Companion so much is known.
fn picture(known: Option<Companionship>) -> Board {
    let book = |value| serde_json::from_value::<Book>(value).expect("a sound book");
    let mut picture = violation();
    let mut rulebook = Arc::unwrap_or_clone(picture.rulebook);
    let person = json!({"person": {"id": "p-1", "unit": "cheshire", "name": "Ms A. Berry", "contact": [],
        "companion": [{"id": "acme/c-1", "from": "2026-01-01T00:00:00Z"}]}});
    let case = json!({"case": {"id": "case-1", "unit": "cheshire", "wearer": "w-1", "persons": ["p-1"],
        "risk": "high", "policy": "usual", "basis": {"kind": "consent", "from": "2026-01-01T00:00:00Z"},
        "proximity_zone": [{"id": "near", "code": "ELM-1", "person": "p-1", "radius_m": 300.0}]}});
    for value in [person, case] {
        rulebook = rulebook.published(book(value), AT);
    }
    picture.rulebook = Arc::new(rulebook);
    picture.companions = known.map(|known| (fixture::id("p-1"), known)).into_iter().collect();
    for incident in picture.incidents.values_mut() {
        Arc::make_mut(incident).cause = crate::domain::Cause::Zone(fixture::id("near"));
    }
    picture
}

#[tokio::test]
async fn a_zone_that_is_off_is_shown_at_the_wearer_and_at_the_incident() {
    let ago = |s: i64| AT.plus_ms(-s * 1_000);
    let stale = Companionship::Stale { heard_at: ago(720), fix_at: Some(ago(721)) };
    let fresh = Companionship::Fresh { heard_at: ago(20), until: ago(-100) };
    for (known, said, is_on) in [
        (Some(stale), "Companion not heard for 12 min: the zone around the person is off", false),
        (Some(Companionship::Missing), "No Companion agreed to: the zone around the person is off", false),
        (None, "Companion never heard: the zone around the person is off", false),
        (Some(fresh), "Companion heard 20 s ago: the zone around the person is on", true),
    ] {
        let bench = Bench::new(picture(known));
        let browser = bench.browser().await;
        let map = bench.get_as(&browser, "/fragments/map").await.text;
        assert_eq!(map.contains(&format!("ELM-1: {said}")), !is_on, "{said}: {map}");
        assert!(!map.contains("the zone around the person is on"), "only what is wrong is said there");
        if known.is_some() {
            let page = bench.get_as(&browser, "/incidents/1").await.text;
            assert!(page.contains(said) && page.contains("Zone ELM-1"), "{page}");
        }
    }
}

#[tokio::test]
async fn the_map_draws_no_zone_around_a_person() {
    let bench = Bench::new(picture(None));
    let browser = bench.browser().await;
    let map = bench.get_as(&browser, "/fragments/map").await.text;
    assert!(!map.contains("Zone ELM-1"), "{map}");
}
