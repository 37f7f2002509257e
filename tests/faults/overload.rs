//! More messages than may be: a flood from one tag or vendor, and everybody coming back at once.

use std::{collections::BTreeMap, sync::Arc};

use cordon::{
    domain::{IncidentKind, Subject, TagId, Timestamp},
    engine::{Input, Told},
    sequencer::input_of,
    store::{JournalRow, MemoryStore},
};
use serde_json::json;
use tag_wire::{Fix, Motion, Source, TopicKind, decode_ack};

use crate::{
    outcome::stored,
    reference::journal,
    report,
    rig::{LAT, Rig, case, lon, message, unit_with_zone, wearer},
};

/// Pings of one tag at once: five times what it may send.
const CROWD: u64 = 3_000;
/// What a tag may send at once.
const BURST: usize = 600;

/// A ping whose one fix is so many metres east of the zone's centre.
pub(crate) fn ping_of(seq: u64, at: Timestamp, east_m: f64) -> tag_wire::Ping {
    tag_wire::Ping {
        boot: 1,
        seq,
        oldest_kept: 1,
        next_within_s: 60,
        sent_ms: at.as_ms(),
        battery_pct: 80,
        charging: false,
        motion: Motion::Moving,
        fixes: vec![fix(at.as_ms(), east_m)],
        events: vec![],
    }
}

/// A good fix so many metres east of the zone's centre.
pub(crate) fn fix(t_ms: i64, east_m: f64) -> Fix {
    Fix {
        t_ms,
        lat: LAT,
        lon: lon(east_m),
        acc_m: Some(5.0),
        hdop: None,
        source: Source::Gnss,
        speed_mps: None,
        course_deg: None,
        sats: None,
    }
}

