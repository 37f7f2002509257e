//! A client that abuses MQTT: what no tag may publish is refused and counted, and everybody else is heard meanwhile.

use std::net::SocketAddr;

use super::scene::{PATIENCE, Plan, count};
use crate::{
    fleet,
    house::SERVICE,
    mqtt::{Dial, Peer, dial},
    raw_mqtt::{IMPOSSIBLE_TOPICS, publish_raw},
    report,
    wait::until,
};
use cordon::{
    domain::IncidentKind,
    engine::{Input, ServiceReport, Told},
};
use serde_json::json;

const EVIL: &str = "evil@sim";
/// Of a tag whose answers Cordon does not hear itself.
const PING: &[u8] = b"cordon/v1/sim/other/ping";
/// What a wider session of Cordon's, from another time, still delivers beside what it asks for now.
const FILTERS: [&str; 6] = [
    "cordon/v1/beta/+/ping",
    "cordon/v1//+/ping",
    "cordon/v1/sim/tag-0/ping/extra",
    "cordon/v1/sim/evil/ack",
    "cordon/v1/sim/evil/reject",
    "cordon/v1/sim/evil/cmd",
];
/// On topics that the broker lets through.
const BAD_TOPICS: [&[u8]; 9] = [
    b"cordon/v1/sim/../ping",
    b"cordon/v1/sim/.hidden/ping",
    b"cordon/v1/sim/tag 0/ping",
    b"cordon/v1/sim//ping",
    b"cordon/v1//tag-0/ping",
    b"cordon/v1/sim/tag-0/ping/extra",
    b"cordon/v1/sim/evil/ack",
    b"cordon/v1/sim/evil/reject",
    b"cordon/v1/sim/evil/cmd",
];
#[tokio::test(flavor = "multi_thread")]
async fn abuse_is_refused_counted_and_told_once_while_others_are_heard() {
    let place = tempfile::tempdir().unwrap();
    // Rules that let everybody do everything: nothing but Cordon's own stand in the way.
    let acl = place.path().join("acl");
    std::fs::write(&acl, "pattern readwrite #\n").unwrap();
    let settings = [("acl_file", acl.to_str().unwrap())];
    let plan = Plan { tags: 1, speed: 20.0, settings: &settings, logins: &[EVIL], vendor: Some("sim") };
    let Some(broker) = plan.broker() else { return };
    let at = broker.addr();
    let publish = async |topic, payload: &[u8], retain| {
        publish_raw(at, (EVIL, fleet::PASSWORD), topic, payload, retain).await;
    };
    publish(PING, b"kept", true).await;
    wider_session(at).await;

    let scene = plan.start_on(broker).await;
    let begin_ms = scene.in_ms(1_000);
    let at_ms: Vec<i64> = (0..60).map(|n| begin_ms + n * 2_000).collect();
    let sent = scene.sent(&at_ms, 60);
    let fleet = scene.fleet(&sent, 30);
    for topic in BAD_TOPICS.into_iter().chain(IMPOSSIBLE_TOPICS) {
        publish(topic, b"{}", false).await;
    }
    publish(b"cordon/v1/beta/B1/ping", b"{}", false).await;
    publish(PING, &[b'x'; 16 * 1024 + 1], false).await;
    publish(PING, &[b'x'; 64 * 1024 + 1], false).await;
    publish(PING, b"no ping", false).await;
    let will = Dial { will: Some("cordon/v1/sim/other/status"), ..dial(EVIL, fleet::PASSWORD) };
    Peer::connect(at, will).await.unwrap().cut().await;

    let misused = (BAD_TOPICS.len() + 3) as u64;
    let health = scene
        .health("every refusal is counted", |health| {
            count(health, "refused_topic") >= BAD_TOPICS.len() as u64 && count(health, "oversize") >= 1
        })
        .await;
    until("all of it is told", PATIENCE, async || (told(&scene.reports().await) >= misused).then_some(()))
        .await;
    fleet.acknowledged(PATIENCE).await;
    let named = ["refused_topic", "refused_vendor", "refused_retained", "oversize", "lost"];
    let counts = named.map(|name| count(&health, name));
    assert_eq!(counts, [BAD_TOPICS.len() as u64, 1, 1, 1, 0]);
    assert_eq!(told(&scene.reports().await), misused);
    // Cut at 16 KiB, no ping, and the last will: each is in the journal with its reason.
    let unreadable = until("three refusals", PATIENCE, async || {
        let rows = scene.journal().await;
        let refused = rows.iter().filter(|(_, input)| matches!(input, Input::Told(Told::Unreadable { .. })));
        let count = refused.count();
        (count >= 3).then_some(count)
    })
    .await;
    assert_eq!(unreadable, 3);
    assert_eq!(scene.count("lost").await, 0, "the connection has borne it");
    scene.assert_nothing_lost_or_doubled(&sent).await;
    let incidents = scene.incidents().await;
    let misuse = incidents.iter().filter(|incident| incident.kind == IncidentKind::Misuse).count();
    assert_eq!(misuse, 1);
    let figures = json!({"refused_topic": counts[0], "refused_vendor": counts[1], "refused_retained": counts[2],
        "oversize": counts[3], "unreadable": unreadable, "connections_lost": counts[4], "incidents": misuse});
    report::shown(24, "abusing client", figures);
}

fn told(reports: &[ServiceReport]) -> u64 {
    let misuse = reports.iter().map(|report| match report {
        ServiceReport::Misuse { messages, .. } => *messages,
        _ => 0,
    });
    misuse.sum()
}

/// Cordon's session, with more subscriptions than it has now.
async fn wider_session(at: SocketAddr) {
    let mut cordon = Peer::connect(at, Dial { clean: false, ..dial(SERVICE.0, SERVICE.1) }).await.unwrap();
    for filter in FILTERS {
        assert!(cordon.subscribe(filter).await);
    }
    cordon.leave().await;
}
