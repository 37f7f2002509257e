//! The service is stopped for a while and goes on, as when its machine is too busy, or sleeps.

use std::{fs, path::Path, time::Duration};

use cordon::{
    clock::Clock,
    domain::{IncidentKind, TagId},
    store,
};
use firmware_sim::{
    clock::{ScaledClock, wall_now_ms},
    track::TimedPing,
};
use serde_json::{Value, json};

use crate::{
    crowd::{self, Crowd},
    fleet::Fleet,
    installation::Installation,
    outcome::{Outcome, assert_received, stored},
    reference::{assert_holds, journal},
    report::{is_long, shown},
    wait::until,
};

/// The quiet tag is due 16 s after its first ping, in the middle of the stop; its second one is sent into the stop.
const QUIET_MS: i64 = 14_500;
/// The other one is in its first zone after 12 s, right before the stop.
const DRIVES_AFTER_MS: i64 = 8_000;
/// Silence is judged this long after a start only: the short test leaves that to one in fast motion, milliseconds.
const JUDGED_AFTER_MS: i64 = 20_000;
/// Nothing is sent again: what was published while nobody listened comes from the broker's session or not at all.
const RESEND_S: u32 = 3_600;
/// The desk has this long to answer, seconds: it is over during the stop.
const WAIT_S: u32 = 5;
/// Who is warned of the one that drives.
const PERSON: &str = "+447700900000";
/// Who is told after the desk.
const NIGHT: &str = "night";
const SOON: Duration = Duration::from_secs(20);

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_service_goes_on_as_if_nothing_had_been() {
    let stops_s: &[i64] = if is_long() { &[5, 15, 60] } else { &[5] };
    for stop_s in stops_s {
        stop(*stop_s).await;
    }
}

async fn stop(stop_s: i64) {
    let crowd = Crowd { wearers: 2, zones: stop_s / 8 + 1 };
    let place = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", place.path().join("cordon.db").display());
    let Some(installation) = Installation::new(place.path(), &url, &crowd.tags()).await else {
        return;
    };
    let service = installation.serve();
    installation.heard().await;
    let rulebook = place.path().join("rulebook.json");
    write_rulebook(crowd, &rulebook, &installation.phones.url);
    installation.load(&rulebook);
    let sent = pings(crowd, wall_now_ms() + if is_long() { JUDGED_AFTER_MS } else { 300 });
    let tag_clock = ScaledClock::new(0, 1.0).unwrap();
    let fleet = Fleet::start(installation.broker.addr(), tag_clock, RESEND_S, sent.clone());

    until("the person is warned", 3 * SOON, async || (came(&installation, PERSON).await == 1).then_some(()))
        .await;
    installation.nothing_waits(SOON).await;
    service.signal("STOP");
    Clock::real().wait_ms(stop_s * 1_000).await;
    assert_eq!(came(&installation, NIGHT).await, 0, "it was stopped before the desk's time was over");
    service.signal("CONT");
    let count = fleet.acknowledged(Duration::from_secs(30)).await;
    let zones = usize::try_from(crowd.zones).unwrap();
    until("the night is told of every zone", SOON, async || {
        (came(&installation, NIGHT).await >= zones).then_some(())
    })
    .await;
    installation.nothing_waits(SOON).await;
    assert_eq!((came(&installation, PERSON).await, came(&installation, NIGHT).await), (zones, zones));
    service.stop();

    let received = installation.phones.received().await;
    let store = store::open(&url).await.unwrap();
    assert_holds(&journal(store.as_ref()).await, &sent);
    let (incidents, alerts) = stored(store.as_ref()).await;
    assert_eq!(Outcome::of(&incidents, &alerts).violations().len(), zones);
    assert_received(&alerts, &received);
    assert!(received.iter().all(|message| message.repeats == 0), "sent twice: {received:?}");
    let silences = [IncidentKind::LostContact, IncidentKind::Blind];
    let silent = incidents.iter().find(|incident| silences.contains(&incident.kind));
    assert!(silent.is_none(), "its ping was waiting: {silent:?}");
    installation.replays_without_a_difference();
    let figures = json!({"stopped_s": stop_s, "pings": count, "messages": received.len()});
    shown(3, "stopped and gone on", figures);
}

/// How many messages have come to an address.
async fn came(installation: &Installation, address: &str) -> usize {
    let received = installation.phones.received().await;
    received.iter().filter(|message| message.address == address).count()
}

/// As the crowd's, but the desk that does not answer is followed by another.
fn write_rulebook(crowd: Crowd, file: &Path, phones: &str) {
    crowd::write_rulebook(crowd, file, &format!("{phones}/webhook/desk"));
    let mut books: Value = serde_json::from_slice(&fs::read(file).unwrap()).unwrap();
    let unit = &mut books["unit"][0];
    let contact = json!([{"channel": "webhook", "address": format!("{phones}/webhook/{NIGHT}")}]);
    unit["staff"].as_array_mut().unwrap().push(json!({"id": NIGHT, "name": "Night", "contact": contact}));
    unit["policy"][0]["danger"] = json!([
        {"to": "desk", "channel": "webhook", "wait_s": WAIT_S},
        {"to": NIGHT, "channel": "webhook", "wait_s": 3600}]);
    fs::write(file, books.to_string()).unwrap();
}

/// One tag drives and never rests. The other stands at its start, and promises more than it keeps.
fn pings(crowd: Crowd, start_ms: i64) -> Vec<(TagId, Vec<TimedPing>)> {
    let mut sent = crowd.pings(start_ms + DRIVES_AFTER_MS);
    let quiet = &mut sent[1].1;
    quiet.truncate(2);
    let position = quiet[0].ping.fixes[0].clone();
    for (timed, at_ms) in quiet.iter_mut().zip([start_ms, start_ms + QUIET_MS]) {
        timed.at_ms = at_ms;
        timed.ping.sent_ms = at_ms;
        timed.ping.fixes = vec![tag_wire::Fix { t_ms: at_ms, ..position.clone() }];
    }
    quiet[0].ping.next_within_s = 1;
    sent
}
