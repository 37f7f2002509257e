//! The store cannot be written, or takes its time: danger reaches people all the same, nothing is acknowledged before it
//! is written, and in the end the records are whole.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use cordon::{
    clock::Clock,
    domain::{Alert, AlertId, AlertState, Book, Incident, IncidentId, IncidentKind, TagId, Timestamp},
    sandbox::broker::{self, Accounts},
    sequencer::decide_again,
    store::{
        self, Attempt, Batch, Claimed, Counts, HandIn, JournalHead, JournalRow, Room, Store, StoreError,
    },
};
use firmware_sim::{
    clock::{ScaledClock, wall_now_ms},
    track::{PingPlan, pings, read},
};
use serde_json::json;

use crate::{
    fleet::{self, Fleet},
    house::{House, SERVICE},
    outcome::stored,
    reference::journal,
    report,
    wait::until,
};

const PERSON: &str = "+447700900001";
const OFFICER: &str = "+447700900002";
const SOON: Duration = Duration::from_secs(30);
/// Ten seconds pass in one.
const SPEED: f64 = 10.0;

/// A real store whose writes fail, or take so many milliseconds.
struct Moody {
    store: Arc<dyn Store>,
    clock: Clock,
    /// Milliseconds that a write takes; below 0 it fails.
    write_ms: AtomicI64,
}

impl Moody {
    async fn write(&self) -> Result<(), StoreError> {
        let ms = self.write_ms.load(Ordering::SeqCst);
        if ms < 0 {
            return Err(StoreError::Unavailable("as ordered".into()));
        }
        if ms > 0 {
            self.clock.wait_ms(ms).await;
        }
        Ok(())
    }
}

#[async_trait]
impl Store for Moody {
    async fn commit(&self, batch: &Batch) -> Result<(), StoreError> {
        self.write().await?;
        self.store.commit(batch).await
    }
    async fn claim(
        &self,
        now: Timestamp,
        owner: &str,
        lease_until: Timestamp,
        limit: i64,
        room: Room,
    ) -> Result<Vec<Claimed>, StoreError> {
        self.write().await?;
        self.store.claim(now, owner, lease_until, limit, room).await
    }
    async fn record_attempt(
        &self,
        attempt: &Attempt,
        next_try_at: Option<Timestamp>,
        told_no_success: bool,
    ) -> Result<(), StoreError> {
        self.write().await?;
        self.store.record_attempt(attempt, next_try_at, told_no_success).await
    }
    async fn hand_in(&self, payloads: &[String]) -> Result<Vec<i64>, StoreError> {
        self.write().await?;
        self.store.hand_in(payloads).await
    }
    async fn end_leases(&self) -> Result<(), StoreError> {
        self.write().await?;
        self.store.end_leases().await
    }
    async fn head(&self) -> Result<Option<JournalHead>, StoreError> {
        self.store.head().await
    }
    async fn journal(&self, after: i64, limit: i64) -> Result<Vec<JournalRow>, StoreError> {
        self.store.journal(after, limit).await
    }
    async fn incident(&self, id: IncidentId) -> Result<Option<Incident>, StoreError> {
        self.store.incident(id).await
    }
    async fn incidents(&self, after: IncidentId, limit: i64) -> Result<Vec<Incident>, StoreError> {
        self.store.incidents(after, limit).await
    }
    async fn alerts_of(&self, incident: IncidentId) -> Result<Vec<Alert>, StoreError> {
        self.store.alerts_of(incident).await
    }
    async fn attempts_of(&self, alert: AlertId) -> Result<Vec<Attempt>, StoreError> {
        self.store.attempts_of(alert).await
    }
    async fn counts(&self) -> Result<Counts, StoreError> {
        self.store.counts().await
    }
    async fn next_claimable(&self, room: Room) -> Result<Option<Timestamp>, StoreError> {
        self.store.next_claimable(room).await
    }
    async fn handed_in(&self, limit: i64) -> Result<Vec<HandIn>, StoreError> {
        self.store.handed_in(limit).await
    }
}

