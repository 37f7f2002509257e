//! A zone is tried out on generated lives, as the journal holds them.

use std::collections::BTreeSet;

use cordon::{
    clock::Clock,
    domain::{Timestamp, WearerId, Zone},
    engine::{Input, Told},
    lab::{
        proven,
        rehearse::{Caveat, Heard, How, Proposal, Rehearsal, Unfit, VisitKind, recorded, rehearse, rulebook},
    },
    store::MemoryStore,
};
use firmware_sim::world::{City, Life, LifePlan, Neighbour};
use serde_json::{Value, json};

use crate::{
    lived::{self, HOME, START, Sent},
    report::is_long,
};

const DAYS: u32 = 14;
/// A month takes less than this, milliseconds, even on a busy machine and without optimisation.
const MONTH_MS: i64 = 60_000;

fn wearer() -> WearerId {
    "w-1".parse().unwrap()
}

/// Somebody else's zone, an hour away.
fn elsewhere() -> Value {
    lived::zone("z-1", [0.0, 60_000.0], 300.0)
}

async fn rehearsed(store: &MemoryStore, zone: &Value, days: u32) -> Rehearsal {
    let known = rulebook(store, &wearer()).await.unwrap();
    let zone: Zone = serde_json::from_value(zone.clone()).unwrap();
    let proposal = Proposal::new(&known, &wearer(), zone, Some("Europe/London")).unwrap();
    rehearse(&proposal, &recorded(store, &wearer(), days).await.unwrap()).unwrap()
}

async fn commuter(days: u32, interval_s: u32) -> MemoryStore {
    let (store, life) = (MemoryStore::new(), lived::commuter(days));
    let sent = lived::sends(lived::tag(interval_s), days, |s| life.at(s));
    lived::record(&store, lived::books(elsewhere()), &sent).await;
    store
}

/// A life with a zone that is passed now and then, and entered twice.
fn life(days: u32) -> (Value, Vec<Sent>) {
    let cities = (0..).map(|nth| City::new(nth, HOME));
    let mut places = cities.map(|city| (Neighbour::find(&city, 3), city));
    let (zone, city) = places.find_map(|(zone, city)| Some((zone?, city))).unwrap();
    let (neighbour, violations) = (Some(zone), vec![3, 9]);
    let life = Life::new(&LifePlan { seed: 3, days, neighbour, passes_a_day: 0.6, violations }, &city);
    assert_eq!(life.violations().len(), 2);
    let drawn = json!({"id": "z-1", "code": "ROSE", "margin_m": 300.0,
        "shape": {"circle": {"lat": zone.centre.0, "lon": zone.centre.1, "radius_m": zone.radius_m}}});
    (drawn, lived::sends(lived::tag(20), days, |s| life.at(s)))
}

fn begins(rehearsal: &Rehearsal, kind: VisitKind) -> BTreeSet<Timestamp> {
    rehearsal.visits.iter().filter(|visit| visit.kind == kind).map(|visit| visit.begin).collect()
}

#[tokio::test]
async fn a_zone_in_force_gives_the_violations_that_were_raised() {
    let (zone, sent) = life(DAYS);
    let store = MemoryStore::new();
    let incidents = lived::record(&store, lived::books(zone), &sent).await;
    let known = rulebook(&store, &wearer()).await.unwrap();
    assert_eq!(known.zones().count(), 1);
    assert!(known.person(&"p-1".parse().unwrap()).is_none(), "nothing of a protected person is read");
    let zone = Proposal::zone_in_force(&known, &"z-1".parse().unwrap()).unwrap();
    let proposal = Proposal::new(&known, &wearer(), zone, None).unwrap();
    let rehearsal = rehearse(&proposal, &recorded(&store, &wearer(), 30).await.unwrap()).unwrap();
    let raised: BTreeSet<Timestamp> = incidents.values().flat_map(proven).map(|(_, from)| from).collect();
    assert_eq!(begins(&rehearsal, VisitKind::Violation), raised);
    assert!(rehearsal.violations >= 2 && rehearsal.approaches >= 1, "{}", rehearsal.summary());
    assert!(rehearsal.visits.iter().all(|visit| visit.kind != VisitKind::Violation
        || visit.nearest_m.is_some_and(|nearest_m| nearest_m < 0.0) && visit.duration_s >= 600));
    let shorter = Caveat::Shorter { asked: 30, holds: DAYS };
    assert!(rehearsal.caveats.contains(&shorter), "{:?}", rehearsal.caveats);
}

