//! Any bytes at all, and messages that are nearly right: nothing panics, and what is read is judged.

use std::panic::{AssertUnwindSafe, catch_unwind};

use cordon::domain::Ping;
use firmware_sim::random::Random;
use serde_json::{Value, json};
use tag_wire::{
    Refusal, decode_ping, decode_status, hex,
    limits::{DETAIL_CHARS_MAX, EVENTS_MAX, FIXES_MAX, POINTER_CHARS_MAX},
};

use super::corpus;
use crate::{
    report::{is_long, seed, shown},
    ward::{Ward, second, tag},
};

/// Inputs of a long run, and of a short one.
const INPUTS: (u64, u64) = (20_000_000, 1_000_000);
/// Longer ones of the corpus are only cut at the front door.
const BASE_BYTES_MAX: usize = 4_096;
/// Numbers that are easily mistaken.
const NUMBERS: [&str; 22] = [
    "0",
    "-0",
    "0.0",
    "1",
    "-1",
    "90",
    "-90",
    "90.0000001",
    "180",
    "-180",
    "1e-320",
    "1e308",
    "1e999",
    "1e5",
    "5e-9",
    "9007199254740991",
    "9007199254740992",
    "18446744073709551615",
    "253402300799999",
    "253402300800000",
    "4294967295",
    "1772884800000",
];

fn index(random: &mut Random, count: usize) -> usize {
    usize::try_from(random.bits() % count.max(1) as u64).unwrap()
}

fn pick<'a, T>(random: &mut Random, from: &'a [T]) -> &'a T {
    &from[index(random, from.len())]
}

