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
/// Each kind of load lasts so long, and is repeated so often, in turn with the others: short and often, so that a disk
/// that is slow for a while is slow for all of them.
const SECONDS: i64 = 3;
const ROUNDS: usize = 20;
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

/// A value of a sorted list so that `percent` of 100 are at most as large.
fn percentile(sorted: &[i64], percent: usize) -> i64 {
    sorted[sorted.len() * percent / 100]
}

/// What one kind of load took, over all rounds.
#[derive(Default)]
struct Took {
    all_us: Vec<i64>,
    p99_us: Vec<i64>,
    /// Each round's p99 over that of the good rounds just before and after it.
    paired: Vec<f64>,
}

impl Took {
    fn p99_us(&self) -> i64 {
        let mut all_us = self.all_us.clone();
        all_us.sort_unstable();
        percentile(&all_us, 99)
    }

    fn figures(&self) -> serde_json::Value {
        json!({"pings": self.all_us.len(), "p99_us": self.p99_us(), "of_each_round": self.p99_us})
    }

    /// The ratio over all pings, and beside it the quartiles of the paired ratios: how far one can trust it.
    fn against(&self, good: &Self) -> serde_json::Value {
        let mut paired = self.paired.clone();
        paired.sort_unstable_by(f64::total_cmp);
        let quartiles = [1, 2, 3].map(|quarter| paired[paired.len() * quarter / 4]);
        let ratio = self.p99_us() as f64 / good.p99_us() as f64;
        json!({"ratio": ratio, "paired_quartiles": quartiles, "good": good.figures(), "loaded": self.figures()})
    }
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
    let mut seqs = BTreeMap::new();
    let mut took: BTreeMap<Load, Took> = BTreeMap::new();
    let mut good_p99_us = percentile(&run(&mut rig, Load::Good, &mut seqs).await, 99);
    for _ in 0..ROUNDS {
        for load in [Load::Poisoned, Load::Flooded] {
            let loaded_us = run(&mut rig, load, &mut seqs).await;
            let good_us = run(&mut rig, Load::Good, &mut seqs).await;
            let (loaded_p99_us, before_us) = (percentile(&loaded_us, 99), good_p99_us);
            good_p99_us = percentile(&good_us, 99);
            let loaded = took.entry(load).or_default();
            loaded.paired.push(2.0 * loaded_p99_us as f64 / (before_us + good_p99_us) as f64);
            loaded.p99_us.push(loaded_p99_us);
            loaded.all_us.extend(loaded_us);
            let good = took.entry(Load::Good).or_default();
            good.p99_us.push(good_p99_us);
            good.all_us.extend(good_us);
        }
    }
    rig.stop().await;
    let good = &took[&Load::Good];
    report::shown(22, "10 % poison at 500/s: p99 of good pings", took[&Load::Poisoned].against(good));
    report::shown(25, "one tag at 2,000/s: p99 of the others", took[&Load::Flooded].against(good));
}
