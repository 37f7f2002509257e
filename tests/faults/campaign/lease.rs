//! An alert that was claimed by a service that is dead.

use std::{future::ready, time::Duration};

use cordon::{
    domain::Priority,
    engine::{Input, Told},
    sequencer::input_of,
    store,
};
use firmware_sim::clock::{ScaledClock, wall_now_ms};
use serde_json::json;

use crate::{
    crowd::{self, Crowd},
    fleet::Fleet,
    installation::Installation,
    outcome::{assert_received, stored},
    reference::journal,
    report::shown,
    wait::until,
};

const CROWD: Crowd = Crowd { wearers: 1, zones: 1 };
/// The approach is driven when the test begins, milliseconds; what comes near the zone is not.
const APPROACH_MS: i64 = 1_500;
const RESEND_S: u32 = 1;
const SOON: Duration = Duration::from_secs(20);
/// From the restart to the try, milliseconds.
const AGAIN_MS: i64 = 5_000;

#[tokio::test(flavor = "multi_thread")]
async fn an_alert_that_was_claimed_and_not_sent_is_tried_again_right_after_the_restart() {
    let place = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", place.path().join("cordon.db").display());
    let Some(installation) = Installation::new(place.path(), &url, &CROWD.tags()).await else {
        return;
    };
    // The first one sent is the card of the approach.
    let mut service = installation.serve_armed("send.before=1*off->1*return");
    installation.heard().await;
    let rulebook = place.path().join("rulebook.json");
    crowd::write_rulebook(CROWD, &rulebook, &format!("{}/webhook/desk", installation.phones.url));
    installation.load(&rulebook);
    let tag_clock = ScaledClock::new(0, 1.0).unwrap();
    let pings = CROWD.pings(wall_now_ms() - APPROACH_MS);
    let fleet = Fleet::start(installation.broker.addr(), tag_clock, RESEND_S, pings);
    until("the service dies before it sends", SOON, || ready(service.ended())).await;

    let service = installation.serve();
    fleet.acknowledged(SOON).await;
    installation.nothing_waits(SOON).await;
    service.stop();
    let store = store::open(&url).await.unwrap();
    let rows = journal(store.as_ref()).await;
    let is_start = |input| matches!(input, Input::Told(Told::Started { .. }));
    let restarted = rows.iter().rfind(|row| is_start(input_of(row).unwrap())).unwrap().at;
    let (_, mut alerts) = stored(store.as_ref()).await;
    assert_received(&alerts, &installation.phones.received().await);
    alerts.retain(|alert| alert.priority == Priority::P1);
    assert_eq!(alerts.len(), 2, "the person and the desk");
    let mut again_ms = Vec::new();
    for alert in &alerts {
        assert!(alert.raised_at < restarted, "claimed by the service that is dead");
        let tries = store.attempts_of(alert.id).await.unwrap();
        again_ms.push(tries[0].at.ms_since(restarted));
    }
    assert!(again_ms.iter().all(|ms| *ms <= AGAIN_MS), "{again_ms:?}");
    shown(1, "tried again after a kill between claim and send", json!({"ms_after_restart": again_ms}));
}
