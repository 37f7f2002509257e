//! Text messages by way of a provider's HTTP address.

use async_trait::async_trait;
use reqwest::{Client, Url, header};
use serde::Serialize;

use super::{IDEMPOTENCY_HEADER, Message, Provider, Sent, http};
use crate::domain::Channel;
use crate::secret::Secret;

/// An SMS provider that takes JSON `{to, text, reference}` with a bearer token.
#[derive(Debug)]
pub struct Sms {
    client: Client,
    url: Url,
    token: Secret,
}

impl Sms {
    /// Posts to `url`, as the owner of `token`.
    #[must_use]
    pub fn new(client: Client, url: Url, token: Secret) -> Self {
        Self { client, url, token }
    }
}

#[derive(Serialize)]
struct Request<'a> {
    to: &'a str,
    text: &'a str,
    reference: &'a str,
}

#[async_trait]
impl Provider for Sms {
    fn channel(&self) -> Channel {
        Channel::Sms
    }

    async fn send(&self, message: &Message) -> Sent {
        let reference = message.idempotency_key.as_str();
        let body = Request { to: &message.to, text: &message.body, reference };
        let request = self
            .client
            .post(self.url.clone())
            .bearer_auth(self.token.expose())
            .header(IDEMPOTENCY_HEADER, reference)
            .header(header::ACCEPT, "application/json")
            .json(&body);
        http::send(request).await
    }
}
