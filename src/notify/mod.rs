//! The port to the outside world's messengers: one provider carries alerts on one channel.
//!
//! A provider tries once and says what came of it. When to try again is dispatch's business, whom to tell instead is
//! the engine's.

use async_trait::async_trait;

use crate::domain::Channel;

/// What a provider is asked to carry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// The same for every try of one alert: a provider that knows it already answers as it did before.
    pub idempotency_key: String,
    /// The recipient's address on the channel.
    pub to: String,
    /// For SMS the text; for a webhook the JSON body.
    pub body: String,
}

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
    /// Never: the address or the message is refused for good. A short code of the reason.
    Refused {
        /// Such as `http_400`, `unknown_number`.
        reason: String,
    },
}

/// Carries messages on one channel.
#[async_trait]
pub trait Provider: Send + Sync {
    /// The channel it serves.
    fn channel(&self) -> Channel;

    /// Tries once, within 10 s.
    async fn send(&self, message: &Message) -> Sent;
}
