//! A start goes on from a snapshot as if everything had been decided again, and from none that cannot be believed.

use std::collections::BTreeSet;

use cordon::{
    engine::{Engine, MEMORY_FORM},
    sequencer::{Again, Recovered, Taken, decide_again, recover},
    store::{MemoryStore, Snapshot, SnapshotPart, Store},
};
use serde_json::Value;
use tag_wire::Motion;

use crate::{
    accompanied::{TAG, World, east, run},
    erasing,
    lived::{self, books, commuter, record, sends, zone},
};

/// A day of somebody whose way leads through a zone.
async fn lived_day() -> MemoryStore {
    let store = MemoryStore::new();
    let walker = commuter(1);
    let mut sent = sends(lived::tag(60), 1, |s| walker.at(s));
    // A ping that a tag had kept, on the way, comes two hours late.
    let on_the_way = sent.iter().position(|sent| sent.ping.motion == Motion::Moving).unwrap() + 5;
    sent[on_the_way].at_ms += 2 * 3_600_000;
    sent.sort_by_key(|sent| sent.at_ms);
    assert!(sent.iter().any(|sent| sent.ping.motion == Motion::Moving));
    let incidents = record(&store, books(zone("z-1", [-3_000.0, 0.0], 300.0)), &sent).await;
    assert!(!incidents.is_empty());
    store
}

/// The engine after this row, and a snapshot of it.
async fn at_row(store: &MemoryStore, no: i64) -> (Engine, Taken) {
    let part = MemoryStore::new();
    for row in store.journal(0, no).await.unwrap() {
        let batch = cordon::store::Batch { rows: vec![row], ..Default::default() };
        part.commit(&batch).await.unwrap();
    }
    let Recovered { engine, head, .. } = decide_again(&part).await.unwrap();
    let taken = Taken::of(&engine, &head.unwrap()).unwrap();
    (engine, taken)
}

async fn rows(store: &MemoryStore) -> i64 {
    store.head().await.unwrap().unwrap().no
}

#[tokio::test]
async fn a_start_goes_on_from_the_newest_snapshot() {
    let store = lived_day().await;
    let all = rows(&store).await;
    let (whole, _) = recover(&store).await.unwrap();
    for no in [all / 7, all / 3, all / 2, all - 1, all] {
        let (engine, taken) = at_row(&store, no).await;
        taken.write(&store).await.unwrap();
        let recalled = Recovered::from_snapshot(&store).await.unwrap();
        assert!(recalled.engine == engine, "row {no}");
        assert_eq!(recalled.head.map(|head| head.no), Some(no));
        let (sequencer, findings) = recover(&store).await.unwrap();
        assert_eq!((findings.from, findings.rows), (no, all - no));
        assert_eq!((findings.differences, findings.passed_over), (vec![], vec![]));
        assert!(sequencer.engine() == whole.engine() && sequencer.last_at() == whole.last_at(), "row {no}");
    }
    let kept: Vec<i64> = store.snapshots().await.unwrap().iter().map(|snapshot| snapshot.no).collect();
    assert_eq!(kept, [all, all - 1], "the last two");
}

#[tokio::test]
async fn one_that_cannot_be_believed_is_passed_over() {
    let store = lived_day().await;
    let all = rows(&store).await;
    let (whole, _) = recover(&store).await.unwrap();
    at_row(&store, all / 3).await.1.write(&store).await.unwrap();
    at_row(&store, all / 2).await.1.write(&store).await.unwrap();
    let newest = store.snapshots().await.unwrap().remove(0);
    let last = newest.parts - 1;
    let parts = store.snapshot_parts(newest.no, 0, newest.parts).await.unwrap();
    let start = async |why: &str, from: i64| {
        let (sequencer, findings) = recover(&store).await.unwrap();
        assert!(sequencer.engine() == whole.engine(), "{why}");
        assert_eq!(findings.from, from, "{why}");
        assert!(findings.passed_over[0].ends_with(why), "{findings:?}");
        assert_eq!(findings.differences, Vec::<String>::new(), "{why}");
    };
    let put = async |snapshot: Snapshot| store.keep_snapshot(&snapshot).await.unwrap();
    let put_part = async |part: SnapshotPart| store.keep_parts(newest.no, &[part]).await.unwrap();

    put(Snapshot { form: MEMORY_FORM + 1, ..newest.clone() }).await;
    start("it is written in another form", all / 3).await;
    put(Snapshot { chain: vec![7; 32], ..newest.clone() }).await;
    start("the journal's row is another one", all / 3).await;
    put(Snapshot { parts: last + 2, ..newest.clone() }).await;
    start("a part is missing", all / 3).await;
    put(Snapshot { parts: last, ..newest.clone() }).await;
    start("it is not what was written", all / 3).await;
    put(newest.clone()).await;
    let damaged = |content: Vec<u8>| SnapshotPart { content, ..parts[0].clone() };
    put_part(damaged(b"\xc1".to_vec())).await;
    start("a part cannot be read", all / 3).await;
    put_part(damaged(parts[1].content.clone())).await;
    start("it is not what was written", all / 3).await;

    // It is no other row's, either.
    let other = store.journal(all - 2, 1).await.unwrap().remove(0);
    store.keep_parts(other.no, &parts).await.unwrap();
    put(Snapshot { no: other.no, chain: other.chain, ..newest.clone() }).await;
    let (_, findings) = recover(&store).await.unwrap();
    let moved = format!("the snapshot after row {} is passed over: it is not what was written", other.no);
    assert_eq!(findings.passed_over[0], moved);
    assert_eq!(findings.from, all / 3);

    let older = store.snapshots().await.unwrap().remove(2);
    put(Snapshot { digest: vec![0; 32], ..older }).await;
    start("it is not what was written", 0).await;
    put_part(parts[0].clone()).await;
    let (_, findings) = recover(&store).await.unwrap();
    assert_eq!((findings.from, findings.passed_over), (all / 2, vec![moved]));
}

