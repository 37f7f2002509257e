//! A tag that comes near a zone is asked to report often, and does, by way of a real Mosquitto.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use crate::{
    ALONE, fleet,
    house::{House, SERVICE},
    mosquitto::Mosquitto,
    one_zone::rulebook,
    wait::until,
};
use cordon::{
    clock::Clock,
    domain::{TagId, Timestamp},
    sandbox::broker::tag_login,
    store::MemoryStore,
};
use firmware_sim::{
    Tag, TagConfig,
    clock::{ScaledClock, wall_now_ms},
    link::Until,
    route::{Truth, step_m},
    source::World,
};

/// Minutes in seconds.
const SPEED: f64 = 30.0;
/// By car towards the zone's middle, from this far east of it, until so far from it.
const FROM_M: f64 = 6_000.0;
const TO_M: f64 = 800.0;
const MPS: f64 = 12.0;
/// A tag that is asked to reports so often, seen at wakes 10 s apart; by itself it does once a minute.
const NEAR_MS: i64 = 30_000;
const ALONE_MS: i64 = 45_000;

#[tokio::test(flavor = "multi_thread")]
async fn a_tag_that_comes_near_is_asked_to_report_often_and_does() {
    let tag: TagId = "sim/tag-1".parse().unwrap();
    let login = tag_login(&tag);
    let Some(broker) = Mosquitto::start(SERVICE.0, &[(login.as_str(), fleet::PASSWORD), SERVICE]) else {
        return;
    };
    let _alone = ALONE.lock().await;
    let epoch_ms = wall_now_ms();
    let clock = Clock::scaled(Timestamp::from_ms(epoch_ms), SPEED);
    let house = House::start(Arc::new(MemoryStore::default()), broker.addr(), clock).await;
    house.publish(rulebook()).await;

    let tag_clock = ScaledClock::new(epoch_ms, SPEED).unwrap();
    let (start_ms, pings_ms) = (tag_clock.now_ms(), Arc::new(Mutex::new(Vec::new())));
    let seen_ms = Arc::clone(&pings_ms);
    let drive = move |now_ms: i64, tag: &mut Tag| {
        let mut seen_ms = seen_ms.lock().unwrap();
        seen_ms.resize(usize::try_from(tag.kept().counts().pings).unwrap(), now_ms);
        let gone_m = MPS * (now_ms - start_ms).max(0) as f64 / 1e3;
        let (lat, lon) = step_m(54.0, 3.0, (FROM_M - gone_m).max(TO_M), 0.0);
        Truth { lat, lon, speed_mps: MPS, course_deg: 270.0, indoors: false }
    };
    let mut world = World::new(Tag::new(TagConfig::new(1, 7, start_ms)), drive);
    let link = fleet::link(broker.addr(), &tag);
    let driving = tokio::spawn(async move { link.run(&mut world, tag_clock, Until::Acked).await });

    until("the tag reports often", Duration::from_secs(60), async || {
        let gaps_ms = gaps(&pings_ms.lock().unwrap());
        let often = gaps_ms.iter().rev().take_while(|gap_ms| **gap_ms <= NEAR_MS).count();
        (often >= 3).then_some(())
    })
    .await;
    driving.abort();
    let gaps_ms = gaps(&pings_ms.lock().unwrap());
    assert!(gaps_ms[0] > ALONE_MS, "by itself it reports once a minute: {gaps_ms:?}");
    house.running.stop().await.unwrap();
}

fn gaps(pings_ms: &[i64]) -> Vec<i64> {
    pings_ms.windows(2).map(|pair| pair[1] - pair[0]).collect()
}
