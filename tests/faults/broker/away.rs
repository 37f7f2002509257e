//! The broker is away, is killed, or the connection to it is dead: Cordon says so once, and nothing is lost.

use std::time::Duration;

use cordon::{
    clock::Clock,
    domain::{IncidentKind, Timestamp},
    engine::{ServiceReport, Told},
    lab::Course,
};
use firmware_sim::random::Random;
use serde_json::json;

use super::scene::{PATIENCE, Plan, Scene, tag};
use crate::{
    proxy::{Proxy, Way},
    recorded, report,
    wait::until,
};

/// Noon of some day.
const NOON: Timestamp = Timestamp::from_ms(1_772_884_800_000);

fn second(s: i64) -> Timestamp {
    NOON.plus_ms(s * 1_000)
}

fn plan(tags: usize, speed: f64) -> Plan<'static> {
    Plan { tags, speed, settings: &[], logins: &[], vendor: None }
}

/// Every tag pings every minute; the broker is away for some of them. It keeps what it was given.
#[test]
fn a_broker_that_is_away_is_one_incident_and_no_tag_s() {
    // To publish more would take longer than to judge them.
    let tags = if report::is_long() { 30_000 } else { 1_000 };
    let scenarios: Vec<_> = (0..tags).map(spread).collect();
    let books = recorded::rulebook(&scenarios, "http://127.0.0.1:1/desk");
    let start = Course::with(&books, second(-600)).unwrap();
    // Tag, second and number of every ping of these minutes, by time.
    let pings = |minutes: std::ops::Range<u64>| {
        let mut pings: Vec<(i64, usize, u64)> = minutes
            .flat_map(|minute| (0..tags).map(move |n| (minute as i64 * 60 + n as i64 % 60, n, minute + 1)))
            .collect();
        pings.sort_unstable();
        pings
    };
    for away_s in [10, 300, 3_600] {
        let mut line = start.clone();
        for (s, n, seq) in pings(0..1) {
            line.ping(second(s), &tag(n), ping(&scenarios[n], s, seq));
        }
        let (lost_s, back_s) = (60, 60 + away_s);
        line.tell(second(lost_s), Told::Source { name: "lab".into(), up: false });
        line.tell(second(back_s), Told::Source { name: "lab".into(), up: true });
        // The backlog, in the order in which it was sent, then live pings again.
        let last_minute = back_s.unsigned_abs() / 60 + 5;
        for (s, n, seq) in pings(1..last_minute) {
            line.ping(second(s.max(back_s + 1)), &tag(n), ping(&scenarios[n], s, seq));
        }
        line.pass_to(second(last_minute as i64 * 60));
        let deaf = line.incident(IncidentKind::Deaf);
        // Everybody behind it is told that protection is weak; for the staff it is one matter, though nothing gets through.
        let incidents = line.incidents.values().filter(|incident| incident.concerns_staff()).count();
        assert_eq!(incidents, usize::from(away_s >= 20), "{:?}", line.incidents.values().next());
        if let Some(deaf) = deaf {
            assert_eq!(deaf.raised_at, second(lost_s + 20));
            assert!(!deaf.ongoing);
        }
        report::shown(4, "broker away", json!({"away_s": away_s, "tags": tags, "incidents": incidents}));
    }
}

/// Tags 11 km apart, each near a zone of its own and outside of it.
fn spread(n: usize) -> recorded::Scenario {
    recorded::Scenario {
        id: n,
        track: String::new(),
        is_breach: false,
        lat: -60.0 + 0.1 * (n / 300) as f64,
        lon: 0.5 * (n % 300) as f64,
        radius_m: 100.0,
        first_entry_s: None,
        first_stay_s: None,
        nearest_m: 900.0,
    }
}

