//! The service is killed at random and at every named crash point, again and again; and it is stopped for a while.

#[path = "campaign/block.rs"]
mod block;
#[path = "campaign/judge.rs"]
mod judge;
#[path = "campaign/lease.rs"]
mod lease;
#[path = "campaign/pause.rs"]
mod pause;
#[path = "campaign/plan.rs"]
mod plan;
#[path = "campaign/restart.rs"]
mod restart;
#[path = "campaign/stall.rs"]
mod stall;
#[path = "campaign/takeover.rs"]
mod takeover;

use std::{collections::BTreeMap, fs, path::Path};

use cordon::crash::POINTS;
use serde_json::{Value, json};

use crate::report::{is_long, seed, shown};
use block::{Engine, Size};

/// On every change. A kill on a server leaves more to wait for, and hits each point all the same.
const SMOKE: Size = Size { kills: 60, each: 2 };
const SMOKE_ON_A_SERVER: Size = Size { kills: 22, each: 1 };
/// A long run is so many blocks of this size.
const BLOCKS: u64 = 20;
const BLOCKS_ON_A_SERVER: u64 = 10;
const BLOCK: Size = Size { kills: 100, each: 3 };
/// Every point is hit at least so often in each block of a long run, beside those that were not reached.
const EACH_MIN: u64 = 1;
const FINISHED: &str = "block of kills";

#[tokio::test(flavor = "multi_thread")]
async fn kills_at_any_time_and_at_every_point_lose_nothing_and_double_nothing() {
    kills(Engine::Sqlite, SMOKE, BLOCKS).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn kills_lose_nothing_and_double_nothing_on_postgresql() {
    kills(Engine::Postgresql, SMOKE_ON_A_SERVER, BLOCKS_ON_A_SERVER).await;
}

async fn kills(engine: Engine, smoke: Size, block_count: u64) {
    let seed = seed();
    if !is_long() {
        if let Some(figures) = block::run(seed, smoke, engine).await {
            shown(1, "killed", figures);
        }
        return;
    }
    let mut blocks = Vec::new();
    for number in 0..block_count {
        let block = match finished(seed, engine, number) {
            Some(block) => block,
            None => {
                let Some(figures) = block::run(seed.wrapping_add(number), BLOCK, engine).await else {
                    return;
                };
                let block = json!({"run": run_id(seed, engine), "block": number, "figures": figures});
                shown(1, FINISHED, block.clone());
                block
            }
        };
        println!("{} of {block_count} blocks are done", number + 1);
        blocks.push(block);
    }
    shown(1, "killed", sum(&blocks));
}

#[test]
fn every_point_stands_in_the_code_once() {
    let mut code = String::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    while let Some(folder) = folders.pop() {
        for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                code.push_str(&fs::read_to_string(path).unwrap());
            }
        }
    }
    for point in POINTS {
        let stands = code.matches(&format!("crash::point(\"{point}\")")).count();
        assert_eq!(stands, 1, "{point}");
    }
}

/// What tells runs apart: a block counts for the same commit, seed and engine alone.
fn run_id(seed: u64, engine: Engine) -> String {
    format!("{}-{seed}-{}", std::env::var("CORDON_COMMIT").unwrap_or_default(), engine.name())
}

/// A block that an earlier process of this run has finished.
fn finished(seed: u64, engine: Engine, number: u64) -> Option<Value> {
    let report = fs::read_to_string(std::env::var_os("CORDON_REPORT")?).ok()?;
    let lines = report.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let mut blocks = lines.filter(|line| line["what"] == FINISHED).map(|mut line| line["figures"].take());
    blocks.find(|block| block["run"] == json!(run_id(seed, engine)) && block["block"] == json!(number))
}

/// The figures of all blocks. Panics if a point was hit too rarely.
fn sum(blocks: &[Value]) -> Value {
    let total = |name: &str| blocks.iter().map(|block| block["figures"][name].as_u64().unwrap()).sum::<u64>();
    let at =
        |point: &str| blocks.iter().map(|block| block["figures"]["at"][point].as_u64().unwrap_or(0)).sum();
    let at: BTreeMap<&str, u64> = POINTS.map(|point| (point, at(point))).into();
    assert!(at.values().all(|hits| *hits >= EACH_MIN * blocks.len() as u64), "{at:?}");
    let names = ["kills", "at_random", "not_reached", "pings", "messages", "repeats"];
    let mut figures: BTreeMap<&str, Value> = names.map(|name| (name, json!(total(name)))).into();
    figures.insert("at", json!(at));
    json!(figures)
}
