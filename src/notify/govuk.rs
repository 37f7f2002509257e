//! Text messages by GOV.UK Notify (<https://docs.notifications.service.gov.uk/rest-api.html>).
//!
//! Notify takes the same reference twice, but knows what it has been sent by it: a try that may be a repeat asks first.

#[cfg(test)]
mod tests;

use std::time::Duration;

use async_trait::async_trait;
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use reqwest::{Client, RequestBuilder, StatusCode, Url};
use serde::Deserialize;
use serde_json::json;
use sha2::Sha256;

use super::{
    Message, Provider, Sent,
    http::{self, Answered, EndpointError},
    settings::{GovukNotify, NotifyKey},
};
use crate::{clock::Clock, domain::Channel};

/// A token is good for so long from its time, seconds, and no longer before it.
const TOKEN_S: u64 = 30;
/// How long the question takes at most whether a message was taken: there must be time left to send it.
const LOOK: Duration = Duration::from_secs(4);
/// Of a message in this state Notify says that it was never sent.
const NEVER_SENT: &str = "technical-failure";

/// Sends by a template that consists of one variable.
#[derive(Debug)]
pub struct Notify {
    channel: Channel,
    client: Client,
    clock: Clock,
    send_url: Url,
    look_url: Url,
    settings: GovukNotify,
}

impl Notify {
    /// Serves `channel`.
    ///
    /// # Errors
    /// If the API's address cannot be posted to.
    pub fn new(
        channel: Channel,
        client: Client,
        clock: Clock,
        settings: GovukNotify,
    ) -> Result<Self, EndpointError> {
        let base = settings.url.trim_end_matches('/');
        let send_url = http::endpoint(&format!("{base}/v2/notifications/sms"))?;
        let look_url = http::endpoint(&format!("{base}/v2/notifications"))?;
        Ok(Self { channel, client, clock, send_url, look_url, settings })
    }

    /// Whether Notify has a message already: its id. `None` also if it does not say, since twice is better than never.
    ///
    /// # Errors
    /// If it does not answer: it will not take the message either.
    async fn taken(&self, reference: &str) -> Result<Option<String>, Sent> {
        let mut url = self.look_url.clone();
        url.query_pairs_mut().append_pair("reference", reference);
        let answer = self.ask(|| self.client.get(url.clone()).timeout(LOOK)).await?;
        let found: Found = if answer.status == StatusCode::OK { answer.json() } else { Found::default() };
        let is_it = |one: &Notification| one.status != NEVER_SENT;
        Ok(found.notifications.into_iter().find(is_it).map(|one| one.id))
    }

    /// As whom the key is for: by the wall clock, or by the steady one if that is refused and they are far apart.
    async fn ask(&self, request: impl Fn() -> RequestBuilder) -> Result<Answered, Sent> {
        let [wall_s, steady_s] =
            [self.clock.wall(), self.clock.steady()].map(|at| at.as_ms().div_euclid(1_000));
        let key = &self.settings.api_key;
        let answer = http::ask(request().bearer_auth(token(key, wall_s))).await?;
        if answer.denies_us() && wall_s.abs_diff(steady_s) > TOKEN_S {
            return http::ask(request().bearer_auth(token(key, steady_s))).await;
        }
        Ok(answer)
    }
}

#[async_trait]
impl Provider for Notify {
    fn channel(&self) -> Channel {
        self.channel
    }

    async fn send(&self, message: &Message) -> Sent {
        let reference = message.idempotency_key.as_str();
        if message.is_repeat {
            match self.taken(reference).await {
                Ok(None) => {}
                Ok(id) => return Sent::Accepted { provider_ref: id.and_then(http::code) },
                Err(sent) => return sent,
            }
        }
        let mut body = json!({
            "phone_number": message.to,
            "template_id": self.settings.template_id,
            "personalisation": { self.settings.variable.as_str(): message.body },
            "reference": reference,
        });
        let own = message.sender.as_ref().and_then(|label| self.settings.senders.get(label));
        if let Some(sender) = own.or(self.settings.sms_sender_id.as_ref()) {
            body["sms_sender_id"] = json!(sender);
        }
        match self.ask(|| self.client.post(self.send_url.clone()).json(&body)).await {
            Ok(answer) => judge(&answer),
            Err(sent) => sent,
        }
    }
}

/// What Notify's answer means. Its documents ask to go by the status and the kind of an error, never by its message.
fn judge(answer: &Answered) -> Sent {
    let said: Said = answer.json();
    let error = said.errors.into_iter().next().map(|error| error.error);
    let is_about_address = error.as_deref() == Some("ValidationError");
    answer.of_our_provider(said.id, error, is_about_address)
}

/// A JSON web token (RFC 7519) that says who asks, and when (Unix seconds).
fn token(key: &NotifyKey, at_s: i64) -> String {
    let encode = |bytes: &[u8]| BASE64_URL_SAFE_NO_PAD.encode(bytes);
    let header = encode(br#"{"typ":"JWT","alg":"HS256"}"#);
    let claims = encode(json!({ "iss": key.service, "iat": at_s }).to_string().as_bytes());
    let signed = format!("{header}.{claims}");
    let mut mac = Hmac::<Sha256>::new_from_slice(key.secret.expose().as_bytes())
        .expect("HMAC takes a key of any length");
    mac.update(signed.as_bytes());
    format!("{signed}.{}", encode(&mac.finalize().into_bytes()))
}

#[derive(Debug, Default, Deserialize)]
struct Said {
    id: Option<String>,
    #[serde(default)]
    errors: Vec<Error>,
}

#[derive(Debug, Deserialize)]
struct Error {
    error: String,
}

#[derive(Debug, Default, Deserialize)]
struct Found {
    notifications: Vec<Notification>,
}

#[derive(Debug, Deserialize)]
struct Notification {
    id: String,
    status: String,
}
