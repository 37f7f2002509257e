//! Who may write: the process that owns the line, and no other.

use cordon::store::{self, Batch, StoreError};
use sqlx::{Connection, Executor, PgConnection};

use crate::{
    build::{batch, rows},
    places::{self, Place},
    postgres,
};

const RUNS_OUT: &str = "UPDATE owner SET until = 0";
/// How many statements on the owner's row wait for another transaction.
const WAITING: &str = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%owner%' \
    AND datname = current_database()";

fn under(epoch: i64, no: i64) -> Batch {
    Batch { epoch, ..batch(no..=no) }
}

pub(crate) async fn nobody_has_written_before_the_first_owner(place: &Place) {
    place.store.commit(&under(0, 1)).await.unwrap();
    let first = place.store.take_line("first").await.unwrap().unwrap();
    assert!(first > 0);
    assert!(matches!(place.store.commit(&under(0, 2)).await, Err(StoreError::NotOwner)));
    place.store.commit(&under(first, 2)).await.unwrap();
}

pub(crate) async fn what_a_former_owner_decided_is_refused(place: &Place) {
    let former = place.store.take_line("first").await.unwrap().unwrap();
    place.store.commit(&under(former, 1)).await.unwrap();
    place.store.leave_line(former).await.unwrap();
    let owner = place.other.take_line("second").await.unwrap().unwrap();
    assert!(owner > former);
    assert!(!place.store.keep_line(former).await.unwrap());
    assert!(place.other.keep_line(owner).await.unwrap());
    // Not even what it had written before: it cannot know what of it there is.
    for no in [1, 2] {
        let stale = place.store.commit(&under(former, no)).await;
        assert!(matches!(stale, Err(StoreError::NotOwner)), "{stale:?}");
    }
    place.other.commit(&under(owner, 2)).await.unwrap();
    assert_eq!(place.other.journal(0, 9).await.unwrap(), rows(1..=2));
}

pub(crate) async fn whoever_is_asked_twice_owns_it_still(place: &Place) {
    let once = place.store.take_line("first").await.unwrap().unwrap();
    let again = place.store.take_line("first").await.unwrap().unwrap();
    assert!(again > once);
    assert!(!place.store.keep_line(once).await.unwrap());
    assert!(place.store.keep_line(again).await.unwrap());
}

#[tokio::test]
async fn one_process_owns_the_line_until_it_leaves_or_is_gone() {
    let (sqlite, server) = (places::sqlite().await, places::postgresql().await);
    for Place { store, other, .. } in [sqlite, server].into_iter().flatten() {
        let first = store.take_line("first").await.unwrap().unwrap();
        assert_eq!(other.take_line("second").await.unwrap(), None);
        assert!(store.keep_line(first).await.unwrap());
        store.leave_line(first).await.unwrap();
        let second = other.take_line("second").await.unwrap().unwrap();
        assert_eq!(store.take_line("first").await.unwrap(), None);
        // It is gone without a word: its lock goes with it, as soon as the server has seen that.
        drop(other);
        let third = loop {
            if let Some(epoch) = store.take_line("first").await.unwrap() {
                break epoch;
            }
            tokio::task::yield_now().await;
        };
        assert_eq!((second, third), (first + 1, first + 2));
    }
}

#[tokio::test]
async fn a_lease_that_has_run_out_is_taken_over_from_a_living_process() {
    let Some((url, mut server)) = server().await else { return };
    let (store, other) = (store::open(&url).await.unwrap(), store::open(&url).await.unwrap());
    let former = store.take_line("first").await.unwrap().unwrap();
    assert_eq!(other.take_line("second").await.unwrap(), None, "it holds its lock, and its lease lasts");
    server.execute(RUNS_OUT).await.unwrap();
    assert!(store.keep_line(former).await.unwrap(), "nobody has taken it yet: whoever wakes up late goes on");
    server.execute(RUNS_OUT).await.unwrap();
    let owner = other.take_line("second").await.unwrap().unwrap();
    assert!(!store.keep_line(former).await.unwrap());
    assert!(matches!(store.commit(&under(former, 1)).await, Err(StoreError::NotOwner)));
    other.commit(&under(owner, 1)).await.unwrap();
}

/// An owner that was stopped within a commit is not overtaken until that has ended, one way or the other.
#[tokio::test]
async fn nobody_takes_over_within_a_commit() {
    let Some((url, mut server)) = server().await else { return };
    let store = store::open(&url).await.unwrap();
    let mut commit = server.begin().await.unwrap();
    commit.execute("SELECT epoch FROM owner FOR SHARE").await.unwrap();
    let taking = tokio::spawn(async move { store.take_line("second").await });
    let mut looking = PgConnection::connect(&url).await.unwrap();
    while sqlx::query_scalar::<_, i64>(WAITING).fetch_one(&mut looking).await.unwrap() == 0 {}
    assert!(!taking.is_finished());
    commit.rollback().await.unwrap();
    assert_eq!(taking.await.unwrap().unwrap(), Some(1));
}

/// An empty database with Cordon's tables, and a connection to it.
async fn server() -> Option<(String, PgConnection)> {
    let url = postgres::fresh_database().await?;
    store::open(&url).await.unwrap();
    let server = PgConnection::connect(&url).await.unwrap();
    Some((url, server))
}
