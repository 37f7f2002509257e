//! What the provider tells Cordon: replies, and receipts.

use reqwest::{Client, header};

use super::CordonSettings;
use crate::{clock::Clock, notify::signature};

/// How many times a receipt is sent before the provider gives up, as real ones do.
const RECEIPT_TRIES: u32 = 5;
/// Between two of them, milliseconds.
const RECEIPT_PAUSE_MS: i64 = 2_000;
/// What is shown of Cordon's answer, characters.
const ANSWER_CHARS_MAX: usize = 300;

#[derive(Debug)]
pub(super) struct Callback {
    client: Client,
    settings: CordonSettings,
    clock: Clock,
}

impl Callback {
    pub(super) fn new(client: Client, settings: CordonSettings, clock: Clock) -> Self {
        Self { client, settings, clock }
    }

    /// A text from a phone; Cordon's own words if it does not take it.
    pub(super) async fn reply(&self, from: &str, text: &str) -> Result<(), String> {
        self.post("/hooks/sms/reply", &serde_json::json!({ "from": from, "text": text })).await
    }

    /// Says after a while that a message has reached its phone. Returns whether Cordon has taken it.
    pub(super) async fn receipt(&self, key: &str) -> bool {
        let Some(after_ms) = self.settings.receipt_after_ms else {
            return false;
        };
        let body = serde_json::json!({ "key": key, "status": "delivered" });
        let mut pause_ms = i64::from(after_ms);
        for _ in 0..RECEIPT_TRIES {
            self.clock.wait_ms(pause_ms).await;
            match self.post("/hooks/sms/receipt", &body).await {
                Ok(()) => return true,
                Err(why) => tracing::debug!(why, "a receipt was not taken"),
            }
            pause_ms = RECEIPT_PAUSE_MS;
        }
        false
    }

    async fn post(&self, path: &str, body: &serde_json::Value) -> Result<(), String> {
        let body = body.to_string();
        let at_s = self.clock.wall().as_ms().div_euclid(1_000);
        let signed = signature::sign(&self.settings.callback_secret, at_s, body.as_bytes());
        let request = self
            .client
            .post(format!("{}{path}", self.settings.url))
            .header(header::CONTENT_TYPE, "application/json")
            .header(signature::TIMESTAMP_HEADER, at_s)
            .header(signature::SIGNATURE_HEADER, signed)
            .body(body);
        let response = request.send().await.map_err(|_| "Cordon does not answer".to_owned())?;
        let status = response.status();
        if status.is_success() {
            return Ok(());
        }
        let answer = response.text().await.unwrap_or_default();
        let answer: String = answer.chars().take(ANSWER_CHARS_MAX).collect();
        Err(format!("Cordon answers {status}: {answer}"))
    }
}
