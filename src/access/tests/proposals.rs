//! What is proposed waits where it belongs, of whatever sort the zone is.

use serde_json::json;
use sqlx::Connection as _;

use crate::{
    access::{Access, Proposed, ZonesOf},
    domain::{AnyZone, Timestamp},
};

const AT: Timestamp = Timestamp::from_ms(1_772_330_047_000);

fn case() -> ZonesOf {
    ZonesOf::Case { case: "c-1".parse().unwrap(), wearer: "w-1".parse().unwrap() }
}

fn unit() -> ZonesOf {
    ZonesOf::Unit("cheshire".parse().unwrap())
}

fn drawn() -> AnyZone {
    let circle = json!({"circle": {"lat": 53.2, "lon": -2.9, "radius_m": 300.0}});
    serde_json::from_value(json!({"id": "gym", "code": "ROWAN-9", "shape": circle, "margin_m": 300.0}))
        .unwrap()
}

fn around() -> AnyZone {
    let zone = json!({"id": "near", "code": "WREN", "person": "p-1", "radius_m": 300.0, "margin_m": 200.0});
    serde_json::from_value(zone).unwrap()
}

fn proposed(of: ZonesOf, zone: AnyZone) -> Proposed {
    let (id, why) = (zone.id().clone(), "So it was ordered.".into());
    Proposed { of, id, author: "amy".parse().unwrap(), why, zone: Some(zone), before: None, made_at: AT }
}

#[tokio::test]
async fn each_waits_at_its_case_or_its_unit_until_it_is_taken() {
    let access = Access::in_memory().await.unwrap();
    let all = [proposed(case(), drawn()), proposed(unit(), drawn()), proposed(case(), around())];
    let mut numbers = Vec::new();
    for one in &all {
        numbers.push(access.propose(one).await.unwrap().unwrap());
    }
    let [first, refuge, near] = numbers[..] else { panic!("{numbers:?}") };
    let expected = vec![(first, all[0].clone()), (near, all[2].clone())];
    assert_eq!(access.proposals(&case()).await.unwrap(), expected);
    assert_eq!(access.proposals(&unit()).await.unwrap(), [(refuge, all[1].clone())]);
    assert!(access.take_proposal(refuge).await.unwrap() && !access.take_proposal(refuge).await.unwrap());
    assert_eq!(access.proposals(&unit()).await.unwrap(), []);
}

#[tokio::test]
async fn too_many_at_one_place_leave_room_at_another() {
    let access = Access::in_memory().await.unwrap();
    for _ in 0..50 {
        assert!(access.propose(&proposed(unit(), drawn())).await.unwrap().is_some());
    }
    assert_eq!(access.propose(&proposed(unit(), drawn())).await.unwrap(), None);
    assert!(access.propose(&proposed(case(), drawn())).await.unwrap().is_some());
}

#[tokio::test]
async fn what_was_proposed_before_units_had_zones_still_waits() {
    let mut file = sqlx::SqliteConnection::connect("sqlite::memory:").await.unwrap();
    let AnyZone::Drawn(zone) = drawn() else { panic!("it is drawn") };
    sqlx::raw_sql(include_str!("../../../migrations/access/0004_proposals.sql"))
        .execute(&mut file)
        .await
        .unwrap();
    for no in [3, 7] {
        sqlx::query(
            "INSERT INTO proposals (no, case_id, wearer, zone_id, author, why, zone, before, made_at) \
             VALUES ($1, 'c-1', 'w-1', 'gym', 'amy', 'So it was ordered.', $2, '', $3)",
        )
        .bind(no)
        .bind(serde_json::to_string(&zone).unwrap())
        .bind(AT.as_us())
        .execute(&mut file)
        .await
        .unwrap();
    }
    for later in [
        include_str!("../../../migrations/access/0006_unit_zones.sql"),
        include_str!("../../../migrations/access/0008_proposal_numbers.sql"),
    ] {
        sqlx::raw_sql(later).execute(&mut file).await.unwrap();
    }
    let kept: Vec<(i64, String, String, String, String)> =
        sqlx::query_as("SELECT no, case_id, wearer, unit_id, zone FROM proposals ORDER BY no")
            .fetch_all(&mut file)
            .await
            .unwrap();
    let text = serde_json::to_string(&zone).unwrap();
    let of = |no| (no, "c-1".into(), "w-1".into(), String::new(), text.clone());
    assert_eq!(kept, [of(3), of(7)]);
    // Numbers go on from there, whatever is decided meanwhile.
    sqlx::query("DELETE FROM proposals").execute(&mut file).await.unwrap();
    let next: i64 = sqlx::query_scalar(
        "INSERT INTO proposals (case_id, wearer, unit_id, zone_id, author, why, zone, before, made_at) \
         VALUES ('', '', 'north', 'gym', 'amy', '', '', '', 0) RETURNING no",
    )
    .fetch_one(&mut file)
    .await
    .unwrap();
    assert_eq!(next, 8);
}

#[tokio::test]
async fn a_number_is_given_once_and_what_is_put_back_keeps_its_own() {
    let access = Access::in_memory().await.unwrap();
    let first = access.propose(&proposed(case(), drawn())).await.unwrap().unwrap();
    assert!(access.take_proposal(first).await.unwrap());
    let second = access.propose(&proposed(case(), around())).await.unwrap().unwrap();
    assert_ne!(first, second);
    access.put_proposal_back(first, &proposed(case(), drawn())).await.unwrap();
    let waiting = [(first, proposed(case(), drawn())), (second, proposed(case(), around()))];
    assert_eq!(access.proposals(&case()).await.unwrap(), waiting);
}
