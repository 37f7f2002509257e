//! The store cannot be written, or takes its time: danger reaches people all the same, nothing is acknowledged before it
//! is written, and in the end the records are whole.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use cordon::{
    clock::Clock,
    domain::{
        Alert, AlertId, AlertState, Happening, Incident, IncidentId, IncidentKind, Subject, TagId, Timestamp,
    },
    engine::Told,
    sandbox::broker::{self, Accounts},
    sequencer::decide_again,
    store::{
        self, Attempt, Batch, Claimed, Counts, HandIn, JournalHead, JournalRow, MemoryStore, Room, Store,
        StoreError,
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
    one_zone::{OFFICER, PERSON, rulebook},
    outcome::stored,
    overload::ping_of,
    reference::journal,
    report,
    rig::{Rig, case, message, unit_with_zone, wearer},
    wait::until,
};

const SOON: Duration = Duration::from_secs(30);
/// Ten seconds pass in one.
const SPEED: f64 = 10.0;
/// Danger leaves within five seconds, and two real ones of a loaded machine, milliseconds.
const EMERGENCY_MS: i64 = 5_000 + 20_000;

/// A real store whose writes fail, or take so many milliseconds.
pub(crate) struct Moody {
    store: Arc<dyn Store>,
    clock: Clock,
    /// Milliseconds that a write takes; below 0 it fails.
    write_ms: AtomicI64,
    failed: AtomicI64,
}

impl Moody {
    pub(crate) fn new(store: Arc<dyn Store>, clock: Clock) -> Self {
        Self { store, clock, write_ms: AtomicI64::new(0), failed: AtomicI64::new(0) }
    }

    /// From now on a write takes so many milliseconds; below 0 it fails.
    pub(crate) fn take_ms(&self, write_ms: i64) {
        self.write_ms.store(write_ms, Ordering::SeqCst);
    }

