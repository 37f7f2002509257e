//! Calls: a voice that greets, says what there is to say once a key is pressed, and hears an answer from the keys.

use async_trait::async_trait;
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use reqwest::Client;

use super::{Account, Listed, twiml};
use crate::{
    domain::Channel,
    notify::{
        Message, Provider, RINGS_S, Sent, http,
        http::EndpointError,
        settings::{Senders, TwilioCalls as Settings},
    },
};

/// Of these Twilio says that they never rang.
const NOT_CALLED: [&str; 2] = ["failed", "canceled"];

/// Calls people.
#[derive(Debug)]
pub struct TwilioCalls {
    account: Account,
    from: String,
    senders: Senders<String>,
}

impl TwilioCalls {
    /// Serves the channel of calls.
    ///
    /// # Errors
    /// If the API's address cannot be posted to.
    pub fn new(client: Client, settings: Settings) -> Result<Self, EndpointError> {
        let Settings { account, from, senders } = settings;
        Ok(Self { account: Account::new(client, account, "Calls")?, from, senders })
    }
}

#[async_trait]
impl Provider for TwilioCalls {
    fn channel(&self) -> Channel {
        Channel::Voice
    }

    async fn send(&self, message: &Message) -> Sent {
        if message.is_repeat {
            let is_it = |one: &Listed| !NOT_CALLED.contains(&one.status.as_str());
            match self.account.taken(message, is_it).await {
                Ok(None) => {}
                Ok(sid) => return Sent::Accepted { provider_ref: sid.and_then(http::code) },
                Err(sent) => return sent,
            }
        }
        let key = ("key", message.idempotency_key.as_str());
        let receipt = self.account.hook(Channel::Voice, "receipt", &[key]);
        let say = BASE64_URL_SAFE_NO_PAD.encode(&message.body);
        let keys = [key, ("lang", message.language.code()), ("say", &say)];
        let greeting = twiml::greeting(message.language, &self.account.hook(Channel::Voice, "keys", &keys));
        let from = message.sender.as_ref().and_then(|label| self.senders.get(label)).unwrap_or(&self.from);
        let form = [
            ("To", message.to.as_str()),
            ("From", from),
            ("Twiml", &greeting),
            ("Timeout", &RINGS_S.to_string()),
            ("StatusCallback", &receipt),
            ("StatusCallbackEvent", "ringing"),
            ("StatusCallbackEvent", "answered"),
            ("StatusCallbackEvent", "completed"),
            // A mailbox answers like a person. Who does is found out while the greeting is said.
            ("MachineDetection", "Enable"),
            ("AsyncAmd", "true"),
            ("AsyncAmdStatusCallback", &receipt),
        ];
        self.account.create(&form).await
    }
}
