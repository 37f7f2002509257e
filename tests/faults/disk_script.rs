//! A violation from beginning to end, played in a process of its own by the real line: store, sequencer, dispatch,
//! console; the phones stay outside.

use std::{
    collections::BTreeSet,
    fs,
    io::Write,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use cordon::{
    app::{Admission, Plan, Running, Watched},
    clock::Clock,
    console::Ground,
    domain::{AlertState, Book, Handling, Incident, IncidentId, IncidentKind, Outcome, Timestamp},
    engine::{Action, Told},
    sequencer::{Message, MessageKind, Ticket},
    store::{self, Store},
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tag_wire::{Fix, Motion, Source};
use tokio::{net::TcpListener, sync::mpsc};

use super::shim::Disk;
use crate::phones;

/// How the process is told what to play.
const ORDER: &str = "CORDON_SCRIPT";
/// The process ends so when the store could not be opened: a service manager starts it again.
pub(crate) const NOT_OPENED: i32 = 3;
/// Time in the script passes this much faster, so that waits between tries are short.
const SPEED: f64 = 10.0;
/// Longer than any step takes, however busy the machine is.
const STEP_MAX: Duration = Duration::from_secs(20);
/// Between two looks at the store, milliseconds.
const LOOK_MS: i64 = 2;

pub(crate) const TAG: &str = "sim/tag-1";
const PERSON: &str = "+447700900001";
const DESK: &str = "desk";
/// SQLite moves its log into the database when it has 1,000 pages: shortly before that the violation begins.
const LOG_BYTES: u64 = 950 * (4_096 + 24);
/// What has been acknowledged is written into this file beside the database.
pub(crate) const MARKS: &str = "acknowledged";
/// The zone's middle.
const MIDDLE: (f64, f64) = (53.48, -2.24);
/// Where the wearer is, metres from there. From one place to the next takes no time: the fixes are that inexact.
const AWAY_M: f64 = 250.0;
const NEAR_M: f64 = 150.0;
const INSIDE_M: f64 = 35.0;
const ACC_M: f64 = 20.0;
const LON_PER_M: f64 = 1.0 / 66_250.0;

/// What to play.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Order {
    /// Where the database is, and nothing else.
    pub(crate) folder: PathBuf,
    /// When the script's clock agrees with the wall clock, Unix milliseconds.
    pub(crate) epoch_ms: i64,
    /// The console's address.
    pub(crate) console: SocketAddr,
    /// The phones' address.
    pub(crate) phones: String,
    /// Whether what is acknowledged is written down.
    pub(crate) marks: bool,
    /// What happens.
    pub(crate) scenes: Vec<Scene>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Scene {
    /// The rulebook is published, and the tag is heard.
    Opening,
    /// Messages of so many bytes that cannot be read, until the store's log is long enough.
    Quiet(usize),
    /// The power goes.
    PowerCut,
    /// Approach, violation, alerts on their phones, an answer, a person who deals with it.
    Violation,
}

impl Order {
    /// The process that plays it, on this disk.
    pub(crate) fn process(&self, disk: &Disk) -> tokio::process::Command {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command
            .args(["--ignored", "--exact", "disk::script::the_process_that_plays_a_script", "--nocapture"])
            .env(ORDER, serde_json::to_string(self).unwrap());
        disk.under(&mut command, &self.folder);
        command.into()
    }

    pub(crate) fn database(&self) -> String {
        database(&self.folder)
    }

    /// The script's time.
    pub(crate) fn clock(&self) -> Clock {
        Clock::scaled(Timestamp::from_ms(self.epoch_ms), SPEED)
    }
}

/// The epoch of a clock that now, at `now_ms`, is so many milliseconds behind.
pub(crate) fn epoch_ms(now_ms: i64, behind_ms: i64) -> i64 {
    now_ms + behind_ms / (SPEED as i64 - 1)
}

/// The address of the database in a folder.
pub(crate) fn database(folder: &Path) -> String {
    format!("sqlite:{}", folder.join("cordon.db").display())
}

#[test]
#[ignore = "a process that other tests start"]
fn the_process_that_plays_a_script() {
    let Ok(order) = std::env::var(ORDER) else {
        return;
    };
    let order = serde_json::from_str(&order).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(play(order));
}

async fn play(order: Order) {
    let store = match store::open(&order.database()).await {
        Ok(store) => store,
        Err(error) => {
            eprintln!("{error}");
            std::process::exit(NOT_OPENED);
        }
    };
    let (done, acknowledged) = mpsc::unbounded_channel();
    let running = start(&order, store.clone()).await;
    let mut play = Play { order, store, running, done, acknowledged, seq: 0 };
    for scene in play.order.scenes.clone() {
        match scene {
            Scene::Opening => play.opening().await,
            Scene::Quiet(bytes) => play.quiet(bytes).await,
            Scene::PowerCut => std::process::abort(),
            Scene::Violation => play.violation().await,
        }
    }
    play.end().await;
}

async fn start(order: &Order, store: std::sync::Arc<dyn Store>) -> Running {
    cordon::app::install_tls();
    let clock = order.clock();
    let plan = Plan {
        store,
        store_file: None,
        sources: vec![],
        channels: phones::plain(format!("{}/sms", order.phones)),
        console: TcpListener::bind(order.console).await.unwrap(),
        watched: Watched::default(),
        admission: Admission::in_memory().await.unwrap(),
        clock,
        ground: Ground::default(),
    };
    // The journal was readable a moment ago; if it is not, the service manager tries again.
    match plan.start().await {
        Ok(running) => running,
        Err(error) => {
            eprintln!("{error:#}");
            std::process::exit(NOT_OPENED);
        }
    }
}

struct Play {
    order: Order,
    store: std::sync::Arc<dyn Store>,
    running: Running,
    done: mpsc::UnboundedSender<cordon::sequencer::Done>,
    acknowledged: mpsc::UnboundedReceiver<cordon::sequencer::Done>,
    seq: u64,
}

impl Play {
    async fn opening(&mut self) {
        self.publish().await;
        self.ping(AWAY_M).await;
    }

    async fn publish(&self) {
        for book in rulebook(&self.order.phones) {
            self.running.inbox.submit(Told::Publish(book)).await.unwrap();
        }
    }

    async fn quiet(&mut self, bytes: usize) {
        let log = self.order.folder.join("cordon.db-wal");
        while fs::metadata(&log).unwrap().len() < LOG_BYTES {
            self.seq += 1;
            self.send(format!("{:>bytes$}", self.seq).into()).await;
        }
    }

    async fn violation(&mut self) {
        self.seq += 10_000;
        // The phones are others by now.
        self.publish().await;
        self.ping(NEAR_M).await;
        self.delivered(IncidentKind::Approach).await;
        self.ping(INSIDE_M).await;
        let incident = self.delivered(IncidentKind::Violation).await;
        self.reply("1").await;
        let by: cordon::domain::StaffId = DESK.parse().unwrap();
        for action in [Action::Own, Action::Note("Rang her.".into()), Action::Act] {
            let told = Told::Handle { incident, by: by.clone(), action };
            self.running.inbox.submit(told).await.unwrap();
        }
        // The zone is taken out of the rulebook: that ends it, too.
        if let Some(Book::Case(mut case)) = rulebook(&self.order.phones).pop() {
            case.zones.clear();
            self.running.inbox.submit(Told::Publish(Book::Case(case))).await.unwrap();
        }
        let close = Told::Handle { incident, by, action: Action::Close(Outcome::Confirmed) };
        self.running.inbox.submit(close).await.unwrap();
    }

    /// Sends a ping from so far east of the zone's middle.
    async fn ping(&mut self, east_m: f64) {
        self.seq += 1;
        let now_ms = self.running.clock.wall().as_ms();
        let fix = Fix {
            t_ms: now_ms,
            lat: MIDDLE.0,
            lon: MIDDLE.1 + east_m * LON_PER_M,
            acc_m: Some(ACC_M),
            hdop: None,
            source: Source::Gnss,
            speed_mps: None,
            course_deg: None,
            sats: None,
        };
        let ping = tag_wire::Ping {
            boot: 1,
            seq: self.seq,
            oldest_kept: self.seq,
            next_within_s: 3_600,
            sent_ms: now_ms,
            battery_pct: 80,
            charging: false,
            motion: Motion::Moving,
            fixes: vec![fix],
            events: vec![],
        };
        self.send(ping.encode()).await;
    }

    /// Sends a message, waits until it is acknowledged, and writes that down.
    async fn send(&mut self, payload: Vec<u8>) {
        let message = Message {
            tag: TAG.parse().unwrap(),
            source: "tags".into(),
            kind: MessageKind::Ping,
            payload,
            received_real_us: self.running.clock.real_us(),
            ticket: Ticket { id: self.seq, done: self.done.clone() },
        };
        self.running.inbox.try_message(message).unwrap();
        let done = tokio::time::timeout(STEP_MAX, self.acknowledged.recv()).await.unwrap().unwrap();
        assert_eq!(done.id, self.seq);
        if self.order.marks {
            let marks = self.order.folder.join(MARKS);
            let mut marks = fs::File::options().create(true).append(true).open(marks).unwrap();
            marks.write_all(&done.id.to_ne_bytes()).unwrap();
        }
    }

    /// Waits until every alert of the incident has arrived, and the texts have their receipts.
    async fn delivered(&self, kind: IncidentKind) -> IncidentId {
        let look = async || {
            let incidents = self.store.incidents(IncidentId(0), 100).await.ok()?;
            let incident = incidents.into_iter().find(|incident| incident.kind == kind)?;
            let alerts = self.store.alerts_of(incident.id).await.ok()?;
            let arrived = alerts.iter().all(|alert| match (&alert.state, alert.channel) {
                // Another has taken its place.
                (AlertState::Withdrawn, _) => true,
                (state, on) if on.gives_receipts() => *state == AlertState::Delivered,
                (state, _) => *state == AlertState::Accepted,
            });
            (!alerts.is_empty() && arrived).then_some(incident.id)
        };
        self.until(look).await
    }

    /// A text from the person's phone, over the phones' own page.
    async fn reply(&self, text: &str) {
        let client = cordon::notify::http::client().unwrap();
        let body = json!({ "from": PERSON, "text": text });
        let url = format!("{}/api/replies", self.order.phones);
        let answer = client.post(url).json(&body).send().await.unwrap();
        assert!(answer.status().is_success(), "{}", answer.text().await.unwrap());
    }

    async fn until<T>(&self, look: impl AsyncFn() -> Option<T>) -> T {
        let clock = Clock::real();
        let looking = async {
            loop {
                if let Some(found) = look().await {
                    return found;
                }
                clock.wait_ms(LOOK_MS).await;
            }
        };
        match tokio::time::timeout(STEP_MAX, looking).await {
            Ok(found) => found,
            Err(_) => panic!("not within {STEP_MAX:?}; so far {:#?}", Came::of(self.store.as_ref()).await),
        }
    }

    /// Ends in good order; the last connection tidies the database up.
    async fn end(self) {
        let Self { order, store, running, .. } = self;
        running.stop().await.unwrap();
        drop(store);
        let (clock, log) = (Clock::real(), order.folder.join("cordon.db-wal"));
        // Not for ever: a disk that fails leaves the log where it is.
        for _ in 0..50 {
            if !log.exists() {
                return;
            }
            clock.wait_ms(LOOK_MS).await;
        }
    }
}

/// One wearer with one tag, a protected person, a zone of 100 m and a desk. Nobody is told twice within an hour.
fn rulebook(phones: &str) -> Vec<Book> {
    let desk = json!([{"to": DESK, "channel": "webhook", "wait_s": 3600}]);
    let webhook = format!("{phones}/webhook/{DESK}");
    let books = [
        json!({"unit": {"id": "unit", "name": "Unit", "default_policy": "standard",
            "area": {"south": 53.0, "west": -3.0, "north": 54.0, "east": -2.0},
            "staff": [{"id": DESK, "name": "Desk", "contact": [{"channel": "webhook", "address": webhook}]}],
            "policy": [{"id": "standard", "protected": [{"channel": "sms", "wait_s": 3600}],
                "danger": desk, "device": desk, "upkeep": desk}]}}),
        json!({"wearer": {"id": "w-1", "unit": "unit", "name": "A wearer",
            "tag": [{"id": TAG, "from": "2026-01-01T00:00:00Z"}]}}),
        json!({"person": {"id": "p-1", "unit": "unit", "name": "A person",
            "contact": [{"channel": "sms", "address": PERSON}]}}),
        json!({"case": {"id": "c-1", "unit": "unit", "wearer": "w-1", "persons": ["p-1"], "risk": "high",
            "policy": "standard", "basis": {"kind": "order", "from": "2026-01-01T00:00:00Z"},
            "zone": [{"id": "z-1", "code": "ROSE", "margin_m": 80.0,
                "shape": {"circle": {"lat": MIDDLE.0, "lon": MIDDLE.1, "radius_m": 100.0}}}]}}),
    ];
    books.into_iter().map(|book| serde_json::from_value(book).unwrap()).collect()
}

/// What came of a script, without what depends on the moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Came {
    /// Cause, kind, and how it ended.
    pub(crate) incidents: BTreeSet<String>,
    /// Cause, recipient, channel, the how many-th, and how far it came.
    pub(crate) alerts: BTreeSet<String>,
}

impl Came {
    /// Of a store. Panics at a double.
    pub(crate) async fn of(store: &dyn Store) -> Self {
        let mut came = Self::default();
        for incident in store.incidents(IncidentId(0), 1_000).await.unwrap() {
            let cause = format!("{:?} {:?}", incident.subject, incident.cause);
            for alert in store.alerts_of(incident.id).await.unwrap() {
                let told = format!(
                    "{cause} {:?} {:?} {} {:?}",
                    alert.recipient, alert.channel, alert.nth, alert.state
                );
                assert!(came.alerts.insert(told.clone()), "doubled: {told}");
            }
            let ended = how_it_ended(&incident);
            assert!(came.incidents.insert(format!("{cause} {ended}")), "doubled: {cause}");
        }
        came
    }
}

fn how_it_ended(incident: &Incident) -> String {
    let closed = matches!(incident.handling, Handling::Closed { .. });
    let episodes = incident.episodes.len();
    format!(
        "{:?} {:?} episodes {episodes} late {} closed {closed}",
        incident.kind, incident.priority, incident.late
    )
}
