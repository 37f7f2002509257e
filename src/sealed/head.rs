//! What stands before the content: the file's key, encrypted for each recipient, and a proof that nobody has changed that.

use std::io::{self, Read};

use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD as BASE64};
use chacha20poly1305::{ChaCha20Poly1305, aead::Aead};
use hmac::{Hmac, KeyInit as _, Mac};
use sha2::Sha256;
use x25519_dalek::{X25519_BASEPOINT_BYTES, x25519};

use super::{FILE_KEY_BYTES, Key, Recipient, derive, random, wrong};

const VERSION: &str = "age-encryption.org/v1\n";
const STANZA: &str = "-> X25519 ";
const END: &str = "---";
const WRAP: &[u8] = b"age-encryption.org/v1/X25519";
/// A longer one is for more recipients than anybody has, or no such file.
const BYTES_MAX: usize = 16_384;

const OTHER: &str = "it is no file that age or Cordon has encrypted";
const NOT_FOR_THIS_KEY: &str = "it is encrypted for another key";
const CHANGED: &str = "it has been changed: what it says of its recipients is not what was written";

pub(super) fn write(file_key: &[u8; FILE_KEY_BYTES], recipients: &[Recipient]) -> io::Result<Vec<u8>> {
    let mut text = VERSION.to_owned();
    for recipient in recipients {
        let own = random::<32>()?;
        let share = x25519(own, X25519_BASEPOINT_BYTES);
        let cipher = wrapping(&x25519(own, recipient.0), &share, recipient);
        let wrapped =
            cipher.encrypt(&[0; 12].into(), &file_key[..]).expect("a key is within the cipher's bounds");
        text += &format!("{STANZA}{}\n{}\n", BASE64.encode(share), BASE64.encode(wrapped));
    }
    text += END;
    let proof = proof(file_key, text.as_bytes()).finalize().into_bytes();
    text += &format!(" {}\n", BASE64.encode(proof));
    Ok(text.into_bytes())
}

/// The key of the file.
pub(super) fn read(from: &mut impl Read, key: &Key) -> io::Result<[u8; FILE_KEY_BYTES]> {
    let text = lines(from)?;
    let (before, proof_text) = text.rsplit_once("--- ").ok_or_else(|| wrong(OTHER))?;
    let recipient = key.recipient();
    let mut file_key: Option<[u8; FILE_KEY_BYTES]> = None;
    for stanza in before.split("-> ").skip(1) {
        let mut lines = stanza.lines();
        // Recipients of other sorts are for other keys.
        let Some(share) = lines.next().and_then(|line| line.strip_prefix("X25519 ")) else { continue };
        let share = bytes::<32>(share).ok_or_else(|| wrong(OTHER))?;
        let wrapped = lines.next().and_then(bytes::<32>).ok_or_else(|| wrong(OTHER))?;
        let shared = x25519(key.0, share);
        if shared == [0; 32] {
            return Err(wrong(OTHER));
        }
        let unwrapped = wrapping(&shared, &share, &recipient).decrypt(&[0; 12].into(), &wrapped[..]);
        file_key = file_key.or(unwrapped.ok().and_then(|key| key.try_into().ok()));
    }
    let file_key = file_key.ok_or_else(|| wrong(NOT_FOR_THIS_KEY))?;
    let given = bytes::<32>(proof_text.trim_end()).ok_or_else(|| wrong(CHANGED))?;
    let told = &text[..before.len() + END.len()];
    proof(&file_key, told.as_bytes()).verify_slice(&given).map_err(|_| wrong(CHANGED))?;
    Ok(file_key)
}

/// Up to the end of the line that begins with the proof.
fn lines(from: &mut impl Read) -> io::Result<String> {
    let (mut text, mut line_at) = (Vec::new(), 0);
    loop {
        let mut byte = [0];
        from.read_exact(&mut byte).map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => wrong(OTHER),
            _ => error,
        })?;
        text.push(byte[0]);
        let is_other = text.len() == VERSION.len() && text != VERSION.as_bytes();
        if is_other || text.len() > BYTES_MAX {
            return Err(wrong(OTHER));
        }
        if byte == *b"\n" {
            if text[line_at..].starts_with(b"--- ") {
                return String::from_utf8(text).map_err(|_| wrong(OTHER));
            }
            line_at = text.len();
        }
    }
}

fn wrapping(shared: &[u8; 32], share: &[u8; 32], recipient: &Recipient) -> ChaCha20Poly1305 {
    ChaCha20Poly1305::new(&derive(shared, &[&share[..], &recipient.0].concat(), WRAP).into())
}

fn proof(file_key: &[u8], told: &[u8]) -> Hmac<Sha256> {
    let key = derive(file_key, b"", b"header");
    let mac = Hmac::<Sha256>::new_from_slice(&key).expect("HMAC takes a key of any length");
    mac.chain_update(told)
}

fn bytes<const N: usize>(text: &str) -> Option<[u8; N]> {
    BASE64.decode(text).ok()?.try_into().ok()
}
