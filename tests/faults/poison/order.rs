//! Pings that come again, late, or in the wrong order.

use cordon::domain::{IncidentKind, Ping, Timestamp};
use firmware_sim::random::Random;
use serde_json::json;

use crate::{
    report::{is_long, seed, shown},
    ward::{Ward, fix, second, tag},
};

/// How long the tag was out of reach, seconds.
const BUFFERED_S: i64 = 8 * 3_600;
/// A buffer is sent at two pings a second.
const BETWEEN_MS: i64 = 500;
/// Far from the zone, metres east of its middle.
const FAR_M: f64 = 1_500.0;
/// How long ago a violation may be to disturb the protected person all the same, seconds.
const RECENT_S: i64 = 15 * 60;

fn whole(random: &mut Random, low: i64, high: i64) -> i64 {
    low + i64::try_from(random.bits() % u64::try_from(high - low + 1).unwrap()).unwrap()
}

/// A walk in and out of the zone: the pings of two boots, one every 15 s.
fn walk(random: &mut Random) -> Vec<(i64, Ping)> {
    let mut ward = Ward::new();
    let (mut here, mut s, mut pings) = (600.0, 0, Vec::new());
    for leg in 0..8 {
        let (there, steps) = (random.between(-600.0, 600.0), whole(random, 6, 16));
        let accuracy_m = [5.0, 12.0, 30.0][leg % 3];
        for step in 1..=steps {
            #[expect(clippy::cast_precision_loss, reason = "16 at the most")]
            let east_m = here + (there - here) * step as f64 / steps as f64;
            s += 15;
            let mut ping = ward.ping(s, vec![fix(s, east_m, accuracy_m)]);
            ping.boot = u32::from(leg >= 4);
            ping.battery_pct = if leg % 2 == 0 { 80 } else { 15 };
            pings.push((s, ping));
        }
        here = there;
    }
    pings
}

#[test]
fn each_ping_one_to_five_times_leaves_the_engine_as_once_does() {
    let (seed, cases) = (seed(), if is_long() { 2_000 } else { 100 });
    let mut doubles = 0;
    for case in 0..cases {
        let mut random = Random::new(seed.wrapping_add(case));
        let pings = walk(&mut random);
        // First copies on time; the others at once, seconds or minutes later.
        let mut sent: Vec<(Timestamp, bool, &Ping)> = Vec::new();
        for (s, ping) in &pings {
            sent.push((second(*s), true, ping));
            for _ in 0..whole(&mut random, 0, 4) {
                let late_ms = [1, 7_000, 400_000][usize::try_from(whole(&mut random, 0, 2)).unwrap()];
                sent.push((second(*s).plus_ms(late_ms), false, ping));
            }
        }
        sent.sort_by_key(|(at, ..)| *at);
        let end = second(pings.last().unwrap().0 + 600);
        let (mut once, mut often) = (Ward::new(), Ward::new());
        for (at, is_first, ping) in &sent {
            let decision = often.line.ping(*at, &tag(), (*ping).clone());
            assert_eq!(decision.is_duplicate, !is_first, "case {case}");
            let ack = decision.receipt.expect("a duplicate is acknowledged again");
            assert!(ack.covers(ping.seq) && ack.boot == ping.boot, "case {case}");
            if *is_first {
                once.line.ping(*at, &tag(), (*ping).clone());
            } else {
                doubles += 1;
            }
        }
        once.line.pass_to(end);
        often.line.pass_to(end);
        assert!(once.line.engine == often.line.engine, "case {case} of seed {seed}");
        assert_eq!(once.line.incidents, often.line.incidents, "case {case} of seed {seed}");
        assert_eq!(once.line.alerts, often.line.alerts, "case {case} of seed {seed}");
    }
    shown(18, "duplicates", json!({ "cases": cases, "doubles": doubles }));
}

/// What a tag has kept for eight hours: pings at an interval, and when its wearer was in the zone.
struct Buffer {
    pings: Vec<(i64, f64, Ping)>,
    stays: usize,
}

impl Buffer {
    /// Stays 50 minutes and more apart, the last of them over half an hour before the end.
    fn new(random: &mut Random) -> Self {
        let interval_s = [60, 60, 120, 300][usize::try_from(whole(random, 0, 3)).unwrap()];
        let mut stays = Vec::new();
        let mut s = whole(random, 600, 7_200);
        while s < BUFFERED_S - 3_600 {
            // Long enough that two fixes are in it.
            let until = s + whole(random, 3 * interval_s, 1_500);
            // Two that agree must come within two minutes.
            let choice = if interval_s > 120 { 0 } else { whole(random, 0, 2) };
            let accuracy_m = [5.0, 15.0, 30.0][usize::try_from(choice).unwrap()];
            stays.push((s, until, accuracy_m));
            s = until + whole(random, 3_000, 9_000);
        }
        let mut ward = Ward::new();
        // The tag's first ping was heard.
        ward.ping(0, Vec::new());
        let pings = (1..=BUFFERED_S / interval_s).map(|i| {
            let s = i * interval_s;
            let stay = stays.iter().find(|(from, until, _)| (*from..=*until).contains(&s));
            let (east_m, accuracy_m) = match stay {
                Some((.., accuracy_m)) => (random.between(-60.0, 60.0), *accuracy_m),
                None => (FAR_M, 5.0),
            };
            (s, east_m, ward.ping(s, vec![fix(s, east_m, accuracy_m)]))
        });
        Self { pings: pings.collect(), stays: stays.len() }
    }
}

