//! What the providers tell Cordon: replies and receipts, each in its own form.

use reqwest::{Client, RequestBuilder, header};
use serde_json::json;

use super::{Fault, FaultOrder, Settings, Via, govuk, twilio::sid};
use crate::{
    clock::Clock,
    domain::{Channel, Timestamp},
    notify::{
        settings::{Plain, Texts, TwilioAccount},
        signature,
        twilio::signature as twilio_signature,
    },
    secret::Secret,
};

/// How many times a receipt is sent before the provider gives up, as real ones do.
const RECEIPT_TRIES: u32 = 5;
/// Between two of them, milliseconds.
const RECEIPT_PAUSE_MS: i64 = 2_000;
/// What is shown of Cordon's answer, characters.
const ANSWER_CHARS_MAX: usize = 300;

/// Of a message that nobody sent.
const UNKNOWN_KEY: &str = "alert-999999999-1";
/// Whoever forges a receipt does not know the real one.
const FORGERS_SECRET: &str = "not-the-shared-secret";

#[derive(Debug)]
pub(super) struct Callback {
    client: Client,
    clock: Clock,
    cordon: Option<String>,
    receipt_after_ms: Option<u32>,
}

/// A text whose receipt is owed, and how its provider gives it.
#[derive(Debug, Clone)]
pub(super) enum About {
    Plain { channel: Channel, secret: Secret, key: String },
    Notify { channel: Channel, token: Secret, key: String, to: String, id: String },
    Twilio { account: TwilioAccount, url: String, sid: String, to: String, from: String },
}

/// What a receipt says.
#[derive(Debug, Clone, Copy)]
enum Outcome {
    Delivered,
    Failed,
}

impl About {
    /// It is the provider's `no`-th.
    pub(super) fn numbered(mut self, no: u64) -> Self {
        match &mut self {
            Self::Plain { .. } => {}
            Self::Notify { id, .. } => *id = govuk::id(no),
            Self::Twilio { sid, .. } => *sid = super::twilio::sid(Via::Twilio, no),
        }
        self
    }

    /// The same by somebody who does not know the secret.
    fn forged(mut self) -> Self {
        match &mut self {
            Self::Plain { secret, .. } => *secret = Secret::new(FORGERS_SECRET),
            Self::Notify { token, .. } => *token = Secret::new(FORGERS_SECRET),
            Self::Twilio { account, .. } => account.auth_token = Secret::new(FORGERS_SECRET),
        }
        self
    }

    /// The same about a message that nobody sent.
    fn unknown(mut self) -> Self {
        match &mut self {
            Self::Plain { key, .. } | Self::Notify { key, .. } => *key = UNKNOWN_KEY.into(),
            Self::Twilio { url, .. } => {
                let door = url.split('?').next().unwrap_or_default();
                *url = format!("{door}?key={UNKNOWN_KEY}");
            }
        }
        self
    }
}

impl Callback {
    pub(super) fn new(client: Client, settings: &Settings) -> Self {
        let (cordon, clock) = (settings.cordon.clone(), settings.clock.clone());
        Self { client, clock, cordon, receipt_after_ms: settings.receipt_after_ms }
    }

    /// A text from a phone, the `no`-th message of all; Cordon's own words if it does not take it.
    pub(super) async fn reply(
        &self,
        channel: Channel,
        texts: &Texts,
        from: &str,
        text: &str,
        no: u64,
    ) -> Result<(), String> {
        let url = self.door(channel, "reply").ok_or("the phones were started without Cordon's address")?;
        let request = match texts {
            Texts::Plain(Plain { callback_secret, .. }) => {
                self.signed_json(callback_secret, &url, &json!({ "from": from, "text": text }))
            }
            Texts::Notify(notify) => {
                let body = json!({
                    "id": govuk::id(no),
                    "source_number": from.trim_start_matches('+'),
                    "destination_number": "07700900999",
                    "message": text,
                    "date_received": self.now(),
                });
                self.client.post(url).bearer_auth(notify.callback_token.expose()).json(&body)
            }
            Texts::Twilio(twilio) => {
                let account = &twilio.account;
                let url = format!("{}/hooks/{}/reply", account.callback_url, channel.as_str());
                let sid = sid(Via::Twilio, no);
                let form = [
                    ("MessageSid", sid.as_str()),
                    ("SmsSid", &sid),
                    ("AccountSid", &account.account_sid),
                    ("From", from),
                    ("To", "+447700900999"),
                    ("Body", text),
                    ("NumMedia", "0"),
                    ("ApiVersion", "2010-04-01"),
                ];
                self.form(&account.auth_token, &url, &form)
            }
        };
        self.post(request).await.map(|_| ())
    }

    /// An answer on a page of Cordon's, as its form sends it.
    pub(super) async fn answer(&self, page: &str, answer: &str) -> Result<(), String> {
        let cordon = self.cordon.as_deref().ok_or("the phones were started without Cordon's address")?;
        let url = format!("{cordon}{page}");
        // A page of another origin could not send it.
        let request = self.client.post(&url).header(header::ORIGIN, cordon).form(&[("answer", answer)]);
        self.post(request).await.map(|_| ())
    }