    async fn write(&self) -> Result<(), StoreError> {
        let ms = self.write_ms.load(Ordering::SeqCst);
        if ms < 0 {
            self.failed.fetch_add(1, Ordering::SeqCst);
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
    async fn take_line(&self, process: &str) -> Result<Option<i64>, StoreError> {
        self.store.take_line(process).await
    }
    async fn keep_line(&self, epoch: i64) -> Result<bool, StoreError> {
        self.store.keep_line(epoch).await
    }
    async fn leave_line(&self, epoch: i64) -> Result<(), StoreError> {
        self.store.leave_line(epoch).await
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
    async fn closed_incidents(&self, before: IncidentId, limit: i64) -> Result<Vec<Incident>, StoreError> {
        self.store.closed_incidents(before, limit).await
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
        let moody = Arc::new(Moody::new(store, clock.clone()));
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

fn of(incidents: &[Incident], kind: IncidentKind) -> &Incident {
    let mut of_kind = incidents.iter().filter(|incident| incident.kind == kind);
    let (one, other) = (of_kind.next(), of_kind.next());
    assert!(other.is_none(), "two incidents: {kind:?}");
    one.unwrap_or_else(|| panic!("no incident: {kind:?}"))
}

/// Milliseconds of the line's time from the incident's raising until a provider was known to have each alert.
fn taken_after_ms(incident: &Incident) -> Vec<i64> {
    let mut taken: BTreeMap<AlertId, i64> = BTreeMap::new();
    for entry in &incident.timeline {
        if let Happening::Alert { alert, state: AlertState::Accepted | AlertState::Delivered, .. } =
            &entry.what
        {
            taken.entry(*alert).or_insert(entry.at.ms_since(incident.raised_at));
        }
    }
    taken.into_values().collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_cannot_be_written_stops_no_warning_and_loses_nothing() {
    let scene = Scene::set().await;
    scene.moody.take_ms(-1);
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

    // Whoever fails again and again does so in measure.
    let (failed, since) = (scene.moody.failed.load(Ordering::SeqCst), scene.house.running.clock.steady());
    scene.house.running.clock.wait_ms(10_000).await;
    let failed = scene.moody.failed.load(Ordering::SeqCst) - failed;
    let span_s = scene.house.running.clock.steady().s_since(since);
    assert!((failed as f64) < 20.0 * span_s, "{failed} writes in {span_s} s");

    scene.moody.take_ms(0);
    assert_eq!(fleet.acknowledged(SOON).await, 3);
    let (incidents, alerts) = scene.end().await;
    let violation = of(&incidents, IncidentKind::Violation);
    let store_fails = of(&incidents, IncidentKind::StoreFails);
    assert!(violation.ongoing && !store_fails.ongoing);
    assert_eq!(alerts.len(), 3, "two of the violation, one that records cannot be written");
    let taken_ms = taken_after_ms(violation);
    assert!(taken_ms.len() == 2 && taken_ms.iter().all(|ms| *ms <= EMERGENCY_MS), "{taken_ms:?}");
    let figures = json!({"taken_after_ms": taken_ms, "failed_writes": failed, "speed": SPEED});
    report::shown(9, "danger while nothing can be written", figures);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_store_delays_no_warning_beyond_a_few_seconds_and_doubles_none() {
    let scene = Scene::set().await;
    scene.moody.take_ms(2_000);
    let fleet = scene.walk_in();
    scene.until_both_are_told().await;
    assert_eq!(fleet.acknowledged(SOON).await, 3);
    scene.moody.take_ms(0);
    let (incidents, alerts) = scene.end().await;
    let violation = of(&incidents, IncidentKind::Violation);
    assert_eq!(alerts.len(), 2);
    let taken_ms = taken_after_ms(violation);
    assert!(taken_ms.len() == 2 && taken_ms.iter().all(|ms| *ms <= EMERGENCY_MS), "{taken_ms:?}");
    report::shown(10, "two seconds for each commit", json!({"taken_after_ms": taken_ms, "speed": SPEED}));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_gathers_while_nothing_can_be_written_is_bounded_and_silence_is_not_judged_meanwhile() {
    const TAGS: u64 = 90;
    const EACH: u64 = 600;
    let tag = |n: u64| -> TagId { format!("sim/tag-{n}").parse().unwrap() };
    let moody = Arc::new(Moody::new(Arc::new(MemoryStore::default()), Clock::real()));
    let mut rig = Rig::start(Arc::<Moody>::clone(&moody), 100_000).await;
    let of = |n: u64| [wearer(&format!("w-{n}"), &tag(n)), case(&format!("w-{n}"))].concat();
    rig.publish(unit_with_zone().into_iter().chain((0..TAGS).flat_map(of)).collect()).await;
    let name = "test".to_owned();
    rig.tell([Told::Started { sources: vec![name.clone()] }, Told::Source { name, up: true }]).await;

    moody.take_ms(-1);
    let now = rig.clock.steady();
    for seq in 1..=EACH {
        for n in 0..TAGS {
            let ping = ping_of(seq, now, 4_000.0);
            rig.put(message(&tag(n), &ping, &rig.ticket(seq * TAGS + n))).await;
        }
    }
    rig.board.wait_for(|board| board.deaf == ["test"]).await.unwrap();
    assert!(journal(moody.as_ref()).await.len() < 1_000, "nothing was written");

    moody.take_ms(0);
    let count = usize::try_from(TAGS * EACH).unwrap();
    rig.settled(count).await;
    rig.board.wait_for(|board| board.deaf.is_empty()).await.unwrap();
    let store = rig.stop().await;
    let rows = journal(store.as_ref()).await;
    assert_eq!(
        rows.iter().filter(|row| row.kind == "ping").count(),
        count,
        "all of it is written in the end"
    );
    let (incidents, _) = stored(store.as_ref()).await;
    assert!(incidents.iter().all(|incident| incident.subject == Subject::Service), "{incidents:?}");
    report::shown(10, "a full house while nothing can be written", json!({"pings": count}));
}
