//! The journal, and what a commit may and may not do.

use cordon::{
    domain::{AlertId, AlertState, IncidentId},
    store::{About, Batch, JournalHead, JournalRow, Store, StoreError},
};

use crate::{
    build::{alert, alerts_batch, batch, first_batch, incident, row, rows},
    places::Place,
};

async fn conflict(store: &dyn Store, batch: &Batch) -> i64 {
    let (head, journal) = (store.head().await.unwrap(), store.journal(0, i64::MAX).await.unwrap());
    let error = store.commit(batch).await.unwrap_err();
    assert_eq!(store.head().await.unwrap(), head, "nothing is written");
    assert_eq!(store.journal(0, i64::MAX).await.unwrap(), journal, "nothing is written");
    match error {
        StoreError::Conflict(no) => no,
        other => panic!("{other}"),
    }
}

pub(crate) async fn a_batch_reads_back_as_it_was_written(place: &Place) {
    let store = &place.store;
    assert_eq!(store.head().await.unwrap(), None);
    let written = Batch { rows: rows(1..=3), ..first_batch(vec![alert(1, 1), alert(2, 1)]) };
    store.commit(&written).await.unwrap();

    let read = &place.other;
    let last = row(3, 0);
    let head = JournalHead { no: 3, at: last.at, chain: last.chain };
    assert_eq!(read.head().await.unwrap(), Some(head));
    assert_eq!(read.journal(0, 10).await.unwrap(), written.rows);
    assert_eq!(read.incident(IncidentId(1)).await.unwrap().as_ref(), Some(&written.incidents[0]));
    assert_eq!(read.incident(IncidentId(2)).await.unwrap(), None);
    assert_eq!(read.alerts_of(IncidentId(1)).await.unwrap(), written.alerts);
    assert_eq!(read.attempts_of(AlertId(1)).await.unwrap(), []);
}

pub(crate) async fn repeating_a_batch_changes_nothing(place: &Place) {
    let first = first_batch(vec![alert(1, 1)]);
    place.store.commit(&first).await.unwrap();
    let accepted = alert(1, 1);
    let accepted = cordon::domain::Alert { state: AlertState::Accepted, ..accepted };
    let mut owned = incident(1);
    owned.ongoing = false;
    let second = Batch { incidents: vec![owned.clone()], ..alerts_batch(2, vec![accepted.clone()]) };
    place.store.commit(&second).await.unwrap();
    for repeated in [&second, &first, &second] {
        place.other.commit(repeated).await.unwrap();
        assert_eq!(place.store.journal(0, 10).await.unwrap(), rows(1..=2));
        assert_eq!(place.store.incident(IncidentId(1)).await.unwrap(), Some(owned.clone()));
        assert_eq!(place.store.alerts_of(IncidentId(1)).await.unwrap(), std::slice::from_ref(&accepted));
    }
}

pub(crate) async fn a_longer_batch_may_begin_with_rows_that_are_there(place: &Place) {
    place.store.commit(&batch(1..=2)).await.unwrap();
    let longer = Batch { rows: rows(1..=4), ..first_batch(vec![alert(1, 1)]) };
    place.store.commit(&longer).await.unwrap();
    assert_eq!(place.store.journal(0, 10).await.unwrap(), rows(1..=4));
    assert_eq!(place.store.alerts_of(IncidentId(1)).await.unwrap().len(), 1);
}

pub(crate) async fn a_row_with_other_content_is_a_conflict(place: &Place) {
    let store = place.store.as_ref();
    store.commit(&batch(1..=3)).await.unwrap();
    let other = Batch { rows: vec![row(2, 0), row(3, 1), row(4, 1)], ..first_batch(vec![alert(1, 1)]) };
    assert_eq!(conflict(store, &other).await, 3);
    assert_eq!(store.incident(IncidentId(1)).await.unwrap(), None);
    assert_eq!(conflict(store, &Batch { rows: vec![row(1, 1)], ..Batch::default() }).await, 1);
    let same_content_other_chain = JournalRow { chain: vec![9], ..row(3, 0) };
    assert_eq!(conflict(store, &Batch { rows: vec![same_content_other_chain], ..Batch::default() }).await, 3);
}