#[tokio::test]
async fn doubled_joined_and_late_pings_change_no_count() {
    let (zone, sent) = life(DAYS);
    let counts = async |sent: &[Sent]| {
        let store = MemoryStore::new();
        lived::record(&store, lived::books(elsewhere()), sent).await;
        let rehearsal = rehearsed(&store, &zone, DAYS).await;
        (rehearsal.violations, rehearsal.approaches, rehearsal.hours)
    };
    let expected = counts(&sent).await;
    assert!(expected.0 >= 2 && expected.1 >= 1, "{expected:?}");

    let again = |one: &Sent| Sent { at_ms: one.at_ms + 300, ..one.clone() };
    let doubled: Vec<Sent> = sent.iter().flat_map(|one| [one.clone(), again(one)]).collect();
    assert_eq!(counts(&doubled).await, expected);

    let joined: Vec<Sent> = (1..).zip(sent.chunks(3)).map(|(seq, three)| join(three, seq)).collect();
    assert_eq!(counts(&joined).await, expected);

    // From six to nine in the evening nothing comes through; then all of it does, the oldest first.
    let (hour_ms, mut late, mut free_ms) = (3_600_000, sent.clone(), 0);
    for one in &mut late {
        let of_day_ms = (one.at_ms - START.as_ms()).rem_euclid(24 * hour_ms);
        let waits_ms =
            if (18 * hour_ms..21 * hour_ms).contains(&of_day_ms) { 21 * hour_ms - of_day_ms } else { 0 };
        one.at_ms = (one.at_ms + waits_ms).max(free_ms);
        free_ms = one.at_ms + 50;
    }
    assert_eq!(counts(&late).await, expected);
}

/// Several pings in one.
fn join(pings: &[Sent], seq: u64) -> Sent {
    let mut one = pings[pings.len() - 1].clone();
    one.ping.fixes = pings.iter().flat_map(|sent| sent.ping.fixes.clone()).collect();
    one.ping.events = pings.iter().flat_map(|sent| sent.ping.events.clone()).collect();
    (one.ping.seq, one.ping.oldest_kept, one.ping.next_within_s) = (seq, seq, 3 * one.ping.next_within_s);
    one
}

#[tokio::test]
async fn a_zone_on_the_way_to_work_shows_weekdays_hours_and_one_way() {
    let store = commuter(DAYS, 20).await;
    // The way is 100 m from the border, south of it.
    let rehearsal = rehearsed(&store, &lived::zone("z-9", [-3_000.0, 250.0], 150.0), DAYS).await;
    let said = rehearsal.summary();
    assert_eq!((rehearsal.violations, rehearsal.approaches, rehearsal.blind), (0, 20, 0), "{said}");
    for (day, hours) in rehearsal.hours.table.iter().enumerate() {
        let expected = if day < 5 { [(7, 2), (17, 2)].as_slice() } else { &[] };
        let found: Vec<_> = (0..).zip(hours).filter(|(_, count)| **count > 0).map(|(h, n)| (h, *n)).collect();
        assert_eq!(found, expected, "{said}");
    }
    let [way] = rehearsal.ways.as_slice() else { panic!("{said}") };
    let How::Passing { from, to, there: 10, back: 10, kmh } = &way.how else { panic!("{said}") };
    let ends = BTreeSet::from([from.to_string(), to.to_string()]);
    assert_eq!(ends, BTreeSet::from(["south-east".to_owned(), "south-west".to_owned()]));
    assert!((25.0..33.0).contains(kmh), "{said}");
    assert!(way.nearest_m.is_some_and(|nearest_m| (70.0..110.0).contains(&nearest_m)), "{said}");
    assert!(said.contains("20 alerts in 14 days, all of them on one way between the south-"), "{said}");
    assert!(said.contains("10 of 20 on weekdays between 7 and 8"), "{said}");
    assert!(!rehearsal.caveats.iter().any(|caveat| matches!(caveat, Caveat::Nights { .. })), "{said}");
}

