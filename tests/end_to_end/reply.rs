//! From the phone back into the incident.

use std::{sync::Arc, time::Duration};

use cordon::{
    clock::Clock,
    domain::{
        Alert, AlertState, Audience, EscalationState, Handling, Incident, IncidentKind, Recipient, TagId,
    },
    sandbox::broker::{self, Accounts},
    store::MemoryStore,
};
use firmware_sim::{
    clock::{ScaledClock, wall_now_ms},
    track::{PingPlan, pings, read},
};

use crate::{
    fleet::{self, Fleet},
    house::{House, SERVICE},
    one_zone::{OFFICER, PERSON, rulebook},
    outcome::stored,
    wait::until,
};

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
