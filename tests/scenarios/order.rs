//! The order in which pings arrive does not change which violations there were, nor when.

use cordon::domain::{Ping, Timestamp};
use proptest::prelude::*;

use crate::{
    report::is_long,
    ward::{Ward, fix, second, tag},
};

const INTERVAL_S: i64 = 15;
/// How many pings late one may come: 15 minutes of them, and more than 32.
const LATE_PINGS: usize = 60;

/// Orders tried: twenty times as many in the long run.
fn cases(short: u32) -> u32 {
    if is_long() { 20 * short } else { short }
}

/// A walk along a line through the zone's middle: metres east of it at each ping, and the stated accuracy.
fn walk() -> impl Strategy<Value = Vec<(f64, f64)>> {
    let leg = (-700.0..700.0_f64, 4..20_usize, prop_oneof![Just(5.0), Just(12.0), Just(30.0)]);
    prop::collection::vec(leg, 4..10).prop_map(|legs| {
        let (mut walk, mut here) = (Vec::new(), 600.0);
        for (there, steps, accuracy_m) in legs {
            for step in 1..=steps {
                #[expect(clippy::cast_precision_loss, reason = "20 at the most")]
                let share = step as f64 / steps as f64;
                walk.push((here + (there - here) * share, accuracy_m));
            }
            here = there;
        }
        walk
    })
}

/// The same walk with a fix every third second, five in each ping.
fn dense_pings(walk: &[(f64, f64)]) -> Vec<Ping> {
    let mut ward = Ward::new();
    let legs = walk.windows(2).enumerate();
    legs.map(|(i, leg)| {
        let start_s = i64::try_from(i).unwrap() * INTERVAL_S;
        let fixes = [0.2, 0.4, 0.6, 0.8, 1.0].into_iter().zip(1..);
        let fixes = fixes.map(|(share, third)| {
            let east_m = leg[0].0 + (leg[1].0 - leg[0].0) * share;
            fix(start_s + 3 * third, east_m, leg[1].1)
        });
        ward.ping(start_s + INTERVAL_S, fixes.collect())
    })
    .collect()
}

fn pings(walk: &[(f64, f64)]) -> Vec<Ping> {
    let mut ward = Ward::new();
    let at = |i: usize| i64::try_from(i).unwrap() * INTERVAL_S;
    walk.iter()
        .enumerate()
        .map(|(i, (east_m, acc_m))| ward.ping(at(i), vec![fix(at(i), *east_m, *acc_m)]))
        .collect()
}

/// Every proven episode when the pings arrive in this order, some of them again.
fn episodes(pings: &[Ping], order: &[usize]) -> Vec<(cordon::domain::ZoneId, Timestamp)> {
    let mut ward = Ward::new();
    ward.promise(86_400);
    let mut newest = 0;
    for (i, place) in order.iter().enumerate() {
        newest = newest.max(*place);
        let arrives =
            second(i64::try_from(newest).unwrap() * INTERVAL_S).plus_ms(1 + i64::try_from(i).unwrap());
        ward.line.ping(arrives, &tag(), pings[*place].clone());
    }
    ward.line.episodes()
}

/// The pings' places, each up to `LATE_PINGS` late and some of them twice.
fn disorder(count: usize, lateness: &[usize], again: &[bool]) -> Vec<usize> {
    let mut order: Vec<(usize, usize)> = (0..count).map(|i| (i + lateness[i % 200], i)).collect();
    order.sort_unstable();
    let times = |i: usize| if again[i % 200] { 2 } else { 1 };
    order.iter().flat_map(|(_, i)| std::iter::repeat_n(*i, times(*i))).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(cases(60)))]

    #[test]
    fn nor_with_many_fixes_in_each_ping(
        walk in walk(),
        lateness in prop::collection::vec(0..=LATE_PINGS, 200),
        again in prop::collection::vec(any::<bool>(), 200),
    ) {
        let pings = dense_pings(&walk);
        let in_order: Vec<usize> = (0..pings.len()).collect();
        let shuffled = disorder(pings.len(), &lateness, &again);
        prop_assert_eq!(episodes(&pings, &shuffled), episodes(&pings, &in_order));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(cases(300)))]

    #[test]
    fn duplicates_and_disorder_change_nothing(
        walk in walk(),
        lateness in prop::collection::vec(0..=LATE_PINGS, 200),
        again in prop::collection::vec(any::<bool>(), 200),
    ) {
        let pings = pings(&walk);
        let in_order: Vec<usize> = (0..pings.len()).collect();
        let shuffled = disorder(pings.len(), &lateness, &again);
        prop_assert_eq!(episodes(&pings, &shuffled), episodes(&pings, &in_order));
    }
}
#[test]
fn a_beginning_that_was_disproved_is_proven_again_by_a_stay_that_moves_there() {
    // By car through the zone, away, back, and in to stay. The fixes inside, and some around them, come late.
    let poor = [536.0, 472.0, 408.0, 344.0, 280.0, 216.0].map(|east_m| (east_m, 30.0));
    let through = [68.0, -81.0, -229.0, -378.0, -526.0, -675.0, -540.0, -405.0, -270.0, -135.0];
    let stay = [0.0; 5];
    let good = through.into_iter().chain(stay).map(|east_m| (east_m, 5.0));
    let walk: Vec<(f64, f64)> = poor.into_iter().chain(good).collect();
    let mut lateness = [0; 200];
    for (ping, late) in [(6, 29), (7, 25), (8, 24), (10, 8), (11, 21)] {
        lateness[ping] = late;
    }
    let pings = pings(&walk);
    let in_order: Vec<usize> = (0..pings.len()).collect();
    let shuffled = disorder(pings.len(), &lateness, &[false; 200]);
    assert_eq!(episodes(&pings, &in_order), [90, 225].map(|s| ("z-1".parse().unwrap(), second(s))));
    assert_eq!(episodes(&pings, &shuffled), episodes(&pings, &in_order));
}

#[test]
fn who_comes_back_at_once_is_back_from_then_on() {
    // Through the zone within a minute, a minute outside, and back with poorer fixes: those of the first stay are still
    // fresh enough to be counted, and must not be.
    let through = [300.0, 278.0, 139.0, 0.0, -140.0, -279.0, -419.0, -558.0].map(|east_m| (east_m, 5.0));
    let back = [-359.0, -159.0, 40.0, 239.0, 438.0, 637.0].map(|east_m| (east_m, 30.0));
    let pings = dense_pings(&[through.as_slice(), &back].concat());
    let in_order: Vec<usize> = (0..pings.len()).collect();
    let begun: Vec<Timestamp> = episodes(&pings, &in_order).into_iter().map(|(_, from)| from).collect();
    assert_eq!(begun.len(), 2, "{begun:?}");
    assert!(begun[1].ms_since(begun[0]) >= 90_000, "{begun:?}");
}
