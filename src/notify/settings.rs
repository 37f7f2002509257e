//! What an operator has decided about the channels. A channel without settings has no provider.

use crate::{domain::Channel, secret::Secret};

/// For each channel.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settings {
    /// Text messages.
    pub sms: Option<Texts>,
    /// Text messages by another supplier.
    pub second_sms: Option<Texts>,
    /// Webhooks: the secret that signs them.
    pub webhook_secret: Option<Secret>,
}

impl Settings {
    /// The providers of text messages, each with its channel.
    pub fn texts(&self) -> impl Iterator<Item = (Channel, &Texts)> {
        let both = [(Channel::Sms, &self.sms), (Channel::SecondSms, &self.second_sms)];
        both.into_iter().filter_map(|(channel, texts)| Some((channel, texts.as_ref()?)))
    }
}

/// A provider of text messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Texts {
    /// One that takes plain JSON.
    Plain(Plain),
}

/// See [`Texts::Plain`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plain {
    /// Where a message is posted to.
    pub url: String,
    /// The bearer token: who Cordon is to the provider.
    pub token: Secret,
    /// Proves that a receipt or a reply comes from the provider.
    pub callback_secret: Secret,
}
