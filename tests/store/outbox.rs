//! Claims, leases and tries.

use std::{collections::BTreeMap, sync::Arc};

use cordon::{
    domain::{Alert, AlertId, AlertState, Channel, Priority, Timestamp},
    store::{Admit, Attempt, Batch, Claimed, Room, Store, StoreError},
};

use crate::{
    build::{alert, alerts_batch, at, attempt, batch, first_batch, incident},
    places::Place,
};

async fn claim_all(store: &dyn Store, now: i64, until: i64) -> Vec<Claimed> {
    store.claim(at(now), "dispatch-1", at(until), 1_000, Room::ALL).await.unwrap()
}

async fn ids(store: &dyn Store, now: i64, until: i64) -> Vec<i64> {
    claim_all(store, now, until).await.iter().map(|claimed| claimed.alert.id.0).collect()
}

fn accepted(id: i64) -> Alert {
    Alert { state: AlertState::Accepted, ..alert(id, 1) }
}

pub(crate) async fn the_most_urgent_then_the_oldest_first(place: &Place) {
    let of = |id, priority, raised: i64| Alert { priority, raised_at: at(raised), ..alert(id, 1) };
    let alerts = vec![
        of(1, Priority::P3, 0),
        of(2, Priority::P1, 20),
        of(3, Priority::P2, 5),
        of(5, Priority::P1, 10),
        of(4, Priority::P1, 10),
    ];
    place.store.commit(&first_batch(alerts.clone())).await.unwrap();
    let first = place.store.claim(at(100), "dispatch-1", at(200), 2, Room::ALL).await.unwrap();
    assert_eq!(first.iter().map(|claimed| claimed.alert.id.0).collect::<Vec<_>>(), [4, 5]);
    let fresh = Claimed { alert: alerts[4].clone(), tries: 0, first_try_at: None, told_no_success: false };
    assert_eq!(first[0], fresh);
    assert_eq!(place.other.claim(at(100), "dispatch-2", at(200), 0, Room::ALL).await.unwrap(), []);
    assert_eq!(ids(place.other.as_ref(), 100, 200).await, [2, 3, 1]);
}

pub(crate) async fn nothing_is_claimed_before_it_is_due(place: &Place) {
    place.store.commit(&first_batch(vec![alert(50, 1), accepted(1)])).await.unwrap();
    assert_eq!(ids(place.store.as_ref(), 49, 100).await, [0_i64; 0]);
    assert_eq!(ids(place.store.as_ref(), 50, 100).await, [50]);
}

pub(crate) async fn a_lease_keeps_others_out_until_it_runs_out(place: &Place) {
    place.store.commit(&first_batch(vec![alert(1, 1)])).await.unwrap();
    assert_eq!(ids(place.store.as_ref(), 10, 100).await, [1]);
    assert_eq!(ids(place.other.as_ref(), 99, 200).await, [0_i64; 0]);
    assert_eq!(ids(place.other.as_ref(), 100, 200).await, [1]);
    assert_eq!(ids(place.store.as_ref(), 199, 300).await, [0_i64; 0]);
}

pub(crate) async fn a_state_change_ends_the_lease(place: &Place) {
    let store = place.store.as_ref();
    store.commit(&first_batch(vec![alert(1, 1)])).await.unwrap();
    assert_eq!(ids(store, 10, 100).await, [1]);
    store.commit(&alerts_batch(2, vec![accepted(1)])).await.unwrap();
    assert_eq!(ids(store, 1_000, 2_000).await, [0_i64; 0]);
    store.commit(&alerts_batch(3, vec![alert(1, 1)])).await.unwrap();
    assert_eq!(ids(store, 11, 100).await, [1], "waiting again: the old lease is gone");
}

pub(crate) async fn a_change_while_waiting_keeps_lease_and_tries(place: &Place) {
    let store = place.store.as_ref();
    store.commit(&first_batch(vec![alert(1, 1)])).await.unwrap();
    assert_eq!(ids(store, 10, 100).await, [1]);
    store.record_attempt(&attempt(1, 1, 11), None, true).await.unwrap();
    let urgent = Alert { priority: Priority::P2, ..alert(1, 1) };
    store.commit(&alerts_batch(2, vec![urgent.clone()])).await.unwrap();
    assert_eq!(ids(store, 99, 200).await, [0_i64; 0], "still leased");
    let expected = Claimed { alert: urgent, tries: 1, first_try_at: Some(at(11)), told_no_success: true };
    assert_eq!(claim_all(store, 100, 200).await, [expected]);

    store.record_attempt(&attempt(1, 2, 101), Some(at(500)), false).await.unwrap();
    store.commit(&alerts_batch(3, vec![alert(1, 1)])).await.unwrap();
    assert_eq!(ids(store, 499, 900).await, [0_i64; 0], "due no earlier");
    assert_eq!(ids(store, 500, 900).await, [1]);
}

