//! From the phone back into the incident.

use std::{sync::Arc, time::Duration};

use cordon::{
    clock::Clock,
    domain::{
        Alert, AlertState, Audience, Book, EscalationState, Handling, Incident, IncidentKind, Recipient,
        TagId,
    },
    sandbox::broker::{self, Accounts},
    store::MemoryStore,
};
use firmware_sim::{
    clock::{ScaledClock, wall_now_ms},
    track::{PingPlan, pings, read},
};
use serde_json::json;

use crate::{
    fleet::{self, Fleet},
    house::{House, SERVICE},
    outcome::stored,
    wait::until,
};

const PERSON: &str = "+447700900001";
const OFFICER: &str = "+447700900002";
const SOON: Duration = Duration::from_secs(20);

#[tokio::test(flavor = "multi_thread")]
async fn answers_from_phones_end_and_pause_escalations() {
    let tag: TagId = "sim/tag-1".parse().unwrap();
    let accounts = Accounts::default().with_tag(&tag, fleet::PASSWORD).with_service(SERVICE.0, SERVICE.1);
    let broker = broker::start(broker::Settings { port: 0, accounts }).await.unwrap();
    let house = House::start(Arc::new(MemoryStore::default()), broker.addr(), Clock::real()).await;
    house.publish(rulebook()).await;
    let in_the_zone = read("t_s,lat,lon,accuracy_m\n0,54.0,3.0,5\n1,54.0,3.0,5").unwrap();
    let plan = PingPlan { interval_s: 1, start_ms: wall_now_ms(), boot: fleet::BOOT };
    let fleet = Fleet::start(
        broker.addr(),
        ScaledClock::new(0, 1.0).unwrap(),
        5,
        [(tag, pings(&in_the_zone, &plan))],
    );
    fleet.acknowledged(SOON).await;

    // Both texts and their receipts.
    until("both were told", SOON, async || {
        let (_, alerts) = violation(&house).await?;
        (alerts.len() == 2 && alerts.iter().all(|alert| alert.state == AlertState::Delivered)).then_some(())
    })
    .await;
    let mut told: Vec<String> =
        house.phones.received().await.into_iter().map(|message| message.address).collect();
    told.sort();
    assert_eq!(told, [PERSON, OFFICER]);

    house.phones.reply(PERSON, "1").await;
    let (incident, alerts) = violation(&house).await.unwrap();
    let person = Audience::Person("p-1".parse().unwrap());
    assert_eq!(escalation(&incident, &person), EscalationState::Ended);
    assert!(matches!(escalation(&incident, &Audience::Staff), EscalationState::Running { .. }));
    assert_eq!(incident.handling, Handling::Raised, "her answer is nobody's taking it");
    let is_person = |alert: &&Alert| matches!(alert.recipient, Recipient::Person(_));
    assert_eq!(alerts.iter().find(is_person).unwrap().state, AlertState::Acknowledged);

    house.phones.reply(OFFICER, "1").await;
    let (incident, alerts) = violation(&house).await.unwrap();
    assert_eq!(incident.handling, Handling::Owned { by: "officer".parse().unwrap() });
    assert!(matches!(escalation(&incident, &Audience::Staff), EscalationState::Paused { .. }));
    assert!(alerts.iter().all(|alert| alert.state == AlertState::Acknowledged));
    house.running.stop().await.unwrap();
    broker.stop().await;
}

async fn violation(house: &House) -> Option<(Incident, Vec<Alert>)> {
    let (incidents, mut alerts) = stored(house.store.as_ref()).await;
    let incident = incidents.into_iter().find(|incident| incident.kind == IncidentKind::Violation)?;
    alerts.retain(|alert| alert.incident == incident.id);
    Some((incident, alerts))
}

fn escalation(incident: &Incident, audience: &Audience) -> EscalationState {
    let mut escalations = incident.escalations.iter();
    escalations.find(|escalation| escalation.audience == *audience).unwrap().state
}

fn rulebook() -> Vec<Book> {
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
