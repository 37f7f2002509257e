//! Numbers beyond 32 bits, from the tag's own to those that a database gives: nothing runs out, and nothing is cut off.

use cordon::{
    domain::IncidentId,
    engine::{Engine, Told},
    sequencer::{Sequencer, Taken, chain_of, digest_of, recover},
    store::{Batch, JournalHead, JournalRow, Room, Store},
};

use crate::{
    build::{alert, at, attempt, batch, incident, row},
    lived::{self, START, commuter, sends, zone},
    places::Place,
};

const LIMITS: [i64; 2] = [1 << 31, 1 << 32];
/// So many rows, incidents and pings before a limit a line begins.
const BEFORE: i64 = 5;

/// A line whose journal, incidents, alerts and pings have come up to a limit, as on the day before it is passed.
async fn line_up_to(limit: i64, store: &dyn Store) -> lived::Line<'_> {
    let no = limit - BEFORE;
    let mut first = JournalRow { engine: cordon::engine::ENGINE_VERSION, ..row(no, 0) };
    first.digest = digest_of(&first);
    first.chain = chain_of(&[], &first);
    let head = JournalHead { no, at: first.at, chain: first.chain.clone() };
    store.commit(&Batch { rows: vec![first], ..Batch::default() }).await.unwrap();
    let mut engine = Engine::default();
    engine.adopt(vec![incident(limit - 1)], vec![alert(limit - 2, limit - 1)]);
    engine.adopt(vec![], vec![]);
    Taken::of(&engine, &head).unwrap().write(store).await.unwrap();
    lived::Line::after(store, Sequencer::after(engine, Some(head)))
}

pub(crate) async fn the_line_goes_on_past_31_bits(place: &Place) {
    goes_on_past(LIMITS[0], place.store.as_ref()).await;
}

pub(crate) async fn the_line_goes_on_past_32_bits(place: &Place) {
    goes_on_past(LIMITS[1], place.store.as_ref()).await;
}

async fn goes_on_past(limit: i64, store: &dyn Store) {
    let walker = commuter(1);
    let sent = sends(lived::tag(60), 1, |s| walker.at(s));
    let mut line = line_up_to(limit, store).await;
    let before = START.plus_ms(-60_000);
    line.tell(before, Told::Started { sources: vec!["lab".into()] }).await;
    line.tell(before, Told::Source { name: "lab".into(), up: true }).await;
    for book in lived::books(zone("z-1", [-3_000.0, 0.0], 300.0)) {
        line.tell(before, Told::Publish(book)).await;
    }
    for (n, mut sent) in (0_u64..).zip(sent) {
        sent.ping.seq += limit.unsigned_abs() - BEFORE.unsigned_abs();
        sent.ping.oldest_kept = sent.ping.seq.min(sent.ping.oldest_kept + limit.unsigned_abs());
        line.hear(sent.at(), "sim/t1", &sent.ping).await;
        if n % 50 == 0 {
            line.written().await;
        }
    }
    line.written().await;

    assert!(store.head().await.unwrap().unwrap().no > limit + 100);
    let incidents = store.incidents(IncidentId(0), 1_000).await.unwrap();
    let ids: Vec<i64> = incidents.iter().map(|incident| incident.id.0).collect();
    assert!(ids.contains(&limit), "{ids:?}");
    let mut alerts = Vec::new();
    for incident in &incidents {
        alerts.extend(store.alerts_of(incident.id).await.unwrap().iter().map(|alert| alert.id.0));
    }
    assert!(alerts.contains(&(limit - 1)) && alerts.contains(&limit), "{alerts:?}");
    let (again, findings) = recover(store).await.unwrap();
    assert_eq!((findings.from, findings.differences), (limit - BEFORE, vec![]));
    assert!(again.engine() == line.engine());
}

pub(crate) async fn what_is_sent_and_handed_in_has_numbers_beyond_32_bits(place: &Place) {
    let store = place.store.as_ref();
    for (n, limit) in (1..).zip(LIMITS) {
        let ids = [limit - 1, limit, limit + 1];
        let alerts = ids.map(|id| alert(id, limit)).to_vec();
        store.commit(&Batch { incidents: vec![incident(limit)], alerts, ..batch(n..=n) }).await.unwrap();
        let now = at(limit + 10);
        let mut claimed = store.claim(now, "dispatch-1", now.plus_ms(1), 10, Room::ALL).await.unwrap();
        claimed.sort_by_key(|claimed| claimed.alert.id);
        let claimed: Vec<i64> = claimed.iter().map(|claimed| claimed.alert.id.0).collect();
        assert!(claimed.ends_with(&ids), "{claimed:?}");
        for id in ids {
            let tried = attempt(id, 1, limit);
            store.record_attempt(&tried, Some(now.plus_ms(limit)), false).await.unwrap();
            assert_eq!(store.attempts_of(tried.alert).await.unwrap(), [tried]);
        }
    }
}