pub(crate) async fn tries_are_recorded(place: &Place) {
    let store = place.store.as_ref();
    store.commit(&first_batch(vec![alert(1, 1)])).await.unwrap();
    assert_eq!(ids(store, 10, 100).await, [1]);
    store.record_attempt(&attempt(1, 1, 12), Some(at(2_012)), false).await.unwrap();
    assert_eq!(ids(store, 2_011, 9_000).await, [0_i64; 0], "not due");
    let second = claim_all(store, 2_012, 9_000).await;
    assert_eq!(
        (second[0].tries, second[0].first_try_at, second[0].told_no_success),
        (1, Some(at(12)), false)
    );

    store.record_attempt(&attempt(1, 2, 2_013), Some(at(5_000)), true).await.unwrap();
    let third = claim_all(store, 5_000, 9_000).await;
    assert_eq!((third[0].tries, third[0].first_try_at, third[0].told_no_success), (2, Some(at(12)), true));

    let last = Attempt {
        result: "accepted".into(),
        reason: String::new(),
        provider_ref: "SM-1".into(),
        ..attempt(1, 3, 5_001)
    };
    store.record_attempt(&last, None, false).await.unwrap();
    assert_eq!(
        ids(store, 8_999, 9_999).await,
        [0_i64; 0],
        "the lease stays until the sequencer has the outcome"
    );
    let fourth = claim_all(store, 9_000, 9_999).await;
    assert_eq!((fourth[0].tries, fourth[0].told_no_success), (3, true), "told is remembered");
    let all = [attempt(1, 1, 12), attempt(1, 2, 2_013), last];
    assert_eq!(place.other.attempts_of(AlertId(1)).await.unwrap(), all);
}

pub(crate) async fn a_try_written_twice_is_one(place: &Place) {
    let store = place.store.as_ref();
    store.commit(&first_batch(vec![alert(1, 1)])).await.unwrap();
    for _ in 0..2 {
        store.record_attempt(&attempt(1, 1, 12), Some(at(50)), false).await.unwrap();
    }
    assert_eq!(store.attempts_of(AlertId(1)).await.unwrap(), [attempt(1, 1, 12)]);
    assert_eq!(claim_all(store, 50, 100).await[0].tries, 1);
}

pub(crate) async fn rival_tries_are_both_kept(place: &Place) {
    place.store.commit(&first_batch(vec![alert(1, 1)])).await.unwrap();
    let (late, early) = (attempt(1, 1, 40), attempt(1, 1, 12));
    place.store.record_attempt(&late, None, false).await.unwrap();
    place.other.record_attempt(&early, None, false).await.unwrap();
    assert_eq!(place.store.attempts_of(AlertId(1)).await.unwrap(), [early, late]);
}

pub(crate) async fn a_try_of_an_unknown_alert_is_refused(place: &Place) {
    place.store.commit(&first_batch(vec![])).await.unwrap();
    let refused = place.store.record_attempt(&attempt(7, 1, 1), None, false).await;
    assert!(matches!(refused, Err(StoreError::Corrupt(text)) if text.contains('7')));
}

pub(crate) async fn the_next_claimable_instant(place: &Place) {
    let store = place.store.as_ref();
    assert_eq!(store.next_claimable(Room::ALL).await.unwrap(), None);
    store.commit(&first_batch(vec![alert(10, 1), alert(30, 1), accepted(1)])).await.unwrap();
    assert_eq!(store.next_claimable(Room::ALL).await.unwrap(), Some(at(10)));
    assert_eq!(store.claim(at(15), "dispatch-1", at(20), 1, Room::ALL).await.unwrap().len(), 1);
    assert_eq!(store.next_claimable(Room::ALL).await.unwrap(), Some(at(20)), "the lease runs out first");
    store.record_attempt(&attempt(10, 1, 16), Some(at(500)), false).await.unwrap();
    assert_eq!(store.next_claimable(Room::ALL).await.unwrap(), Some(at(30)));
    store.commit(&alerts_batch(2, vec![accepted(30)])).await.unwrap();
    assert_eq!(store.next_claimable(Room::ALL).await.unwrap(), Some(at(500)));
    store.commit(&alerts_batch(3, vec![accepted(10)])).await.unwrap();
    assert_eq!(store.next_claimable(Room::ALL).await.unwrap(), None);
}

