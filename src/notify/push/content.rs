//! The content coding `aes128gcm` (RFC 8188), in the one record that a push message must be.

use aes_gcm::{Aes128Gcm, KeyInit, aead::Aead};
use hkdf::Hkdf;
use sha2::Sha256;

/// Bytes of the salt that every message has of its own.
pub(super) const SALT_BYTES: usize = 16;
/// What a record may hold, its tag included, bytes.
const RECORD_BYTES: u32 = 4_096;
const TAG_BYTES: usize = 16;
/// Stands behind the text of the last record, and before the zeros that hide how long that is.
const LAST: u8 = 2;
/// Salt, size of the records, length of the name of the key.
const HEADER_BYTES: usize = SALT_BYTES + 4 + 1;

/// A body that is no message for whoever has this key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a message that this key opens")]
pub struct Unreadable;

/// Encrypts `text` with a key that is derived from `secret` and named by `key_id`. So many bytes of it, the text included,
/// look the same whatever they say.
pub(super) fn seal(
    secret: &[u8],
    salt: [u8; SALT_BYTES],
    key_id: &[u8],
    text: &[u8],
    padded_to: usize,
) -> Vec<u8> {
    let mut record = text.to_vec();
    record.push(LAST);
    record.resize(record.len().max(padded_to + 1), 0);
    assert!(record.len() + TAG_BYTES <= RECORD_BYTES as usize, "what Cordon says fits one record");
    let (cipher, nonce) = derive(secret, &salt);
    let sealed = cipher.encrypt(&nonce.into(), &record[..]).expect("a record is within the cipher's bounds");

    let id_bytes = u8::try_from(key_id.len()).expect("a key's name is a point of the curve or shorter");
    let mut body = Vec::with_capacity(HEADER_BYTES + key_id.len() + sealed.len());
    body.extend_from_slice(&salt);
    body.extend_from_slice(&RECORD_BYTES.to_be_bytes());
    body.push(id_bytes);
    body.extend_from_slice(key_id);
    body.extend_from_slice(&sealed);
    body
}

/// The name of the key that a body was encrypted with.
pub(super) fn key_id(body: &[u8]) -> Result<&[u8], Unreadable> {
    let length = *body.get(HEADER_BYTES - 1).ok_or(Unreadable)?;
    body.get(HEADER_BYTES..HEADER_BYTES + usize::from(length)).ok_or(Unreadable)
}

/// Decrypts a body of one record.
pub(super) fn open(secret: &[u8], body: &[u8]) -> Result<Vec<u8>, Unreadable> {
    let record = &body[HEADER_BYTES + key_id(body)?.len()..];
    let (salt, rest) = body.split_first_chunk::<SALT_BYTES>().ok_or(Unreadable)?;
    let size = rest.first_chunk::<4>().map(|bytes| u32::from_be_bytes(*bytes)).ok_or(Unreadable)?;
    if record.len() > size as usize {
        return Err(Unreadable);
    }
    let (cipher, nonce) = derive(secret, salt);
    let mut text = cipher.decrypt(&nonce.into(), record).map_err(|_| Unreadable)?;
    let end = text.iter().rposition(|byte| *byte != 0).filter(|end| text[*end] == LAST).ok_or(Unreadable)?;
    text.truncate(end);
    Ok(text)
}

fn derive(secret: &[u8], salt: &[u8]) -> (Aes128Gcm, [u8; 12]) {
    let derived = Hkdf::<Sha256>::new(Some(salt), secret);
    let (mut key, mut nonce) = ([0; 16], [0; 12]);
    for (info, bytes) in
        [("Content-Encoding: aes128gcm\0", &mut key[..]), ("Content-Encoding: nonce\0", &mut nonce[..])]
    {
        derived.expand(info.as_bytes(), bytes).expect("HKDF gives up to 8,160 bytes");
    }
    (Aes128Gcm::new(&key.into()), nonce)
}

#[cfg(test)]
mod tests {
    use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};

    use super::*;

    fn bytes(text: &str) -> Vec<u8> {
        BASE64_URL_SAFE_NO_PAD.decode(text).unwrap()
    }

    #[test]
    fn the_example_of_rfc_8188_section_3_1_is_written_and_read() {
        let secret = bytes("yqdlZ-tYemfogSmv7Ws5PQ");
        let salt = bytes("I1BsxtFttlv3u_Oo94xnmw").try_into().unwrap();
        let body = bytes("I1BsxtFttlv3u_Oo94xnmwAAEAAA-NAVub2qFgBEuQKRapoZu-IxkIva3MEB1PD-ly8Thjg");
        assert_eq!(seal(&secret, salt, b"", b"I am the walrus", 0), body);
        assert_eq!(open(&secret, &body).unwrap(), b"I am the walrus");
    }

    #[test]
    fn two_records_are_no_push_message() {
        // Section 3.2, which RFC 8291 rules out for push.
        let body = "uNCkWiNYzKTnBN9ji3-qWAAAABkCYTHOG8chz_gnvgOqdGYovxyjuqRyJFjEDyoF1Fvkj6hQPdPHI51OEUKEpgz3SsLWIqS_uA";
        let (secret, body) = (bytes("BO3ZVPxUlnLORbVGMpbT1Q"), bytes(body));
        assert_eq!(key_id(&body).unwrap(), b"a1");
        assert_eq!(open(&secret, &body), Err(Unreadable));
    }

    #[test]
    fn padding_hides_how_long_a_text_is_and_comes_off_again() {
        let sealed = |text: &[u8]| seal(b"secret", [1; SALT_BYTES], b"", text, 100);
        assert_eq!(sealed(b"").len(), sealed(&[0; 100]).len());
        for text in [&b""[..], b"\0\x02\0", &[7; 100], &[7; 200]] {
            assert_eq!(open(b"secret", &sealed(text)).unwrap(), text);
        }
    }

    #[test]
    fn a_body_that_is_cut_or_changed_is_unreadable() {
        let body = seal(b"secret", [1; SALT_BYTES], b"id", b"text", 0);
        assert_eq!(open(b"secret", &body).unwrap(), b"text");
        for length in 0..body.len() {
            assert_eq!(open(b"secret", &body[..length]), Err(Unreadable), "{length}");
        }
        for at in 0..body.len() {
            let mut changed = body.clone();
            changed[at] ^= 1;
            let is_name = (HEADER_BYTES..HEADER_BYTES + 2).contains(&at);
            // The size of the records is a bound and the name a label: neither is part of the text.
            let is_bound = (SALT_BYTES..SALT_BYTES + 4).contains(&at);
            assert_eq!(open(b"secret", &changed).is_ok(), is_name || is_bound, "{at}");
        }
    }
}
