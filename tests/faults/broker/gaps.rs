//! The broker forgets or drops what it had acknowledged: how much is missing is known to the ping, and comes again.

use cordon::{
    domain::{Happening, Incident, IncidentKind, Reason},
    engine::ServiceReport,
};
use serde_json::json;

use super::scene::{PATIENCE, Plan, count, drive, tag};
use crate::{
    fleet,
    mqtt::{Peer, dial},
    report,
    wait::until,
};

const TOPIC: &str = "cordon/v1/sim/tag-0/ping";
const LOGIN: &str = "tag-0@sim";

/// What it was raised with.
fn raised(incident: &Incident) -> Option<&Reason> {
    incident.timeline.iter().find_map(|entry| match &entry.what {
        Happening::Raised { reason, .. } => Some(reason),
        _ => None,
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_forgets_everything_is_noticed_and_what_is_missing_is_known_to_the_ping() {
    let settings = [("persistence", "false")];
    let plan = Plan { tags: 1, speed: 20.0, settings: &settings, logins: &[], vendor: None };
    let Some(mut scene) = plan.start().await else { return };
    let begin_ms = scene.in_ms(0);
    let at_ms: Vec<i64> = (0..20).map(|n| begin_ms + n * 1_000).collect();
    let pings: Vec<Vec<u8>> = drive(0, &at_ms, 3_600).iter().map(|timed| timed.ping.encode()).collect();
    let mut peer = Peer::connect(scene.broker.addr(), dial(LOGIN, fleet::PASSWORD)).await.unwrap();
    for ping in &pings[..5] {
        peer.publish(TOPIC, ping.clone()).await;
    }
    until("five pings", PATIENCE, async || (scene.held().await.len() == 5).then_some(())).await;
    scene.cut_off().await;
    for ping in &pings[5..15] {
        peer.publish(TOPIC, ping.clone()).await;
    }
    // The broker has them all, and the tag believes it.
    peer.acknowledged(15).await;
    scene.broker.kill();
    scene.broker.start_again();
    scene.proxy.pass();
    scene.health("heard again", |health| health.status == "ok").await;
    let peer = Peer::connect(scene.broker.addr(), dial(LOGIN, fleet::PASSWORD)).await.unwrap();
    peer.publish(TOPIC, pings[15].clone()).await;
    scene.health("ten are missing", |health| count(health, "missing") == 10).await;
    let incident = scene.incident(IncidentKind::MissingPings, |incident| incident.ongoing).await;
    assert_eq!(raised(&incident), Some(&Reason::Missing { pings: 10, given_up: 0 }));
    for ping in &pings[5..15] {
        peer.publish(TOPIC, ping.clone()).await;
    }
    scene.health("none is missing", |health| count(health, "missing") == 0).await;
    scene.incident(IncidentKind::MissingPings, |incident| !incident.ongoing).await;
    assert_eq!(scene.held().await, (1..=16).map(|seq| (tag(0), seq)).collect());
    let lost = ServiceReport::SessionLost { source: "tags".into() };
    let sessions_lost = scene.reports().await.iter().filter(|report| **report == lost).count();
    assert_eq!(sessions_lost, 1, "not the one that never was, at the first connect");
    scene.health("it is counted", |health| count(health, "sessions_lost_ever") == 1).await;
    report::shown(
        5,
        "session lost",
        json!({"missing_told": 10, "missing_in_the_end": 0, "sessions_lost": 1}),
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_full_queue_drops_is_counted_to_the_ping_and_comes_again() {
    const TAGS: usize = 20;
    let settings = [("max_queued_messages", "10")];
    let plan = Plan { tags: TAGS, speed: 30.0, settings: &settings, logins: &[], vendor: None };
    let Some(scene) = plan.start().await else { return };
    scene.cut_off().await;
    let begin_ms = scene.in_ms(2_000);
    // A minute while Cordon is cut off, then a few when it hears again, and the drops are sent again much later.
    let at_ms: Vec<i64> = (0..60).chain([150, 160, 170]).map(|s| begin_ms + s * 1_000).collect();
    let sent = scene.sent(&at_ms, 3_600);
    let total = TAGS * at_ms.len();
    let fleet = scene.fleet(&sent, 280);
    until("a minute of pings", PATIENCE, async || (scene.in_ms(0) > begin_ms + 75_000).then_some(())).await;
    scene.proxy.pass();
    until("the last pings", PATIENCE, async || {
        let held = scene.held().await;
        (0..TAGS).all(|n| held.contains(&(tag(n), at_ms.len() as u64))).then_some(())
    })
    .await;
    let dropped = (total - scene.held().await.len()) as u64;
    assert!(dropped > 1_000, "the queue has dropped {dropped}");
    scene.health("the count", |health| count(health, "missing") == dropped).await;
    let incident = scene.incident(IncidentKind::MissingPings, |incident| incident.ongoing).await;
    assert_eq!(raised(&incident), Some(&Reason::Missing { pings: dropped, given_up: 0 }));
    fleet.acknowledged(PATIENCE).await;
    scene.incident(IncidentKind::MissingPings, |incident| !incident.ongoing).await;
    let pings = scene.assert_nothing_lost_or_doubled(&sent).await;
    let health = scene.health("none is missing", |health| count(health, "missing") == 0).await;
    assert_eq!(count(&health, "given_up"), 0);
    let missing = scene.incidents().await.iter().filter(|i| i.kind == IncidentKind::MissingPings).count();
    assert_eq!(missing, 1, "one for all tags");
    report::shown(
        6,
        "broker queue of 10",
        json!({"pings": pings, "dropped": dropped, "missing_in_the_end": 0}),
    );
}
