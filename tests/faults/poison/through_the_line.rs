//! Poison by way of a real Mosquitto, through the whole line, to phones and replies.

use std::{sync::Arc, time::Duration};

use cordon::{
    clock::Clock,
    crash::{arm_point, disarm_point},
    domain::{Book, Incident, IncidentKind, TagId},
    sandbox::broker::tag_login,
    store::{JournalRow, MemoryStore},
};
use serde_json::json;

use super::corpus::{self, Fate};
use crate::{
    house::{House, SERVICE},
    mosquitto::Mosquitto,
    mqtt::{Peer, dial, soon},
    report::shown,
    wait::until,
    ward,
};

const PASSWORD: &str = "secret-of-a-tag";
/// What is kept of a refused message, bytes.
const KEPT_BYTES: usize = 8_192;
const SOON: Duration = Duration::from_secs(20);

/// A line with two wearers, each with a tag and a zone of their own at the same place.
struct World {
    house: House,
    clock: Clock,
    _broker: Mosquitto,
    tags: [Tag; 2],
}

/// A tag that is spoken for by the test.
struct Tag {
    id: TagId,
    peer: Peer,
    seq: u64,
}

async fn world() -> Option<World> {
    let ids: [TagId; 2] = ["sim/t1", "sim/t2"].map(|id| id.parse().unwrap());
    let logins = ids.clone().map(|id| tag_login(&id));
    let accounts = [(logins[0].as_str(), PASSWORD), (logins[1].as_str(), PASSWORD), SERVICE];
    // 0: whatever the protocol can carry.
    let broker = Mosquitto::start_with(SERVICE.0, &accounts, &[("message_size_limit", "0")])?;
    let clock = Clock::real();
    let house = House::start(Arc::new(MemoryStore::new()), broker.addr(), clock.clone()).await;
    let mut unit = ward::unit();
    let desk = format!("{}/webhook/desk", house.phones.url);
    unit["unit"]["staff"][0]["contact"][0]["address"] = json!(desk);
    let mut second = ward::case();
    second["case"]["id"] = json!("c-2");
    second["case"]["wearer"] = json!("w-2");
    second["case"]["zone"][0]["id"] = json!("z-2");
    let wearers = [ward::wearer("w-1", "sim/t1"), ward::wearer("w-2", "sim/t2")];
    let books = [&[unit][..], &wearers, &[ward::person(), ward::case(), second]].concat();
    house.publish(books.into_iter().map(ward::book).collect::<Vec<Book>>()).await;
    let [first, second] = ids;
    let tags = [Tag::connect(&broker, first).await, Tag::connect(&broker, second).await];
    Some(World { house, clock, _broker: broker, tags })
}

impl Tag {
    async fn connect(broker: &Mosquitto, id: TagId) -> Self {
        let login = tag_login(&id);
        let mut peer = Peer::connect(broker.addr(), dial(&login, PASSWORD)).await.unwrap();
        for kind in ["ack", "reject"] {
            assert!(peer.subscribe(&format!("cordon/v1/{id}/{kind}")).await);
        }
        Self { id, peer, seq: 0 }
    }

    /// Sends a good ping and waits until Cordon has acknowledged it.
    async fn good(&mut self, clock: &Clock, east_m: f64) {
        self.seq += 1;
        let ping = corpus::ping(self.seq, clock.wall(), east_m);
        self.send(ping).await;
        self.acked().await;
    }

    async fn send(&self, payload: Vec<u8>) {
        self.peer.publish(&format!("cordon/v1/{}/ping", self.id), payload).await;
    }

    /// Waits until Cordon has acknowledged the last ping.
    async fn acked(&mut self) {
        loop {
            let (topic, payload) = soon("an ack", self.peer.next()).await;
            assert!(topic.ends_with("/ack"), "{topic}: {payload}");
            if tag_wire::decode_ack(payload.as_bytes()).unwrap().covers(self.seq) {
                return;
            }
        }
    }

    /// Waits until Cordon has refused something; says what and why.
    async fn refused(&mut self) -> tag_wire::Reject {
        loop {
            let (topic, payload) = soon("a reject", self.peer.next()).await;
            // Acks are repeated.
            if topic.ends_with("/reject") {
                return tag_wire::decode_reject(payload.as_bytes()).unwrap();
            }
        }
    }
}

impl World {
    async fn incidents(&self, kind: IncidentKind) -> Vec<Incident> {
        let all = self.house.store.incidents(cordon::domain::IncidentId(0), 100).await.unwrap();
        all.into_iter().filter(|incident| incident.kind == kind).collect()
    }

