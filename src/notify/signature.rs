//! Signed requests: whoever knows the shared secret wrote this body, and did so just now.
//!
//! `Cordon-Timestamp` carries Unix seconds, `Cordon-Signature` is `v1=` and the hexadecimal HMAC-SHA256 (RFC 2104)
//! over the timestamp's text, a full stop and the body.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::domain::Timestamp;
use crate::secret::Secret;

/// The header with the Unix seconds of signing.
pub const TIMESTAMP_HEADER: &str = "cordon-timestamp";
/// The header with the signature.
pub const SIGNATURE_HEADER: &str = "cordon-signature";
/// How far a signature's time may be from ours, seconds: what clocks differ by, and what a copy can be replayed within.
pub const TOLERANCE_S: i64 = 300;

const SCHEME: &str = "v1=";

/// Why a request is not believed. Its text may be told to the sender: it betrays nothing of the secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// A header is missing, or is not in its form.
    #[error("send Cordon-Timestamp (Unix seconds) and Cordon-Signature (v1= and 64 hexadecimal digits)")]
    Headers,
    /// Signed too long ago, or in the future.
    #[error(
        "the timestamp is more than {TOLERANCE_S} s from this clock: set the clock, and sign each try anew"
    )]
    Stale,
    /// Signed with another secret, or over another body.
    #[error(
        "the signature does not fit: check the shared secret; sign \"timestamp.body\" over the bytes as sent"
    )]
    Wrong,
}

/// The signature of `body` at a time given in Unix seconds, as the header carries it.
#[must_use]
pub fn sign(secret: &Secret, at_s: i64, body: &[u8]) -> String {
    use std::fmt::Write;
    let mut header = String::from(SCHEME);
    for byte in mac(secret, &at_s.to_string(), body).finalize().into_bytes() {
        // Writing to a String cannot fail.
        let _ = write!(header, "{byte:02x}");
    }
    header
}

/// Checks the two headers against the body, in constant time; returns when it was signed, Unix seconds.
///
/// # Errors
/// See [`SignatureError`].
pub fn verify(
    secret: &Secret,
    now: Timestamp,
    timestamp: Option<&str>,
    signature: Option<&str>,
    body: &[u8],
) -> Result<i64, SignatureError> {
    let timestamp = timestamp.ok_or(SignatureError::Headers)?;
    let at_s: i64 = timestamp.parse().map_err(|_| SignatureError::Headers)?;
    let given = signature
        .and_then(|header| header.strip_prefix(SCHEME))
        .and_then(bytes)
        .ok_or(SignatureError::Headers)?;
    if now.as_ms().div_euclid(1_000).abs_diff(at_s) > TOLERANCE_S.unsigned_abs() {
        return Err(SignatureError::Stale);
    }
    mac(secret, timestamp, body).verify_slice(&given).map_err(|_| SignatureError::Wrong)?;
    Ok(at_s)
}

fn mac(secret: &Secret, timestamp: &str, body: &[u8]) -> Hmac<Sha256> {
    let mut mac =
        Hmac::<Sha256>::new_from_slice(secret.expose().as_bytes()).expect("HMAC takes a key of any length");
    mac.update(timestamp.as_bytes());
    mac.update(b".");
    mac.update(body);
    mac
}

/// 32 bytes from 64 hexadecimal digits.
fn bytes(hex: &str) -> Option<[u8; 32]> {
    let digits = hex.as_bytes();
    if digits.len() != 64 {
        return None;
    }
    let digit = |c: u8| char::from(c).to_digit(16).and_then(|d| u8::try_from(d).ok());
    let mut out = [0; 32];
    for (byte, pair) in out.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = digit(pair[0])? << 4 | digit(pair[1])?;
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT_S: i64 = 1_780_000_000;

    fn secret() -> Secret {
        Secret::new("key")
    }

    fn verified(now_s: i64, timestamp: &str, signature: &str, body: &str) -> Result<(), SignatureError> {
        let now = Timestamp::from_ms(now_s * 1_000);
        verify(&secret(), now, Some(timestamp), Some(signature), body.as_bytes()).map(|_| ())
    }

    #[test]
    fn it_is_hmac_sha256_of_timestamp_stop_body() {
        // printf '1780000000.{"a":1}' | openssl dgst -sha256 -hmac key
        let expected = "v1=9845db0840a66e525b8fa97bb5ddc0b426356132c25bd8cede278501a66b6c75";
        assert_eq!(sign(&secret(), AT_S, br#"{"a":1}"#), expected);
    }

    #[test]
    fn a_fresh_signature_of_this_body_is_believed_and_nothing_else() {
        let signature = sign(&secret(), AT_S, b"body");
        let timestamp = AT_S.to_string();
        for (now_s, timestamp, signature, body, expected) in [
            (AT_S, timestamp.as_str(), signature.as_str(), "body", Ok(())),
            (AT_S + TOLERANCE_S, &timestamp, &signature, "body", Ok(())),
            (AT_S - TOLERANCE_S, &timestamp, &signature, "body", Ok(())),
            (AT_S + TOLERANCE_S + 1, &timestamp, &signature, "body", Err(SignatureError::Stale)),
            (AT_S - TOLERANCE_S - 1, &timestamp, &signature, "body", Err(SignatureError::Stale)),
            (AT_S, &timestamp, &signature, "other", Err(SignatureError::Wrong)),
            (AT_S, "1780000001", &signature, "body", Err(SignatureError::Wrong)),
            (AT_S, &timestamp, &signature[..66], "body", Err(SignatureError::Headers)),
            (AT_S, &timestamp, &signature[3..], "body", Err(SignatureError::Headers)),
            (AT_S, &timestamp, "v1=\u{e9}", "body", Err(SignatureError::Headers)),
            (AT_S, "-9223372036854775808", &signature, "body", Err(SignatureError::Stale)),
            (AT_S, "soon", &signature, "body", Err(SignatureError::Headers)),
        ] {
            assert_eq!(verified(now_s, timestamp, signature, body), expected, "{now_s} {timestamp}");
        }
        assert_eq!(
            verify(
                &Secret::new("yek"),
                Timestamp::from_ms(AT_S * 1_000),
                Some(&timestamp),
                Some(&signature),
                b"body"
            ),
            Err(SignatureError::Wrong)
        );
        assert_eq!(
            verify(&secret(), Timestamp::from_ms(AT_S * 1_000), None, Some(&signature), b"body"),
            Err(SignatureError::Headers)
        );
    }
}
