//! Snapshots are taken beside a busy line, and the next start goes on from one.

use std::{sync::Arc, time::Duration};

use cordon::{
    domain::TagId,
    sequencer::{Recovered, decide_again, recover},
    store::{MemoryStore, Store},
};

use crate::{
    overload::ping_of,
    rig::{Rig, SNAPSHOT_EVERY_ROWS, case, message, unit_with_zone, wearer},
    wait::until,
};

/// Less than one tag may send at once, each of them a row.
const PINGS: u64 = 560;

#[tokio::test(flavor = "multi_thread")]
async fn a_start_goes_on_from_a_snapshot_that_was_taken_at_work() {
    let tags: [TagId; 3] = ["sim/a", "sim/b", "sim/c"].map(|tag| tag.parse().unwrap());
    let store: Arc<dyn Store> = Arc::new(MemoryStore::default());
    let mut rig = Rig::start(Arc::clone(&store), 10_000).await;
    let ids = ["w-a", "w-b", "w-c"];
    let of_each = ids.iter().zip(&tags).flat_map(|(id, tag)| [wearer(id, tag), case(id)].concat());
    rig.publish([unit_with_zone(), of_each.collect()].concat()).await;
    let now = rig.clock.steady();
    for seq in 1..=PINGS {
        let ago_ms = (PINGS - seq) as i64 * 1_000;
        for (nth, tag) in tags.iter().enumerate() {
            let east_m = 3_000.0 - 5.0 * seq as f64 + 100.0 * nth as f64;
            rig.put(message(tag, &ping_of(seq, now.plus_ms(-ago_ms), east_m), &rig.ticket(seq))).await;
        }
    }
    rig.settled(3 * PINGS as usize).await;
    // It is written beside the line, which does not wait for it.
    let newest = until("a snapshot", Duration::from_secs(30), async || {
        store.snapshots().await.unwrap().first().cloned()
    })
    .await;
    let store = rig.stop().await;
    let last = store.head().await.unwrap().unwrap().no;
    assert!(newest.no >= SNAPSHOT_EVERY_ROWS && newest.no <= last, "{} of {last}", newest.no);

    let recalled = Recovered::from_snapshot(store.as_ref()).await.unwrap();
    assert!(recalled.findings.from >= newest.no);
    let (sequencer, findings) = recover(store.as_ref()).await.unwrap();
    assert_eq!((findings.differences, findings.passed_over), (vec![], vec![]));
    assert_eq!(findings.rows, last - findings.from);
    let whole = decide_again(store.as_ref()).await.unwrap();
    assert!(*sequencer.engine() == whole.engine);
}
