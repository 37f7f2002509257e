//! The port to the outside world's messengers: one provider carries alerts on one channel.
//!
//! A provider tries once and says what came of it. When to try again is dispatch's business, whom to tell instead is
//! the engine's.

pub mod http;
pub mod signature;
mod sms;
mod used;
mod webhook;
pub mod wording;

use std::{collections::BTreeMap, sync::Arc};

use async_trait::async_trait;

pub use sms::Sms;
pub use used::UsedSignatures;
pub use webhook::Webhook;

use crate::{
    clock::Clock,
    domain::{Alert, AlertId, Channel, Priority, Timestamp},
    secret::Secret,
};

/// The header with the idempotency key.
pub const IDEMPOTENCY_HEADER: &str = "idempotency-key";

/// What a provider is asked to carry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// The same for every try of one alert: a provider that knows it already answers as it did before.
    pub idempotency_key: String,
    /// The recipient's address on the channel.
    pub to: String,
    /// What it says, as its channel needs it (see [`wording::body`]).
    pub body: String,
    /// How urgent it is.
    pub priority: Priority,
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
    /// Not now: it has too much to do.
    Busy {
        /// Such as `http_429`.
        reason: String,
        /// How long it asks not to be asked again, milliseconds, if it says so in seconds.
        pause_ms: Option<i64>,
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

/// How to reach the outside world. A channel without settings has no provider.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// Text messages.
    pub sms: Option<SmsSettings>,
    /// Webhooks: the secret that signs them.
    pub webhook_secret: Option<Secret>,
}

/// The SMS provider.
#[derive(Debug, Clone)]
pub struct SmsSettings {
    /// Where to post.
    pub url: String,
    /// The bearer token.
    pub token: Secret,
}

/// Why there are no providers.
#[derive(Debug, thiserror::Error)]
pub enum ProvidersError {
    /// The SMS provider's URL.
    #[error("the SMS provider's URL: {0}")]
    SmsUrl(#[from] http::EndpointError),
    /// The HTTP client.
    #[error("HTTP: {0}; install the system's root certificates (package ca-certificates)")]
    Client(#[from] reqwest::Error),
}

/// One provider for each channel that has one.
#[derive(Clone, Default)]
pub struct Providers(BTreeMap<Channel, Arc<dyn Provider>>);

impl Providers {
    /// Of these; a later one replaces an earlier one of the same channel.
    #[must_use]
    pub fn of(providers: impl IntoIterator<Item = Arc<dyn Provider>>) -> Self {
        Self(providers.into_iter().map(|provider| (provider.channel(), provider)).collect())
    }

    /// And this one.
    #[must_use]
    pub fn with(mut self, provider: Arc<dyn Provider>) -> Self {
        self.0.insert(provider.channel(), provider);
        self
    }

    /// Who carries messages on `channel`.
    #[must_use]
    pub fn get(&self, channel: Channel) -> Option<&Arc<dyn Provider>> {
        self.0.get(&channel)
    }
}

/// The providers that the settings name. The process must have installed a rustls provider before.
///
/// # Errors
/// See [`ProvidersError`].
pub fn providers(settings: &Settings, clock: &Clock) -> Result<Providers, ProvidersError> {
    let client = http::client()?;
    let mut list: Vec<Arc<dyn Provider>> = Vec::new();
    if let Some(sms) = &settings.sms {
        list.push(Arc::new(Sms::new(client.clone(), http::endpoint(&sms.url)?, sms.token.clone())));
    }
    if let Some(secret) = &settings.webhook_secret {
        list.push(Arc::new(Webhook::new(client, secret.clone(), clock.clone())));
    }
    Ok(Providers::of(list))
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
