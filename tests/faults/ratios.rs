//! What bad or too many messages cost the others: ratios of one run, for the long campaign. Printed, not judged: a
//! machine that is busy with something else would fail them.

use std::{collections::BTreeMap, sync::Arc};

use cordon::{
    domain::TagId,
    store::{self, Store},
};
use serde_json::json;
use tag_wire::{Motion, Ping};

use crate::{
    report,
    rig::{Rig, case, message, raw, unit_with_zone, wearer},
};

/// Tags that each send once a second.
const TAGS: u64 = 500;
/// Each kind of load lasts so long, and is repeated so often, in turn with the others.
const SECONDS: i64 = 5;
const ROUNDS: usize = 6;
/// Messages of the loud tag, a second.
const FLOOD_PER_S: i64 = 2_000;
const LOUD: u64 = TAGS;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Load {
    /// 500 pings a second.
    Good,
    /// One of ten cannot be read.
    Poisoned,
    /// And one tag that sends 2,000 a second.
    Flooded,
}

fn ping(seq: u64, at_ms: i64) -> Ping {
    Ping {
        boot: 1,
        seq,
        oldest_kept: 1,
        next_within_s: 60,
        sent_ms: at_ms,
        battery_pct: 80,
        charging: false,
        motion: Motion::Moving,
        fixes: vec![crate::overload::fix(at_ms, 3_000.0)],
        events: vec![],
    }
}

fn tag(n: u64) -> TagId {
    format!("sim/tag-{n}").parse().unwrap()
}

/// Puts one kind of load on the line and returns the microseconds from receipt to written of each good ping, sorted.
async fn run(rig: &mut Rig, load: Load, seqs: &mut BTreeMap<u64, u64>) -> Vec<i64> {
    let start_us = rig.clock.real_us();
    let (mut due, mut flood, mut expected) = (0, 0, 0);
    let mut put_us: Vec<i64> = Vec::new();
    let mut next = |n: u64| {
        let seq = seqs.entry(n).or_default();
        *seq += 1;
        *seq
    };
    while due < SECONDS * TAGS as i64 {
        rig.clock.wait_ms(1).await;
        let now_us = rig.clock.real_us() - start_us;
        let at_ms = rig.clock.wall().as_ms();
        while due < SECONDS * TAGS as i64 && due * 1_000_000 / TAGS as i64 <= now_us {
            let n = due.unsigned_abs() % TAGS;
            let is_bad = load == Load::Poisoned && due % 10 == 9;
            put_us.push(if is_bad { i64::MIN } else { rig.clock.real_us() });
            let ticket = rig.ticket(due.unsigned_abs());
            if is_bad {
                rig.put(raw(&tag(n), br#"{"v":1,"boot":"seven","fixes":[[[["#.to_vec(), &ticket)).await;
            } else {
                rig.put(message(&tag(n), &ping(next(n), at_ms), &ticket)).await;
            }
            due += 1;
            expected += 1;
        }
        while load == Load::Flooded && flood * 1_000_000 / FLOOD_PER_S <= now_us {
            rig.put(message(&tag(LOUD), &ping(next(LOUD), at_ms), &rig.ticket(u64::MAX))).await;
            flood += 1;
            expected += 1;
        }
    }
    let mut took_us = Vec::new();
    for (done, at_us) in rig.settled_at(expected).await {
        if let Some(put_us) =
            usize::try_from(done.id).ok().and_then(|id| put_us.get(id)).filter(|us| **us >= 0)
        {
            took_us.push(at_us - put_us);
        }
    }
    took_us.sort_unstable();
    took_us
}

fn median(mut values: Vec<i64>) -> i64 {
    values.sort_unstable();
    values[values.len() / 2]
}

#[tokio::test(flavor = "multi_thread")]
async fn poison_and_floods_cost_the_others_little() {
    if !report::is_long() {
        println!("SKIPPED poison_and_floods_cost_the_others_little: a benchmark; bash tests/faults/long");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("cordon.db").display());
    let store: Arc<dyn Store> = store::open(&url).await.unwrap();
    let mut rig = Rig::start(store, 30_000).await;
    let of = |n: u64| [wearer(&format!("w-{n}"), &tag(n)), case(&format!("w-{n}"))].concat();
    rig.publish(unit_with_zone().into_iter().chain((0..=LOUD).flat_map(of)).collect()).await;
    let (mut seqs, mut p99_us, mut p50_us) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
    run(&mut rig, Load::Good, &mut seqs).await;
    for _ in 0..ROUNDS {
        for load in [Load::Good, Load::Poisoned, Load::Good, Load::Flooded] {
            let took_us = run(&mut rig, load, &mut seqs).await;
            p99_us.entry(load).or_insert_with(Vec::new).push(took_us[took_us.len() * 99 / 100]);
            p50_us.entry(load).or_insert_with(Vec::new).push(took_us[took_us.len() / 2]);
        }
    }
    rig.stop().await;
    let p99 = |load: Load| median(p99_us[&load].clone());
    let ratio = |load: Load| p99(load) as f64 / p99(Load::Good) as f64;
    let figures = |load: Load| json!({"p50_us": median(p50_us[&load].clone()), "p99_us": p99(load), "of_each_round": p99_us[&load]});
    report::shown(
        22,
        "10 % poison at 500/s: p99 of good pings",
        json!({"ratio": ratio(Load::Poisoned), "good": figures(Load::Good), "poisoned": figures(Load::Poisoned)}),
    );
    report::shown(
        25,
        "one tag at 2,000/s: p99 of the others",
        json!({"ratio": ratio(Load::Flooded), "flooded": figures(Load::Flooded)}),
    );
}
