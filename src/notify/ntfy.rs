//! A staff pager by way of an ntfy server.

use async_trait::async_trait;
use reqwest::{Client, StatusCode, Url};
use serde::Serialize;

use super::{Message, Provider, Sent, http};
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
            // The token is not one, or may not publish there: an operator's matter, not the topic's.
            Ok(response)
                if matches!(response.status(), StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) =>
            {
                Sent::Retry { reason: format!("http_{}", response.status().as_u16()) }
            }
            Ok(response) => http::judge(response).await,
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
