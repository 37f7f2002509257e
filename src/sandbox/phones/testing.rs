//! Phones for tests: the real server, on a port of its own.

use reqwest::{Client, StatusCode};
use serde_json::json;
use tokio::{net::TcpListener, task::JoinHandle};

use super::{CordonSettings, Fault, FaultOrder, Settings, Shown, serve};
use crate::{clock::Clock, notify::http, secret::Secret};

/// Secrets of the tests, one for each purpose.
pub(crate) fn sms_token() -> Secret {
    Secret::new("sms-token")
}
pub(crate) fn webhook_secret() -> Secret {
    Secret::new("webhook-secret")
}
pub(crate) fn browsers() -> Secret {
    Secret::new("browsers")
}
pub(crate) fn callback_secret() -> Secret {
    Secret::new("callback-secret")
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
    pub(crate) async fn start(cordon: Option<CordonSettings>) -> Self {
        let client = client();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let settings = Settings {
            sms_token: sms_token(),
            webhook_secret: webhook_secret(),
            browsers: browsers(),
            cordon,
            clock: Clock::real(),
        };
        Self { url, client, server: tokio::spawn(serve(listener, settings)) }
    }

    /// What the browser of a phone gives an enrolment page.
    pub(crate) async fn subscription(&self, address: &str) -> String {
        self.page(&format!("/api/subscriptions/{address}")).await
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
