//! Random sequences of operations: memory and SQLite show the same after every one of them.

use std::sync::Arc;

use cordon::{
    domain::{
        Alert, AlertId, AlertState, Channel, Handling, Incident, IncidentId, Outcome, Priority, Timestamp,
    },
    store::{
        Admit, Attempt, Batch, Claimed, Counts, HandIn, JournalHead, JournalRow, MemoryStore, Room, Store,
        StoreError, open,
    },
};
use proptest::prelude::*;

use crate::build::{alert, at, attempt, incident, row};

/// Few of each, so that they meet.
const INCIDENTS: i64 = 4;
const SUBJECTS: i64 = 2;
const ALERTS: i64 = 6;

#[derive(Debug, Clone)]
enum Op {
    /// New rows after the head with these changes; the last of them so many numbers too far, or with other content.
    Commit {
        rows: i64,
        skip: i64,
        back: i64,
        variant: u8,
        incidents: Vec<(i64, u8)>,
        alerts: Vec<(i64, i64, u8)>,
        take: i64,
    },
    /// A batch that was already tried.
    Again(prop::sample::Index),
    Claim {
        now: i64,
        lease: i64,
        limit: i64,
        room: Room,
    },
    Tried {
        alert: i64,
        nth: u32,
        at: i64,
        next: Option<i64>,
        told: bool,
    },
    HandIn(usize),
    /// Another process owns the line.
    TakeOver,
}

fn op() -> impl Strategy<Value = Op> {
    let incidents = prop::collection::vec((1..=INCIDENTS, 0..4_u8), 0..3);
    let alerts = prop::collection::vec((1..=ALERTS, 1..=INCIDENTS, 0..6_u8), 0..3);
    let commit = (
        0..4_i64,
        prop_oneof![9 => Just(0_i64), 1 => Just(1)],
        prop_oneof![6 => Just(0_i64), 1 => 1..4_i64],
        prop_oneof![9 => Just(0_u8), 1 => Just(1)],
        incidents,
        alerts,
        0..3_i64,
    );
    prop_oneof![
        5 => commit.prop_map(|(rows, skip, back, variant, incidents, alerts, take)| {
            Op::Commit { rows, skip, back, variant, incidents, alerts, take }
        }),
        1 => any::<prop::sample::Index>().prop_map(Op::Again),
        3 => (0..200_i64, 1..80_i64, 0..4_i64, room())
            .prop_map(|(now, lease, limit, room)| Op::Claim { now, lease, limit, room }),
        3 => (1..=ALERTS, 1..4_u32, 0..3_i64, prop::option::of(0..200_i64), any::<bool>())
            .prop_map(|(alert, nth, at, next, told)| Op::Tried { alert, nth, at, next, told }),
        1 => (0..3_usize).prop_map(Op::HandIn),
        1 => Just(Op::TakeOver),
    ]
}

fn room() -> impl Strategy<Value = Room> {
    let admit = || {
        prop_oneof![
            1 => Just(Admit::Nothing),
            1 => Just(Admit::NewDanger),
            1 => Just(Admit::Danger),
            4 => Just(Admit::All),
        ]
    };
    prop::collection::vec(admit(), Channel::ALL.len())
        .prop_map(|admits| Room::of(|channel| admits[channel as usize]))
}

fn some_incident(id: i64, form: u8) -> Incident {
    let by = || "officer-1".parse().unwrap();
    let handling = match form {
        0 => Handling::Raised,
        1 => Handling::Owned { by: by() },
        _ => Handling::Closed { by: by(), outcome: Outcome::Excused },
    };
    Incident {
        subject: incident(id % SUBJECTS).subject,
        handling,
        late: form.is_multiple_of(2),
        ..incident(id)
    }
}

fn some_alert(id: i64, of: i64, form: u8) -> Alert {
    let states = [
        AlertState::Waiting,
        AlertState::Waiting,
        AlertState::Waiting,
        AlertState::Accepted,
        AlertState::Withdrawn,
    ];
    let state = states.get(usize::from(form)).cloned().unwrap_or(AlertState::Expired("refused".into()));
    let priority = [Priority::P1, Priority::P2, Priority::P3][usize::from(form % 3)];
    let channel = Channel::ALL[id.unsigned_abs() as usize % Channel::ALL.len()];
    Alert { state, priority, channel, raised_at: at(100 - id * 10), ..alert(id, of) }
}

fn once<T>(items: &mut Vec<T>, id: impl Fn(&T) -> i64) {
    items.sort_by_key(&id);
    items.dedup_by_key(|item| id(item));
}

/// Everything that can be seen from outside.
#[derive(Debug, PartialEq)]
struct Seen {
    head: Option<JournalHead>,
    journal: Vec<JournalRow>,
    incidents: Vec<Incident>,
    one: Option<Incident>,
    alerts: Vec<Vec<Alert>>,
    attempts: Vec<Vec<Attempt>>,
    counts: Counts,
    next: Option<Timestamp>,
    handed_in: Vec<HandIn>,
}

