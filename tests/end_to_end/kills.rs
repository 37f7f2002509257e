//! The service is killed again and again under load, while the broker and the phones go on. `tests/faults` does the same
//! for longer and at every point.

use std::{path::Path, time::Duration};

use crate::{
    ALONE,
    crowd::{self, Crowd},
    edits,
    fleet::Fleet,
    installation::Installation,
    outcome::{Outcome, assert_received, stored},
    postgres,
    process::Service,
    reference::{assert_holds, journal, offline},
};
use cordon::{clock::Clock, store};
use firmware_sim::{
    clock::{ScaledClock, wall_now_ms},
    random::Random,
};

const CROWD: Crowd = Crowd { wearers: 24, zones: 2 };
const KILLS: u32 = 5;
/// A service lives this long before it is killed, milliseconds: also while it still starts.
const LIFE_MS: (f64, f64) = (100.0, 1_800.0);
/// The first ping leaves this long after the rulebook is live, milliseconds.
const BEGINS_AFTER_MS: i64 = 300;
const RESEND_S: u32 = 5;
/// On a database server an alert that was being sent when the service was killed is under a lease of 30 s.
const DRAIN: Duration = Duration::from_secs(60);

#[tokio::test(flavor = "multi_thread")]
async fn five_kills_lose_nothing_and_double_nothing_and_replay_finds_an_edit() {
    let place = tempfile::tempdir().unwrap();
    let database = place.path().join("cordon.db");
    let url = format!("sqlite:{}", database.display());
    let Some(installation) = run(place.path(), &url).await else {
        return;
    };
    installation.replays_without_a_difference();
    edits::are_found(&installation, &database).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn five_kills_lose_nothing_and_double_nothing_on_postgresql() {
    let Some(url) = postgres::fresh_database().await else {
        return;
    };
    let place = tempfile::tempdir().unwrap();
    if let Some(installation) = run(place.path(), &url).await {
        installation.replays_without_a_difference();
    }
}

/// Publishes a rulebook, lets a crowd of tags drive, kills the service some times, and judges what came of it.
async fn run(folder: &Path, store_url: &str) -> Option<Installation> {
    let installation = Installation::new(folder, store_url, &CROWD.tags()).await?;
    let _alone = ALONE.lock().await;

    let service = installation.serve();
    installation.heard().await;
    let rulebook = folder.join("rulebook.json");
    crowd::write_rulebook(CROWD, &rulebook, &format!("{}/webhook/desk", installation.phones.url));
    installation.load(&rulebook);

    let sent = CROWD.pings(wall_now_ms() + BEGINS_AFTER_MS);
    let tag_clock = ScaledClock::new(0, 1.0).unwrap();
    let fleet = Fleet::start(installation.broker.addr(), tag_clock, RESEND_S, sent.clone());
    let service = kill(&installation, service).await;
    let count = fleet.acknowledged(DRAIN).await;
    installation.nothing_waits(DRAIN).await;
    service.stop();
    let received = installation.phones.received().await;

    let store = store::open(store_url).await.unwrap();
    let starts = assert_holds(&journal(store.as_ref()).await, &sent);
    let (incidents, alerts) = stored(store.as_ref()).await;
    let repeats: u32 = received.iter().map(|message| message.repeats).sum();
    println!("{count} pings, {starts} starts, {} messages, {repeats} of them tried again", received.len());
    assert!(starts > KILLS / 2, "most kills must hit a service at work: {starts} starts");
    let outcome = Outcome::of(&incidents, &alerts);
    let expected = offline(&rulebook, &sent);
    assert_eq!(expected.violations().len(), CROWD.violations());
    outcome.assert_equals(&expected);
    assert_received(&alerts, &received);
    Some(installation)
}

/// Kills the service at random moments and starts it again each time.
async fn kill(installation: &Installation, mut service: Service) -> Service {
    let given = std::env::var("CORDON_SEED").ok().and_then(|seed| seed.parse().ok());
    let seed = given.unwrap_or_else(|| wall_now_ms().unsigned_abs());
    println!("kills at CORDON_SEED={seed}");
    let (mut random, clock) = (Random::new(seed), Clock::real());
    for _ in 0..KILLS {
        clock.wait_ms(random.between(LIFE_MS.0, LIFE_MS.1) as i64).await;
        service.kill();
        service = installation.serve();
    }
    service
}