/// Sends a buffer in an order once the tag is back, and checks after every ping what must hold at that moment.
fn flush(buffer: &Buffer, order: &[usize], what: &str) -> Ward {
    let mut ward = Ward::new();
    ward.at(0, FAR_M);
    let (mut at, mut newest, mut told) = (second(BUFFERED_S + 1), (0, FAR_M), 0);
    for place in order {
        let (s, east_m, ping) = &buffer.pings[*place];
        ward.line.pass_to(at);
        // Whoever is told while time passes is told because the newest fix that is known is inside.
        let now_told = ward.told("person p-1").len();
        assert!(now_told == told || newest.1 < FAR_M, "{what}: told of what is long over");
        told = now_told;
        ward.line.ping(at, &tag(), ping.clone());
        if *s > newest.0 {
            newest = (*s, *east_m);
        }
        let now_told = ward.told("person p-1").len();
        assert!(now_told == told || newest.1 < FAR_M, "{what}: told of what is long over");
        told = now_told;
        let seen = ward.line.engine.sightings().next().unwrap().1;
        assert_eq!(seen.fix_at, second(newest.0), "{what}: the live position is that of the newest fix");
        at = at.plus_ms(BETWEEN_MS);
    }
    ward.line.pass_to(at.plus_ms(60_000));
    ward
}

#[test]
fn a_buffer_of_eight_hours_gives_the_same_history_in_every_order_and_wakes_nobody() {
    let (seed, cases) = (seed(), if is_long() { 10_000 } else { 150 });
    let mut stays = 0;
    for case in 0..cases {
        let mut random = Random::new(seed.wrapping_add(case));
        let buffer = Buffer::new(&mut random);
        let count = buffer.pings.len();
        let oldest_first: Vec<usize> = (0..count).collect();
        let mut order: Vec<usize> = (0..count).rev().collect();
        if case % 2 == 1 {
            // Fisher and Yates.
            for i in (1..count).rev() {
                order.swap(i, usize::try_from(whole(&mut random, 0, i64::try_from(i).unwrap())).unwrap());
            }
        }
        let what = format!("case {case} of seed {seed}");
        let in_order = flush(&buffer, &oldest_first, &what);
        let episodes = in_order.line.episodes();
        assert_eq!(episodes.len(), buffer.stays, "{what}: each stay is an episode");
        let shuffled = flush(&buffer, &order, &what);
        // Each stay with its true time. In a random order a long one may be told in two parts.
        let found = shuffled.line.episodes();
        assert!(
            episodes.iter().all(|episode| found.contains(episode)),
            "{what}: {found:?}, not {episodes:?}"
        );
        let longest_ms = 1_500_000;
        let is_part =
            |at: Timestamp| episodes.iter().any(|(_, from)| (0..=longest_ms).contains(&at.ms_since(*from)));
        assert!(found.iter().all(|(_, at)| is_part(*at)), "{what}: {found:?}, not {episodes:?}");
        if case % 2 == 0 {
            assert_eq!(found, episodes, "{what}: newest first, nothing is told twice");
            // The newest came first: nothing ever looked as if it lasted.
            for incident in shuffled.line.incidents.values() {
                let is_violation = incident.kind == IncidentKind::Violation;
                assert!(!is_violation || incident.late && !incident.ongoing, "{what}: {incident:?}");
            }
            assert_eq!(shuffled.told("person p-1"), [], "{what}");
        }
        stays += buffer.stays;
    }
    shown(19, "buffers of 8 hours", json!({ "orders": cases, "stays": stays }));
}

/// A buffer of 20 minutes whose wearer was in the zone from `from_s` to `until_s`, newest first.
fn short_buffer(from_s: i64, until_s: i64) -> Ward {
    let mut ward = Ward::new();
    ward.at(0, FAR_M);
    let pings: Vec<Ping> = (1..=20)
        .map(|minute| {
            let s = minute * 60;
            let inside = (from_s..=until_s).contains(&s);
            ward.ping(s, vec![fix(s, if inside { 0.0 } else { FAR_M }, 5.0)])
        })
        .collect();
    let mut at = second(20 * 60 + 5);
    for ping in pings.into_iter().rev() {
        ward.line.ping(at, &tag(), ping);
        at = at.plus_ms(BETWEEN_MS);
    }
    ward
}

#[test]
fn who_was_inside_a_quarter_of_an_hour_ago_or_still_is_wakes_the_protected_person() {
    // Over for ten minutes already, and yet she must know.
    let ward = short_buffer(8 * 60, 10 * 60);
    let incident = ward.line.incidents.values().find(|i| i.kind == IncidentKind::Violation);
    let incident = incident.expect("the stay is found");
    assert!(!incident.ongoing && !incident.late, "{incident:?}");
    assert_eq!(ward.line.episodes().iter().map(|(_, from)| *from).collect::<Vec<_>>(), [second(8 * 60)]);
    assert_eq!(ward.told("person p-1").len(), 1);

    // Longer ago than that: the staff hear of it, she does not.
    let ward = short_buffer(60, 20 * 60 - RECENT_S);
    assert_eq!(ward.line.episodes().iter().map(|(_, from)| *from).collect::<Vec<_>>(), [second(60)]);
    let staff = ward.told("staff desk").len();
    assert!(staff > 0);
    assert_eq!(ward.told("person p-1"), []);

    // Still there.
    let ward = short_buffer(60, 20 * 60);
    let incident = ward.line.incidents.values().find(|i| i.kind == IncidentKind::Violation);
    assert!(incident.is_some_and(|incident| incident.ongoing && !incident.late));
    assert!(!ward.told("person p-1").is_empty());
    shown(19, "recent stays", json!({ "recent_s": RECENT_S }));
}
