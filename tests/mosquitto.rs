//! Ingest against a real Mosquitto that runs `deploy/mosquitto`. The test stands in for the sequencer.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on stops")]

#[path = "support/mosquitto.rs"]
mod mosquitto;
#[path = "support/mqtt.rs"]
mod mqtt;
#[path = "support/proxy.rs"]
mod proxy;

use std::{collections::VecDeque, net::SocketAddr, sync::Arc};

use cordon::{
    clock::Clock,
    engine::{ServiceReport, Told},
    ingest::{self, Counts, Login, Source, Tls},
    sequencer::{Arrival, Arrivals, Done, INBOX_MESSAGES_MAX, Inbox, Message, MessageKind, Sure, TagReply},
};
use mosquitto::Mosquitto;
use mqtt::{Peer, dial, soon};
use tag_wire::{TopicKind, limits::PACKET_BYTES_MAX};
use tokio::task::JoinHandle;

const SERVICE: (&str, &str) = ("cordon-test", "secret-of-cordon");
const TAG: (&str, &str) = ("T1@acme", "secret-of-t1");
const OTHER: (&str, &str) = ("B1@beta", "secret-of-b1");
const PING: &str = "cordon/v1/acme/T1/ping";

fn mosquitto(settings: &[(&str, &str)]) -> Option<Mosquitto> {
    Mosquitto::start_with(SERVICE.0, &[SERVICE, TAG, OTHER], settings)
}

async fn tag(addr: SocketAddr) -> Peer {
    Peer::connect(addr, dial(TAG.0, TAG.1)).await.unwrap()
}

/// A running ingest, and the end of the inbox that the sequencer drains.
struct Ingest {
    arrivals: Arrivals,
    /// Messages that came before the word that the source can be heard: the broker sends what it has kept at once.
    early: VecDeque<Message>,
    counts: Arc<Counts>,
    running: JoinHandle<()>,
}

impl Drop for Ingest {
    fn drop(&mut self) {
        self.running.abort();
    }
}

impl Ingest {
    /// Starts it and waits until it says that the source can be heard.
    async fn start(addr: SocketAddr, vendor: Option<&str>) -> Self {
        let vendor = vendor.map(|vendor| vendor.parse().unwrap());
        let mut this = Self::of(Source { vendor, ..source(addr) });
        this.heard(true).await;
        this
    }

    fn of(source: Source) -> Self {
        let (inbox, arrivals) = Inbox::new();
        let counts = Arc::new(Counts::default());
        let (clock, sure) = (Clock::real(), Sure::always(Clock::real()));
        let counting = Arc::clone(&counts);
        let task = ingest::run(source, inbox, clock, counting, false, sure, std::future::pending());
        let running = tokio::spawn(async { task.await.unwrap() });
        Self { arrivals, early: VecDeque::new(), counts, running }
    }

    /// The next arrival but for what the source tells of misuse.
    async fn next(&mut self) -> Arrival {
        loop {
            match soon("an arrival", self.arrivals.recv()).await.unwrap() {
                Arrival::Told(Told::Service(ServiceReport::Misuse { .. }), _) => {}
                arrival => return arrival,
            }
        }
    }

    async fn heard(&mut self, expected: bool) {
        loop {
            match self.next().await {
                Arrival::Told(Told::Source { name, up }, _) => {
                    return assert_eq!((name.as_str(), up), ("tags", expected));
                }
                Arrival::Message(message) => self.early.push_back(message),
                other => panic!("{other:?}"),
            }
        }
    }

    async fn message(&mut self) -> Message {
        if let Some(message) = self.early.pop_front() {
            return message;
        }
        match self.next().await {
            Arrival::Message(message) => message,
            other => panic!("{other:?}"),
        }
    }

    async fn texts(&mut self, count: usize) -> Vec<String> {
        let mut texts = Vec::new();
        for _ in 0..count {
            texts.push(text(&self.message().await));
        }
        texts
    }

    /// Waits until a counter has reached what is expected of it.
    async fn until(&self, what: &str, reached: impl Fn(ingest::Tally) -> bool) {
        soon(what, async {
            while !reached(self.counts.read()) {
                tokio::task::yield_now().await;
            }
        })
        .await;
    }

    /// Ends it as a crash would.
    async fn kill(mut self) {
        self.running.abort();
        let _ = (&mut self.running).await;
    }
}

fn source(addr: SocketAddr) -> Source {
    Source {
        name: "tags".into(),
        host: addr.ip().to_string(),
        port: addr.port(),
        tls: None,
        client_id: SERVICE.0.into(),
        login: Some(Login { name: SERVICE.0.into(), password: SERVICE.1.into() }),
        vendor: None,
    }
}

fn text(message: &Message) -> String {
    String::from_utf8(message.payload.clone()).unwrap()
}

