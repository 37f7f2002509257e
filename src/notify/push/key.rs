//! Who Cordon is to push services: the key that browsers are given and that proves each message (VAPID, RFC 8292).

use std::fmt;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use hkdf::Hkdf;
use p256::{
    PublicKey, SecretKey,
    ecdsa::{Signature, SigningKey, signature::Signer},
    elliptic_curve::sec1::ToSec1Point,
};
use serde::Serialize;
use sha2::Sha256;

use crate::{domain::Timestamp, secret::Secret};

/// A proof is good for this long, seconds; the standard allows a day.
const PROOF_S: i64 = 12 * 3_600;

/// The private key of an installation. Every subscription is bound to it, so it is kept as long as they are.
#[derive(Clone)]
pub struct PushKey(SecretKey);

/// A text that is no such key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is no key for push messages; make one with: cordon push-key FILE")]
pub struct NoPushKey;

impl PushKey {
    /// A new one.
    ///
    /// # Errors
    /// If the operating system gives no random numbers.
    pub fn generate() -> Result<Self, getrandom::Error> {
        random().map(Self)
    }

    /// Reads what [`PushKey::secret`] gives.
    ///
    /// # Errors
    /// If it is something else.
    pub fn read(secret: &Secret) -> Result<Self, NoPushKey> {
        let bytes = bytes_of(secret.expose()).ok_or(NoPushKey)?;
        SecretKey::from_slice(&bytes).map(Self).map_err(|_| NoPushKey)
    }

    /// As it is written down: its 32 bytes in base64url.
    #[must_use]
    pub fn secret(&self) -> Secret {
        Secret::new(BASE64_URL_SAFE_NO_PAD.encode(self.0.to_bytes()))
    }

    /// The public half, in base64url: what a page gives `PushManager.subscribe` as `applicationServerKey`.
    #[must_use]
    pub fn public(&self) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(point_of(&self.0.public_key()))
    }

    /// The header `Authorization` of a message to the push service at an origin. `contact` is whom its people write to.
    pub(super) fn authorization(&self, origin: &str, contact: &str, now: Timestamp) -> String {
        let claims = Claims { aud: origin, exp: now.as_ms().div_euclid(1_000) + PROOF_S, sub: contact };
        let signed = signing_input(&claims);
        let signature: Signature = SigningKey::from(&self.0).sign(signed.as_bytes());
        let signature = BASE64_URL_SAFE_NO_PAD.encode(signature.to_bytes());
        format!("vapid t={signed}.{signature}, k={}", self.public())
    }

    /// A key for another purpose, from which this one cannot be found out.
    pub(super) fn derive<const BYTES: usize>(&self, purpose: &str) -> [u8; BYTES] {
        let mut key = [0; BYTES];
        Hkdf::<Sha256>::new(None, &self.0.to_bytes())
            .expand(purpose.as_bytes(), &mut key)
            .expect("HKDF gives up to 8,160 bytes");
        key
    }
}

impl fmt::Debug for PushKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PushKey(..)")
    }
}

#[derive(Serialize)]
struct Claims<'a> {
    aud: &'a str,
    exp: i64,
    sub: &'a str,
}

/// Header and claims of the token (RFC 7515), as they are signed.
fn signing_input(claims: &Claims<'_>) -> String {
    let claims = serde_json::to_vec(claims).expect("texts and a number are always JSON");
    let [header, claims] =
        [&br#"{"typ":"JWT","alg":"ES256"}"#[..], &claims].map(|part| BASE64_URL_SAFE_NO_PAD.encode(part));
    format!("{header}.{claims}")
}

/// A key that nobody has had before.
pub(super) fn random() -> Result<SecretKey, getrandom::Error> {
    loop {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes)?;
        // One in four thousand million is none.
        if let Ok(key) = SecretKey::from_slice(&bytes) {
            return Ok(key);
        }
    }
}

/// A public key as it is sent: the 65 bytes of the uncompressed point (X9.62).
pub(super) fn point_of(key: &PublicKey) -> Vec<u8> {
    key.to_sec1_point(false).as_bytes().to_vec()
}

/// What a text in base64url says.
pub(super) fn bytes_of(text: &str) -> Option<Vec<u8>> {
    BASE64_URL_SAFE_NO_PAD.decode(text).ok()
}

#[cfg(test)]
mod tests {
    use p256::ecdsa::{VerifyingKey, signature::Verifier};

    use super::*;

    /// Whether a header proves that whoever has its key has written its token.
    fn verify(header: &str) -> bool {
        let (token, key) = header.strip_prefix("vapid t=").unwrap().split_once(", k=").unwrap();
        let (signed, signature) = token.rsplit_once('.').unwrap();
        let key = VerifyingKey::from_sec1_bytes(&bytes_of(key).unwrap()).unwrap();
        let signature = Signature::from_slice(&bytes_of(signature).unwrap()).unwrap();
        key.verify(signed.as_bytes(), &signature).is_ok()
    }

    #[test]
    fn a_proof_has_the_form_of_the_example_in_rfc_8292_section_2_4() {
        let example = concat!(
            "vapid t=eyJ0eXAiOiJKV1QiLCJhbGciOiJFUzI1NiJ9.",
            "eyJhdWQiOiJodHRwczovL3B1c2guZXhhbXBsZS5uZXQiLCJleHAiOjE0NTM1MjM3NjgsInN1YiI6Im1haWx0bzpwdXNoQGV4YW1wbGUuY29tIn0.",
            "i3CYb7t4xfxCDquptFOepC9GAu_HLGkMlMuCGSK2rpiUfnK9ojFwDXb1JrErtmysazNjjvW2L9OkSSHzvoD1oA, ",
            "k=BA1Hxzyi1RUM1b5wjxsn7nGxAszw2u61m164i3MrAIxHF6YK5h4SDYic-dRuU_RCPCfA5aq9ojSwk5Y2EmClBPs"
        );
        assert!(verify(example), "the example is believed");
        let key = PushKey::generate().unwrap();
        let now = Timestamp::from_ms((1_453_523_768 - PROOF_S) * 1_000);
        let ours = key.authorization("https://push.example.net", "mailto:push@example.com", now);
        let signed = |header: &str| header.rsplit_once('.').map(|(signed, _)| signed.to_owned());
        assert_eq!(signed(&ours), signed(example));
        assert!(verify(&ours));
        assert!(!verify(&ours.replace("eyJhdWQi", "eyJhdWQj")), "another text");
        let other = PushKey::generate().unwrap();
        assert!(!verify(&ours.replace(&key.public(), &other.public())), "another key");
    }

    #[test]
    fn a_key_is_written_down_and_read_and_never_shown() {
        let key = PushKey::generate().unwrap();
        let read = PushKey::read(&key.secret()).unwrap();
        assert_eq!(read.public(), key.public());
        assert_eq!(bytes_of(&key.public()).unwrap()[0], 4, "an uncompressed point");
        assert_eq!(format!("{key:?}"), "PushKey(..)");
        assert_ne!(key.derive::<16>("a"), key.derive::<16>("b"));
        assert_eq!(read.derive::<16>("a"), key.derive::<16>("a"));
        let too_large = BASE64_URL_SAFE_NO_PAD.encode([0xff; 32]);
        for no_key in ["", "hunter2", "AAAA", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", &too_large] {
            assert_eq!(PushKey::read(&Secret::new(no_key)).err(), Some(NoPushKey), "{no_key}");
        }
    }
}