pub(crate) async fn an_old_batch_does_not_wake_an_alert(place: &Place) {
    let store = place.store.as_ref();
    let first = first_batch(vec![alert(1, 1)]);
    store.commit(&first).await.unwrap();
    assert_eq!(ids(store, 10, 100).await, [1]);
    store.record_attempt(&attempt(1, 1, 12), None, false).await.unwrap();
    store.commit(&alerts_batch(2, vec![accepted(1)])).await.unwrap();
    store.commit(&first).await.unwrap();
    assert_eq!(ids(store, 10_000, 20_000).await, [0_i64; 0]);
    assert_eq!(store.attempts_of(AlertId(1)).await.unwrap().len(), 1);
}

pub(crate) async fn two_claimers_share_out_every_alert(place: &Place) {
    const ALERTS: i64 = 200;
    let alerts = (1..=ALERTS).map(|id| Alert { raised_at: at(0), ..alert(id, 1) }).collect();
    place.store.commit(&Batch { incidents: vec![incident(1)], alerts, ..batch(1..=1) }).await.unwrap();
    let claimers: Vec<_> = (0..4)
        .map(|n| {
            let store = Arc::clone(if n % 2 == 0 { &place.store } else { &place.other });
            tokio::spawn(async move { drain(store.as_ref(), &format!("dispatch-{n}")).await })
        })
        .collect();
    let mut claims: BTreeMap<i64, u32> = BTreeMap::new();
    for claimer in claimers {
        for id in claimer.await.unwrap() {
            *claims.entry(id).or_default() += 1;
        }
    }
    assert_eq!(claims, (1..=ALERTS).map(|id| (id, 1)).collect());
}

/// Claims until nothing is left. One empty answer does not prove that: a rival may hold the rows just then.
async fn drain(store: &dyn Store, owner: &str) -> Vec<i64> {
    let mut got = Vec::new();
    loop {
        let claimed = store.claim(at(1), owner, Timestamp::MAX, 7, Room::ALL).await.unwrap();
        got.extend(claimed.iter().map(|claimed| claimed.alert.id.0));
        if claimed.is_empty() && store.next_claimable(Room::ALL).await.unwrap() == Some(Timestamp::MAX) {
            return got;
        }
    }
}

/// Whether a service that starts is given at once what another had claimed.
pub(crate) async fn a_new_owner_ends_the_leases_of_the_dead(place: &Place) {
    let store = place.store.as_ref();
    store.commit(&first_batch(vec![alert(1, 1), alert(2, 1), accepted(3)])).await.unwrap();
    assert_eq!(ids(store, 10, 100).await, [1, 2]);
    store.record_attempt(&attempt(2, 1, 12), Some(at(80)), false).await.unwrap();
    place.other.end_leases().await.unwrap();
    assert_eq!(ids(place.other.as_ref(), 20, 200).await, [1]);
    assert_eq!(ids(store, 80, 300).await, [2], "what is to be tried later still is");
}

pub(crate) async fn only_what_there_is_room_for_is_claimed(place: &Place) {
    let of = |id, channel, priority| Alert { channel, priority, raised_at: at(0), ..alert(id, 1) };
    let (sms, webhook) = (Channel::Sms, Channel::Webhook);
    let alerts = vec![
        of(1, sms, Priority::P1),
        of(2, sms, Priority::P1),
        of(3, sms, Priority::P2),
        of(4, webhook, Priority::P1),
        of(5, webhook, Priority::P3),
    ];
    let store = place.store.as_ref();
    store.commit(&first_batch(alerts)).await.unwrap();
    store.record_attempt(&attempt(1, 1, 5), Some(at(40)), false).await.unwrap();
    let mut now = 100;
    for (sms, webhook, expected, next) in [
        (Admit::Nothing, Admit::Nothing, vec![], None),
        (Admit::NewDanger, Admit::Nothing, vec![2], Some(0)),
        (Admit::Danger, Admit::Nothing, vec![1, 2], Some(40)),
        (Admit::Nothing, Admit::NewDanger, vec![4], Some(0)),
        (Admit::NewDanger, Admit::All, vec![2, 4, 5], Some(0)),
        (Admit::All, Admit::All, vec![1, 2, 4, 3, 5], Some(0)),
    ] {
        let room = Room::of(|channel| match channel {
            Channel::Sms => sms,
            Channel::Webhook => webhook,
            _ => Admit::Nothing,
        });
        assert_eq!(store.next_claimable(room).await.unwrap(), next.map(at), "{room:?}");
        let claimed = store.claim(at(now), "dispatch-1", at(now + 10), 1_000, room).await.unwrap();
        assert_eq!(claimed.iter().map(|one| one.alert.id.0).collect::<Vec<_>>(), expected, "{room:?}");
        now += 10;
    }
}