/// How many rows the journal has of pings, and of runs of pings that were not judged one by one.
fn judged_and_coalesced(rows: &[JournalRow], tag: &TagId) -> (usize, usize) {
    let inputs: Vec<Input> = rows.iter().map(|row| input_of(row).unwrap()).collect();
    let judged = inputs.iter().filter(|input| matches!(input, Input::Ping { tag: of, .. } if of == tag));
    let coalesced = inputs
        .iter()
        .filter(|input| matches!(input, Input::Told(Told::Coalesced { tag: of, .. }) if of == tag));
    (judged.count(), coalesced.count())
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_flood_the_newest_and_the_nearest_are_judged_and_nothing_waits_behind_it() {
    let (loud, quiet): (TagId, TagId) = ("sim/loud".parse().unwrap(), "sim/quiet".parse().unwrap());
    let rig = Rig::start(Arc::new(MemoryStore::default()), 10_000).await;
    let books = [unit_with_zone(), wearer("w-1", &loud), wearer("w-2", &quiet), case("w-1"), case("w-2")];
    rig.publish(books.concat()).await;
    let mut rig = rig.pause(3_600_000).await.go_on();
    // 12.5 minutes by car: from 2 km away into the zone, out again on the other side. It is inside for a few pings in
    // the middle of what is too much.
    let now = rig.clock.steady();
    let at = |seq: u64| now.plus_ms((seq as i64 - CROWD as i64) * 250);
    let east_m = |seq: u64| (seq as f64 - 1_800.0) * 1.7;
    for seq in 1..=CROWD {
        rig.put(message(&loud, &ping_of(seq, at(seq), east_m(seq)), &rig.ticket(seq))).await;
        if seq % 100 == 0 {
            let ping = ping_of(seq / 100, now, 5_000.0);
            rig.put(message(&quiet, &ping, &rig.ticket(1_000_000 + seq))).await;
        }
    }
    let dones = rig.settled(CROWD as usize + 30).await;
    let acks: BTreeMap<&TagId, u64> = dones
        .iter()
        .flat_map(|done| &done.replies)
        .filter(|reply| reply.topic == TopicKind::Ack)
        .map(|reply| (&reply.tag, decode_ack(&reply.payload).unwrap().upto))
        .collect();
    assert_eq!(acks, BTreeMap::from([(&loud, CROWD), (&quiet, 30)]), "everything is acknowledged");

    let store = rig.stop().await;
    let rows = journal(store.as_ref()).await;
    let (judged, coalesced) = judged_and_coalesced(&rows, &loud);
    assert!((BURST..BURST + CROWD as usize / 10).contains(&judged), "{judged} judged one by one");
    assert!((1..30).contains(&coalesced), "{coalesced} rows for the rest");
    assert_eq!(judged_and_coalesced(&rows, &quiet), (30, 0), "another tag is judged as ever");
    let (incidents, _) = stored(store.as_ref()).await;
    let of = |kind| incidents.iter().filter(|incident| incident.kind == kind).collect::<Vec<_>>();
    let [violation] = of(IncidentKind::Violation)[..] else { panic!("the way through the zone was seen") };
    // 200 m before the centre and behind it.
    let stay = at(1_800 - 118)..=at(1_800 + 118);
    assert!(stay.contains(&violation.episodes[0].from), "{:?} in {stay:?}", violation.episodes);
    let [flood] = of(IncidentKind::Flood)[..] else { panic!("one incident for the flood") };
    assert_eq!(flood.subject, Subject::Wearer("w-1".parse().unwrap()));
    report::shown(
        25,
        "a flood from one tag",
        json!({"sent": CROWD, "judged": judged, "rows_for_the_rest": coalesced}),
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn tags_that_nobody_wears_share_an_allowance_and_their_vendor_is_named_once() {
    let known: TagId = "sim/known".parse().unwrap();
    let mut rig = Rig::start(Arc::new(MemoryStore::default()), 10_000).await;
    rig.publish([unit_with_zone(), wearer("w-1", &known), case("w-1")].concat()).await;
    let now = rig.clock.steady();
    for n in 0..5_000_u64 {
        let stray: TagId = format!("loud/made-up-{n}").parse().unwrap();
        rig.put(message(&stray, &ping_of(1, now, 0.0), &rig.ticket(n))).await;
    }
    rig.put(message(&known, &ping_of(1, now, 0.0), &rig.ticket(9_999))).await;
    rig.settled(5_001).await;
    let store = rig.stop().await;
    let rows = journal(store.as_ref()).await;
    assert!(rows.len() < BURST + 100, "{} rows", rows.len());
    let (incidents, _) = stored(store.as_ref()).await;
    let mut kinds: Vec<_> =
        incidents.iter().map(|incident| (incident.kind, incident.subject.clone())).collect();
    kinds.sort();
    let wearer = Subject::Wearer("w-1".parse().unwrap());
    assert_eq!(kinds, [(IncidentKind::Violation, wearer), (IncidentKind::Flood, Subject::Service)]);
    report::shown(25, "a flood from one vendor", json!({"sent": 5_001, "rows": rows.len()}));
}

#[tokio::test(flavor = "multi_thread")]
async fn when_all_tags_come_back_at_once_those_nearest_to_a_zone_are_judged_first() {
    const NEAR: u64 = 40;
    let tags: u64 = if report::is_long() { 30_000 } else { 10_000 };
    let tag = |n: u64| -> TagId { format!("sim/tag-{n}").parse().unwrap() };
    // The last ones in line are the nearest.
    let east_m = |n: u64| if n >= tags - NEAR { 500.0 } else { 4_000.0 };
    let mut rig = Rig::start(Arc::new(MemoryStore::default()), tags as usize).await;
    let of = |n: u64| [wearer(&format!("w-{n}"), &tag(n)), case(&format!("w-{n}"))].concat();
    rig.publish(unit_with_zone().into_iter().chain((0..tags).flat_map(of)).collect()).await;
    let now = rig.clock.steady();
    for n in 0..tags {
        rig.put(message(&tag(n), &ping_of(1, now.plus_ms(-60_000), east_m(n)), &rig.ticket(n))).await;
    }
    rig.settled(tags as usize).await;
    // They were away for a minute; all speak at once, and those who were near are inside.
    let back = rig.pause(0).await;
    for n in 0..tags {
        let east_m = if n >= tags - NEAR { 0.0 } else { east_m(n) };
        back.put(message(&tag(n), &ping_of(2, now, east_m), &back.ticket(n))).await;
    }
    let mut rig = back.go_on();
    rig.settled(tags as usize).await;
    let store = rig.stop().await;
    let rows = journal(store.as_ref()).await;
    let second: Vec<u64> = rows
        .iter()
        .filter_map(|row| match input_of(row).unwrap() {
            Input::Ping { tag, ping, .. } if ping.seq == 2 => tag.tag()[4..].parse::<u64>().ok(),
            _ => None,
        })
        .collect();
    assert_eq!(second.len(), tags as usize, "all are judged");
    let last_near = second.iter().rposition(|n| *n >= tags - NEAR).unwrap();
    assert_eq!(last_near + 1, NEAR as usize, "nobody farther away was judged before the nearest");
    let (incidents, _) = stored(store.as_ref()).await;
    let violations = incidents.iter().filter(|incident| incident.kind == IncidentKind::Violation);
    assert_eq!(violations.count(), NEAR as usize);
    report::shown(
        26,
        "everybody back at once",
        json!({"tags": tags, "near": NEAR, "last_of_them_judged_as": last_near + 1}),
    );
}
