//! What an operator has decided about the channels. A channel without settings has no provider.

use std::collections::{BTreeMap, BTreeSet};

use super::push::{NoPushKey, PushKey};
use crate::{
    domain::{Channel, SenderLabel},
    secret::Secret,
};

/// For each channel.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settings {
    /// Text messages.
    pub sms: Option<Texts>,
    /// Text messages by another supplier.
    pub second_sms: Option<Texts>,
    /// Calls.
    pub voice: Option<TwilioCalls>,
    /// Messages that browsers show.
    pub push: Option<Push>,
    /// Staff pagers.
    pub pager: Option<Pager>,
    /// Webhooks: the secret that signs them.
    pub webhook_secret: Option<Secret>,
}

impl Settings {
    /// The providers of text messages, each with its channel.
    pub fn texts(&self) -> impl Iterator<Item = (Channel, &Texts)> {
        let both = [(Channel::Sms, &self.sms), (Channel::SecondSms, &self.second_sms)];
        both.into_iter().filter_map(|(channel, texts)| Some((channel, texts.as_ref()?)))
    }

    /// The channels that have a provider.
    #[must_use]
    pub fn channels(&self) -> BTreeSet<Channel> {
        let texts = self.texts().map(|(channel, _)| channel);
        let voice = self.voice.as_ref().map(|_| Channel::Voice);
        let webhook = self.webhook_secret.as_ref().map(|_| Channel::Webhook);
        let push = self.push.as_ref().map(|_| Channel::Push);
        let pager = self.pager.as_ref().map(|_| Channel::Pager);
        texts.chain([voice, push, pager, webhook].into_iter().flatten()).collect()
    }

    /// Whether a channel's texts or calls can be from that sender: its provider has one by that label, or passes the label
    /// on. `None` if the channel shows no sender, or has no provider.
    #[must_use]
    pub fn has_sender(&self, channel: Channel, label: &SenderLabel) -> Option<bool> {
        let texts = |texts: &Texts| match texts {
            Texts::Plain(_) => true,
            Texts::Notify(notify) => notify.senders.contains_key(label),
            Texts::Twilio(twilio) => twilio.senders.contains_key(label),
        };
        match channel {
            Channel::Sms => self.sms.as_ref().map(texts),
            Channel::SecondSms => self.second_sms.as_ref().map(texts),
            Channel::Voice => self.voice.as_ref().map(|voice| voice.senders.contains_key(label)),
            Channel::Push | Channel::Pager | Channel::Webhook | Channel::Loopback => None,
        }
    }

    /// Cordon's own address, as far as a provider has to be told it.
    #[must_use]
    pub fn callback_url(&self) -> Option<&str> {
        let texts = self.texts().find_map(|(_, texts)| match texts {
            Texts::Twilio(twilio) => Some(&twilio.account),
            Texts::Plain(_) | Texts::Notify(_) => None,
        });
        let account = texts.or(self.voice.as_ref().map(|voice| &voice.account));
        account.map(|account| account.callback_url.as_str())
    }
}

/// A provider of text messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Texts {
    /// One that takes plain JSON.
    Plain(Plain),
    /// GOV.UK Notify.
    Notify(GovukNotify),
    /// Twilio.
    Twilio(TwilioTexts),
}

impl Texts {
    /// Who it is: the kind, as the configuration writes it, and the address.
    #[must_use]
    pub fn supplier(&self) -> (&'static str, &str) {
        match self {
            Self::Plain(Plain { url, .. }) => ("plain", url),
            Self::Notify(GovukNotify { url, .. }) => ("notify", url),
            Self::Twilio(TwilioTexts { account, .. }) => ("twilio", &account.url),
        }
    }
}

/// Senders beside the usual one, by the label of each.
pub type Senders<T> = BTreeMap<SenderLabel, T>;

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

/// See [`Texts::Notify`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GovukNotify {
    /// The API's address, without a path.
    pub url: String,
    /// Who Cordon is to Notify. A test or team key is one like any other.
    pub api_key: NotifyKey,
    /// The template: one variable and nothing else.
    pub template_id: String,
    /// The variable's name in the template.
    pub variable: String,
    /// Whose number or name the message shows; Notify's default for the service, if absent.
    pub sms_sender_id: Option<String>,
    /// The ids of others, by the labels that contact plans use.
    pub senders: Senders<String>,
    /// The bearer token of Notify's own requests.
    pub callback_token: Secret,
}

