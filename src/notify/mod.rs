//! The port to the outside world's messengers: one provider carries alerts on one channel.
//!
//! A provider tries once and says what came of it. When to try again is dispatch's business, whom to tell instead is
//! the engine's.

mod govuk;
pub mod http;
mod ntfy;
pub mod push;
pub mod settings;
pub mod signature;
mod sms;
#[cfg(test)]
pub(crate) mod testing;
pub mod twilio;
mod used;
mod webhook;
pub mod wording;

use std::{collections::BTreeMap, sync::Arc};

use async_trait::async_trait;

pub use crate::domain::{Sent, alert_of_key, idempotency_key};
pub use govuk::Notify;
pub use ntfy::Ntfy;
pub use settings::Settings;
pub use sms::Sms;
pub use twilio::{TwilioCalls, TwilioTexts};
pub use used::UsedSignatures;
pub use webhook::Webhook;

use crate::{
    clock::Clock,
    domain::{Alert, Channel, IncidentId, Language, MessageClass, Priority, SenderLabel},
};
use settings::{Pager, Plain, Texts};

/// How long a call rings, seconds: less than most networks wait until a mailbox answers, and than a step waits. Twilio may
/// let it ring for five more.
pub const RINGS_S: i64 = 25;
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
    /// Which incident it is about.
    pub incident: IncidentId,
    /// What it says it in.
    pub language: Language,
    /// Which kind of message it is.
    pub class: MessageClass,
    /// The number that its recipient can quote.
    pub reference: u16,
    /// How urgent it is.
    pub priority: Priority,
    /// Whom it is from, of those whom the provider's settings name; its usual sender, if absent or not among them.
    pub sender: Option<SenderLabel>,
    /// It is not to make a sound, as far as that can be asked for.
    pub silent: bool,
    /// It has been tried before, and may have been taken although no answer came.
    pub is_repeat: bool,
}

impl Message {
    /// As an alert is sent.
    #[must_use]
    pub fn of(alert: &Alert, is_repeat: bool) -> Self {
        Self {
            idempotency_key: idempotency_key(alert),
            to: alert.address.clone(),
            body: wording::body(alert),
            incident: alert.incident,
            language: alert.language,
            class: alert.class,
            reference: alert.reference(),
            priority: alert.priority,
            sender: alert.sender.clone(),
            silent: alert.silent,
            is_repeat,
        }
    }
}

/// Carries messages on one channel.
#[async_trait]
pub trait Provider: Send + Sync {
    /// The channel it serves.
    fn channel(&self) -> Channel;

    /// Tries once, within 10 s.
    async fn send(&self, message: &Message) -> Sent;
}

/// Why there are no providers.
#[derive(Debug, thiserror::Error)]
pub enum ProvidersError {
    /// A provider's URL.
    #[error("the URL of the provider for {}: {error}", .channel.as_str())]
    Url {
        /// Of which channel.
        channel: Channel,
        /// What is wrong with it.
        error: http::EndpointError,
    },
    /// The key of push messages.
    #[error("the push key {0}")]
    PushKey(#[from] push::NoPushKey),
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
    for (channel, texts) in settings.texts() {
        let provider = texts_provider(channel, texts, &client, clock);
        list.push(provider.map_err(|error| ProvidersError::Url { channel, error })?);
    }
    if let Some(calls) = settings.voice.clone() {
        let calls = TwilioCalls::new(client.clone(), calls);
        let error = |error| ProvidersError::Url { channel: Channel::Voice, error };
        list.push(Arc::new(calls.map_err(error)?));
    }
    if let Some(settings) = &settings.push {
        list.push(Arc::new(push::Push::new(client.clone(), settings, clock.clone())?));
    }
    if let Some(Pager { url, token }) = &settings.pager {
        let url =
            http::endpoint(url).map_err(|error| ProvidersError::Url { channel: Channel::Pager, error })?;
        list.push(Arc::new(Ntfy::new(client.clone(), url, token.clone())));
    }
    if let Some(secret) = &settings.webhook_secret {
        list.push(Arc::new(Webhook::new(client, secret.clone(), clock.clone())));
    }
    Ok(Providers::of(list))
}

fn texts_provider(
    channel: Channel,
    texts: &Texts,
    client: &reqwest::Client,
    clock: &Clock,
) -> Result<Arc<dyn Provider>, http::EndpointError> {
    let client = client.clone();
    Ok(match texts {
        Texts::Plain(Plain { url, token, .. }) => {
            Arc::new(Sms::new(channel, client, http::endpoint(url)?, token.clone()))
        }
        Texts::Notify(settings) => Arc::new(Notify::new(channel, client, clock.clone(), settings.clone())?),
        Texts::Twilio(settings) => Arc::new(TwilioTexts::new(channel, client, settings.clone())?),
    })
}
