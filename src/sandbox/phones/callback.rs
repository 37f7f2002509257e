//! What the provider tells Cordon: replies, and receipts.

use reqwest::{Client, header};

use super::{CordonSettings, Fault, FaultOrder};
use crate::{clock::Clock, notify::signature, secret::Secret};

/// How many times a receipt is sent before the provider gives up, as real ones do.
const RECEIPT_TRIES: u32 = 5;
/// Between two of them, milliseconds.
const RECEIPT_PAUSE_MS: i64 = 2_000;
/// What is shown of Cordon's answer, characters.
const ANSWER_CHARS_MAX: usize = 300;

/// What a receipt says.
const DELIVERED: &str = "delivered";
const FAILED: &str = "failed";
/// Of a message that nobody sent.
const UNKNOWN_KEY: &str = "alert-999999999-1";
/// Whoever forges a receipt does not know the real one.
const FORGERS_SECRET: &str = "not-the-shared-secret";

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
        let body = serde_json::json!({ "from": from, "text": text });
        self.post("/hooks/sms/reply", &body, &self.settings.callback_secret).await
    }

    /// Says after a while that a message has reached its phone, or what else it was told to say. Returns whether Cordon
    /// has taken it.
    pub(super) async fn receipt(&self, key: &str, order: &FaultOrder) -> bool {
        let Some(after_ms) = self.settings.receipt_after_ms else {
            return false;
        };
        let late_ms = i64::from(after_ms) + i64::from(order.late_s) * 1_000;
        match order.mode {
            Fault::ReceiptEarly => self.report(key, DELIVERED, 0).await,
            Fault::ReceiptTwice | Fault::ReceiptFailedAfter => {
                let taken = self.report(key, DELIVERED, late_ms).await;
                let again = if order.mode == Fault::ReceiptTwice { DELIVERED } else { FAILED };
                self.report(key, again, RECEIPT_PAUSE_MS).await;
                taken
            }
            Fault::ReceiptUnknown => self.report(UNKNOWN_KEY, DELIVERED, late_ms).await,
            Fault::ReceiptForged => {
                self.clock.wait_ms(late_ms).await;
                let body = serde_json::json!({ "key": key, "status": FAILED });
                self.post("/hooks/sms/receipt", &body, &Secret::new(FORGERS_SECRET)).await.is_ok()
            }
            _ => self.report(key, DELIVERED, late_ms).await,
        }
    }

    async fn report(&self, key: &str, status: &str, after_ms: i64) -> bool {
        let body = serde_json::json!({ "key": key, "status": status });
        let mut pause_ms = after_ms;
        for _ in 0..RECEIPT_TRIES {
            self.clock.wait_ms(pause_ms).await;
            match self.post("/hooks/sms/receipt", &body, &self.settings.callback_secret).await {
                Ok(()) => return true,
                Err(why) => tracing::debug!(why, "a receipt was not taken"),
            }
            pause_ms = RECEIPT_PAUSE_MS;
        }
        false
    }

    async fn post(&self, path: &str, body: &serde_json::Value, secret: &Secret) -> Result<(), String> {
        let body = body.to_string();
        let at_s = self.clock.wall().as_ms().div_euclid(1_000);
        let signed = signature::sign(secret, at_s, body.as_bytes());
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