/// An API key of Notify: `NAME-SERVICE-SECRET`, the last two as UUIDs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotifyKey {
    /// The service.
    pub service: String,
    /// What tokens are signed with.
    pub secret: Secret,
}

impl NotifyKey {
    /// Reads a key; `None` if it is none.
    #[must_use]
    pub fn read(key: &Secret) -> Option<Self> {
        let (rest, secret) = key.expose().split_at_checked(key.expose().len().checked_sub(UUID_CHARS)?)?;
        let rest = rest.strip_suffix('-')?;
        let (name, service) = rest.split_at_checked(rest.len().checked_sub(UUID_CHARS)?)?;
        let sound = name.len() > 1 && name.ends_with('-') && is_uuid(service) && is_uuid(secret);
        sound.then(|| Self { service: service.into(), secret: Secret::new(secret) })
    }
}

const UUID_CHARS: usize = 36;

/// Whether a text is a UUID as it is written.
#[must_use]
pub fn is_uuid(text: &str) -> bool {
    let fits = |(place, c): (usize, u8)| match place {
        8 | 13 | 18 | 23 => c == b'-',
        _ => c.is_ascii_hexdigit(),
    };
    text.len() == UUID_CHARS && text.bytes().enumerate().all(fits)
}

/// An account at Twilio.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TwilioAccount {
    /// The API's address, without a path.
    pub url: String,
    /// Whose account.
    pub account_sid: String,
    /// Lets Cordon in, and signs what Twilio reports.
    pub auth_token: Secret,
    /// Cordon's own address as Twilio reaches it, without a slash at its end.
    pub callback_url: String,
}

/// See [`Texts::Twilio`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TwilioTexts {
    /// The account.
    pub account: TwilioAccount,
    /// Who sends.
    pub sender: Sender,
    /// Others, by the labels that contact plans use.
    pub senders: Senders<Sender>,
}

/// Who a text is from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sender {
    /// A number of the account, in E.164.
    Number(String),
    /// Whichever the messaging service of this id chooses.
    Service(String),
}

/// A provider of calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TwilioCalls {
    /// The account.
    pub account: TwilioAccount,
    /// The number that calls, in E.164.
    pub from: String,
    /// Others, by the labels that contact plans use.
    pub senders: Senders<String>,
}

/// Messages that browsers show, through whatever push service they have chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Push {
    /// The installation's key, as [`PushKey::secret`] gives it.
    pub key: Secret,
    /// Whom the people of a push service write to if something is wrong: a `mailto:` or `https:` address.
    pub contact: String,
    /// Where phones reach the pages for enrolment and answers, without a slash at its end; the console's own address, if
    /// absent.
    pub url: Option<String>,
}

impl Push {
    /// Whether a secret is such a key.
    ///
    /// # Errors
    /// If it is none.
    pub fn check(key: &Secret) -> Result<(), NoPushKey> {
        PushKey::read(key).map(|_| ())
    }
}

/// An ntfy server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pager {
    /// Its root.
    pub url: String,
    /// An access token that may publish to the topics of the rulebook.
    pub token: Secret,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_of_notify_has_a_name_a_service_and_a_secret() {
        // The example of Notify's documentation.
        let key = "my_test_key-26785a09-ab16-4eb0-8407-a37497a57506-3d844edf-8d35-48ac-975b-e847b4f122b0";
        let read = |key: &str| NotifyKey::read(&Secret::new(key));
        let sound = read(key).unwrap();
        assert_eq!(sound.service, "26785a09-ab16-4eb0-8407-a37497a57506");
        assert_eq!(sound.secret.expose(), "3d844edf-8d35-48ac-975b-e847b4f122b0");
        for bad in
            ["", "x", &key[12..], &key[11..], &key[..80], &key.replace('4', "g"), &"\u{20ac}".repeat(40)]
        {
            assert_eq!(read(bad), None, "{bad}");
        }
    }
}