    async fn rows(&self, kind: &str) -> Vec<JournalRow> {
        let all = self.house.store.journal(0, 10_000).await.unwrap();
        all.into_iter().filter(|row| row.kind == kind).collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_corpus_is_refused_with_a_reason_or_means_what_is_documented_and_ends_no_violation() {
    let Some(mut world) = world().await else {
        return;
    };
    let clock = world.clock.clone();
    world.tags[0].good(&clock, 0.0).await;
    until("the violation is raised", SOON, async || world.incidents(IncidentKind::Violation).await.pop())
        .await;

    let names = corpus::poisons(1, clock.wall());
    let (mut refused, mut read) = (Vec::new(), 0);
    for i in 0..names.len() {
        let tag = &mut world.tags[0];
        tag.seq += 1;
        let (name, bytes, fate) = corpus::poisons(tag.seq, clock.wall()).swap_remove(i);
        tag.send(bytes.clone()).await;
        match fate {
            Fate::Refused(code) => {
                let reject = tag.refused().await;
                assert_eq!(reject.code, code, "{name}");
                assert!(
                    reject.sha256 == tag_wire::payload_sha256(&bytes),
                    "{name}: its sender knows it by that"
                );
                refused.push((name, bytes));
            }
            Fate::NoFix | Fate::Doubtful => {
                tag.acked().await;
                read += 1;
            }
        }
    }
    // Neither the tag nor another is held up.
    world.tags[0].good(&clock, 0.0).await;
    world.tags[1].good(&clock, 0.0).await;
    let violations = until("the other wearer's violation is raised", SOON, async || {
        Some(world.incidents(IncidentKind::Violation).await).filter(|incidents| incidents.len() == 2)
    })
    .await;
    for incident in &violations {
        assert!(
            incident.is_open() && incident.ongoing,
            "nothing in the corpus ends a violation: {incident:?}"
        );
        assert!(incident.episodes.len() == 1 && !incident.episodes[0].disproved, "{incident:?}");
    }
    assert!(world.incidents(IncidentKind::NotEvaluable).await.is_empty());

    let rows = world.rows("unreadable").await;
    assert_eq!(rows.len(), refused.len());
    for (row, (name, bytes)) in rows.iter().zip(&refused) {
        let origin = row.payload.iter().position(|byte| *byte == b'\n').unwrap();
        let kept = &row.payload[origin + 1..];
        assert_eq!(kept, &bytes[..bytes.len().min(KEPT_BYTES)], "{name}");
    }
    let rejected = refused.len();
    world.house.running.stop().await.unwrap();
    shown(
        22,
        "the corpus through the line",
        json!({ "refused": rejected, "read": read, "longest_bytes": 10_000_000 }),
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ping_that_crashes_the_engine_is_acknowledged_and_the_desk_hears_of_it_within_five_seconds() {
    let Some(mut world) = world().await else {
        return;
    };
    let clock = world.clock.clone();
    let sent_at = clock.steady();
    arm_point("decide", "1*panic").unwrap();
    world.tags[0].good(&clock, 0.0).await;
    disarm_point("decide");
    let incident =
        until("the tag is marked", SOON, async || world.incidents(IncidentKind::NotEvaluable).await.pop())
            .await;
    let raised_after_ms = incident.raised_at.ms_since(sent_at);
    assert!(raised_after_ms <= 5_000, "{raised_after_ms} ms");
    until("the desk hears of it", SOON, async || {
        let heard = world.house.phones.received().await;
        heard.iter().any(|message| message.desk).then_some(())
    })
    .await;
    assert_eq!(world.rows("set_aside").await.len(), 1);

    world.tags[0].good(&clock, 0.0).await;
    world.tags[1].good(&clock, 0.0).await;
    until("both violations are raised", SOON, async || {
        (world.incidents(IncidentKind::Violation).await.len() == 2).then_some(())
    })
    .await;
    assert_eq!(world.rows("set_aside").await.len(), 1, "it does not come again");
    world.house.running.stop().await.unwrap();
    shown(23, "a crash through the line", json!({ "raised_after_ms": raised_after_ms }));
}

/// Whatever a crash says, the log has its place in the code and nothing else.
#[tokio::test(flavor = "multi_thread")]
async fn the_log_of_a_crash_says_where_and_nothing_of_what_was_looked_at() {
    const SECRET: &str = "+447700900001";
    let place = tempfile::tempdir().unwrap();
    let (config, log) = (place.path().join("cordon.toml"), place.path().join("cordon.log"));
    let port = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap();
    let database = place.path().join("cordon.db");
    let lines = format!(
        "installation = \"e2e\"\nstore = {{ url = \"sqlite:{}\" }}\nconsole = {{ listen = \"{port}\" }}\n\
         source = [{{ name = \"tags\", url = \"mqtt://127.0.0.1:1\", username = \"a\", password = \"b\" }}]\n",
        database.display()
    );
    std::fs::write(&config, lines).unwrap();
    let mut service = std::process::Command::new(env!("CARGO_BIN_EXE_cordon"))
        .args(["serve", "--config"])
        .arg(&config)
        .env("FAILPOINTS", format!("decide=1*panic({SECRET})"))
        .stdin(std::process::Stdio::null())
        .stdout(std::process::Stdio::null())
        .stderr(std::fs::File::create(&log).unwrap())
        .spawn()
        .unwrap();
    let said = until("the crash is in the log", SOON, async || {
        let said = std::fs::read_to_string(&log).unwrap();
        (said.contains("is set aside") && said.contains("a part crashed")).then_some(said)
    })
    .await;
    let is_running = service.try_wait().unwrap().is_none();
    service.kill().unwrap();
    service.wait().unwrap();
    assert!(is_running, "it goes on: {said}");
    assert!(!said.contains(SECRET), "{said}");
    shown(23, "the log of a crash", json!({ "personal_data": 0 }));
}