fn commit(message: &Message) {
    message.ticket.done.send(Done { id: message.ticket.id, replies: vec![] }).unwrap();
}

#[tokio::test]
async fn a_message_is_acknowledged_when_it_is_committed_and_not_before() {
    let Some(broker) = mosquitto(&[]) else { return };
    let mut ingest = Ingest::start(broker.addr(), None).await;
    let tag = tag(broker.addr()).await;
    for n in ["1", "2", "3"] {
        tag.publish(PING, n).await;
    }
    let first = ingest.message().await;
    assert_eq!((first.tag.as_str(), first.kind, &*first.source), ("acme/T1", MessageKind::Ping, "tags"));
    assert_eq!(ingest.texts(2).await, ["2", "3"]);
    commit(&first);
    ingest.until("one acknowledgement", |tally| tally.acked == 1).await;
    ingest.kill().await;

    let mut again = Ingest::start(broker.addr(), None).await;
    assert_eq!(again.texts(2).await, ["2", "3"], "the broker has kept what was not committed, and only that");
    tag.publish(PING, "4").await;
    assert_eq!(text(&again.message().await), "4");
}

#[tokio::test]
async fn what_is_not_committed_comes_again_after_the_broker_restarts_and_a_late_commit_acknowledges_nothing()
{
    let Some(mut broker) = mosquitto(&[]) else {
        return;
    };
    let mut ingest = Ingest::start(broker.addr(), None).await;
    let tag = tag(broker.addr()).await;
    tag.publish(PING, "1").await;
    tag.publish(PING, "2").await;
    let (one, two) = (ingest.message().await, ingest.message().await);
    commit(&one);
    ingest.until("one acknowledgement", |tally| tally.acked == 1).await;

    broker.stop();
    ingest.heard(false).await;
    broker.start_again();
    ingest.heard(true).await;
    let again = ingest.message().await;
    assert_eq!(text(&again), "2");

    commit(&two);
    ingest.until("a stale acknowledgement", |tally| tally.stale_acks == 1).await;
    assert_eq!(ingest.counts.read().acked, 1);
    commit(&again);
    ingest.until("the second acknowledgement", |tally| tally.acked == 2).await;
}

#[tokio::test]
async fn an_oversized_message_is_passed_on_to_be_refused_and_nothing_waits_behind_it() {
    let Some(broker) = mosquitto(&[("message_size_limit", "1000000")]) else {
        return;
    };
    let mut ingest = Ingest::start(broker.addr(), None).await;
    let tag = tag(broker.addr()).await;
    tag.publish(PING, vec![b'x'; 70_000]).await;
    tag.publish(PING, vec![b'y'; PACKET_BYTES_MAX]).await;
    tag.publish(PING, "small").await;
    let huge = ingest.message().await;
    assert_eq!(huge.payload, vec![b'x'; PACKET_BYTES_MAX + 1]);
    assert_eq!(ingest.message().await.payload.len(), PACKET_BYTES_MAX);
    let small = ingest.message().await;
    assert_eq!(text(&small), "small");
    commit(&huge);
    ingest.until("an acknowledgement", |tally| tally.acked == 1).await;
    let tally = ingest.counts.read();
    assert_eq!((tally.received, tally.passed_on, tally.oversize, tally.lost), (3, 3, 1, 0));
}

#[tokio::test]
async fn a_retained_message_is_acknowledged_and_ignored() {
    let Some(broker) = mosquitto(&[]) else { return };
    let mut tag = tag(broker.addr()).await;
    tag.publish_as(PING, "old", true).await;
    tag.acknowledged(1).await;
    let mut ingest = Ingest::start(broker.addr(), None).await;
    tag.publish_as(PING, "new", true).await;
    assert_eq!(text(&ingest.message().await), "new", "a ping is new when it is published, retained or not");
    let tally = ingest.counts.read();
    assert_eq!((tally.received, tally.refused_retained, tally.acked), (2, 1, 1));
}

#[tokio::test]
async fn a_source_of_one_vendor_hears_no_other() {
    let Some(broker) = mosquitto(&[]) else { return };
    let other = Peer::connect(broker.addr(), dial(OTHER.0, OTHER.1)).await.unwrap();
    // A session from the time when the source spoke for every vendor still delivers them all.
    Ingest::start(broker.addr(), None).await.kill().await;
    other.publish("cordon/v1/beta/B1/ping", "foreign").await;
    let mut ingest = Ingest::start(broker.addr(), Some("acme")).await;
    ingest.until("the foreign ping", |tally| tally.refused_vendor == 1 && tally.acked == 1).await;
    tag(broker.addr()).await.publish(PING, "own").await;
    assert_eq!(text(&ingest.message().await), "own");
}

