//! How the provider is told to fail.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::Via;

/// How the provider behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// Well.
    #[default]
    Ok,
    /// It answers 500.
    #[serde(rename = "500")]
    Error,
    /// It answers 503, with `Retry-After` if the order says so.
    #[serde(rename = "503")]
    Unavailable,
    /// It answers 429, with `Retry-After` if the order says so.
    #[serde(rename = "429")]
    Busy,
    /// It answers 400: there is no such number.
    Refuse,
    /// It does not let Cordon in.
    Deny,
    /// It takes nothing and never answers.
    Timeout,
    /// It takes nothing and resets the connection.
    Reset,
    /// It takes the message and never answers.
    Lost,
    /// It takes the message and resets the connection.
    Cut,
    /// It says that it took the message, and loses it: no phone shows it, no receipt comes.
    Lose,
    /// The receipt comes `late_s` seconds after the message.
    ReceiptLate,
    /// The receipt comes twice.
    ReceiptTwice,
    /// The receipt comes before the answer to the message.
    ReceiptEarly,
    /// The receipt says that the message will never be delivered.
    ReceiptFailed,
    /// The receipt says that the message was delivered, and another one after it that it never will be.
    ReceiptFailedAfter,
    /// The receipt is for a message that nobody sent.
    ReceiptUnknown,
    /// The receipt says that the message will never be delivered, and is signed with another secret.
    ReceiptForged,
}

/// An order to behave so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FaultOrder {
    /// How.
    pub mode: Fault,
    /// Towards which phone or desk; absent: towards all, and every earlier order is forgotten.
    #[serde(default, rename = "for")]
    pub address: Option<String>,
    /// Of which provider; absent: of all.
    #[serde(default)]
    pub via: Option<Via>,
    /// For the next so many messages; absent: until another order.
    #[serde(default)]
    pub times: Option<u32>,
    /// What `Retry-After` says, seconds.
    #[serde(default)]
    pub retry_after_s: Option<u32>,
    /// How late a receipt is, seconds.
    #[serde(default)]
    pub late_s: u32,
}

impl Default for FaultOrder {
    fn default() -> Self {
        Self { mode: Fault::Ok, address: None, via: None, times: None, retry_after_s: None, late_s: 0 }
    }
}

impl FaultOrder {
    /// Whether it is in force for a provider.
    fn holds(&self, via: Via) -> bool {
        self.times != Some(0) && self.via.is_none_or(|of| of == via)
    }
}

/// The orders in force.
#[derive(Debug, Default)]
pub(super) struct Faults {
    towards_all: FaultOrder,
    towards: HashMap<String, FaultOrder>,
}

impl Faults {
    pub(super) fn order(&mut self, order: FaultOrder) {
        match order.address.clone() {
            Some(address) => {
                self.towards.insert(address, order);
            }
            None => *self = Self { towards_all: order, towards: HashMap::new() },
        }
    }

    /// The order that holds for a phone until there is another one.
    pub(super) fn standing(&self, address: &str, via: Via) -> FaultOrder {
        let own = self.towards.get(address).filter(|order| order.holds(via));
        let order = own.unwrap_or(&self.towards_all);
        if order.times.is_some() || !order.holds(via) { FaultOrder::default() } else { order.clone() }
    }

    /// The order for a message that comes now.
    pub(super) fn next(&mut self, address: &str, via: Via) -> FaultOrder {
        let own = self.towards.get_mut(address).filter(|order| order.holds(via));
        let order = own.unwrap_or(&mut self.towards_all);
        if !order.holds(via) {
            return FaultOrder::default();
        }
        order.times = order.times.map(|times| times - 1);
        order.clone()
    }
}