pub(crate) async fn a_gap_is_refused(place: &Place) {
    let store = place.store.as_ref();
    assert_eq!(conflict(store, &Batch { rows: vec![row(5, 0), row(7, 0)], ..Batch::default() }).await, 7);
    assert_eq!(conflict(store, &Batch { rows: vec![row(5, 0), row(5, 0)], ..Batch::default() }).await, 5);
    store.commit(&batch(5..=6)).await.unwrap();
    assert_eq!(conflict(store, &batch(8..=9)).await, 8);
    assert_eq!(conflict(store, &batch(4..=4)).await, 4);
    assert_eq!(conflict(store, &batch(4..=7)).await, 4);
    store.commit(&batch(7..=7)).await.unwrap();
}

pub(crate) async fn numbers_below_one_are_refused(place: &Place) {
    assert_eq!(conflict(place.store.as_ref(), &batch(0..=2)).await, 0);
    assert_eq!(conflict(place.store.as_ref(), &batch(-3..=-3)).await, -3);
}

pub(crate) async fn two_writers_cannot_both_have_a_number(place: &Place) {
    for no in 1..=40 {
        let [mine, theirs] = [1, 2].map(|variant| Batch { rows: vec![row(no, variant)], ..Batch::default() });
        let (first, second) = tokio::join!(place.store.commit(&mine), place.other.commit(&theirs));
        assert!(first.is_ok() != second.is_ok(), "{no}: {first:?} {second:?}");
        let (winner, loser) = if first.is_ok() { (mine, theirs) } else { (theirs, mine) };
        assert_eq!(conflict(place.store.as_ref(), &loser).await, no);
        assert_eq!(place.store.journal(no - 1, 5).await.unwrap(), winner.rows);
    }
}

pub(crate) async fn large_batches_and_pages(place: &Place) {
    place.store.commit(&batch(1..=1_234)).await.unwrap();
    place.store.commit(&batch(1_235..=1_235)).await.unwrap();
    let mut read = Vec::new();
    loop {
        let page = place.other.journal(read.len() as i64, 500).await.unwrap();
        if page.is_empty() {
            break;
        }
        assert!(page.len() <= 500);
        read.extend(page);
    }
    assert_eq!(read, rows(1..=1_235));
    assert_eq!(place.store.journal(1_000, 0).await.unwrap(), []);
    assert_eq!(place.store.journal(i64::MAX, 5).await.unwrap(), []);
}

pub(crate) async fn rows_about_one_and_about_every_one(place: &Place) {
    let subjects = ["wearer:w-1", "wearer:w-10", "case:w-1", "service", "wearer:w-1"];
    let kinds = ["ping", "ping", "publish", "started", "publish"];
    let written: Vec<JournalRow> = (1..=2_500)
        .map(|no| {
            let nth = (no as usize - 1) % subjects.len();
            JournalRow { subject: subjects[nth].into(), kind: kinds[nth].into(), ..row(no, 0) }
        })
        .collect();
    place.store.commit(&Batch { rows: written.clone(), ..Batch::default() }).await.unwrap();
    let numbers = async |kind: &str, about, after, limit| {
        let rows = place.other.journal_of(kind, about, after, limit).await.unwrap();
        assert!(rows.iter().all(|row| written.contains(row)));
        rows.iter().map(|row| row.no).collect::<Vec<_>>()
    };
    assert_eq!(numbers("ping", About::One("wearer:w-1"), 0, 3).await, [1, 6, 11]);
    assert_eq!(numbers("ping", About::One("wearer:w-1"), 6, 2).await, [11, 16]);
    assert_eq!(numbers("ping", About::One("wearer:w-1"), 0, 10_000).await.len(), 500);
    assert_eq!(numbers("ping", About::Every("wearer"), 2_490, 10).await, [2_491, 2_492, 2_496, 2_497]);
    assert_eq!(numbers("publish", About::Every("case"), 2_490, 10).await, [2_493, 2_498]);
    assert_eq!(numbers("started", About::One("service"), 2_498, 10).await, [2_499]);
    let newest = async |kind: &str, subject: &str, before, limit| {
        let rows = place.other.newest_of(kind, subject, before, limit).await.unwrap();
        assert!(rows.iter().all(|row| written.contains(row)));
        rows.iter().map(|row| row.no).collect::<Vec<_>>()
    };
    assert_eq!(newest("publish", "case:w-1", i64::MAX, 3).await, [2_498, 2_493, 2_488]);
    assert_eq!(newest("publish", "case:w-1", 13, 3).await, [8, 3]);
    assert_eq!(newest("publish", "wearer:w-1", 11, 5).await, [10, 5]);
    assert_eq!(newest("publish", "case:w-1", i64::MAX, 10_000).await.len(), 500);
    for (subject, limit) in [("case:w-2", 5), ("case:w-1", 0)] {
        assert_eq!(newest("publish", subject, i64::MAX, limit).await, [0_i64; 0]);
    }
    for (kind, about, limit) in [
        ("ping", About::Every("case"), 10),
        ("ping", About::One("wearer"), 10),
        ("started", About::Every("service"), 10),
        ("ping", About::One("wearer:w-1"), 0),
    ] {
        assert_eq!(numbers(kind, about, 0, limit).await, [0_i64; 0], "{about:?}");
    }
}

