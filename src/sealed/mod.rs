//! Files that only whoever has the key can read: the format of age (age-encryption.org/v1), for X25519 recipients.
//!
//! Written here on RustCrypto's parts, since the crate `age` brings 74 others with it, 26 of them older versions of what is
//! here already. `age --decrypt` opens what this writes, so that a backup can be read without Cordon.

mod head;
mod key;
mod payload;

use std::io::{self, Read, Write};

use chacha20poly1305::{ChaCha20Poly1305, KeyInit};
use hkdf::Hkdf;
use sha2::Sha256;

pub use key::{Key, KeyError, Recipient};
pub use payload::{Opened, Sealing};

/// Bytes of the key that the file is encrypted with, which is itself encrypted for each recipient.
const FILE_KEY_BYTES: usize = 16;
const NONCE_BYTES: usize = 16;

/// Begins a file for these recipients, at least one; [`Sealing::finish`] ends it.
///
/// # Errors
/// If it cannot be written, or the operating system gives no random bytes.
pub fn seal<W: Write>(mut to: W, recipients: &[Recipient]) -> io::Result<Sealing<W>> {
    let (file_key, nonce) = (random::<FILE_KEY_BYTES>()?, random::<NONCE_BYTES>()?);
    to.write_all(&head::write(&file_key, recipients)?)?;
    to.write_all(&nonce)?;
    Ok(Sealing::new(to, payload_cipher(&file_key, &nonce)))
}

/// Opens a file with a key.
///
/// # Errors
/// `InvalidData` if it is no such file, or is for other keys; else if it cannot be read.
pub fn open<R: Read>(mut from: R, key: &Key) -> io::Result<Opened<R>> {
    let file_key = head::read(&mut from, key)?;
    let mut nonce = [0; NONCE_BYTES];
    from.read_exact(&mut nonce)?;
    Ok(Opened::new(from, payload_cipher(&file_key, &nonce)))
}

fn payload_cipher(file_key: &[u8], nonce: &[u8]) -> ChaCha20Poly1305 {
    ChaCha20Poly1305::new(&derive(file_key, nonce, b"payload").into())
}

fn derive(secret: &[u8], salt: &[u8], what: &[u8]) -> [u8; 32] {
    let mut key = [0; 32];
    Hkdf::<Sha256>::new(Some(salt), secret)
        .expand(what, &mut key)
        .expect("32 bytes can be derived from SHA-256");
    key
}

fn random<const N: usize>() -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|_| io::Error::other("the operating system gave no random bytes"))?;
    Ok(bytes)
}

fn wrong(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

#[cfg(test)]
mod tests;
