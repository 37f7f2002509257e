//! The database server breaks off every connection, again and again, while tags drive and people are warned.

use std::time::Duration;

use cordon::{clock::Clock, store};
use firmware_sim::clock::{ScaledClock, wall_now_ms};
use serde_json::json;
use sqlx::{Connection, PgConnection};

use crate::{
    crowd::{self, Crowd},
    fleet::Fleet,
    installation::Installation,
    outcome::{Outcome, assert_received, stored},
    postgres,
    reference::{assert_holds, journal, offline},
    report::shown,
};

const CROWD: Crowd = Crowd { wearers: 12, zones: 1 };
const RESEND_S: u32 = 3;
/// How often, and the time between, milliseconds.
const CUTS: u32 = 40;
const EVERY_MS: i64 = 200;
/// An alert whose try could not be recorded is under its lease, 30 s.
const DRAIN: Duration = Duration::from_secs(60);

const CUT: &str = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity \
    WHERE datname = current_database() AND pid <> pg_backend_pid() AND application_name = 'cordon'";

#[tokio::test(flavor = "multi_thread")]
async fn broken_connections_to_postgresql_lose_nothing_and_double_nothing() {
    let Some(url) = postgres::fresh_database().await else {
        return;
    };
    let place = tempfile::tempdir().unwrap();
    let Some(installation) = Installation::new(place.path(), &url, &CROWD.tags()).await else {
        return;
    };
    let mut service = installation.serve();
    installation.heard().await;
    let rulebook = place.path().join("rulebook.json");
    crowd::write_rulebook(CROWD, &rulebook, &format!("{}/webhook/desk", installation.phones.url));
    installation.load(&rulebook);
    let sent = CROWD.pings(wall_now_ms() + 300);
    let tag_clock = ScaledClock::new(0, 1.0).unwrap();
    let fleet = Fleet::start(installation.broker.addr(), tag_clock, RESEND_S, sent.clone());
    let mut server = PgConnection::connect(&url).await.unwrap();
    let (mut cut, clock) = (0, Clock::real());
    for _ in 0..CUTS {
        let connections: i64 = sqlx::query_scalar(CUT).fetch_one(&mut server).await.unwrap();
        cut += connections;
        clock.wait_ms(EVERY_MS).await;
    }
    let pings = fleet.acknowledged(DRAIN).await;
    installation.nothing_waits(DRAIN).await;
    assert!(service.ended().is_none(), "it goes on by itself");
    service.stop();

    let received = installation.phones.received().await;
    let store = store::open(&url).await.unwrap();
    assert_holds(&journal(store.as_ref()).await, &sent);
    let (incidents, alerts) = stored(store.as_ref()).await;
    Outcome::of(&incidents, &alerts).assert_equals(&offline(&rulebook, &sent));
    assert_received(&alerts, &received);
    assert!(cut > i64::from(CUTS), "there was something to break: {cut}");
    installation.replays_without_a_difference();
    shown(
        8,
        "connections to the database broken",
        json!({"broken": cut, "pings": pings, "messages": received.len()}),
    );
}
