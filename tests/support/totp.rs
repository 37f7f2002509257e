//! An authenticator app, made by another hand than Cordon's.
#![allow(dead_code, reason = "no suite uses all of it")]

use hmac::{Hmac, KeyInit, Mac};

/// The code that the app shows now for a key as a page shows it.
pub(crate) fn code(key: &str) -> String {
    code_at(key, firmware_sim::clock::wall_now_ms())
}

/// The one that it shows at a time.
pub(crate) fn code_at(key: &str, at_ms: i64) -> String {
    let letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let bits: String =
        key.chars().filter_map(|c| letters.find(c)).map(|five| format!("{five:05b}")).collect();
    let bytes: Vec<u8> =
        (0..bits.len() / 8).map(|i| u8::from_str_radix(&bits[8 * i..8 * i + 8], 2).unwrap()).collect();
    let step = at_ms / 30_000;
    let mut mac = Hmac::<sha1::Sha1>::new_from_slice(&bytes).unwrap();
    mac.update(&step.to_be_bytes());
    let hash = mac.finalize().into_bytes();
    let at = usize::from(hash[19] & 15);
    let number = hash[at..at + 4].iter().fold(0_u32, |number, byte| number << 8 | u32::from(*byte));
    format!("{:06}", (number & 0x7fff_ffff) % 1_000_000)
}