async fn see(store: &dyn Store) -> Result<Seen, StoreError> {
    let mut alerts = Vec::new();
    for id in 1..=INCIDENTS {
        alerts.push(store.alerts_of(IncidentId(id)).await?);
    }
    let mut attempts = Vec::new();
    for id in 1..=ALERTS {
        attempts.push(store.attempts_of(AlertId(id)).await?);
    }
    Ok(Seen {
        head: store.head().await?,
        journal: store.journal(2, 50).await?,
        incidents: store.incidents(IncidentId(1), 2).await?,
        one: store.incident(IncidentId(1)).await?,
        alerts,
        attempts,
        counts: store.counts().await?,
        next: store.next_claimable(Room::ALL).await?,
        handed_in: store.handed_in(3).await?,
    })
}

/// What an operation answered; of an error only which one it is.
#[derive(Debug, PartialEq)]
enum Answer {
    Done,
    Claimed(Vec<Claimed>),
    Numbers(Vec<i64>),
    Conflict(i64),
    NotOwner,
    Unavailable,
    Corrupt,
}

fn answer<T>(result: Result<T, StoreError>, ok: impl FnOnce(T) -> Answer) -> Answer {
    match result {
        Ok(value) => ok(value),
        Err(StoreError::Conflict(no)) => Answer::Conflict(no),
        Err(StoreError::NotOwner) => Answer::NotOwner,
        Err(StoreError::Unavailable(_)) => Answer::Unavailable,
        Err(StoreError::Corrupt(_)) => Answer::Corrupt,
        Err(StoreError::Schema(error)) => panic!("{error}"),
    }
}

async fn commit_of(op: &Op, store: &dyn Store, tried: &[Batch], epoch: i64) -> Option<Batch> {
    match op {
        Op::Again(index) => (!tried.is_empty()).then(|| index.get(tried).clone()),
        Op::Commit { rows, skip, back, variant, incidents, alerts, take } => {
            let head = store.head().await.unwrap().map_or(0, |head| head.no);
            let first = (head + 1 + skip - back).max(1);
            let mut incidents: Vec<_> =
                incidents.iter().map(|(id, form)| some_incident(*id, *form)).collect();
            let mut alerts: Vec<_> =
                alerts.iter().map(|(id, of, form)| some_alert(*id, *of, *form)).collect();
            once(&mut incidents, |incident| incident.id.0);
            once(&mut alerts, |alert| alert.id.0);
            Some(Batch {
                rows: (first..first + rows).map(|no| row(no, *variant)).collect(),
                incidents,
                alerts,
                taken: (1..=*take).collect(),
                epoch,
            })
        }
        _ => None,
    }
}

async fn apply(op: &Op, batch: Option<&Batch>, store: &dyn Store) -> Answer {
    match op {
        Op::Commit { .. } | Op::Again(_) => match batch {
            Some(batch) => answer(store.commit(batch).await, |()| Answer::Done),
            None => Answer::Done,
        },
        Op::Claim { now, lease, limit, room } => {
            let claimed = store.claim(at(*now), "dispatch-1", at(now + lease), *limit, *room).await;
            answer(claimed, Answer::Claimed)
        }
        Op::Tried { alert, nth, at: ms, next, told } => {
            let result = store.record_attempt(&attempt(*alert, *nth, *ms), next.map(at), *told).await;
            answer(result, |()| Answer::Done)
        }
        Op::TakeOver => {
            answer(store.take_line("another").await, |epoch| Answer::Numbers(epoch.into_iter().collect()))
        }
        Op::HandIn(count) => answer(store.hand_in(&vec!["{}".to_owned(); *count]).await, Answer::Numbers),
    }
}

/// How often each kind of answer came: a run in which every commit was refused would prove little.
async fn run(ops: &[Op]) -> Result<(), TestCaseError> {
    let memory: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let sqlite = open("sqlite::memory:").await.unwrap();
    let (mut tried, mut epoch) = (Vec::new(), 0);
    for op in ops {
        epoch += i64::from(matches!(op, Op::TakeOver));
        let batch = commit_of(op, memory.as_ref(), &tried, epoch).await;
        let answers = (
            apply(op, batch.as_ref(), memory.as_ref()).await,
            apply(op, batch.as_ref(), sqlite.as_ref()).await,
        );
        prop_assert_eq!(&answers.0, &answers.1, "{:?} {:?}", op, batch);
        prop_assert_eq!(
            see(memory.as_ref()).await.unwrap(),
            see(sqlite.as_ref()).await.unwrap(),
            "{:?} {:?}",
            op,
            batch
        );
        tried.extend(batch);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn memory_and_sqlite_agree(ops in prop::collection::vec(op(), 1..40)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(run(&ops))?;
    }
}
