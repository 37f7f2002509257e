//! Messages that nobody but one browser can read (RFC 8291), not even the push service that carries them.

use hkdf::Hkdf;
use p256::{PublicKey, SecretKey};
use sha2::Sha256;

use super::{
    content::{self, SALT_BYTES, Unreadable},
    key::{bytes_of, point_of, random},
};
use crate::domain::SubscriptionKeys;

const AUTH_BYTES: usize = 16;
/// Every message is as long as this, so that its length says nothing, bytes.
const PADDED_BYTES: usize = 1_024;

/// What a browser has given away so that it can be written to.
pub(super) struct Receiver {
    public: PublicKey,
    auth: [u8; AUTH_BYTES],
}

impl Receiver {
    /// Reads the keys of a subscription; `None` if they are none.
    pub(super) fn read(keys: &SubscriptionKeys) -> Option<Self> {
        let public = PublicKey::from_sec1_bytes(&bytes_of(&keys.p256dh)?).ok()?;
        let auth = bytes_of(&keys.auth)?.try_into().ok()?;
        Some(Self { public, auth })
    }

    /// Encrypts a text to it, with a key and a salt that are used this once.
    ///
    /// # Errors
    /// If the operating system gives no random numbers.
    pub(super) fn seal(&self, text: &[u8]) -> Result<Vec<u8>, getrandom::Error> {
        let mut salt = [0; SALT_BYTES];
        getrandom::fill(&mut salt)?;
        Ok(self.seal_with(&random()?, salt, text, PADDED_BYTES))
    }

    fn seal_with(&self, own: &SecretKey, salt: [u8; SALT_BYTES], text: &[u8], padded_to: usize) -> Vec<u8> {
        let shared = own.diffie_hellman(&self.public);
        let sender = point_of(&own.public_key());
        let secret = secret(&self.auth, shared.raw_secret_bytes(), &point_of(&self.public), &sender);
        content::seal(&secret, salt, &sender, text, padded_to)
    }
}

/// Decrypts a message as the browser does that `own` and `auth` belong to.
///
/// # Errors
/// If it is for another, or has been tampered with.
pub fn open(own: &SecretKey, auth: &[u8; AUTH_BYTES], body: &[u8]) -> Result<Vec<u8>, Unreadable> {
    let sender = content::key_id(body)?;
    let public = PublicKey::from_sec1_bytes(sender).map_err(|_| Unreadable)?;
    let shared = own.diffie_hellman(&public);
    let secret = secret(auth, shared.raw_secret_bytes(), &point_of(&own.public_key()), sender);
    content::open(&secret, body)
}

/// Section 3.4.
fn secret(auth: &[u8], shared: &[u8], receiver: &[u8], sender: &[u8]) -> [u8; 32] {
    let mut secret = [0; 32];
    Hkdf::<Sha256>::new(Some(auth), shared)
        .expand_multi_info(&[b"WebPush: info\0", receiver, sender], &mut secret)
        .expect("HKDF gives up to 8,160 bytes");
    secret
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &[u8] = b"When I grow up, I want to be a watermelon";
    const BODY: &str = "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN";

    fn bytes(text: &str) -> Vec<u8> {
        bytes_of(text).unwrap()
    }

    fn receiver() -> Receiver {
        let p256dh =
            "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4";
        Receiver::read(&SubscriptionKeys { p256dh: p256dh.into(), auth: "BTBZMqHH6r4Tts7J_aSIgg".into() })
            .unwrap()
    }

    fn opened(body: &[u8]) -> Result<Vec<u8>, Unreadable> {
        let own = SecretKey::from_slice(&bytes("q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94")).unwrap();
        open(&own, &bytes("BTBZMqHH6r4Tts7J_aSIgg").try_into().unwrap(), body)
    }

    #[test]
    fn the_example_of_rfc_8291_appendix_a_is_written_and_read() {
        let own = SecretKey::from_slice(&bytes("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw")).unwrap();
        let salt = bytes("DGv6ra1nlYgDCS1FRnbzlw").try_into().unwrap();
        assert_eq!(receiver().seal_with(&own, salt, TEXT, 0), bytes(BODY));
        assert_eq!(opened(&bytes(BODY)).unwrap(), TEXT);
    }

    #[test]
    fn two_messages_are_never_alike_but_in_their_length() {
        let (one, two) = (receiver().seal(TEXT).unwrap(), receiver().seal(b"1").unwrap());
        assert_eq!(one.len(), two.len());
        assert_ne!(one[..SALT_BYTES], two[..SALT_BYTES]);
        assert_ne!(content::key_id(&one), content::key_id(&two));
        assert_eq!((opened(&one).unwrap(), opened(&two).unwrap()), (TEXT.to_vec(), b"1".to_vec()));
    }

    #[test]
    fn nobody_else_can_read_it() {
        let body = receiver().seal(TEXT).unwrap();
        let auth = bytes("BTBZMqHH6r4Tts7J_aSIgg").try_into().unwrap();
        assert_eq!(open(&random().unwrap(), &auth, &body), Err(Unreadable));
    }

    #[test]
    fn keys_that_are_no_keys_are_refused() {
        let SubscriptionKeys { p256dh, auth } = SubscriptionKeys {
            p256dh: "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
                .into(),
            auth: "BTBZMqHH6r4Tts7J_aSIgg".into(),
        };
        // Not on the curve, cut, empty, in other letters; a secret that is too short or too long.
        let moved = p256dh.replace("iw4", "iw8");
        for (p256dh, auth) in [
            (moved.as_str(), auth.as_str()),
            (&p256dh[..40], &auth),
            ("", &auth),
            ("BCVx+/==", &auth),
            (&p256dh, "BTBZMqHH6r4Tts7J_aSI"),
            (&p256dh, ""),
            (&p256dh, "BTBZMqHH6r4Tts7J_aSIggAA"),
        ] {
            let keys = SubscriptionKeys { p256dh: p256dh.into(), auth: auth.into() };
            assert!(Receiver::read(&keys).is_none(), "{keys:?}");
        }
    }
}
