//! Text messages.

use async_trait::async_trait;
use reqwest::Client;

use super::Account;
use crate::{
    domain::{Channel, MessageClass},
    notify::{
        Message, Provider, Sent, http,
        http::EndpointError,
        settings::{Sender, Senders, TwilioTexts as Settings},
    },
};

/// A danger that nobody could be told of within this time is told by other ways by then, seconds.
const DANGER_VALID_S: &str = "300";
/// Of these Twilio says that they never reached a network, or no phone.
const NOT_SENT: [&str; 3] = ["failed", "undelivered", "canceled"];

/// Sends text messages.
#[derive(Debug)]
pub struct TwilioTexts {
    channel: Channel,
    account: Account,
    sender: Sender,
    senders: Senders<Sender>,
}

impl TwilioTexts {
    /// Serves `channel`.
    ///
    /// # Errors
    /// If the API's address cannot be posted to.
    pub fn new(channel: Channel, client: Client, settings: Settings) -> Result<Self, EndpointError> {
        let Settings { account, sender, senders } = settings;
        Ok(Self { channel, account: Account::new(client, account, "Messages")?, sender, senders })
    }
}

#[async_trait]
impl Provider for TwilioTexts {
    fn channel(&self) -> Channel {
        self.channel
    }

    async fn send(&self, message: &Message) -> Sent {
        if message.is_repeat {
            let is_it = |one: &super::Listed| {
                one.body.ends_with(&message.body) && !NOT_SENT.contains(&one.status.as_str())
            };
            match self.account.taken(message, is_it).await {
                Ok(None) => {}
                Ok(sid) => return Sent::Accepted { provider_ref: sid.and_then(http::code) },
                Err(sent) => return sent,
            }
        }
        let callback = self.account.hook(self.channel, "receipt", &[("key", &message.idempotency_key)]);
        let own = message.sender.as_ref().and_then(|label| self.senders.get(label));
        let from = match own.unwrap_or(&self.sender) {
            Sender::Number(number) => ("From", number.as_str()),
            Sender::Service(sid) => ("MessagingServiceSid", sid.as_str()),
        };
        let mut form = vec![("To", message.to.as_str()), from, ("Body", &message.body)];
        form.push(("StatusCallback", &callback));
        if message.class == MessageClass::Danger {
            form.push(("ValidityPeriod", DANGER_VALID_S));
        }
        self.account.create(&form).await
    }
}