/// A house with such a store, and a tag whose wearer walks into the zone.
struct Scene {
    house: House,
    moody: Arc<Moody>,
    tag: TagId,
    tag_clock: ScaledClock,
    start_ms: i64,
    broker: Box<dyn broker::Broker>,
    _folder: tempfile::TempDir,
}

impl Scene {
    async fn set() -> Self {
        let start_ms = wall_now_ms();
        let clock = Clock::scaled(Timestamp::from_ms(start_ms), SPEED);
        let folder = tempfile::tempdir().unwrap();
        let store =
            store::open(&format!("sqlite:{}", folder.path().join("cordon.db").display())).await.unwrap();
        let moody = Arc::new(Moody { store, clock: clock.clone(), write_ms: AtomicI64::new(0) });
        let tag: TagId = "sim/tag-1".parse().unwrap();
        let accounts = Accounts::default().with_tag(&tag, fleet::PASSWORD).with_service(SERVICE.0, SERVICE.1);
        let broker = broker::start(broker::Settings { port: 0, accounts }).await.unwrap();
        let house = House::start(Arc::<Moody>::clone(&moody), broker.addr(), clock).await;
        house.publish(rulebook()).await;
        let tag_clock = ScaledClock::new(start_ms, SPEED).unwrap();
        Self { house, moody, tag, tag_clock, start_ms, broker, _folder: folder }
    }

    /// The wearer is in the zone from now on.
    fn walk_in(&self) -> Fleet {
        let in_the_zone = read("t_s,lat,lon,accuracy_m\n0,54.0,3.0,5\n5,54.0,3.0,5\n10,54.0,3.0,5").unwrap();
        let at_ms = self.house.running.clock.wall().as_ms();
        assert!(at_ms >= self.start_ms);
        let plan = PingPlan { interval_s: 5, start_ms: at_ms, boot: fleet::BOOT };
        Fleet::start(self.broker.addr(), self.tag_clock, 20, [(self.tag.clone(), pings(&in_the_zone, &plan))])
    }

    async fn told(&self, to: &str) -> bool {
        self.house.phones.received().await.iter().any(|message| message.address == to)
    }

    async fn until_both_are_told(&self) {
        until("the person and the officer are told", SOON, async || {
            (self.told(PERSON).await && self.told(OFFICER).await).then_some(())
        })
        .await;
    }

    /// Ends it and panics unless the records are whole: nothing is waiting, nobody got a message twice unless as the
    /// repeat of one, each alert has its try, and deciding the journal again leads to the same.
    async fn end(self) -> (Vec<Incident>, Vec<Alert>) {
        let store: &dyn Store = self.moody.store.as_ref();
        until("no alert waits", SOON, async || {
            let (_, alerts) = stored(store).await;
            (!alerts.iter().any(|alert| alert.state == AlertState::Waiting)).then_some(())
        })
        .await;
        until("every alert has its try", SOON, async || {
            let (_, alerts) = stored(store).await;
            for alert in alerts.iter().filter(|alert| alert.state != AlertState::Withdrawn) {
                if store.attempts_of(alert.id).await.unwrap().is_empty() {
                    return None;
                }
            }
            Some(())
        })
        .await;
        let Self { house, broker, moody, .. } = self;
        let received = house.phones.received().await;
        house.running.stop().await.unwrap();
        broker.stop().await;
        let (incidents, alerts) = stored(moody.store.as_ref()).await;
        crate::outcome::assert_received(&alerts, &received);
        assert!(received.iter().all(|message| message.repeats <= 1), "{received:?}");
        let again = decide_again(moody.store.as_ref()).await.unwrap();
        assert_eq!(again.findings.differences, Vec::<String>::new());
        (incidents, alerts)
    }
}