pub(crate) async fn numbers_beyond_32_bits(place: &Place) {
    let store = &place.store;
    let mut from = (1_i64 << 31) - 100;
    store.commit(&batch(from..=from + 199)).await.unwrap();
    assert_eq!(store.head().await.unwrap().unwrap().no, (1 << 31) + 99);
    let id =
        |id: i64| Batch { incidents: vec![incident(id)], alerts: vec![alert(id, id)], ..Batch::default() };
    for limit in [1_i64 << 31, 1 << 32] {
        for around in [limit - 1, limit, limit + 1] {
            let no = store.head().await.unwrap().unwrap().no + 1;
            store.commit(&Batch { rows: rows(no..=no), ..id(around) }).await.unwrap();
            assert_eq!(store.incident(IncidentId(around)).await.unwrap(), Some(incident(around)));
            assert_eq!(store.alerts_of(IncidentId(around)).await.unwrap(), [alert(around, around)]);
        }
    }
    from = store.head().await.unwrap().unwrap().no;
    assert_eq!(store.journal(from - 1, 10).await.unwrap(), rows(from..=from));
}

pub(crate) async fn every_byte_of_a_payload_is_kept(place: &Place) {
    let payload: Vec<u8> = (0..=255).cycle().take(16 * 1024 + 1).collect();
    let written = JournalRow { payload, salt: vec![], ..row(1, 0) };
    place.store.commit(&Batch { rows: vec![written.clone()], ..Batch::default() }).await.unwrap();
    assert_eq!(place.store.journal(0, 1).await.unwrap(), [written]);
}

pub(crate) async fn hand_ins_are_taken_in_the_transaction(place: &Place) {
    let payloads: Vec<String> = (0..5).map(|i| format!(r#"{{"told":{i}}}"#)).collect();
    let ids = place.other.hand_in(&payloads).await.unwrap();
    assert_eq!(ids.len(), 5);
    let waiting = place.store.handed_in(3).await.unwrap();
    assert_eq!(waiting.iter().map(|h| h.id).collect::<Vec<_>>(), ids[..3]);
    assert_eq!(waiting.iter().map(|h| h.payload.clone()).collect::<Vec<_>>(), payloads[..3]);

    let taking = Batch { taken: ids[..4].to_vec(), ..batch(1..=4) };
    place.store.commit(&taking).await.unwrap();
    place.store.commit(&taking).await.unwrap();
    assert_eq!(place.other.handed_in(10).await.unwrap().iter().map(|h| h.id).collect::<Vec<_>>(), ids[4..]);

    // A number is never used again, or the next repetition of `taking` would take up what nobody has judged.
    place.store.commit(&Batch { taken: ids[4..].to_vec(), ..batch(5..=5) }).await.unwrap();
    let later = place.store.hand_in(&payloads[..1]).await.unwrap();
    assert!(later[0] > ids[4]);
    assert_eq!(place.store.hand_in(&[]).await.unwrap(), [0_i64; 0]);
}

pub(crate) async fn a_refused_batch_leaves_its_hand_ins(place: &Place) {
    place.store.commit(&batch(1..=1)).await.unwrap();
    let ids = place.store.hand_in(&["{}".into()]).await.unwrap();
    conflict(place.store.as_ref(), &Batch { taken: ids, ..batch(3..=3) }).await;
    assert_eq!(place.store.handed_in(10).await.unwrap().len(), 1);
}
