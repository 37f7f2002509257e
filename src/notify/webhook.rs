//! Signed requests to a control room.

use async_trait::async_trait;
use reqwest::{Client, Url, header};

use super::{IDEMPOTENCY_HEADER, Message, Provider, Sent, http, signature};
use crate::secret::Secret;
use crate::{clock::Clock, domain::Channel};

/// Posts a JSON card to the recipient's URL and signs it (see [`signature`]).
#[derive(Debug)]
pub struct Webhook {
    client: Client,
    secret: Secret,
    clock: Clock,
}

impl Webhook {
    /// Signs with `secret` at the clock's wall time, or at its steady one if that is refused and they are far apart.
    #[must_use]
    pub fn new(client: Client, secret: Secret, clock: Clock) -> Self {
        Self { client, secret, clock }
    }
}

#[async_trait]
impl Provider for Webhook {
    fn channel(&self) -> Channel {
        Channel::Webhook
    }

    async fn send(&self, message: &Message) -> Sent {
        let url = match http::endpoint(&message.to) {
            Ok(url) => url,
            Err(error) => {
                return Sent::Refused { reason: error.code().into() };
            }
        };
        let [wall_s, steady_s] =
            [self.clock.wall(), self.clock.steady()].map(|at| at.as_ms().div_euclid(1_000));
        let sent = self.post(url.clone(), message, wall_s).await;
        let apart_s = wall_s.abs_diff(steady_s);
        if matches!(sent, Sent::Refused { .. }) && apart_s > signature::TOLERANCE_S.unsigned_abs() {
            // The wall clock was set while the service ran, and may be the wrong one of the two.
            return self.post(url, message, steady_s).await;
        }
        sent
    }
}

impl Webhook {
    /// Once, signed at `at_s` (Unix seconds).
    async fn post(&self, url: Url, message: &Message, at_s: i64) -> Sent {
        let request = self
            .client
            .post(url)
            .header(signature::TIMESTAMP_HEADER, at_s)
            .header(signature::SIGNATURE_HEADER, signature::sign(&self.secret, at_s, message.body.as_bytes()))
            .header(IDEMPOTENCY_HEADER, message.idempotency_key.as_str())
            .header(header::CONTENT_TYPE, "application/json")
            .body(message.body.clone());
        http::send(request).await
    }
}
