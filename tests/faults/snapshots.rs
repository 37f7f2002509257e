//! Snapshots are taken beside a busy line, and the next start goes on from one.

use std::{sync::Arc, time::Duration};

use cordon::{
    domain::TagId,
    engine::Told,
    sequencer::{Recovered, decide_again, erasures, recover, snapshots_after},
    store::{MemoryStore, Store},
};

use crate::{
    overload::ping_of,
    rig::{Rig, SNAPSHOT_EVERY_ROWS, case, message, past, unit_with_zone, wearer},
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

/// Nobody has to wait for a hundred thousand rows, and a restart between the two changes nothing.
#[tokio::test(flavor = "multi_thread")]
async fn two_follow_an_erasure_at_once() {
    let tags: [TagId; 2] = ["sim/a", "sim/b"].map(|tag| tag.parse().unwrap());
    let store: Arc<dyn Store> = Arc::new(MemoryStore::default());
    let mut rig = Rig::start(Arc::clone(&store), 100).await;
    let books = ["w-a", "w-b"].iter().zip(&tags).flat_map(|(id, tag)| [wearer(id, tag), case(id)].concat());
    rig.publish([unit_with_zone(), books.collect()].concat()).await;
    let ping = async |rig: &mut Rig, seq: u64| {
        rig.put(message(&tags[1], &ping_of(seq, rig.clock.steady(), 3_000.0), &rig.ticket(seq))).await;
        rig.settled(1).await;
    };
    ping(&mut rig, 1).await;
    assert_eq!(store.snapshots().await.unwrap(), [], "not of other rows");
    // Long before this, the case ended and the tag was handed back.
    rig.publish(past("w-a", &tags[0])).await;
    rig.tell([Told::Erase { subject: "wearer:w-a".parse().unwrap() }]).await;
    let row = erasures(store.as_ref(), 0).await.unwrap()[0].0;
    let taken = async |count: usize| {
        until("a snapshot", Duration::from_secs(30), async || {
            (snapshots_after(store.as_ref(), row).await.unwrap() == count).then_some(())
        })
        .await;
    };
    taken(1).await;
    let mut rig = rig.pause(1_000).await.go_on();
    ping(&mut rig, 2).await;
    taken(2).await;
    // And no more.
    for seq in 3..9 {
        ping(&mut rig, seq).await;
    }
    let store = rig.stop().await;
    assert_eq!(snapshots_after(store.as_ref(), row).await.unwrap(), 2);
    let (sequencer, findings) = recover(store.as_ref()).await.unwrap();
    assert_eq!((findings.differences, findings.passed_over), (vec![], vec![]));
    assert!(!sequencer.engine().rulebook().knows(&"wearer:w-a".parse().unwrap()));
}