fn rulebook() -> Vec<Book> {
    let officer = json!([{"to": "officer", "channel": "sms", "wait_s": 3600}]);
    let books = [
        json!({"unit": {"id": "unit", "name": "Unit", "default_policy": "usual",
            "area": {"south": 53.0, "west": 2.0, "north": 55.0, "east": 4.0},
            "staff": [{"id": "officer", "name": "Officer", "contact": [{"channel": "sms", "address": OFFICER}]}],
            "policy": [{"id": "usual", "protected": [{"channel": "sms", "wait_s": 3600}],
                "danger": officer, "device": officer, "upkeep": officer}]}}),
        json!({"wearer": {"id": "w-1", "unit": "unit", "name": "Wearer",
            "tag": [{"id": "sim/tag-1", "from": "2026-01-01T00:00:00Z"}]}}),
        json!({"person": {"id": "p-1", "unit": "unit", "name": "Person",
            "contact": [{"channel": "sms", "address": PERSON}]}}),
        json!({"case": {"id": "c-1", "unit": "unit", "wearer": "w-1", "persons": ["p-1"], "risk": "high",
            "policy": "usual", "basis": {"kind": "order", "from": "2026-01-01T00:00:00Z"},
            "zone": [{"id": "z-1", "code": "CURLEW",
                "shape": {"circle": {"lat": 54.0, "lon": 3.0, "radius_m": 200}}}]}}),
    ];
    books.into_iter().map(|book| serde_json::from_value(book).unwrap()).collect()
}

fn of(incidents: &[Incident], kind: IncidentKind) -> &Incident {
    let mut of_kind = incidents.iter().filter(|incident| incident.kind == kind);
    let (one, other) = (of_kind.next(), of_kind.next());
    assert!(other.is_none(), "two incidents: {kind:?}");
    one.unwrap_or_else(|| panic!("no incident: {kind:?}"))
}

/// Milliseconds of the line's time from an alert's raising to a provider's taking it.
fn taken_after_ms(incident: &Incident) -> Vec<i64> {
    let accepted = incident.timeline.iter().filter_map(|entry| match &entry.what {
        cordon::domain::Happening::Alert { state: AlertState::Accepted, .. } => Some(entry.at),
        _ => None,
    });
    accepted.map(|at| at.ms_since(incident.raised_at)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_cannot_be_written_stops_no_warning_and_loses_nothing() {
    let scene = Scene::set().await;
    scene.moody.write_ms.store(-1, Ordering::SeqCst);
    let before = journal(scene.moody.store.as_ref()).await.len();
    let mut fleet = scene.walk_in();
    scene.until_both_are_told().await;
    until("staff are told that records cannot be written", SOON, async || {
        let to_officer = scene.house.phones.received().await;
        to_officer.iter().any(|message| message.text.contains("store fails")).then_some(())
    })
    .await;
    assert_eq!(journal(scene.moody.store.as_ref()).await.len(), before, "nothing was written");
    assert!(!fleet.has_finished_tags(), "nothing is acknowledged before it is written");

    scene.moody.write_ms.store(0, Ordering::SeqCst);
    assert_eq!(fleet.acknowledged(SOON).await, 3);
    let (incidents, alerts) = scene.end().await;
    let violation = of(&incidents, IncidentKind::Violation);
    let store_fails = of(&incidents, IncidentKind::StoreFails);
    assert!(violation.ongoing && !store_fails.ongoing);
    assert_eq!(alerts.len(), 3, "two of the violation, one that records cannot be written");
    let figures = json!({"taken_after_ms": taken_after_ms(violation), "speed": SPEED});
    report::shown(9, "danger while nothing can be written", figures);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_store_delays_no_warning_beyond_a_few_seconds_and_doubles_none() {
    let scene = Scene::set().await;
    scene.moody.write_ms.store(2_000, Ordering::SeqCst);
    let fleet = scene.walk_in();
    scene.until_both_are_told().await;
    assert_eq!(fleet.acknowledged(SOON).await, 3);
    scene.moody.write_ms.store(0, Ordering::SeqCst);
    let (incidents, alerts) = scene.end().await;
    let violation = of(&incidents, IncidentKind::Violation);
    assert_eq!(alerts.len(), 2);
    report::shown(
        10,
        "two seconds for each commit",
        json!({"taken_after_ms": taken_after_ms(violation), "speed": SPEED}),
    );
}
