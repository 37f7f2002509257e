//! Phones for tests: the real server, on a port of its own.

use reqwest::{Client, StatusCode};
use serde_json::json;
use tokio::{net::TcpListener, task::JoinHandle};

use super::{Fault, FaultOrder, PersonOrder, Settings, Shown, serve};
use crate::{
    clock::Clock,
    notify::{
        self, http,
        settings::{
            GovukNotify, NotifyKey, Pager, Plain, Push, Sender, Senders, Texts, TwilioAccount, TwilioCalls,
            TwilioTexts,
        },
    },
    secret::Secret,
};

/// Secrets of the tests, one for each purpose.
pub(crate) fn sms_token() -> Secret {
    Secret::new("sms-token")
}
pub(crate) fn webhook_secret() -> Secret {
    Secret::new("webhook-secret")
}
pub(crate) fn callback_secret() -> Secret {
    Secret::new("callback-secret")
}

pub(crate) fn pager_token() -> Secret {
    Secret::new("tk_pager-token")
}

/// Push messages, with the private key of RFC 8291's example.
pub(crate) fn push() -> Push {
    let key = Secret::new("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw");
    Push { key, contact: "mailto:duty@example.org".into(), url: None }
}

/// The plain provider at `url`.
pub(crate) fn plain(url: String) -> Texts {
    Texts::Plain(Plain { url, token: sms_token(), callback_secret: callback_secret() })
}

/// A service at Notify, whose API is at `url`.
pub(crate) fn notify(url: &str) -> GovukNotify {
    let key = "test-26785a09-ab16-4eb0-8407-a37497a57506-3d844edf-8d35-48ac-975b-e847b4f122b0";
    GovukNotify {
        url: url.into(),
        api_key: NotifyKey::read(&Secret::new(key)).unwrap(),
        template_id: "f33517ff-2a88-4f6e-b855-c550268ce08a".into(),
        variable: "text".into(),
        sms_sender_id: None,
        senders: Senders::new(),
        callback_token: Secret::new("notify-callback-token"),
    }
}

/// An account at Twilio, whose API is at `url`, and which reports to `cordon`.
pub(crate) fn twilio(url: &str, cordon: &str) -> TwilioAccount {
    TwilioAccount {
        url: url.into(),
        account_sid: "AC00000000000000000000000000000001".into(),
        auth_token: Secret::new("twilio-auth-token"),
        callback_url: cordon.into(),
    }
}

/// Texts by Notify, by Twilio where that fails, and calls; all at `url`, and reporting to `cordon`.
pub(crate) fn telephone(url: &str, cordon: &str) -> notify::Settings {
    let (account, from) = (twilio(url, cordon), "+447700900999".to_owned());
    let texts = TwilioTexts {
        account: account.clone(),
        sender: Sender::Number(from.clone()),
        senders: Senders::new(),
    };
    notify::Settings {
        sms: Some(Texts::Notify(notify(url))),
        second_sms: Some(Texts::Twilio(texts)),
        voice: Some(TwilioCalls { account, from, senders: Senders::new() }),
        ..notify::Settings::default()
    }
}

/// A client like the service's own.
pub(crate) fn client() -> Client {
    // Another test of the same process may have been first.
    let _ = rustls::crypto::ring::default_provider().install_default();
    http::client().unwrap()
}

/// Phones that are being served until dropped.
pub(crate) struct Phones {
    pub(crate) url: String,
    client: Client,
    server: JoinHandle<std::io::Result<()>>,
}

impl Phones {
    /// The plain provider and desks; receipts and replies go to `cordon` at once.
    pub(crate) async fn start(cordon: Option<String>) -> Self {
        let sms = Some(plain(String::new()));
        let channels = notify::Settings {
            sms,
            push: Some(push()),
            pager: Some(Pager { url: String::new(), token: pager_token() }),
            webhook_secret: Some(webhook_secret()),
            ..notify::Settings::default()
        };
        Self::serving(channels, cordon).await
    }

    /// What the browser of a phone gives an enrolment page.
    pub(crate) async fn subscription(&self, address: &str) -> String {
        self.page(&format!("/api/subscriptions/{address}")).await
    }

    /// The providers of these settings.
    pub(crate) async fn serving(channels: notify::Settings, cordon: Option<String>) -> Self {
        let client = client();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let settings = Settings { channels, cordon, receipt_after_ms: Some(0), clock: Clock::real() };
        Self { url, client, server: tokio::spawn(serve(listener, settings)) }
    }

    pub(crate) async fn messages(&self) -> Vec<Shown> {
        let response = self.client.get(format!("{}/api/messages", self.url)).send().await.unwrap();
        response.json().await.unwrap()
    }

    pub(crate) async fn fault(&self, mode: Fault, address: Option<&str>) {
        let address = address.map(Into::into);
        self.order(&FaultOrder { mode, address, ..FaultOrder::default() }).await;
    }

    pub(crate) async fn order(&self, order: &FaultOrder) {
        let request = self.client.post(format!("{}/api/faults", self.url)).json(order);
        assert_eq!(request.send().await.unwrap().status(), StatusCode::NO_CONTENT);
    }

    pub(crate) async fn person(&self, order: &PersonOrder) {
        let request = self.client.post(format!("{}/api/people", self.url)).json(order);
        assert_eq!(request.send().await.unwrap().status(), StatusCode::NO_CONTENT);
    }

    pub(crate) async fn reply(&self, from: &str, text: &str) -> StatusCode {
        let reply = json!({ "from": from, "text": text });
        let request = self.client.post(format!("{}/api/replies", self.url)).json(&reply);
        request.send().await.unwrap().status()
    }

    pub(crate) async fn page(&self, path: &str) -> String {
        let response = self.client.get(format!("{}{path}", self.url)).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        response.text().await.unwrap()
    }
}

impl Drop for Phones {
    fn drop(&mut self) {
        self.server.abort();
    }
}
