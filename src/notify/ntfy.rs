//! A staff pager by way of an ntfy server.

use async_trait::async_trait;
use reqwest::{Client, Url};
use serde::Serialize;

use super::{
    Message, Provider, Sent,
    http::{self, Said},
};
use crate::domain::{Channel, Priority};
use crate::secret::Secret;

/// Publishes JSON at the server's root; whoever has subscribed to the topic in the app is paged.
#[derive(Debug)]
pub struct Ntfy {
    client: Client,
    url: Url,
    token: Secret,
}

impl Ntfy {
    /// Posts to the root of the server at `url`, as the owner of an access token.
    #[must_use]
    pub fn new(client: Client, url: Url, token: Secret) -> Self {
        Self { client, url, token }
    }
}

/// See "Publish as JSON" in ntfy's documentation. Nothing in it is to be clicked: a link on a lock screen can be opened by
/// whoever holds the phone.
#[derive(Serialize)]
struct Page<'a> {
    topic: &'a str,
    title: String,
    message: &'a str,
    priority: u8,
    tags: [&'static str; 1],
}

#[async_trait]
impl Provider for Ntfy {
    fn channel(&self) -> Channel {
        Channel::Pager
    }

    async fn send(&self, message: &Message) -> Sent {
        let (priority, tag) = urgency(message.priority);
        let page = Page {
            topic: &message.to,
            title: format!("Ref {}", message.reference),
            message: &message.body,
            priority,
            tags: [tag],
        };
        let request = self.client.post(self.url.clone()).bearer_auth(self.token.expose()).json(&page);
        match http::ask(request).await {
            Ok(answer) => {
                let Said { id, error } = answer.json();
                answer.of_our_provider(id, error, false)
            }
            Err(sent) => sent,
        }
    }
}

/// From 5, which sounds through "do not disturb", to 3, the usual; and the sign that the app shows.
fn urgency(priority: Priority) -> (u8, &'static str) {
    match priority {
        Priority::P1 => (5, "rotating_light"),
        Priority::P2 => (4, "warning"),
        Priority::P3 => (3, "wrench"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::{
        domain::MessageClass,
        notify::testing,
        sandbox::phones::{
            Fault, FaultOrder, Via,
            testing::{Phones, client, pager_token},
        },
    };

    const TOPIC: &str = "cordon-duty-7f3a9c51";

    fn pager(phones: &Phones, token: Secret) -> Ntfy {
        Ntfy::new(client(), http::endpoint(&phones.url).unwrap(), token)
    }

    fn message(priority: Priority) -> Message {
        let body = "P1 violation at ROSE-4, incident 12".into();
        Message { to: TOPIC.into(), body, class: MessageClass::Card, priority, ..testing::message() }
    }

    #[tokio::test]
    async fn a_page_is_the_json_that_the_documentation_shows() {
        let phones = Phones::start(None).await;
        let sent = pager(&phones, pager_token()).send(&message(Priority::P1)).await;
        assert_eq!(sent, Sent::Accepted { provider_ref: Some("n1".into()) });
        let shown = phones.messages().await.remove(0);
        assert_eq!((shown.via, shown.address.as_str()), (Via::Pager, TOPIC));
        let expected = json!({"topic": TOPIC, "title": "Ref 7042", "message": "P1 violation at ROSE-4, incident 12",
            "priority": 5, "tags": ["rotating_light"]});
        assert_eq!(serde_json::from_str::<Value>(&shown.text).unwrap(), expected);
        for (priority, number) in [(Priority::P2, 4), (Priority::P3, 3)] {
            pager(&phones, pager_token()).send(&message(priority)).await;
            let shown: Value = serde_json::from_str(&phones.messages().await.pop().unwrap().text).unwrap();
            assert_eq!(shown["priority"], number);
        }
    }

    #[tokio::test]
    async fn a_server_that_fails_is_tried_again_and_a_token_that_is_none_is_no_fault_of_the_topic() {
        let phones = Phones::start(None).await;
        let sent = pager(&phones, Secret::new("wrong")).send(&message(Priority::P1)).await;
        assert_eq!(sent, Sent::Retry { reason: "unauthorized".into() });
        for (mode, retry_after_s, expected) in [
            (Fault::Error, None, Sent::Retry { reason: "told_to_fail".into() }),
            (Fault::Busy, None, Sent::Busy { reason: "told_to_be_busy".into(), pause_ms: None }),
            (Fault::Busy, Some(2), Sent::Busy { reason: "told_to_be_busy".into(), pause_ms: Some(2_000) }),
        ] {
            phones.order(&FaultOrder { mode, retry_after_s, ..FaultOrder::default() }).await;
            let sent = pager(&phones, pager_token()).send(&message(Priority::P1)).await;
            assert_eq!(sent, expected, "{mode:?}");
        }
    }
}
