//! Keys: the secret one that opens, and what others need to seal for it.

use std::{fmt, io::Read, path::Path, str::FromStr};

use bech32::{Bech32, Hrp, primitives::decode::CheckedHrpstring};
use x25519_dalek::{X25519_BASEPOINT_BYTES, x25519};

use super::random;
use crate::secret::Secret;

const OF_RECIPIENT: Hrp = Hrp::parse_unchecked("age");
const OF_KEY: Hrp = Hrp::parse_unchecked("age-secret-key-");
/// The largest key file, in bytes. A larger one is some other file.
const FILE_BYTES_MAX: u64 = 4_096;

/// Opens files.
#[derive(Clone)]
pub struct Key(pub(super) [u8; 32]);

/// Whom a file is sealed for: `age1...`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Recipient(pub(super) [u8; 32]);

/// Why a text is no key or recipient.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// It is no recipient.
    #[error("write a recipient, age1..., as `cordon backup key` prints it")]
    Recipient,
    /// The file holds no key.
    #[error("{0} holds no key; `cordon backup key` makes one")]
    File(String),
    /// The file cannot be read.
    #[error("cannot read {0} ({1})")]
    Unread(String, std::io::ErrorKind),
}

impl Key {
    /// A new one.
    ///
    /// # Errors
    /// If the operating system gives no random bytes.
    pub fn generate() -> std::io::Result<Self> {
        random().map(Self)
    }

    /// Reads the file that [`Key::secret`] was written to, or that `age-keygen` made.
    ///
    /// # Errors
    /// If it cannot be read or holds no key.
    pub fn read(path: &Path) -> Result<Self, KeyError> {
        let shown = || path.display().to_string();
        let mut text = String::new();
        let file = std::fs::File::open(path).map_err(|error| KeyError::Unread(shown(), error.kind()))?;
        match file.take(FILE_BYTES_MAX).read_to_string(&mut text) {
            Ok(_) => {}
            Err(error) if error.kind() == std::io::ErrorKind::InvalidData => {
                return Err(KeyError::File(shown()));
            }
            Err(error) => return Err(KeyError::Unread(shown(), error.kind())),
        }
        let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        let key = lines.next().and_then(|line| decoded(line, OF_KEY)).map(Self);
        key.filter(|_| lines.next().is_none()).ok_or_else(|| KeyError::File(shown()))
    }

    /// As it is kept in a file.
    #[must_use]
    pub fn secret(&self) -> Secret {
        Secret::new(encoded(&self.0, OF_KEY).to_uppercase())
    }

    /// Whom to seal for, so that this key opens it.
    #[must_use]
    pub fn recipient(&self) -> Recipient {
        Recipient(x25519(self.0, X25519_BASEPOINT_BYTES))
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(..)")
    }
}

impl fmt::Display for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&encoded(&self.0, OF_RECIPIENT))
    }
}

impl FromStr for Recipient {
    type Err = KeyError;
    fn from_str(text: &str) -> Result<Self, KeyError> {
        decoded(text, OF_RECIPIENT).map(Self).ok_or(KeyError::Recipient)
    }
}

fn encoded(bytes: &[u8; 32], of: Hrp) -> String {
    bech32::encode::<Bech32>(of, bytes).expect("32 bytes and a short name are within what Bech32 takes")
}

fn decoded(text: &str, of: Hrp) -> Option<[u8; 32]> {
    let checked = CheckedHrpstring::new::<Bech32>(text).ok()?;
    let bytes: Vec<u8> = checked.byte_iter().collect();
    (checked.hrp() == of).then_some(())?;
    bytes.try_into().ok()
}
