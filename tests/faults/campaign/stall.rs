//! A line that stood still, in fast motion.

use std::{sync::Arc, time::Duration};

use cordon::{
    app::{Admission, Plan, Watched},
    clock::Clock,
    console::Ground,
    domain::Timestamp,
    engine::Told,
    notify::Settings,
    rulebook_file,
    sequencer::{Message, MessageKind, Ticket},
    store::{MemoryStore, Store},
};
use firmware_sim::{clock::wall_now_ms, track::TimedPing};
use serde_json::json;
use tokio::{net::TcpListener, sync::mpsc};

use crate::{
    crowd::{self, Crowd},
    report::shown,
    wait::until,
};

const CROWD: Crowd = Crowd { wearers: 1, zones: 1 };
const SPEED: f64 = 20.0;
/// Silence is judged from then on after a source is heard, milliseconds of the fast clock.
const JUDGED_AFTER_MS: i64 = 31_000;
/// More than a minute of the fast clock, and so of the tag's promise.
const STALL: Duration = Duration::from_millis(3_500);
const SOON: Duration = Duration::from_secs(20);

// On one thread: what holds it up holds the line up.
#[tokio::test]
async fn what_was_sent_while_the_line_stood_still_is_read_before_silence_is_judged() {
    cordon::app::install_tls();
    let place = tempfile::tempdir().unwrap();
    let rulebook = place.path().join("rulebook.json");
    crowd::write_rulebook(CROWD, &rulebook, "http://127.0.0.1:1/webhook/desk");
    let clock = Clock::scaled(Timestamp::from_ms(wall_now_ms()), SPEED);
    let store = Arc::new(MemoryStore::new());
    let plan = Plan {
        store: store.clone(),
        store_file: None,
        clock: clock.clone(),
        sources: Vec::new(),
        channels: Settings::default(),
        console: TcpListener::bind(("127.0.0.1", 0)).await.unwrap(),
        watched: Watched::default(),
        admission: Admission::in_memory().await.unwrap(),
        ground: Ground::default(),
    };
    let running = plan.start().await.unwrap();
    for book in rulebook_file::read(&rulebook).unwrap() {
        running.inbox.submit(Told::Publish(book)).await.unwrap();
    }
    running.inbox.submit(Told::Source { name: "tags".into(), up: true }).await.unwrap();
    clock.wait_ms(JUDGED_AFTER_MS).await;

    let (done, mut committed) = mpsc::unbounded_channel();
    let send = |n: usize| {
        let (tag, mut pings) = CROWD.pings(clock.wall().as_ms()).swap_remove(0);
        let TimedPing { mut ping, .. } = pings.swap_remove(0);
        (ping.seq, ping.next_within_s) = (n as u64, 1);
        let (payload, ticket) = (ping.encode(), Ticket { id: n as u64, done: done.clone() });
        let (source, kind) = ("tags".into(), MessageKind::Ping);
        let message = Message { tag, source, kind, payload, received_real_us: 0, ticket };
        running.inbox.try_message(message).unwrap();
    };
    send(1);
    committed.recv().await.unwrap();
    hold_up();
    send(2);
    committed.recv().await.unwrap();
    let found = store.counts().await.unwrap().incidents;
    assert!(!found.contains_key("lost_contact") && !found.contains_key("blind"), "{found:?}");

    // What follows is a silence.
    until("silence is found", SOON, async || {
        store.counts().await.unwrap().incidents.contains_key("blind").then_some(())
    })
    .await;
    running.stop().await.unwrap();
    shown(3, "silence judged after the backlog", json!({"stopped_s": STALL.as_secs_f64() * SPEED}));
}

#[expect(clippy::disallowed_methods, reason = "the thread itself must stand still")]
fn hold_up() {
    std::thread::sleep(STALL);
}
