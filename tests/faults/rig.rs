//! The line from inbox to store, without a broker: what arrives is put in by the test, as fast or as much at once as it
//! wants.

use std::sync::Arc;

use cordon::{
    clock::Clock,
    domain::{Book, TagId, Timestamp},
    engine::Told,
    sequencer::{
        Board, Done, Driver, Inbox, Kept, Message, MessageKind, Meter, Sequencer, Ticket, Unwritten,
    },
    store::{Store, StoreError},
    vitals::Vitals,
};
use serde_json::{Value, json};
use tokio::{
    sync::{mpsc, watch},
    task::JoinHandle,
};

/// The zone's centre; the second number is longitude 3 degrees east.
pub(crate) const LAT: f64 = 54.0;
/// Degrees of longitude in a metre there.
const LON_PER_M: f64 = 1.0 / 65_500.0;

/// So seldom that a busy test sees some.
pub(crate) const SNAPSHOT_EVERY_ROWS: i64 = 500;

/// The longitude so many metres east of the zone's centre.
pub(crate) fn lon(east_m: f64) -> f64 {
    3.0 + east_m * LON_PER_M
}

/// A line at work.
pub(crate) struct Rig {
    pub(crate) clock: Clock,
    /// What the console sees.
    pub(crate) board: watch::Receiver<Arc<Board>>,
    inbox: Inbox,
    room: usize,
    store: Arc<dyn Store>,
    done: mpsc::UnboundedSender<Done>,
    dones: mpsc::UnboundedReceiver<(Done, i64)>,
    state: State,
}

enum State {
    Running(JoinHandle<Result<(), StoreError>>),
    /// Nothing is taken up: what is put in gathers.
    Paused(Box<Driver>),
}

impl Rig {
    /// Starts one whose inbox has this much room.
    pub(crate) async fn start(store: Arc<dyn Store>, room: usize) -> Self {
        Self::paused(Sequencer::default(), Kept::default(), store, room, Clock::real()).go_on()
    }

    fn paused(sequencer: Sequencer, kept: Kept, store: Arc<dyn Store>, room: usize, clock: Clock) -> Self {
        let (inbox, arrivals) = Inbox::with_room(room);
        let (done, mut settled) = mpsc::unbounded_channel();
        let (timed, dones) = mpsc::unbounded_channel();
        let timer = clock.clone();
        tokio::spawn(async move {
            while let Some(done) = settled.recv().await {
                // The test may have seen enough.
                let _ = timed.send((done, timer.real_us()));
            }
        });
        let (picture, board) = watch::channel(Arc::new(Board::default()));
        let driver = Driver {
            sequencer,
            arrivals,
            store: Arc::clone(&store),
            epoch: 0,
            clock: clock.clone(),
            board: picture,
            meter: Arc::new(Meter::default()),
            vitals: Arc::new(Vitals::new(0)),
            wake_dispatch: Arc::new(|| {}),
            unwritten: watch::channel(Unwritten::default()).0,
            snapshot_every_rows: Some(SNAPSHOT_EVERY_ROWS),
            kept,
        };
        let state = State::Paused(Box::new(driver));
        Self { clock, board, inbox, room, store, done, dones, state }
    }

    /// Stops to take up; `go_on` carries on from what the store holds, so much later.
    pub(crate) async fn pause(self, later_ms: i64) -> Self {
        let room = self.room;
        let clock = self.clock.clone().not_before(self.clock.steady().plus_ms(later_ms));
        let store = self.stop().await;
        let (sequencer, findings) = cordon::sequencer::recover(store.as_ref()).await.unwrap();
        assert!(findings.differences.is_empty(), "{findings:?}");
        let kept = Kept::read(store.as_ref(), findings.from).await.unwrap();
        Self::paused(sequencer, kept, store, room, clock)
    }

    /// Takes up what has gathered, and what comes.
    pub(crate) fn go_on(mut self) -> Self {
        if let State::Paused(driver) = self.state {
            self.state = State::Running(tokio::spawn(driver.run()));
        }
        self
    }

    pub(crate) fn ticket(&self, id: u64) -> Ticket {
        Ticket { id, done: self.done.clone() }
    }

    pub(crate) async fn put(&self, message: Message) {
        self.inbox.message(message).await.unwrap();
    }

    /// Publishes books and waits until they are in force.
    pub(crate) async fn publish(&self, books: Vec<Book>) {
        self.tell(books.into_iter().map(Told::Publish)).await;
    }

