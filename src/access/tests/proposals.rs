//! What is proposed waits where it belongs, of whatever sort the zone is.

use serde_json::json;

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
    let access = Access::in_memory().await.unwrap();
    let AnyZone::Drawn(zone) = drawn() else { panic!("it is drawn") };
    sqlx::query(
        "INSERT INTO proposals (case_id, wearer, zone_id, author, why, zone, before, made_at) \
         VALUES ('c-1', 'w-1', 'gym', 'amy', 'So it was ordered.', $1, '', $2)",
    )
    .bind(serde_json::to_string(&zone).unwrap())
    .bind(AT.as_us())
    .execute(&access.db.write)
    .await
    .unwrap();
    assert_eq!(access.proposals(&case()).await.unwrap(), [(1, proposed(case(), drawn()))]);
}
