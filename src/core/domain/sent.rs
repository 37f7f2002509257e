//! One try to send an alert: what came of it, and by what a provider knows it again.

use super::{Alert, AlertId, Timestamp};

/// What came of one try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sent {
    /// The provider took it; its own reference, where it gave one.
    Accepted {
        /// The provider's reference.
        provider_ref: Option<String>,
    },
    /// Not now: try again. A short code of the reason.
    Retry {
        /// Such as `timeout`, `http_503`.
        reason: String,
    },
    /// Not now: it has too much to do.
    Busy {
        /// Such as `http_429`.
        reason: String,
        /// How long it asks not to be asked again, milliseconds, if it says so in seconds.
        pause_ms: Option<i64>,
    },
    /// Never: the message is refused for good. A short code of the reason.
    Refused {
        /// Such as `http_400`.
        reason: String,
    },
    /// Never: there is nobody at that address. Nothing is wrong with the provider.
    NoSuchAddress {
        /// Such as `unknown_number`.
        reason: String,
    },
}

/// The idempotency key of every try of an alert. It carries the time of raising beside the number, since an
/// installation that starts anew counts from 1 again and a provider must not take its first alert for a repeat.
#[must_use]
pub fn idempotency_key(alert: &Alert) -> String {
    format!("alert-{}-{}", alert.id, alert.raised_at.as_us())
}

/// The alert that an idempotency key belongs to, and when that was raised; `None` if the key is none of ours.
#[must_use]
pub fn alert_of_key(key: &str) -> Option<(AlertId, Timestamp)> {
    let (id, raised_at) = key.strip_prefix("alert-")?.split_once('-')?;
    let raised_at = Timestamp::from_us(raised_at.parse().ok()?);
    id.parse().ok().filter(|id| *id > 0).map(|id| (AlertId(id), raised_at))
}
