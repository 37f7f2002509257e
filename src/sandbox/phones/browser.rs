//! The browser on every phone: what it gives away so that it can be written to, and how it reads what comes.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use hkdf::Hkdf;
use p256::{SecretKey, elliptic_curve::sec1::ToSec1Point};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use crate::{notify::push, secret::Secret};

/// One phone's browser. Its keys come from a secret of the simulator's, so nothing of it is kept.
pub(super) struct Browser {
    own: SecretKey,
    auth: [u8; 16],
}

/// What a browser shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Notification {
    /// Its first line.
    pub title: String,
    /// What stands under it.
    pub body: String,
    /// What it opens when it is tapped.
    pub navigate: String,
    /// It takes the place of an earlier one with the same tag.
    pub tag: String,
    /// It stays until somebody has looked at it.
    #[serde(default)]
    pub require_interaction: bool,
    /// It makes no sound.
    #[serde(default)]
    pub silent: bool,
    /// How else it is to be shown.
    #[serde(flatten)]
    pub others: serde_json::Map<String, serde_json::Value>,
}

/// As Declarative Web Push has it.
#[derive(Deserialize)]
struct Pushed {
    web_push: u16,
    notification: Notification,
}

impl Browser {
    pub(super) fn of(secret: &Secret, address: &str) -> Self {
        let derived = Hkdf::<Sha256>::new(Some(address.as_bytes()), secret.expose().as_bytes());
        let (mut auth, mut own) = ([0; 16], [0; 32]);
        derived.expand(b"auth", &mut auth).expect("HKDF gives up to 8,160 bytes");
        let mut keys = (0..=u8::MAX).filter_map(|n| {
            derived.expand(&[n], &mut own).ok()?;
            SecretKey::from_slice(&own).ok()
        });
        let own = keys.next().expect("one in four thousand million is no key");
        Self { own, auth }
    }

    /// As its `PushSubscription.toJSON()` would give it.
    pub(super) fn subscription(&self, endpoint: &str) -> String {
        let point = self.own.public_key().to_sec1_point(false);
        let [p256dh, auth] = [point.as_bytes(), &self.auth].map(|part| BASE64_URL_SAFE_NO_PAD.encode(part));
        serde_json::json!({"endpoint": endpoint, "keys": {"p256dh": p256dh, "auth": auth}}).to_string()
    }

    /// What it shows of a message; `None` if it is none for it.
    pub(super) fn read(&self, body: &[u8]) -> Option<Notification> {
        let text = push::open(&self.own, &self.auth, body).ok()?;
        let pushed: Pushed = serde_json::from_slice(&text).ok()?;
        (pushed.web_push == 8_030).then_some(pushed.notification)
    }
}
