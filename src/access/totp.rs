//! One-time codes of an authenticator app: RFC 6238 with SHA-1, 30 seconds and six digits, which every app knows.

use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use subtle::ConstantTimeEq;

use crate::domain::Timestamp;

const STEP_US: i64 = 30_000_000;
/// A phone's clock may be so many steps off.
const STEPS_OFF: i64 = 1;
/// RFC 4226 recommends 160 bits.
pub(super) const KEY_BYTES: usize = 20;

/// The step whose code this is, near `at`; none if it is no code.
pub(super) fn step_of(key: &[u8], code: &str, at: Timestamp) -> Option<i64> {
    let now = at.as_us().div_euclid(STEP_US);
    // All are tried: how long it takes does not say which one fits.
    (now - STEPS_OFF..=now + STEPS_OFF)
        .filter(|step| self::code(key, *step).as_bytes().ct_eq(code.as_bytes()).into())
        .max()
}

/// The code of a step.
fn code(key: &[u8], step: i64) -> String {
    format!("{:06}", truncated(key, step) % 1_000_000)
}

/// RFC 4226, 5.3.
fn truncated(key: &[u8], step: i64) -> u32 {
    let mut mac = Hmac::<Sha1>::new_from_slice(key).expect("HMAC takes a key of any length");
    mac.update(&step.to_be_bytes());
    let digest = mac.finalize().into_bytes();
    let from = usize::from(digest[19] & 0x0f);
    let four = [digest[from], digest[from + 1], digest[from + 2], digest[from + 3]];
    u32::from_be_bytes(four) & 0x7fff_ffff
}

/// The key as people type it into an app: base32 (RFC 4648) without padding.
pub(super) fn base32(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let mut text = String::new();
    let (mut bits, mut kept) = (0_u32, 0_u32);
    for byte in bytes {
        kept = kept << 8 | u32::from(*byte);
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            text.push(char::from(LETTERS[(kept >> bits & 31) as usize]));
        }
        kept &= (1 << bits) - 1;
    }
    if bits > 0 {
        text.push(char::from(LETTERS[(kept << (5 - bits) & 31) as usize]));
    }
    text
}

#[cfg(test)]
pub(crate) fn code_at(key: &[u8], at: Timestamp) -> String {
    code(key, at.as_us().div_euclid(STEP_US))
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &[u8] = b"12345678901234567890";

    #[test]
    fn codes_are_those_of_rfc_6238() {
        // Appendix B, SHA-1; eight digits there.
        for (s, eight) in [
            (59, 94_287_082),
            (1_111_111_109, 7_081_804),
            (1_111_111_111, 14_050_471),
            (1_234_567_890, 89_005_924),
            (2_000_000_000, 69_279_037),
            (20_000_000_000, 65_353_130),
        ] {
            let step = s / 30;
            assert_eq!(truncated(KEY, step) % 100_000_000, eight, "{s}");
            assert_eq!(
                step_of(KEY, &format!("{:06}", eight % 1_000_000), Timestamp::from_ms(s * 1_000)),
                Some(step)
            );
        }
    }

    #[test]
    fn a_code_is_good_for_its_step_and_one_beside_it() {
        let at = |s: i64| Timestamp::from_ms(s * 1_000);
        let code = code_at(KEY, at(1_000_000_020));
        for (s, good) in
            [(-31, false), (-30, true), (0, true), (29, true), (30, true), (59, true), (60, false)]
        {
            assert_eq!(step_of(KEY, &code, at(1_000_000_020 + s)).is_some(), good, "{s}");
        }
        for bad in ["", "1", "12345", "0000000", "abcdef"] {
            assert_eq!(step_of(KEY, bad, at(0)), None, "{bad}");
        }
    }

    #[test]
    fn keys_are_written_as_rfc_4648_has_it() {
        for (bytes, text) in [
            ("", ""),
            ("f", "MY"),
            ("fo", "MZXQ"),
            ("foo", "MZXW6"),
            ("foob", "MZXW6YQ"),
            ("fooba", "MZXW6YTB"),
            ("foobar", "MZXW6YTBOI"),
        ] {
            assert_eq!(base32(bytes.as_bytes()), text);
        }
    }
}