#[tokio::test]
async fn one_that_another_version_of_the_engine_led_to_is_passed_over() {
    let lived = lived_day().await;
    let half = rows(&lived).await / 2;
    let mut all = lived.journal(0, i64::MAX).await.unwrap();
    all[usize::try_from(half).unwrap() - 1].engine -= 1;
    let store = MemoryStore::new();
    store.commit(&cordon::store::Batch { rows: all, ..Default::default() }).await.unwrap();
    at_row(&lived, half).await.1.write(&store).await.unwrap();
    let (_, findings) = recover(&store).await.unwrap();
    assert_eq!(findings.from, 0);
    assert!(findings.passed_over[0].ends_with("another version of the engine decided it"), "{findings:?}");
}

/// Somebody walks up to a person with a Companion, a ping of theirs is missing, and one brings what the tag had kept.
fn near_a_person() -> MemoryStore {
    let mut world = World::new();
    for s in (0..900).step_by(15) {
        if s == 600 {
            world.ping(TAG, s, &[]);
        }
        world.wearer_at(s, east(900.0 - s as f64));
        world.person_at(s + 7, east(0.0));
    }
    let kept = world.ping(TAG, 2_000, &[(1_000, east(20.0), 5.0), (1_030, east(20.0), 5.0)]);
    world.wearer_at(1_990, east(2_000.0));
    world.message(TAG, 2_000, kept);
    world.store
}

/// Of a person and a wearer nothing is remembered but what their devices were.
fn somebody_erased() -> MemoryStore {
    let mut world = erasing::world();
    erasing::close_all(&mut world, erasing::ERASED_S);
    assert!(["person:p-1", "wearer:w-1"].iter().all(|whom| erasing::erase(
        &mut world,
        erasing::ERASED_S,
        whom
    )));
    world.store
}

/// Every place in what is remembered, as far as such lives have it.
fn places(value: &Value, at: &str, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) if !fields.is_empty() => fields.iter().for_each(|(name, value)| {
            places(value, &format!("{at}.{name}"), found);
        }),
        Value::Array(values) if !values.is_empty() => {
            values.iter().for_each(|value| places(value, &format!("{at}[]"), found));
        }
        _ => drop(found.insert(at.to_owned())),
    }
}

/// A start would take a memory of another shape for its own: the number says that it is not.
#[test]
fn memory_of_another_shape_has_another_number() {
    let mut found = BTreeSet::new();
    // Before each row that changed a stage, raised something or told somebody, and now and then.
    let mut look = |again: Again<'_>| {
        let parts = again.before.parts().filter(|_| !again.row.decision.is_empty() || again.row.no % 16 == 0);
        parts.for_each(|part| places(&serde_json::to_value(&part).unwrap(), "", &mut found));
    };
    let mut ends = Vec::new();
    for store in [run(lived_day()), near_a_person(), somebody_erased()] {
        let mut recovered = Recovered::default();
        run(recovered.read_on(&store, &mut look)).unwrap();
        ends.extend(recovered.engine.parts());
    }
    ends.iter().for_each(|part| places(&serde_json::to_value(part).unwrap(), "", &mut found));
    // What stands in records, too, is read in every shape that it ever had.
    found.retain(|place| {
        ![".Book.book", ".Incident", ".Alert"].iter().any(|record| place.starts_with(record))
    });
    let found: String = found.iter().map(|place| format!("{place}\n")).collect();
    let known = include_str!("memory.txt").split_once('\n').unwrap();
    let is_known = known == (format!("form {MEMORY_FORM}").as_str(), found.as_str());
    assert!(is_known, "raise MEMORY_FORM if it was this before, and write memory.txt:\n{found}");
}

#[tokio::test]
async fn parts_make_the_same_engine_in_whichever_order() {
    let store = lived_day().await;
    let engine = decide_again(&store).await.unwrap().engine;
    let mut parts: Vec<_> = engine.parts().collect();
    parts.reverse();
    assert!(Engine::recalled(parts.clone()).unwrap() == engine);
    let middle = parts.len() / 2;
    parts.rotate_left(middle);
    assert!(Engine::recalled(parts.clone()).unwrap() == engine);
    parts.retain(|part| part.subject() != "service");
    assert!(Engine::recalled(parts).is_none(), "without the service's own");
    assert!(Engine::recalled([]).is_none());
}
