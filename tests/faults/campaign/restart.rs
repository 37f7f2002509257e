//! How long a service with 30,000 tags takes from its start to the first alert.

use std::{sync::Arc, time::Duration};

use cordon::{
    domain::Timestamp,
    engine::Told,
    rulebook_file,
    sequencer::{Arrival, Message, MessageKind, Now, Sequencer, Ticket},
    store::{self, Store},
};
use firmware_sim::{
    clock::{ScaledClock, wall_now_ms},
    link::Until,
    source::Replay,
};
use serde_json::json;
use tokio::sync::mpsc;

use crate::{
    crowd::{self, Crowd},
    fleet::{self, BOOT},
    installation::Installation,
    phones,
    report::{is_long, shown},
    wait::until,
};

const CROWD: Crowd = Crowd { wearers: 30_000, zones: 1 };
/// The tags were last heard this long ago, milliseconds: no silence is due yet.
const AGO_MS: i64 = 60_000;
/// The tag that drives does so in the last seconds before the start, milliseconds.
const DRIVE_MS: i64 = 10_000;
const BATCH_ARRIVALS: usize = 1_000;
/// However slow, it must come.
const PATIENCE: Duration = Duration::from_secs(300);

#[tokio::test(flavor = "multi_thread")]
async fn a_service_with_30_000_tags_alerts_soon_after_its_start() {
    if !is_long() {
        println!("SKIPPED a_service_with_30_000_tags_alerts_soon_after_its_start: bash tests/faults/long");
        return;
    }
    let place = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", place.path().join("cordon.db").display());
    let one = &CROWD.tags()[..1];
    let Some(installation) = Installation::new(place.path(), &url, one).await else {
        return;
    };
    let rulebook = place.path().join("rulebook.json");
    crowd::write_rulebook(CROWD, &rulebook, &format!("{}/webhook/desk", installation.phones.url));
    let began_ms = wall_now_ms();
    let filled_ms = began_ms - AGO_MS;
    let mut arrivals = vec![Arrival::Told(Told::Started { sources: vec!["tags".into()] }, None)];
    let books = rulebook_file::read(&rulebook).unwrap();
    arrivals.extend(books.into_iter().map(|book| Arrival::Told(Told::Publish(book), None)));
    arrivals.extend(first_pings(filled_ms));
    let rows = fill(store::open(&url).await.unwrap().as_ref(), filled_ms, arrivals).await;
    println!("{rows} rows in {} ms", wall_now_ms() - began_ms);

    // From now on the broker keeps what is published for it.
    let service = installation.serve();
    until("the broker knows the service", PATIENCE, async || {
        phones::health(installation.console).await.filter(|health| health.status == "ok")
    })
    .await;
    service.stop();
    let (tag, mut pings) = CROWD.pings(wall_now_ms() - DRIVE_MS).swap_remove(0);
    // The first one is in the journal.
    pings.remove(0);
    let mut drive = Replay::new(pings, BOOT, 3_600);
    let link = fleet::link(installation.broker.addr(), &tag);
    link.run(&mut drive, ScaledClock::new(0, 1.0).unwrap(), Until::Published).await;

    let started_ms = wall_now_ms();
    let service = installation.serve();
    let received_ms = until("the person is warned", PATIENCE, async || {
        let received = installation.phones.received().await;
        received.into_iter().find(|message| !message.desk).map(|message| message.received_ms)
    })
    .await;
    service.stop();
    let profile = if cfg!(debug_assertions) { "dev" } else { "release" };
    let figures = json!({
        "tags": CROWD.wearers, "rows": rows, "ms_to_first_alert": received_ms - started_ms, "profile": profile,
    });
    shown(1, "restart to alerting", figures);
}

/// Every tag's first ping.
fn first_pings(at_ms: i64) -> Vec<Arrival> {
    let source: Arc<str> = "tags".into();
    let (done, _) = mpsc::unbounded_channel();
    let first = |(tag, pings): (_, Vec<firmware_sim::track::TimedPing>)| {
        Arrival::Message(Message {
            tag,
            source: Arc::clone(&source),
            kind: MessageKind::Ping,
            payload: pings[0].ping.encode(),
            received_real_us: 0,
            ticket: Ticket { id: 0, done: done.clone() },
        })
    };
    CROWD.pings(at_ms).into_iter().map(first).collect()
}

/// Decides and commits all of it as a service would. Returns the number of rows.
async fn fill(store: &dyn Store, at_ms: i64, mut arrivals: Vec<Arrival>) -> i64 {
    let (mut sequencer, mut rows) = (Sequencer::default(), 0);
    let at = Timestamp::from_ms(at_ms);
    while !arrivals.is_empty() {
        let rest = arrivals.split_off(arrivals.len().min(BATCH_ARRIVALS));
        let stepped = sequencer.step(Now { steady: at, wall: at }, arrivals, &mut || [7; 16]);
        arrivals = rest;
        rows += stepped.batch.rows.len() as i64;
        assert!(stepped.answers.is_empty());
        store.commit(&stepped.batch).await.unwrap();
    }
    rows
}
