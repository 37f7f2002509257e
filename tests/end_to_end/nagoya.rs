//! A recorded track with ground truth, by way of a real Mosquitto, to incidents and phones.

use std::{collections::BTreeSet, time::Duration};

use cordon::{
    clock::Clock,
    domain::{Alert, AlertState, Channel, Ping, Recipient, TagId, Timestamp, ZoneId},
    lab::Course,
    sandbox::broker::tag_login,
    store,
};
use firmware_sim::{
    clock::{ScaledClock, wall_now_ms},
    track::{PingPlan, TimedPing, pings},
};

use crate::{
    ALONE,
    fleet::{self, Fleet},
    house::{House, SERVICE},
    mosquitto::Mosquitto,
    outcome::{Outcome, assert_received, stored},
    phones,
    recorded::{self, Scenario},
    wait::until,
};

const TRACK: &str = "nagoya_2023-07-11";
const INTERVAL_S: u32 = 15;
/// Twenty minutes of track in forty seconds.
const SPEED: f64 = 30.0;
/// The first ping leaves this long after everything is up, milliseconds of the track.
const BEGINS_AFTER_MS: i64 = 30_000;
/// Pings are sent again after this long, seconds of the track: four real ones.
const RESEND_S: u32 = 120;
/// Of a stay shorter than this, two fixes may miss it, seconds.
const MUST_DETECT_S: f64 = 2.0 * INTERVAL_S as f64 + 5.0;

#[tokio::test(flavor = "multi_thread")]
async fn the_line_finds_on_the_nagoya_track_what_the_engine_alone_finds() {
    let Some(folder) = recorded::folder("nagoya") else {
        return;
    };
    let mut zones = recorded::scenarios(&folder);
    zones.retain(|zone| zone.track == TRACK);
    let tags: Vec<TagId> = zones.iter().map(tag).collect();
    let logins: Vec<String> = tags.iter().map(tag_login).collect();
    let mut accounts: Vec<(&str, &str)> =
        logins.iter().map(|login| (login.as_str(), fleet::PASSWORD)).collect();
    accounts.push(SERVICE);
    let Some(broker) = Mosquitto::start(SERVICE.0, &accounts) else {
        return;
    };
    let _alone = ALONE.lock().await;

    let epoch_ms = wall_now_ms();
    let clock = Clock::scaled(Timestamp::from_ms(epoch_ms), SPEED);
    let place = tempfile::tempdir().unwrap();
    let store = store::open(&format!("sqlite:{}", place.path().join("cordon.db").display())).await.unwrap();
    let house = House::start(store, broker.addr(), clock.clone()).await;
    let books = recorded::rulebook(&zones, &format!("{}/webhook/desk", house.phones.url));
    house.publish(books.clone()).await;

    let start = clock.steady().plus_ms(BEGINS_AFTER_MS);
    let plan = PingPlan { interval_s: INTERVAL_S, start_ms: start.as_ms(), boot: fleet::BOOT };
    let pings = pings(&recorded::fixes(&folder, &format!("{TRACK}_fixes")), &plan);
    let tag_clock = ScaledClock::new(epoch_ms, SPEED).unwrap();
    let each = tags.iter().map(|tag| (tag.clone(), pings.clone()));
    let sent =
        Fleet::start(broker.addr(), tag_clock, RESEND_S, each).acknowledged(Duration::from_secs(100)).await;
    assert_eq!(sent as usize, pings.len() * tags.len());
    let address = house.running.address;
    // Accepted on the way to a phone is not the end: its receipt is.
    until("every alert has come to its end", Duration::from_secs(30), async || {
        phones::health(address).await.filter(|health| !health.alerts.contains_key("waiting"))?;
        let (_, alerts) = stored(house.store.as_ref()).await;
        alerts.iter().all(has_arrived).then_some(())
    })
    .await;
    let received = house.phones.received().await;
    let (reading, hops) = (house.running.meter.read(), house.running.meter.hops());
    house.running.stop().await.unwrap();
    let (incidents, alerts) = stored(house.store.as_ref()).await;
    println!("{sent} pings, {} incidents, {} messages, {reading:?}", incidents.len(), received.len());

    let outcome = Outcome::of(&incidents, &alerts);
    let expected = offline(&zones, &tags, &pings, start);
    outcome.assert_equals(&expected);
    assert_received(&alerts, &received);
    assert!(received.iter().all(|message| message.repeats == 0), "a provider was asked twice");
    // Nothing sticks: what came past one hop came past the next.
    assert_eq!(hops.committed, hops.decided);
    assert!(hops.decided >= u64::from(sent), "{hops:?}");
    let moved = hops.moved;
    assert_eq!((moved.alerts_raised, moved.incidents_raised), (alerts.len() as u64, incidents.len() as u64));
    assert_eq!(moved.alerts_sent, received.len() as u64);
    assert!((1..=moved.alerts_sent).contains(&moved.alerts_delivered), "a desk says no more than that it took it");
    judge(
        &zones,
        &outcome,
        received.iter().filter(|message| !message.desk).map(|message| message.address.as_str()),
    );
}

fn tag(zone: &Scenario) -> TagId {
    format!("sim/tag-{}", zone.id).parse().unwrap()
}

fn zone_id(zone: &Scenario) -> ZoneId {
    format!("z-{}", zone.id).parse().unwrap()
}

/// A text has its receipt; a desk sends none.
fn has_arrived(alert: &Alert) -> bool {
    match alert.state {
        AlertState::Waiting => false,
        AlertState::Accepted => alert.channel == Channel::Webhook,
        _ => true,
    }
}

/// What the engine makes of the same pings when each arrives as it is sent.
fn offline(zones: &[Scenario], tags: &[TagId], pings: &[TimedPing], start: Timestamp) -> Outcome {
    let books = recorded::rulebook(zones, "http://127.0.0.1:1/webhook/desk");
    let mut line = Course::with(&books, start.plus_ms(-BEGINS_AFTER_MS)).unwrap();
    for timed in pings {
        for tag in tags {
            line.ping(Timestamp::from_ms(timed.at_ms), tag, Ping::from(timed.ping.clone()));
        }
    }
    Outcome::of(line.incidents.values(), line.alerts.values())
}

/// Against the truth of the track: breaches are found, and their protected persons hear of them, nobody else.
fn judge<'a>(zones: &[Scenario], outcome: &Outcome, texted: impl Iterator<Item = &'a str>) {
    let violations = outcome.violations();
    let found = |zone: &&Scenario| violations.contains(&zone_id(zone));
    let must = || {
        zones
            .iter()
            .filter(|zone| zone.is_breach && zone.first_stay_s.is_some_and(|stay_s| stay_s >= MUST_DETECT_S))
    };
    let missed: Vec<usize> = must().filter(|zone| !found(zone)).map(|zone| zone.id).collect();
    println!("missed {missed:?} of {} must-detect breaches", must().count());
    assert!(must().count() > 50, "the scenarios are there");
    assert!(missed.len() <= 2, "missed: {missed:?}");

    let texted: BTreeSet<String> = texted.map(Into::into).collect();
    let persons =
        outcome.alerts.iter().filter(|(_, recipient, ..)| matches!(recipient, Recipient::Person(_)));
    let warned: BTreeSet<_> = persons.map(|(zone, ..)| zone).collect();
    assert_eq!(warned, violations, "each violation warns its person, and nothing else does");
    let numbers = zones.iter().filter(found).map(|zone| format!("+44770090{:04}", zone.id)).collect();
    assert_eq!(texted, numbers);
}