#[tokio::test]
async fn a_zone_around_the_wearers_own_home_is_told() {
    let store = commuter(7, 60).await;
    let inside = rehearsed(&store, &lived::zone("z-9", [0.0, 0.0], 150.0), 7).await;
    assert!(inside.caveats.contains(&Caveat::Nights { inside: 7, near: 0, of: 7 }), "{}", inside.summary());
    assert!(inside.summary().contains("inside this zone on 7 of 7 nights. Do they live there?"));
    assert!(inside.violations >= 5, "{}", inside.summary());
    let near = rehearsed(&store, &lived::zone("z-9", [300.0, 0.0], 150.0), 7).await;
    assert!(near.caveats.contains(&Caveat::Nights { inside: 0, near: 7, of: 7 }), "{}", near.summary());
}

#[tokio::test]
async fn a_zone_around_the_wearers_own_work_is_told() {
    let store = commuter(7, 60).await;
    let inside = rehearsed(&store, &lived::zone("z-9", [-6_000.0, 0.0], 150.0), 7).await;
    assert!(inside.caveats.contains(&Caveat::Workdays { inside: 5, near: 0, of: 5 }), "{}", inside.summary());
    assert!(inside.summary().contains("inside this zone on 5 of 5 working days. Do they work there"));
    let near = rehearsed(&store, &lived::zone("z-9", [-6_000.0, 300.0], 150.0), 7).await;
    assert!(near.caveats.contains(&Caveat::Workdays { inside: 0, near: 5, of: 5 }), "{}", near.summary());
    // Halfway there is no stay.
    let between = rehearsed(&store, &lived::zone("z-9", [-3_000.0, 0.0], 150.0), 7).await;
    let stays = |caveat: &Caveat| matches!(caveat, Caveat::Workdays { .. } | Caveat::Nights { .. });
    assert!(!between.caveats.iter().any(stays), "{}", between.summary());
}

#[tokio::test]
async fn a_zone_far_away_gives_nothing() {
    let store = commuter(3, 60).await;
    let rehearsal = rehearsed(&store, &lived::zone("z-9", [0.0, 20_000.0], 500.0), 3).await;
    assert_eq!((rehearsal.visits.len(), rehearsal.ways.len()), (0, 0));
    assert!(rehearsal.summary().contains("No alert in 3 days."), "{}", rehearsal.summary());
    assert_eq!(rehearsal.hours.table.iter().flatten().sum::<u32>(), 0);
}

#[tokio::test]
async fn silent_days_are_told_and_only_those_asked_for_are_played() {
    let (days, life, store) = (10, lived::commuter(10), MemoryStore::new());
    let mut sent = lived::sends(lived::tag(20), days, |s| life.at(s));
    let day_of = |one: &Sent| (one.at_ms - START.as_ms()) / 86_400_000;
    sent.retain(|one| !(7..9).contains(&day_of(one)));
    lived::record(&store, lived::books(elsewhere()), &sent).await;
    let zone = lived::zone("z-9", [-3_000.0, 250.0], 150.0);
    let last = rehearsed(&store, &zone, 4).await;
    assert_eq!(last.approaches, 2, "the Wednesday alone: {}", last.summary());
    assert!(last.caveats.contains(&Caveat::NoPings { hours: 48, of_days: 4 }), "{:?}", last.caveats);
    let all = rehearsed(&store, &zone, 10).await;
    assert_eq!(all.approaches, 12, "{}", all.summary());
}

