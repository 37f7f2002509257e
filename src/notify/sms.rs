//! Text messages by way of a provider's HTTP address.

use async_trait::async_trait;
use reqwest::{Client, Url, header};
use serde::Serialize;

use super::{
    IDEMPOTENCY_HEADER, Message, Provider, Sent,
    http::{self, Said},
};
use crate::domain::{Channel, SenderLabel};
use crate::secret::Secret;

/// The code of a number that cannot get texts.
const UNKNOWN_NUMBER: &str = "unknown_number";

/// An SMS provider that takes JSON `{to, text, reference, sender?}` with a bearer token.
#[derive(Debug)]
pub struct Sms {
    channel: Channel,
    client: Client,
    url: Url,
    token: Secret,
}

impl Sms {
    /// Serves `channel`: posts to `url`, as the owner of `token`.
    #[must_use]
    pub fn new(channel: Channel, client: Client, url: Url, token: Secret) -> Self {
        Self { channel, client, url, token }
    }
}

#[derive(Serialize)]
struct Request<'a> {
    to: &'a str,
    text: &'a str,
    reference: &'a str,
    /// Whom it should be from, where somebody has chosen that.
    #[serde(skip_serializing_if = "Option::is_none")]
    sender: Option<&'a str>,
}

#[async_trait]
impl Provider for Sms {
    fn channel(&self) -> Channel {
        self.channel
    }

    async fn send(&self, message: &Message) -> Sent {
        let reference = message.idempotency_key.as_str();
        let sender = message.sender.as_ref().map(SenderLabel::as_str);
        let body = Request { to: &message.to, text: &message.body, reference, sender };
        let request = self
            .client
            .post(self.url.clone())
            .bearer_auth(self.token.expose())
            .header(IDEMPOTENCY_HEADER, reference)
            .header(header::ACCEPT, "application/json")
            .json(&body);
        match http::ask(request).await {
            Ok(answer) => {
                let Said { id, error } = answer.json();
                let is_about_address = error.as_ref().is_some_and(|error| error == UNKNOWN_NUMBER);
                answer.of_our_provider(id, error, is_about_address)
            }
            Err(sent) => sent,
        }
    }
}
