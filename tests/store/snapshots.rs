//! What the engine remembered, kept beside the journal.

use cordon::store::{Snapshot, SnapshotPart, Store};

use crate::places::Place;

fn snapshot(no: i64) -> Snapshot {
    Snapshot { no, chain: vec![1, 2], form: i64::MAX, parts: 3, digest: vec![0; 32] }
}

fn part(nth: i64, content: &[u8]) -> SnapshotPart {
    SnapshotPart { nth, subject: format!("wearer:w-{nth}"), content: content.to_vec() }
}

async fn keep(store: &dyn Store, no: i64, parts: i64) -> Vec<SnapshotPart> {
    let parts: Vec<_> = (0..parts).map(|nth| part(nth, &[nth as u8, 0, 255])).collect();
    store.keep_parts(no, &parts).await.unwrap();
    parts
}

pub(crate) async fn a_snapshot_reads_back_as_it_was_written(place: &Place) {
    let store = place.store.as_ref();
    assert_eq!(store.snapshots().await.unwrap(), []);
    let high = (1 << 32) + 7;
    let parts = keep(store, high, 5_000).await;
    assert_eq!(place.other.snapshots().await.unwrap(), [], "not before its head is written");
    store.keep_snapshot(&snapshot(high)).await.unwrap();
    keep(store, 3, 1).await;
    store.keep_snapshot(&snapshot(3)).await.unwrap();
    assert_eq!(place.other.snapshots().await.unwrap(), [snapshot(high), snapshot(3)], "the newest first");
    let other = place.other.as_ref();
    assert_eq!(other.snapshot_parts(high, 0, 10_000).await.unwrap(), parts);
    assert_eq!(other.snapshot_parts(high, 4_998, 1).await.unwrap(), parts[4_998..4_999]);
    assert_eq!(other.snapshot_parts(high, 5_000, 9).await.unwrap(), []);
    assert_eq!(other.snapshot_parts(2, 0, 9).await.unwrap(), []);
}

pub(crate) async fn a_snapshot_may_be_written_again(place: &Place) {
    let store = place.store.as_ref();
    keep(store, 9, 2).await;
    store.keep_parts(9, &[part(1, b"new"), part(2, b"")]).await.unwrap();
    store.keep_snapshot(&snapshot(9)).await.unwrap();
    let changed = Snapshot { parts: 2, ..snapshot(9) };
    store.keep_snapshot(&changed).await.unwrap();
    assert_eq!(store.snapshots().await.unwrap(), [changed]);
    let parts = [part(0, &[0, 0, 255]), part(1, b"new"), part(2, b"")];
    assert_eq!(store.snapshot_parts(9, 0, 9).await.unwrap(), parts);
}

pub(crate) async fn what_is_not_kept_is_forgotten_with_what_was_never_completed(place: &Place) {
    let store = place.store.as_ref();
    for no in [4, 6, 7, 9] {
        keep(store, no, 450).await;
        store.keep_snapshot(&snapshot(no)).await.unwrap();
    }
    for no in [5, 8, 10] {
        keep(store, no, 410).await;
    }
    let forget = async |kept: &[i64]| {
        let mut bites = 1;
        while store.forget_snapshots(kept).await.unwrap() {
            bites += 1;
        }
        bites
    };
    forget(&[]).await;
    assert_eq!(store.snapshots().await.unwrap().len(), 4, "of nothing kept nothing follows");
    let bites = forget(&[4, 7, 9]).await;
    assert!(
        bites == 1 || bites > 8,
        "in bites that no commit has to wait long for, or all at once in memory"
    );
    assert_eq!(place.other.snapshots().await.unwrap(), [snapshot(9), snapshot(7), snapshot(4)]);
    // Whatever is newer may be under way.
    for (no, left) in [(4, 450), (5, 0), (6, 0), (7, 450), (8, 0), (9, 450), (10, 410)] {
        assert_eq!(store.snapshot_parts(no, 0, 10_000).await.unwrap().len(), left, "{no}");
    }
}