/// Blind counts the silence of a tag, and not that of a service which did not run.
#[tokio::test]
async fn while_the_service_did_not_run_nobody_was_blind() {
    let (life, store) = (lived::commuter(2), MemoryStore::new());
    let mut sent = lived::sends(lived::tag(60), 2, |s| life.at(s));
    let [from_ms, until_ms] = [19, 22].map(|hour| START.as_ms() + hour * 3_600_000);
    sent.retain(|one| !(from_ms..until_ms).contains(&one.at_ms));
    lived::record(&store, lived::books(elsewhere()), &sent).await;
    let known = rulebook(&store, &wearer()).await.unwrap();
    let zone = serde_json::from_value(lived::zone("z-9", [300.0, 0.0], 150.0)).unwrap();
    let proposal = Proposal::new(&known, &wearer(), zone, None).unwrap();
    let mut read = recorded(&store, &wearer(), 2).await.unwrap();
    let silent = rehearse(&proposal, &read).unwrap();
    assert_eq!(silent.blind, 1, "{}", silent.summary());

    let at = Timestamp::from_ms(until_ms - 1_000);
    let place = read.heard.partition_point(|heard| heard.at < at);
    let input = Input::Told(Told::Started { sources: vec!["lab".into()] });
    read.heard.insert(place, Heard { at, input, stopped: Some(Timestamp::from_ms(from_ms)) });
    let down = rehearse(&proposal, &read).unwrap();
    assert_eq!(down.blind, 0, "{}", down.summary());
    assert_eq!(down.approaches, silent.approaches);
}

#[tokio::test]
async fn what_cannot_be_rehearsed_is_refused() {
    let store = commuter(1, 60).await;
    let known = rulebook(&store, &wearer()).await.unwrap();
    let zone: Zone = serde_json::from_value(elsewhere()).unwrap();
    let nobody: WearerId = "w-9".parse().unwrap();
    assert_eq!(Proposal::new(&known, &nobody, zone.clone(), None).err(), Some(Unfit::Wearer(nobody)));
    let nowhere = Proposal::new(&known, &wearer(), zone, Some("Europe/Londres")).err();
    assert_eq!(nowhere, Some(Unfit::TimeZone("Europe/Londres".into())));
    let no_zone = "z-7".parse().unwrap();
    assert_eq!(Proposal::zone_in_force(&known, &no_zone).err(), Some(Unfit::Zone(no_zone)));
    // Latitude and longitude swapped: outside of the unit's area.
    let swapped = json!({"id": "z-9", "code": "ROSE", "shape": {"circle": {"lat": -2.24, "lon": 53.48, "radius_m": 200.0}}});
    let zone = serde_json::from_value(swapped).unwrap();
    let proposal = Proposal::new(&known, &wearer(), zone, None).unwrap();
    let refused = rehearse(&proposal, &recorded(&store, &wearer(), 1).await.unwrap()).unwrap_err();
    assert!(format!("{refused:#}").contains("swapped"), "{refused:#}");
}

#[tokio::test]
async fn a_wearer_of_whom_nothing_is_known_is_no_proof_of_a_quiet_zone() {
    let store = MemoryStore::new();
    lived::record(&store, lived::books(elsewhere()), &[]).await;
    let rehearsal = rehearsed(&store, &lived::zone("z-9", [0.0, 0.0], 150.0), 30).await;
    assert!(rehearsal.summary().contains("this says nothing about the zone"), "{}", rehearsal.summary());
}

#[tokio::test]
async fn an_empty_journal_is_told() {
    let read = recorded(&MemoryStore::new(), &wearer(), 30).await.unwrap();
    assert!(read.heard.is_empty() && read.unreadable == 0);
}

#[tokio::test]
async fn a_month_is_rehearsed_in_seconds() {
    let days = if is_long() { 30 } else { 5 };
    let store = commuter(days, 60).await;
    let clock = Clock::real();
    let rehearsal = rehearsed(&store, &lived::zone("z-9", [-3_000.0, 250.0], 150.0), days).await;
    let took_ms = clock.real_us() / 1_000;
    println!("{days} days in {took_ms} ms: {}", rehearsal.headline());
    assert!(took_ms * 30 <= MONTH_MS * i64::from(days), "{took_ms} ms");
}
