//! Twilio (<https://www.twilio.com/docs/api>): text messages and calls, and what both share.
//!
//! Twilio takes the same message twice. It has no reference of ours either, but it lists what it was asked for: a try
//! that may be a repeat looks there first.

mod calls;
pub mod signature;
#[cfg(test)]
mod tests;
mod texts;
pub mod twiml;

use std::time::Duration;

use jiff::fmt::rfc2822;
use reqwest::{Client, RequestBuilder, Url};
use serde::Deserialize;

use super::{
    Message, Sent, alert_of_key,
    http::{self, EndpointError},
    settings::TwilioAccount,
};
use crate::domain::{Channel, Timestamp};

pub use calls::TwilioCalls;
pub use texts::TwilioTexts;

/// How long the question takes at most whether a message was taken: there must be time left to send it.
const LOOK: Duration = Duration::from_secs(4);
/// So many of the newest are looked through.
const LOOK_COUNT: &str = "20";
/// How much Twilio's clock may be behind ours, milliseconds. More would take the message before for this one.
const CLOCKS_APART_MS: i64 = 5_000;

/// What says that there is nobody to be reached at a number: not valid, not a mobile one, out of reach of ours, or its owner
/// has answered STOP (<https://www.twilio.com/docs/api/errors>).
const ADDRESS_CODES: [u32; 8] = [13_224, 21_211, 21_214, 21_217, 21_610, 21_612, 21_614, 21_635];

/// An account, for one kind of resource.
#[derive(Debug)]
struct Account {
    client: Client,
    resource: Url,
    settings: TwilioAccount,
}

impl Account {
    fn new(client: Client, settings: TwilioAccount, resource: &str) -> Result<Self, EndpointError> {
        let (base, sid) = (settings.url.trim_end_matches('/'), &settings.account_sid);
        let resource = http::endpoint(&format!("{base}/2010-04-01/Accounts/{sid}/{resource}.json"))?;
        Ok(Self { client, resource, settings })
    }

    /// Asks for a message or a call.
    async fn create(&self, form: &[(&str, &str)]) -> Sent {
        let request = self.signed_in(self.client.post(self.resource.clone())).form(form);
        match http::ask(request).await {
            Ok(answer) => {
                let Said { sid, code } = answer.json();
                let is_about_address = code.is_some_and(|code| ADDRESS_CODES.contains(&code));
                answer.of_our_provider(sid, code.map(|code| code.to_string()), is_about_address)
            }
            Err(sent) => sent,
        }
    }

    /// Whether it has been asked for already, since the alert was raised: its id. `None` also if Twilio does not say,
    /// since twice is better than never.
    ///
    /// # Errors
    /// If it does not answer: it will not take anything either.
    async fn taken(
        &self,
        message: &Message,
        is_it: impl Fn(&Listed) -> bool,
    ) -> Result<Option<String>, Sent> {
        let mut url = self.resource.clone();
        url.query_pairs_mut().append_pair("To", &message.to).append_pair("PageSize", LOOK_COUNT);
        let answer = http::ask(self.signed_in(self.client.get(url)).timeout(LOOK)).await?;
        let since = alert_of_key(&message.idempotency_key).map(|(_, raised_at)| raised_at);
        let is_new =
            |one: &Listed| since.is_none_or(|since| one.created() >= since.plus_ms(-CLOCKS_APART_MS));
        let List { messages, calls } = answer.json();
        let mut listed = messages.into_iter().chain(calls);
        let found = listed.find(|one| one.direction.starts_with("outbound") && is_new(one) && is_it(one));
        Ok(found.map(|one| one.sid))
    }

    /// Where Twilio reports about a message.
    fn hook(&self, channel: Channel, door: &str, parameters: &[(&str, &str)]) -> String {
        hook(&self.settings.callback_url, channel, door, parameters)
    }

    fn signed_in(&self, request: RequestBuilder) -> RequestBuilder {
        request.basic_auth(&self.settings.account_sid, Some(self.settings.auth_token.expose()))
    }
}

/// The address of a door (`/hooks/CHANNEL/DOOR`) as Twilio is told it.
#[must_use]
pub fn hook(base: &str, channel: Channel, door: &str, parameters: &[(&str, &str)]) -> String {
    let door = format!("{}/hooks/{}/{door}", base.trim_end_matches('/'), channel.as_str());
    Url::parse_with_params(&door, parameters).map_or(door, Into::into)
}

#[derive(Debug, Default, Deserialize)]
struct Said {
    sid: Option<String>,
    code: Option<u32>,
}

#[derive(Debug, Default, Deserialize)]
struct List {
    #[serde(default)]
    messages: Vec<Listed>,
    #[serde(default)]
    calls: Vec<Listed>,
}

/// A message or a call as it is listed.
#[derive(Debug, Deserialize)]
struct Listed {
    sid: String,
    direction: String,
    status: String,
    date_created: Option<String>,
    #[serde(default)]
    body: String,
}

impl Listed {
    /// When Twilio was asked for it; long ago, if it does not say.
    fn created(&self) -> Timestamp {
        let at = self.date_created.as_deref().and_then(|text| rfc2822::parse(text).ok());
        at.map_or(Timestamp::MIN, |at| Timestamp::from_ms(at.timestamp().as_millisecond()))
    }
}