    /// Says after a while that a message has reached its phone, or what else it was told to say. Returns whether Cordon
    /// has taken it.
    pub(super) async fn receipt(&self, about: About, order: &FaultOrder) -> bool {
        let Some(after_ms) = self.receipt_after_ms.filter(|_| self.cordon.is_some()) else {
            return false;
        };
        let late_ms = i64::from(after_ms) + i64::from(order.late_s) * 1_000;
        match order.mode {
            Fault::ReceiptEarly => self.report(&about, Outcome::Delivered, 0).await,
            Fault::ReceiptTwice | Fault::ReceiptFailedAfter => {
                let taken = self.report(&about, Outcome::Delivered, late_ms).await;
                let again =
                    if order.mode == Fault::ReceiptTwice { Outcome::Delivered } else { Outcome::Failed };
                self.report(&about, again, RECEIPT_PAUSE_MS).await;
                taken
            }
            Fault::ReceiptFailed => self.report(&about, Outcome::Failed, late_ms).await,
            Fault::ReceiptUnknown => self.report(&about.unknown(), Outcome::Delivered, late_ms).await,
            Fault::ReceiptForged => {
                self.clock.wait_ms(late_ms).await;
                match self.request(&about.forged(), Outcome::Failed) {
                    Some(request) => self.post(request).await.is_ok(),
                    None => false,
                }
            }
            _ => self.report(&about, Outcome::Delivered, late_ms).await,
        }
    }

    async fn report(&self, about: &About, outcome: Outcome, after_ms: i64) -> bool {
        let mut pause_ms = after_ms;
        for _ in 0..RECEIPT_TRIES {
            self.clock.wait_ms(pause_ms).await;
            let Some(request) = self.request(about, outcome) else { return false };
            match self.post(request).await {
                Ok(_) => return true,
                Err(why) => tracing::debug!(why, "a receipt was not taken"),
            }
            pause_ms = RECEIPT_PAUSE_MS;
        }
        false
    }

    fn request(&self, about: &About, outcome: Outcome) -> Option<RequestBuilder> {
        let delivered = matches!(outcome, Outcome::Delivered);
        match about {
            About::Plain { channel, secret, key } => {
                let status = if delivered { "delivered" } else { "failed" };
                let body = json!({ "key": key, "status": status });
                Some(self.signed_json(secret, &self.door(*channel, "receipt")?, &body))
            }
            About::Notify { channel, token, key, to, id } => {
                let now = self.now();
                let body = json!({
                    "id": id,
                    "reference": key,
                    "to": to,
                    "status": if delivered { "delivered" } else { "permanent-failure" },
                    "created_at": now,
                    "completed_at": now,
                    "sent_at": now,
                    "notification_type": "sms",
                    "template_id": "f33517ff-2a88-4f6e-b855-c550268ce08a",
                    "template_version": 1,
                });
                let url = self.door(*channel, "receipt")?;
                Some(self.client.post(url).bearer_auth(token.expose()).json(&body))
            }
            About::Twilio { account, url, sid, to, from } => {
                let status = if delivered { "delivered" } else { "undelivered" };
                let mut form = vec![
                    ("MessageSid", sid.as_str()),
                    ("SmsSid", sid),
                    ("MessageStatus", status),
                    ("SmsStatus", status),
                    ("To", to),
                    ("From", from),
                    ("AccountSid", &account.account_sid),
                    ("ApiVersion", "2010-04-01"),
                ];
                if !delivered {
                    form.push(("ErrorCode", "30003"));
                }
                Some(self.form(&account.auth_token, url, &form))
            }
        }
    }

    /// A form as Twilio signs it; what Cordon answers.
    pub(super) async fn signed_form(
        &self,
        token: &Secret,
        url: &str,
        form: &[(&str, &str)],
    ) -> Result<String, String> {
        self.post(self.form(token, url, form)).await
    }

    fn form(&self, token: &Secret, url: &str, form: &[(&str, &str)]) -> RequestBuilder {
        let owned: Vec<(String, String)> =
            form.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        let signed = twilio_signature::sign(token, url, &owned);
        self.client.post(url).header(twilio_signature::HEADER, signed).form(form)
    }

    fn signed_json(&self, secret: &Secret, url: &str, body: &serde_json::Value) -> RequestBuilder {
        let body = body.to_string();
        let at_s = self.clock.wall().as_ms().div_euclid(1_000);
        let signed = signature::sign(secret, at_s, body.as_bytes());
        let request = self.client.post(url).header(header::CONTENT_TYPE, "application/json");
        request
            .header(signature::TIMESTAMP_HEADER, at_s)
            .header(signature::SIGNATURE_HEADER, signed)
            .body(body)
    }

    async fn post(&self, request: RequestBuilder) -> Result<String, String> {
        let response = request.send().await.map_err(|_| "Cordon does not answer".to_owned())?;
        let status = response.status();
        let answer = response.text().await.unwrap_or_default();
        // A form that was taken leads on to another page.
        if status.is_success() || status.is_redirection() {
            return Ok(answer);
        }
        let answer: String = answer.chars().take(ANSWER_CHARS_MAX).collect();
        Err(format!("Cordon answers {status}: {answer}"))
    }

    fn door(&self, channel: Channel, door: &str) -> Option<String> {
        self.cordon.as_ref().map(|url| format!("{url}/hooks/{}/{door}", channel.as_str()))
    }

    fn now(&self) -> String {
        let now: Timestamp = self.clock.wall();
        now.to_string()
    }
}