#[tokio::test]
async fn tags_are_answered_and_an_ack_at_most_once_a_second() {
    let Some(broker) = mosquitto(&[]) else { return };
    let mut ingest = Ingest::start(broker.addr(), None).await;
    let mut tag = tag(broker.addr()).await;
    for kind in ["ack", "reject"] {
        assert!(tag.subscribe(&format!("cordon/v1/acme/T1/{kind}")).await);
    }
    tag.publish(PING, "1").await;
    let message = ingest.message().await;
    let answer = |topic, text: &str| {
        let reply = TagReply { tag: message.tag.clone(), topic, payload: text.as_bytes().into() };
        message.ticket.done.send(Done { id: message.ticket.id, replies: vec![reply] }).unwrap();
    };
    answer(TopicKind::Ack, "a1");
    assert_eq!(tag.next().await, ("cordon/v1/acme/T1/ack".into(), "a1".into()));
    answer(TopicKind::Ack, "a2");
    answer(TopicKind::Ack, "a3");
    answer(TopicKind::Reject, "r1");
    answer(TopicKind::Reject, "r2");
    for expected in ["r1", "r2", "a3"] {
        assert_eq!(tag.next().await.1, expected);
    }
    assert_eq!(ingest.counts.read().replies, 4);
}

#[tokio::test]
async fn a_full_inbox_loses_nothing_and_keeps_the_connection() {
    // A window that is far larger than the inbox: nothing but the slow reader pushes back.
    let Some(broker) = mosquitto(&[("max_inflight_messages", "60000")]) else {
        return;
    };
    let mut ingest = Ingest::start(broker.addr(), None).await;
    let count = INBOX_MESSAGES_MAX + 8_000;
    let mut tag = tag(broker.addr()).await;
    let publishing = tokio::spawn(async move {
        for n in 0..count {
            tag.publish(PING, n.to_string()).await;
        }
        tag.acknowledged(count).await;
    });
    soon("all published", publishing).await.unwrap();
    let slow = INBOX_MESSAGES_MAX as u64 + 4_096 + 20;
    ingest.until("more than it can hold", |tally| tally.received >= slow).await;
    assert!(ingest.counts.read().received < count as u64, "it reads on as if nothing were");
    for n in 0..count {
        let message = ingest.message().await;
        assert_eq!(text(&message), n.to_string());
        commit(&message);
    }
    ingest.until("all acknowledged", |tally| tally.acked == count as u64).await;
    let tally = ingest.counts.read();
    assert_eq!((tally.received, tally.lost, tally.stale_acks), (count as u64, 0, 0));
}

#[tokio::test]
async fn a_link_that_swallows_everything_is_noticed_and_replaced() {
    let Some(broker) = mosquitto(&[]) else { return };
    let proxy = proxy::Proxy::start(broker.addr()).await;
    let mut ingest = Ingest::start(proxy.addr(), None).await;
    let clock = Clock::real();
    proxy.swallow();
    ingest.heard(false).await;
    let noticed_us = clock.real_us();
    assert!(noticed_us < 15_000_000, "noticed after {noticed_us} us");
    proxy.pass();
    ingest.heard(true).await;
    tag(broker.addr()).await.publish(PING, "1").await;
    assert_eq!(text(&ingest.message().await), "1");
}

#[tokio::test]
async fn a_refused_login_is_tried_again() {
    let Some(broker) = Mosquitto::start("cordon-other", &[("cordon-other", "x"), TAG]) else {
        return;
    };
    let ingest = Ingest::of(source(broker.addr()));
    ingest.until("three failures", |tally| tally.lost >= 3).await;
    assert_eq!(ingest.counts.read().connected, 0);
}

#[tokio::test]
async fn tls_is_spoken_to_a_broker_that_the_ca_file_vouches_for_and_to_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let (Some((cert, key)), Some((stranger, _))) =
        (mosquitto::certificate(folder.path(), "broker"), mosquitto::certificate(folder.path(), "stranger"))
    else {
        return;
    };
    let files = [("certfile", cert.to_str().unwrap()), ("keyfile", key.to_str().unwrap())];
    let Some(broker) = mosquitto(&files) else {
        return;
    };
    let trusting = |ca_file| Source { tls: Some(Tls { ca_file: Some(ca_file) }), ..source(broker.addr()) };
    Ingest::of(trusting(cert.clone())).heard(true).await;
    for unfit in [
        trusting(stranger),
        Source { tls: Some(Tls { ca_file: None }), ..source(broker.addr()) },
        source(broker.addr()),
    ] {
        let ingest = Ingest::of(unfit);
        ingest.until("two failures", |tally| tally.lost >= 2).await;
        assert_eq!(ingest.counts.read().connected, 0);
    }
}