    /// Tells the engine these and waits until they are decided and written.
    pub(crate) async fn tell(&self, tolds: impl IntoIterator<Item = Told>) {
        let mut answers = Vec::new();
        for told in tolds {
            answers.push(self.inbox.ask(told).await.unwrap());
        }
        for answered in answers {
            answered.await.unwrap().unwrap();
        }
    }

    /// The next so many settled messages, in the order of settling.
    pub(crate) async fn settled(&mut self, count: usize) -> Vec<Done> {
        self.settled_at(count).await.into_iter().map(|(done, _)| done).collect()
    }

    /// The next so many settled messages, each with when that was (`Clock::real_us`).
    pub(crate) async fn settled_at(&mut self, count: usize) -> Vec<(Done, i64)> {
        let mut dones = Vec::with_capacity(count);
        while dones.len() < count {
            dones.push(self.dones.recv().await.unwrap());
        }
        dones
    }

    /// Ends it when everything is written.
    pub(crate) async fn stop(self) -> Arc<dyn Store> {
        drop(self.inbox);
        if let State::Running(driver) = self.state {
            driver.await.unwrap().unwrap();
        }
        self.store
    }
}

/// A message as ingest hands it over.
pub(crate) fn message(tag: &TagId, ping: &tag_wire::Ping, ticket: &Ticket) -> Message {
    raw(tag, ping.encode(), ticket)
}

/// Bytes of a tag, whatever they are.
pub(crate) fn raw(tag: &TagId, payload: Vec<u8>, ticket: &Ticket) -> Message {
    Message {
        tag: tag.clone(),
        source: "test".into(),
        kind: MessageKind::Ping,
        payload,
        received_real_us: 0,
        ticket: ticket.clone(),
    }
}

fn books(values: impl IntoIterator<Item = Value>) -> Vec<Book> {
    values.into_iter().map(|value| serde_json::from_value(value).unwrap()).collect()
}

/// A unit with a zone of 200 m that binds everybody, and one protected person.
pub(crate) fn unit_with_zone() -> Vec<Book> {
    let desk = json!([{"to": "desk", "channel": "webhook", "wait_s": 3600}]);
    books([
        json!({"unit": {"id": "unit", "name": "Unit", "default_policy": "usual",
            "area": {"south": 53.0, "west": 2.0, "north": 55.0, "east": 4.0},
            "staff": [{"id": "desk", "name": "Desk",
                "contact": [{"channel": "webhook", "address": "http://127.0.0.1:9/desk"}]}],
            "policy": [{"id": "usual", "protected": [{"channel": "sms", "wait_s": 3600}],
                "danger": desk, "device": desk, "upkeep": desk}],
            "zone": [{"id": "zone", "code": "Z", "margin_m": 100.0,
                "shape": {"circle": {"lat": LAT, "lon": 3.0, "radius_m": 200.0}}}]}}),
        json!({"person": {"id": "p-1", "unit": "unit", "name": "Person",
            "contact": [{"channel": "sms", "address": "+447700900001"}]}}),
    ])
}

/// A wearer of a tag.
pub(crate) fn wearer(id: &str, tag: &TagId) -> Vec<Book> {
    books([json!({"wearer": {"id": id, "unit": "unit", "name": format!("Wearer {id}"),
        "tag": [{"id": tag, "from": "2020-01-01T00:00:00Z"}]}})])
}

/// The case of a wearer.
pub(crate) fn case(wearer: &str) -> Vec<Book> {
    books([
        json!({"case": {"id": format!("c-{wearer}"), "unit": "unit", "wearer": wearer, "persons": ["p-1"],
        "risk": "medium", "policy": "usual", "basis": {"kind": "order", "from": "2020-01-01T00:00:00Z"}}}),
    ])
}

/// What is published of a wearer and their case once both are over.
pub(crate) fn past(id: &str, tag: &TagId) -> Vec<Book> {
    let [mut wearer, mut case] = [wearer(id, tag), case(id)].map(|mut books| books.remove(0));
    if let (Book::Wearer(wearer), Book::Case(case)) = (&mut wearer, &mut case) {
        // The first of February 2020.
        let until = Some(Timestamp::from_ms(1_580_515_200_000));
        wearer.tags[0].until = until;
        case.basis.until = until;
    }
    vec![wearer, case]
}
