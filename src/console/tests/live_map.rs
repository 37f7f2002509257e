//! What the moving map is given: what the table says and the drawing shows, and nothing beyond anybody's reach.

use serde_json::{Value, json};

use super::*;
use crate::{
    access::{Grant, NewAccount, Role, audit::Who},
    domain::{StaffId, Timestamp},
    sequencer::Passed,
};

const PLACES: &str = "/fragments/map/places";
const ZONES: &str = "/fragments/map/zones";

impl Bench {
    async fn json(&self, browser: &Browser, path: &str) -> Value {
        let answer = self.get_as(browser, path).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        serde_json::from_str(&answer.text).expect("JSON")
    }

    /// An officer of one unit alone.
    async fn officer_of(&self, unit: &str) -> Browser {
        let id: StaffId = format!("of-{unit}").parse().expect("an id");
        let grants = vec![Grant { role: Role::Officer, unit: Some(fixture::id(unit)) }];
        let new = NewAccount { id: id.clone(), name: "An officer".into(), grants, caseload: vec![] };
        self.access.add_account(&new, &Who::Command, AT).await.expect("a new account");
        self.enter(&id)
    }
}

fn strings(all: &Value, field: &str) -> Vec<String> {
    let mut found: Vec<String> = all
        .as_array()
        .expect("a list")
        .iter()
        .map(|one| one[field].as_str().expect("a text").to_owned())
        .collect();
    found.sort();
    found
}

#[tokio::test]
async fn the_map_is_given_what_the_table_says() {
    let bench = Bench::new(violation());
    let browser = bench.browser().await;
    let (places, zones) = (bench.json(&browser, PLACES).await, bench.json(&browser, ZONES).await);
    assert_eq!(places["borders"], zones["borders"]);
    assert_eq!(strings(&zones["zones"], "code"), ["ALDER-2", "HAZEL-1", "ROWAN-4", "ROWAN-5"]);
    assert_eq!(places["zones"].as_array().map(Vec::len), Some(4));

    let worst = &places["wearers"][0];
    let table = bench.get_as(&browser, "/fragments/wearers").await.text;
    assert!(!table.contains("<figure"), "the drawing is not sent again");
    for field in ["name", "word", "zone", "error"] {
        let text = worst[field].as_str().expect("a text");
        assert!(!text.is_empty() && table.contains(text), "{field}: {text}");
    }
    assert_eq!((&worst["stage"], &worst["rank"]), (&json!("violation"), &json!(4)));
    let dot =
        bench.board.borrow().wearers.values().find(|dot| dot.fix_at.as_ms() == worst["fix_ms"]).cloned();
    let dot = dot.expect("the same fix");
    assert_eq!(worst["at"], json!([dot.position.lon_deg(), dot.position.lat_deg()]));
    assert_eq!(worst["within_m"], json!(2.0 * dot.sigma_m));
    // It was something else a minute before, so it is known since when it is this.
    assert_eq!((&worst["since_ms"], &worst["since_or_longer"]), (&worst["fix_ms"], &json!(false)));
}

#[tokio::test]
async fn a_way_has_its_gaps_and_what_was_believed_and_stands_in_a_table() {
    let bench = Bench::new(violation());
    let browser = bench.browser().await;
    let places = bench.json(&browser, PLACES).await;
    let trail = &places["trails"][0];
    assert_eq!(trail["key"], places["wearers"][0]["key"]);
    let fixes = trail["fixes"].as_array().expect("a list");
    let told: Vec<_> = fixes.iter().map(|fix| (fix["gap"].clone(), fix["stage"].clone())).collect();
    let expected =
        [(json!(false), Value::Null), (json!(true), json!("clear")), (json!(false), json!("violation"))];
    assert_eq!(told, expected);

    let page = bench.get_as(&browser, "/trails").await;
    assert_eq!(page.status, StatusCode::OK);
    for said in ["no fix for 7 min before it", "not known", "Violation", "Barry Stone"] {
        assert!(page.text.contains(said), "{said}");
    }
    // Whoever is clear and has no incident is left in peace.
    let clear = places["wearers"].as_array().expect("a list").iter().filter(|one| one["stage"] == "clear");
    let clear: Vec<_> = clear.map(|one| one["key"].clone()).collect();
    let trails = places["trails"].as_array().expect("a list");
    assert!(!clear.is_empty() && trails.iter().all(|trail| !clear.contains(&trail["key"])));
}

#[tokio::test]
async fn nobody_is_given_what_is_beyond_their_reach() {
    let (board, records) = roles::two_units();
    let bench = Bench::with(board, records, None);
    let (cheshire, kent) = (bench.officer_of("cheshire").await, bench.officer_of("kent").await);
    let (ours, theirs) = (bench.json(&cheshire, PLACES).await, bench.json(&kent, PLACES).await);
    assert_eq!(strings(&theirs["wearers"], "name"), ["Kilo Wearer"]);
    assert!(!strings(&ours["wearers"], "name").contains(&"Kilo Wearer".to_owned()));
    assert_eq!(strings(&bench.json(&kent, ZONES).await["zones"], "code"), ["KILO-1"]);
    assert!(!strings(&bench.json(&cheshire, ZONES).await["zones"], "code").contains(&"KILO-1".to_owned()));
    // The ways that the wearer of Kent has gone were believed to lead to zones of Cheshire: no word of that.
    let stages: Vec<_> =
        theirs["trails"][0]["fixes"].as_array().expect("a list").iter().map(|fix| &fix["stage"]).collect();
    assert_eq!(stages, [&Value::Null, &json!("clear"), &json!("clear")]);
    let text = ours.to_string() + &bench.json(&cheshire, ZONES).await.to_string();
    for id in ["w-1", "k-1", "case-1", "p-1", "home"] {
        assert!(!text.contains(&format!("\"{id}\"")), "{id} is not for browsers");
    }
}

#[tokio::test]
async fn borders_have_another_name_when_they_change_and_only_then() {
    let mut board = violation();
    let bench = Bench::new(board.clone());
    let browser = bench.browser().await;
    let before = bench.json(&browser, PLACES).await;
    // Somebody moves on.
    for dot in board.wearers.values_mut() {
        dot.stages = vec![];
        dot.trail =
            [Passed { at: Timestamp::from_ms(0), position: dot.position, sigma_m: 5.0, believed: None }]
                .into();
    }
    bench.board.send_replace(Arc::new(board.clone()));
    let moved = bench.json(&browser, PLACES).await;
    assert_eq!(before["borders"], moved["borders"]);
    assert_ne!(before["zones"], moved["zones"]);

    board.rulebook = roles::two_units().0.rulebook;
    bench.board.send_replace(Arc::new(board));
    assert_ne!(bench.json(&browser, PLACES).await["borders"], before["borders"]);
}

#[tokio::test]
async fn a_margin_lies_around_its_zone() {
    let bench = Bench::new(violation());
    let browser = bench.browser().await;
    let zones = bench.json(&browser, ZONES).await;
    for zone in zones["zones"].as_array().expect("a list") {
        let reach = |part: &str| {
            let ring = zone[part][0][0].as_array().expect("a ring").iter();
            ring.map(|corner| corner[1].as_f64().expect("a number")).fold(f64::MIN, f64::max)
        };
        // Some 111 km for a degree.
        let wider_m = (reach("margin") - reach("zone")) * 111_300.0;
        assert!((140.0..=410.0).contains(&wider_m), "{}: {wider_m}", zone["code"]);
    }
}