fn ping(near: &recorded::Scenario, s: i64, seq: u64) -> cordon::domain::Ping {
    let fix = tag_wire::Fix {
        t_ms: second(s).as_ms(),
        // A metre to and fro: who moves and stands still to the centimetre has a broken receiver.
        lat: near.lat + 0.01 + 1e-5 * (seq % 5) as f64,
        lon: near.lon,
        acc_m: Some(5.0),
        hdop: None,
        source: tag_wire::Source::Gnss,
        speed_mps: None,
        course_deg: None,
        sats: None,
    };
    let ping = tag_wire::Ping {
        boot: 1,
        seq,
        oldest_kept: 1,
        next_within_s: 61,
        sent_ms: second(s).as_ms(),
        battery_pct: 80,
        charging: false,
        motion: tag_wire::Motion::Moving,
        fixes: vec![fix],
        events: vec![],
    };
    ping.into()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_broker_is_told_once_and_what_tags_kept_is_judged_in_fix_order() {
    const TAGS: usize = 12;
    // Three promises are over long before it is back.
    const PROMISE_S: u32 = 10;
    let away_s = if report::is_long() { 300 } else { 40 };
    let Some(mut scene) = plan(TAGS, 5.0).start().await else { return };
    let begin_ms = scene.in_ms(5_000);
    let at_ms: Vec<i64> = (0..(60 + away_s) / 2).map(|n| begin_ms + n * 2_000).collect();
    let sent = scene.sent(&at_ms, PROMISE_S);
    let fleet = scene.fleet(&sent, 30);
    until("pings", PATIENCE, async || (scene.held().await.len() > 5 * TAGS).then_some(())).await;
    // It may be missed before whoever has killed it comes to look at the clock.
    let killed_at = scene.clock.steady();
    scene.broker.kill();
    let over_at = killed_at.plus_ms(away_s * 1_000);
    while scene.clock.steady() < over_at {
        scene.clock.wait_until(over_at).await;
    }
    scene.broker.start_again();
    let back_at = scene.clock.steady();
    fleet.acknowledged(PATIENCE).await;
    let deaf = scene.incident(IncidentKind::Deaf, |incident| !incident.ongoing).await;
    let pings = scene.assert_nothing_lost_or_doubled(&sent).await;
    let others: Vec<_> =
        scene.incidents().await.into_iter().filter(|i| i.kind != IncidentKind::Violation).collect();
    assert_eq!(others.iter().map(|i| i.kind).collect::<Vec<_>>(), [IncidentKind::Deaf]);
    let down_at = scene.source_times(false, killed_at).await[0];
    let up_at = scene.source_times(true, over_at).await[0];
    // Half a minute later silence was judged again, while the tags drove on.
    assert!(Timestamp::from_ms(at_ms[at_ms.len() - 1]) > up_at.plus_ms(31_000));
    let told_after_s = deaf.raised_at.s_since(down_at);
    let heard_after_s = up_at.s_since(back_at);
    // 20 s in all, with what the first connect took; and a step later than that on a busy machine.
    assert!((19.0..30.0).contains(&told_after_s), "told after {told_after_s} s");
    // 2 s of backoff and the connect itself, which takes five times as long on this clock.
    assert!(heard_after_s < 15.0, "heard again after {heard_after_s} s");
    let lost = ServiceReport::SessionLost { source: "tags".into() };
    let sessions_lost = scene.reports().await.iter().filter(|report| **report == lost).count();
    assert!(sessions_lost <= 1);
    let figures = json!({"away_s": away_s, "tags": TAGS, "pings": pings, "told_after_s": told_after_s,
        "heard_after_s": heard_after_s, "sessions_lost": sessions_lost, "incidents": others.len()});
    report::shown(4, "broker killed", figures);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_is_killed_again_and_again_under_load_loses_and_doubles_nothing() {
    const TAGS: usize = 16;
    let kills = if report::is_long() { 200 } else { 5 };
    let mut random = Random::new(report::seed());
    let Some(mut scene) = plan(TAGS, 4.0).start().await else { return };
    let begin_ms = scene.in_ms(1_000);
    // A ping a second for as long as there are kills.
    let at_ms: Vec<i64> = (0..10 + 7 * kills).map(|n| begin_ms + n * 1_000).collect();
    let sent = scene.sent(&at_ms, 60);
    let fleet = scene.fleet(&sent, 10);
    let real = Clock::real();
    for _ in 0..kills {
        real.wait_ms(random.between(200.0, 2_000.0) as i64).await;
        scene.broker.kill();
        scene.broker.start_again();
    }
    fleet.acknowledged(if report::is_long() { 10 * PATIENCE } else { PATIENCE }).await;
    let pings = scene.assert_nothing_lost_or_doubled(&sent).await;
    let losses = scene.source_times(false, NOON).await.len();
    assert!(losses >= kills as usize / 2, "most kills hit a connection: {losses}");
    let deaf = scene.incidents().await.iter().filter(|i| i.kind == IncidentKind::Deaf).count();
    assert!(deaf <= 1);
    report::shown(4, "broker killed under load", json!({"kills": kills, "pings": pings, "losses": losses}));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_network_that_is_slow_and_breaks_on_both_sides_of_the_broker_loses_and_doubles_nothing() {
    const TAGS: usize = 8;
    let rounds = if report::is_long() { 500 } else { 12 };
    let mut random = Random::new(report::seed());
    let Some(scene) = plan(TAGS, 8.0).start().await else { return };
    let tags_network = Proxy::start(scene.broker.addr()).await;
    let begin_ms = scene.in_ms(1_000);
    let at_ms: Vec<i64> = (0..10 + 4 * rounds).map(|n| begin_ms + n * 1_000).collect();
    let sent = scene.sent(&at_ms, 3_600);
    let fleet = scene.fleet_over(tags_network.addr(), &sent, 20);
    let real = Clock::real();
    for _ in 0..rounds {
        for network in [&scene.proxy, &tags_network] {
            let way = if random.between(0.0, 1.0) < 0.5 { Way::Up } else { Way::Down };
            match random.between(0.0, 4.0) as u8 {
                0 => network.delay(way, 100),
                1 => network.cut_after(way, random.between(0.0, 3_000.0) as usize),
                2 => network.reset(),
                _ => {
                    network.close_slowly(200);
                    network.cut_after(way, 0);
                }
            }
        }
        real.wait_ms(300).await;
        scene.proxy.pass();
        tags_network.pass();
        real.wait_ms(200).await;
    }
    fleet.acknowledged(if report::is_long() { 10 * PATIENCE } else { PATIENCE }).await;
    let pings = scene.assert_nothing_lost_or_doubled(&sent).await;
    let connections = scene.proxy.accepted() + tags_network.accepted();
    report::shown(
        7,
        "slow and broken",
        json!({"rounds": rounds, "pings": pings, "connections": connections}),
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_is_dead_one_way_or_both_is_noticed_and_replaced() {
    let ways = [&[Way::Up][..], &[Way::Down], &[Way::Up, Way::Down]];
    let [up, down, both] = ways.map(half_open);
    let (up, down, both) = tokio::join!(up, down, both);
    let (Some(up), Some(down), Some(both)) = (up, down, both) else { return };
    report::shown(7, "half-open, noticed after s", json!({"up": up, "down": down, "both": both}));
}

/// Seconds until it is noticed.
async fn half_open(ways: &[Way]) -> Option<f64> {
    const TAGS: usize = 4;
    let scene: Scene = plan(TAGS, 1.0).start().await?;
    let begin_ms = scene.in_ms(100);
    let at_ms: Vec<i64> = (0..30).map(|n| begin_ms + n * 500).collect();
    let sent = scene.sent(&at_ms, 60);
    let fleet = scene.fleet(&sent, 5);
    until("pings", PATIENCE, async || (scene.held().await.len() > 3 * TAGS).then_some(())).await;
    let dead_at = scene.clock.steady();
    ways.iter().for_each(|way| scene.proxy.swallow_way(*way));
    let noticed_at = until("noticed", Duration::from_secs(30), async || {
        scene.source_times(false, dead_at).await.first().copied()
    })
    .await;
    let noticed_s = noticed_at.s_since(dead_at);
    assert!(noticed_s <= 15.0, "{ways:?}: noticed after {noticed_s} s");
    scene.proxy.pass();
    fleet.acknowledged(PATIENCE).await;
    scene.assert_nothing_lost_or_doubled(&sent).await;
    assert!(!scene.source_times(true, noticed_at).await.is_empty());
    Some(noticed_s)
}