/// Every poison, and messages as they ought to be.
fn bases() -> Vec<Vec<u8>> {
    let mut bases: Vec<Vec<u8>> =
        corpus::poisons(9, second(0)).into_iter().map(|(_, bytes, _)| bytes).collect();
    bases.retain(|bytes| bytes.len() <= BASE_BYTES_MAX);
    bases.push(corpus::ping(9, second(0), 0.0));
    bases.push(br#"{"v":1,"online":true,"boot":3,"firmware":"1.2.3","model":"band"}"#.to_vec());
    let events =
        r#""events":[{"t_ms":1772884800000,"kind":"strap_tamper","restored":true},{"t_ms":1,"kind":"sos"}]"#;
    let ping = String::from_utf8(corpus::ping(10, second(0), 0.0)).unwrap();
    bases.push(ping.replace("\"events\":[]", events).into_bytes());
    bases
}

/// One to six changes of a message: to its bytes, its numbers, its order.
fn mutated(random: &mut Random, bases: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = pick(random, bases).clone();
    for _ in 0..=index(random, 6) {
        let (from, length) = (index(random, bytes.len()), index(random, 24));
        let until = (from + length).min(bytes.len());
        match index(random, 9) {
            0 if !bytes.is_empty() => bytes[from] ^= 1 << index(random, 8),
            1 => bytes.insert(from, random.bits().to_le_bytes()[0]),
            2 => drop(bytes.drain(from..until)),
            3 => {
                let again = bytes[from..until].to_vec();
                bytes.splice(from..from, again);
            }
            4 => {
                let other = pick(random, bases);
                let start = index(random, other.len());
                let part = &other[start..(start + 40).min(other.len())];
                bytes.splice(from..until, part.iter().copied());
            }
            5 => bytes.truncate(from.max(1)),
            _ => renumber(random, &mut bytes),
        }
    }
    bytes
}

/// Another number in the place of one.
fn renumber(random: &mut Random, bytes: &mut Vec<u8>) {
    let is_part = |byte: &u8| byte.is_ascii_digit() || matches!(byte, b'.' | b'-');
    let start = index(random, bytes.len());
    let Some(from) = bytes[start..].iter().position(is_part).map(|at| start + at) else {
        return;
    };
    let length = bytes[from..].iter().position(|byte| !is_part(byte)).unwrap_or(bytes.len() - from);
    bytes.splice(from..from + length, pick(random, &NUMBERS).bytes());
}

/// A ping within the contract, of extremes alone.
fn extreme(random: &mut Random, seq: u64) -> Vec<u8> {
    const TIMES: [i64; 6] =
        [0, 1, 253_402_300_799_999, 1_772_884_800_000, 1_772_884_830_000, 1_772_971_200_000];
    let degrees = |random: &mut Random, most: f64| -> f64 {
        let extremes = [most, -most, 0.0, 1e-300, most - 1e-13, 53.48, -2.24, 53.481];
        let some = *pick(random, &extremes);
        if some.abs() <= most { some } else { most }
    };
    let fixes: Vec<Value> = (0..index(random, 4))
        .map(|_| {
            let accuracy = *pick(random, &[Some(1e9), Some(1e-300), Some(5.0), Some(0.0), None]);
            let hdop = *pick(random, &[Some(100.0), Some(1e-300), None]);
            json!({"t_ms": pick(random, &TIMES), "lat": degrees(random, 90.0), "lon": degrees(random, 180.0),
                "acc_m": accuracy, "hdop": hdop, "source": pick(random, &["gnss", "cell", "home_unit"])})
        })
        .collect();
    let kinds = ["strap_tamper", "sos", "power_off", "jamming", "no_fix", "unheard_of"];
    let events: Vec<Value> = (0..index(random, 3))
        .map(|_| json!({"t_ms": pick(random, &TIMES), "kind": pick(random, &kinds), "restored": random.unit() < 0.5}))
        .collect();
    let seq = *pick(random, &[seq, 1, (1 << 53) - 1]);
    let ping = json!({"v": 1, "boot": pick(random, &[0, 1, u32::MAX]), "seq": seq,
        "oldest_kept": pick(random, &[1, seq]), "next_within_s": pick(random, &[1, 60, 86_400]),
        "sent_ms": pick(random, &TIMES), "battery_pct": pick(random, &[0, 15, 100]), "charging": false,
        "motion": pick(random, &["moving", "still", "unknown"]), "fixes": fixes, "events": events});
    serde_json::to_vec(&ping).unwrap()
}

fn check_refusal(refusal: &Refusal) {
    assert!(refusal.pointer.len() <= POINTER_CHARS_MAX && refusal.pointer.is_ascii());
    assert!(refusal.detail.len() <= DETAIL_CHARS_MAX && refusal.detail.is_ascii());
}

/// Everything that happens to a message. Whether it was read.
fn live_through(ward: &mut Ward, bytes: &[u8], ms: i64) -> bool {
    match decode_status(bytes) {
        Ok(status) => assert_eq!(decode_status(&status.encode()), Ok(status)),
        Err(refusal) => check_refusal(&refusal),
    }
    let ping = match decode_ping(bytes) {
        Ok(ping) => ping,
        Err(refusal) => {
            check_refusal(&refusal);
            return false;
        }
    };
    assert!(ping.fixes.len() <= FIXES_MAX && ping.events.len() <= EVENTS_MAX + FIXES_MAX);
    // Fixes at 0,0 have become events, perhaps more than may be sent.
    if ping.events.len() <= EVENTS_MAX {
        assert!(decode_ping(&ping.encode()).as_ref() == Ok(&ping), "it reads back as it was read");
    }
    ward.line.ping(second(0).plus_ms(ms), &tag(), Ping::from(ping));
    true
}

#[test]
fn nothing_that_a_tag_can_send_panics_the_decoders_or_the_engine() {
    let (seed, inputs) = (seed(), if is_long() { INPUTS.0 } else { INPUTS.1 });
    let (mut random, bases, mut ward) = (Random::new(seed), bases(), Ward::new());
    let (mut read, mut ms) = (0_u64, 0);
    for input in 0..inputs {
        let bytes = match input % 8 {
            0 => (0..index(&mut random, 300)).map(|_| random.bits().to_le_bytes()[0]).collect(),
            1 => extreme(&mut random, input + 1),
            _ => mutated(&mut random, &bases),
        };
        ms += i64::try_from(index(&mut random, 2_000)).unwrap();
        // Another world once in a while: incidents, stays and windows that were never full.
        if input % 5_000 == 0 {
            (ward, ms) = (Ward::new(), 0);
        }
        let outcome = catch_unwind(AssertUnwindSafe(|| live_through(&mut ward, &bytes, ms)));
        match outcome {
            Ok(was_read) => read += u64::from(was_read),
            Err(_) => panic!("input {input} of seed {seed}: {}", hex(&bytes)),
        }
    }
    assert!(read > inputs / 20 && read < inputs, "{read} of {inputs} are read: neither all nor none");
    shown(22, "fuzzed decoders and engine", json!({ "inputs": inputs, "read": read, "panics": 0 }));
}
