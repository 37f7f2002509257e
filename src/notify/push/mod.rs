//! Messages that a browser shows although nobody has the page open (RFC 8030).
//!
//! What is shown is neutral and the same for everybody: it tells the class of the message in the person's language, and
//! that there is something to look at. It is encrypted for the one browser, and each is as long as every other.

mod content;
mod encryption;
mod key;
mod links;

use async_trait::async_trait;
use reqwest::{Client, StatusCode, header};
use serde::Serialize;

pub use content::Unreadable;
pub use encryption::open;
pub use key::{NoPushKey, PushKey};
pub use links::{Answering, Enrolment, Links, OwnPage};

use super::{
    Message, Provider, Sent, alert_of_key,
    http::{self, Answered},
    settings::Push as Settings,
    wording::{self, Notice},
};
use crate::{
    clock::Clock,
    domain::{BROWSER_GONE, Channel, MessageClass, Priority, Subscription},
};
use encryption::Receiver;

/// How long a push service keeps a message for a browser that is away, seconds: one that comes later misleads.
const TTL_S: u32 = 60;

/// Posts to the push service that the recipient's browser has chosen.
#[derive(Debug)]
pub struct Push {
    client: Client,
    key: PushKey,
    contact: String,
    clock: Clock,
}

impl Push {
    /// As the owner of the settings' key.
    ///
    /// # Errors
    /// If that is none.
    pub fn new(client: Client, settings: &Settings, clock: Clock) -> Result<Self, NoPushKey> {
        Ok(Self { client, key: PushKey::read(&settings.key)?, contact: settings.contact.clone(), clock })
    }

    /// What is sent: in the form of Declarative Web Push, which a browser can show whether or not the page's worker runs.
    fn body(&self, message: &Message) -> Option<Vec<u8>> {
        let (alert, raised_at) = alert_of_key(&message.idempotency_key)?;
        let &Message { incident, class, language, reference, .. } = message;
        let answering = Answering { alert, incident, raised_at, class, language };
        let token = Links::new(&self.key).to_answer(answering).ok()?;
        let Notice { title, body } = wording::notice(class, language, reference);
        let urgent = is_urgent(message);
        let notification = Notification {
            title,
            body,
            lang: language.code(),
            navigate: format!("/answer/{token}"),
            tag: reference.to_string(),
            renotify: true,
            require_interaction: urgent,
            silent: message.silent,
            vibrate: if message.silent { &[] } else { vibration(class) },
        };
        serde_json::to_vec(&Pushed { web_push: 8_030, notification }).ok()
    }
}

/// Whether messages could be sent to a subscription, as far as it can be seen from here.
#[must_use]
pub fn is_sound(subscription: &Subscription) -> bool {
    http::endpoint(&subscription.endpoint).is_ok() && Receiver::read(&subscription.keys).is_some()
}

#[derive(Serialize)]
struct Pushed {
    web_push: u16,
    notification: Notification,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Notification {
    title: String,
    body: &'static str,
    lang: &'static str,
    navigate: String,
    tag: String,
    renotify: bool,
    require_interaction: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    silent: bool,
    /// A browser refuses a silent message that shakes.
    #[serde(skip_serializing_if = "<[u16]>::is_empty")]
    vibrate: &'static [u16],
}

#[async_trait]
impl Provider for Push {
    fn channel(&self) -> Channel {
        Channel::Push
    }

    async fn send(&self, message: &Message) -> Sent {
        let nobody = |reason: &str| Sent::NoSuchAddress { reason: reason.into() };
        let Some(to) = Subscription::read(&message.to) else { return nobody("no_subscription") };
        let Some(receiver) = Receiver::read(&to.keys) else { return nobody("no_browser_keys") };
        let url = match http::endpoint(&to.endpoint) {
            Ok(url) => url,
            Err(error) => return nobody(error.code()),
        };
        let sealed = self.body(message).and_then(|body| receiver.seal(&body).ok());
        let Some(sealed) = sealed else { return Sent::Retry { reason: "no_random".into() } };
        let origin = url.origin().ascii_serialization();
        let request = self
            .client
            .post(url)
            .header(header::AUTHORIZATION, self.key.authorization(&origin, &self.contact, self.clock.wall()))
            .header(header::CONTENT_ENCODING, "aes128gcm")
            .header(header::CONTENT_TYPE, "application/octet-stream")
            .header("TTL", TTL_S)
            .header("Urgency", if is_urgent(message) { "high" } else { "normal" })
            // A later message about the same takes its place.
            .header("Topic", message.reference)
            .body(sealed);
        match http::ask(request).await {
            Ok(answer) => judge(&answer),
            Err(sent) => sent,
        }
    }
}

/// What the answer of a push service means (RFC 8030 sections 5, 7.2, 7.3 and 8.4, RFC 8292 section 4.2).
fn judge(answer: &Answered) -> Sent {
    let is_gone = matches!(answer.status, StatusCode::NOT_FOUND | StatusCode::GONE);
    let error = match answer.status {
        _ if is_gone => Some(BROWSER_GONE),
        StatusCode::PAYLOAD_TOO_LARGE => Some("too_large"),
        _ => None,
    };
    // The last part of the address that the message has there now.
    let id = answer.location.as_deref().and_then(|location| location.rsplit('/').next());
    answer.of_our_provider(id, error, is_gone)
}

/// Whether it must be seen now, and stays until it is.
fn is_urgent(message: &Message) -> bool {
    match message.class {
        MessageClass::Danger | MessageClass::Sent => true,
        MessageClass::Card => message.priority == Priority::P1,
        MessageClass::Weak | MessageClass::AllClear | MessageClass::Test => false,
    }
}

/// By which a hand tells the classes apart: milliseconds of shaking and of rest, in turn.
fn vibration(class: MessageClass) -> &'static [u16] {
    match class {
        MessageClass::Danger | MessageClass::Card | MessageClass::Sent => &[400, 150, 400, 150, 400],
        MessageClass::Weak => &[200, 400, 200],
        MessageClass::AllClear => &[100],
        MessageClass::Test => &[50, 100, 50],
    }
}

#[cfg(test)]
mod tests;
