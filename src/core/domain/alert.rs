//! Alerts: one message to one recipient on one channel.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{AlertId, IncidentId, Language, PersonId, Priority, SenderLabel, StaffId, Timestamp, UnitId};

/// One message to one recipient on one channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alert {
    /// Its id; the provider's idempotency key is made of it.
    pub id: AlertId,
    /// Why it is sent.
    pub incident: IncidentId,
    /// The unit that owns the incident.
    pub unit: UnitId,
    /// To whom.
    pub recipient: Recipient,
    /// On which channel.
    pub channel: Channel,
    /// Their address on that channel when the alert was raised.
    pub address: String,
    /// Which kind of message.
    pub class: MessageClass,
    /// What a protected person is told in.
    #[serde(default)]
    pub language: Language,
    /// What they are told, where they have chosen the words for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub own_words: Option<String>,
    /// Whom it is from, where they have chosen that: see [`ContactPlan::sender`](super::ContactPlan::sender).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sender: Option<SenderLabel>,
    /// Their phone is not to make a sound of it, as far as Cordon can ask for that.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub silent: bool,
    /// The more urgent is sent first.
    pub priority: Priority,
    /// Which number of alert this is to this recipient for this incident, from 1: the wording varies with it, since
    /// networks drop repeated texts.
    pub nth: u32,
    /// What a card says beside the incident's number, such as "violation at ROSE-4": neutral words and the zone's code
    /// name, never a person or a place. Empty for a protected person.
    pub summary: String,
    /// When the engine raised it.
    pub raised_at: Timestamp,
    /// How far it has come.
    pub state: AlertState,
}

impl Alert {
    /// The number that a recipient can quote, and that tells a real message from a forged one: 1000 to 9999.
    #[must_use]
    pub fn reference(&self) -> u16 {
        self.incident.reference()
    }
}

/// Who gets an alert.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Recipient {
    /// A protected person.
    Person(PersonId),
    /// A member of the response team, or a desk.
    Staff(StaffId),
}

impl fmt::Display for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Person(id) => write!(f, "person {id}"),
            Self::Staff(id) => write!(f, "staff {id}"),
        }
    }
}

/// Ways to reach a recipient, each with a provider of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// A message that a browser shows although nobody has it open (RFC 8030).
    Push,
    /// A text message.
    Sms,
    /// A text message by another supplier, who has nothing in common with the first.
    SecondSms,
    /// A phone call that asks for a key.
    Voice,
    /// A staff pager (ntfy).
    Pager,
    /// A signed HTTP request to a control room.
    Webhook,
    /// Back into Cordon itself: the only channel of its canary, and nobody else's.
    Loopback,
}

impl Channel {
    /// Each of them, at the place of its own number.
    pub const ALL: [Self; 7] =
        [Self::Push, Self::Sms, Self::SecondSms, Self::Voice, Self::Pager, Self::Webhook, Self::Loopback];

    /// As it is written in files, tables and logs.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Push => "push",
            Self::Sms => "sms",
            Self::SecondSms => "second_sms",
            Self::Voice => "voice",
            Self::Pager => "pager",
            Self::Webhook => "webhook",
            Self::Loopback => "loopback",
        }
    }

    /// The channel whose address it goes to: the second supplier of texts has no numbers of its own.
    #[must_use]
    pub fn address(self) -> Self {
        match self {
            Self::SecondSms => Self::Sms,
            own => own,
        }
    }

    /// Whether its provider says when a message has reached its phone: a text is on it, or it rings.
    #[must_use]
    pub fn gives_receipts(self) -> bool {
        matches!(self, Self::Sms | Self::SecondSms | Self::Voice)
    }

    /// Whether it reaches somebody where they are, not at a desk.
    #[must_use]
    pub fn is_with_them(self) -> bool {
        matches!(self, Self::Push | Self::Sms | Self::Voice | Self::Pager)
    }

    /// Whether it reaches somebody by their phone number.
    #[must_use]
    pub fn is_phone(self) -> bool {
        matches!(self, Self::Sms | Self::SecondSms | Self::Voice)
    }
}

/// Whether a text is a phone number in E.164 (ITU-T): a plus sign and 7 to 15 digits, the first of them not 0.
#[must_use]
pub fn is_e164(text: &str) -> bool {
    let digits = text.strip_prefix('+').unwrap_or_default();
    (7..=15).contains(&digits.len()) && digits.bytes().all(|c| c.is_ascii_digit()) && !digits.starts_with('0')
}

/// A browser that shows messages although nobody has the page open, as it describes itself (W3C Push API,
/// `PushSubscription.toJSON()`).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Subscription {
    /// The push service's URL for this browser.
    pub endpoint: String,
    /// What messages to it are encrypted with.
    pub keys: SubscriptionKeys,
}

/// See [`Subscription`]; both in base64url.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct SubscriptionKeys {
    /// Its public key on the curve P-256.
    pub p256dh: String,
    /// The secret that it shares with whoever may write to it.
    pub auth: String,
}

impl Subscription {
    /// Reads it; `None` if it is none.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }
}

/// The reason of a push message that is refused because the push service no longer knows the browser.
pub const BROWSER_GONE: &str = "gone";

/// Kinds of message that must never be mistaken for each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MessageClass {
    /// To a protected person: act on your safety plan.
    Danger,
    /// To a protected person: Cordon cannot see at the moment.
    Weak,
    /// To a protected person: it is over.
    AllClear,
    /// To a protected person: a test, as they have agreed.
    Test,
    /// To staff: an incident card.
    Card,
    /// To a responder: they are sent to an incident.
    Sent,
}

impl MessageClass {
    /// As it is written in files and tables.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Danger => "danger",
            Self::Weak => "weak",
            Self::AllClear => "all_clear",
            Self::Test => "test",
            Self::Card => "card",
            Self::Sent => "sent",
        }
    }
}

/// How far an alert has come. The first four are open; an alert ends in one of the last three.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AlertState {
    /// In the outbox: nobody has taken it yet, or tries go on.
    Waiting,
    /// A provider has taken it. That is not the same as a person having read it.
    Accepted,
    /// The provider says it reached the phone. Still not read. Of a call: that it rings there.
    Delivered,
    /// The provider says that a call was picked up, by whom is not known: a mailbox does so, too. Nobody has answered it yet.
    PickedUp,
    /// A person answered or acted: it did its work.
    Acknowledged,
    /// No longer needed before it was sent.
    Withdrawn,
    /// It can no longer reach anybody; the reason. The engine has gone to the next channel.
    Expired(String),
}

impl AlertState {
    /// As it is written in tables and counts.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Accepted => "accepted",
            Self::Delivered => "delivered",
            Self::PickedUp => "picked_up",
            Self::Acknowledged => "acknowledged",
            Self::Withdrawn => "withdrawn",
            Self::Expired(_) => "expired",
        }
    }

    /// Whether anything may still happen to it.
    #[must_use]
    pub fn is_open(&self) -> bool {
        *self == Self::Waiting || self.is_taken()
    }

    /// Whether it is with a provider, or on its phone, and nobody has answered it.
    #[must_use]
    pub fn is_taken(&self) -> bool {
        *self == Self::Accepted || self.is_there()
    }

    /// Whether it is on its phone, and nobody has answered it.
    #[must_use]
    pub fn is_there(&self) -> bool {
        matches!(self, Self::Delivered | Self::PickedUp)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_channel_stands_at_the_place_of_its_number() {
        for (place, channel) in Channel::ALL.into_iter().enumerate() {
            assert_eq!(channel as usize, place);
        }
    }
}
