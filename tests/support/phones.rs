//! The phones' real server inside the test, so that it outlives the service it takes messages from.
#![allow(dead_code, reason = "no test uses all of it")]

use cordon::{
    clock::Clock,
    notify::{
        self,
        settings::{
            GovukNotify, NotifyKey, Plain, Push, Sender, Senders, Texts, TwilioAccount, TwilioCalls,
            TwilioTexts,
        },
    },
    sandbox::phones::{self, Direction, FaultOrder, PersonOrder, Shown},
    secret::Secret,
};
use tokio::{net::TcpListener, task::JoinHandle};

/// Keys of a test, as long as a configuration wants them.
pub(crate) const SMS_TOKEN: &str = "sms-token-of-a-test";
pub(crate) const WEBHOOK_SECRET: &str = "webhook-secret-of-a-test";
pub(crate) const CALLBACK_SECRET: &str = "callback-secret-of-a-test";

/// Who texts and calls by Twilio.
pub(crate) const FROM: &str = "+447700900999";

/// Providers at the first address that report to the second.
pub(crate) type Channels = fn(&str, &str) -> notify::Settings;

/// A receipt comes this long after its text, milliseconds of the phones' clock.
const RECEIPT_AFTER_MS: u32 = 300;

/// The plain provider at `url`.
pub(crate) fn plain(url: String) -> notify::Settings {
    notify::Settings {
        sms: Some(Texts::Plain(Plain {
            url,
            token: Secret::new(SMS_TOKEN),
            callback_secret: Secret::new(CALLBACK_SECRET),
        })),
        push: Some(push()),
        webhook_secret: Some(Secret::new(WEBHOOK_SECRET)),
        ..notify::Settings::default()
    }
}

/// Notify for texts, Twilio for those that fail and for calls, all at the phones.
pub(crate) fn telephone(url: &str, cordon: &str) -> notify::Settings {
    let account = TwilioAccount {
        url: url.into(),
        account_sid: "AC00000000000000000000000000000001".into(),
        auth_token: Secret::new("twilio-token-of-a-test"),
        callback_url: cordon.into(),
    };
    let key = "test-26785a09-ab16-4eb0-8407-a37497a57506-3d844edf-8d35-48ac-975b-e847b4f122b0";
    let texts = TwilioTexts {
        account: account.clone(),
        sender: Sender::Number(FROM.into()),
        senders: Senders::new(),
    };
    notify::Settings {
        sms: Some(Texts::Notify(GovukNotify {
            url: url.into(),
            api_key: NotifyKey::read(&Secret::new(key)).unwrap(),
            template_id: "f33517ff-2a88-4f6e-b855-c550268ce08a".into(),
            variable: "text".into(),
            sms_sender_id: None,
            senders: Senders::new(),
            callback_token: Secret::new("notify-callbacks-of-a-test"),
        })),
        second_sms: Some(Texts::Twilio(texts)),
        voice: Some(TwilioCalls { account, from: FROM.into(), senders: Senders::new() }),
        push: Some(push()),
        pager: None,
        webhook_secret: Some(Secret::new(WEBHOOK_SECRET)),
    }
}

/// Push messages, with the private key of RFC 8291's example.
fn push() -> Push {
    let key = Secret::new("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw");
    Push { key, contact: "mailto:test@example.org".into(), url: None }
}

/// Served until dropped.
pub(crate) struct Phones {
    pub(crate) url: String,
    client: reqwest::Client,
    server: JoinHandle<std::io::Result<()>>,
}

impl Phones {
    /// Phones that send receipts and replies to `cordon`, the address of its console.
    pub(crate) async fn start(cordon: String, clock: Clock) -> Self {
        Self::serving(plain(String::new()), cordon, clock).await
    }

    /// The same for the providers of these settings.
    pub(crate) async fn serving(channels: notify::Settings, cordon: String, clock: Clock) -> Self {
        cordon::app::install_tls();
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let settings = phones::Settings {
            channels,
            cordon: Some(cordon),
            receipt_after_ms: Some(RECEIPT_AFTER_MS),
            clock,
        };
        Self {
            url,
            client: notify::http::client().unwrap(),
            server: tokio::spawn(phones::serve(listener, settings)),
        }
    }

    /// What the browser of a phone gives an enrolment page.
    pub(crate) async fn subscription(&self, address: &str) -> String {
        let url = format!("{}/api/subscriptions/{address}", self.url);
        self.client.get(url).send().await.unwrap().text().await.unwrap()
    }

    /// What came to phones and desks.
    pub(crate) async fn received(&self) -> Vec<Shown> {
        let url = format!("{}/api/messages", self.url);
        let answer = self.client.get(url).send().await.unwrap();
        let mut shown: Vec<Shown> = answer.json().await.unwrap();
        shown.retain(|message| message.direction == Direction::In);
        shown
    }

    /// Tells them how to behave from now on.
    pub(crate) async fn order(&self, order: &FaultOrder) {
        let url = format!("{}/api/faults", self.url);
        let answer = self.client.post(url).json(order).send().await.unwrap();
        assert!(answer.status().is_success(), "{}", answer.status());
    }

    /// Tells people what to do when their phones ring.
    pub(crate) async fn person(&self, order: &PersonOrder) {
        let url = format!("{}/api/people", self.url);
        let answer = self.client.post(url).json(order).send().await.unwrap();
        assert!(answer.status().is_success(), "{}", answer.status());
    }

    /// Sends a text from a phone; panics with Cordon's words if it is not taken.
    pub(crate) async fn reply(&self, from: &str, text: &str) {
        let url = format!("{}/api/replies", self.url);
        let reply = serde_json::json!({ "from": from, "text": text });
        let answer = self.client.post(url).json(&reply).send().await.unwrap();
        let status = answer.status();
        assert!(status.is_success(), "{}", answer.text().await.unwrap());
    }
}

impl Drop for Phones {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// How the service reports about itself.
#[derive(Debug, serde::Deserialize)]
pub(crate) struct Health {
    pub(crate) status: String,
    pub(crate) alerts: std::collections::BTreeMap<String, i64>,
    pub(crate) trouble: Vec<String>,
    pub(crate) disk_pct: Option<u8>,
    pub(crate) sources: std::collections::BTreeMap<String, std::collections::BTreeMap<String, u64>>,
}

/// What the console at `address` answers, `None` while it does not.
pub(crate) async fn health(address: std::net::SocketAddr) -> Option<Health> {
    let client = notify::http::client().unwrap();
    let answer = client.get(format!("http://{address}/health")).send().await;
    answer.ok()?.json().await.ok()
}
