//! What the phones have received and sent.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use serde::{Deserialize, Serialize};

use super::{FaultOrder, browser::Notification, faults::Faults};
use crate::domain::Timestamp;

/// How many messages are kept; then the provider says it is full.
const MESSAGES_MAX: usize = 200_000;

/// A message as a provider takes it.
#[derive(Debug)]
pub(super) struct Taken {
    pub(super) kind: Kind,
    pub(super) address: String,
    pub(super) text: String,
    /// Empty where the provider knows none: then nothing is a repeat.
    pub(super) key: String,
    pub(super) notification: Option<Notification>,
}

/// What kind of message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A text, to a phone or from it.
    Text,
    /// A message that the phone's browser shows.
    Push,
    /// A card to a control room.
    Card,
    /// A page to a pager.
    Page,
}

/// A message as it is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    /// Its number, from 1.
    pub no: u64,
    /// What kind of message.
    pub kind: Kind,
    /// The phone number, the desk's name, or the pager's topic.
    pub address: String,
    /// To the phone, or from it.
    pub direction: Direction,
    /// The text, or the JSON of a card or page.
    pub text: String,
    /// What the browser shows, of a push message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notification: Option<Notification>,
    /// The idempotency key; empty for a message from the phone.
    pub key: String,
    /// When it came first, milliseconds since 1970.
    pub received_ms: i64,
    /// How many times the same key came again.
    pub repeats: u32,
    /// Cordon has taken the receipt, or the reply.
    pub reported: bool,
}

impl Shown {
    /// Whether it went to a control room or a pager, not to a phone.
    #[must_use]
    pub fn is_to_desk(&self) -> bool {
        matches!(self.kind, Kind::Card | Kind::Page)
    }
}

/// Which way a message went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// To the phone.
    In,
    /// From the phone.
    Out,
}

/// Everything the phones know.
#[derive(Debug, Default)]
pub(super) struct Inbox {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    messages: Vec<Shown>,
    by_key: HashMap<String, usize>,
    faults: Faults,
}

impl Inbox {
    /// Takes a message; returns its number and whether its key is new, `None` if there is no room.
    pub(super) fn take(&self, taken: Taken, at: Timestamp) -> Option<(u64, bool)> {
        let mut state = self.state();
        if let Some(known) = state.by_key.get(&taken.key).copied() {
            let message = &mut state.messages[known];
            message.repeats = message.repeats.saturating_add(1);
            return Some((message.no, false));
        }
        let Taken { kind, address, text, key, notification } = taken;
        let plain = shown(&address, &text, Direction::In, at);
        let message = Shown { kind, key: key.clone(), notification, ..plain };
        let (no, index) = state.push(message)?;
        if !key.is_empty() {
            state.by_key.insert(key, index);
        }
        Some((no, true))
    }

    pub(super) fn replied(&self, from: &str, text: &str, reported: bool, at: Timestamp) {
        let message = Shown { reported, ..shown(from, text, Direction::Out, at) };
        self.state().push(message);
    }

    pub(super) fn receipted(&self, no: u64) {
        if let Some(message) = self.state().messages.iter_mut().rfind(|message| message.no == no) {
            message.reported = true;
        }
    }

    pub(super) fn all(&self) -> Vec<Shown> {
        self.state().messages.clone()
    }

    /// How to behave towards a message that comes now.
    pub(super) fn fault(&self, address: &str) -> FaultOrder {
        self.state().faults.next(address)
    }

    pub(super) fn order(&self, order: FaultOrder) {
        self.state().faults.order(order);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Every change is one step, so a panic elsewhere leaves nothing half done.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn push(&mut self, mut message: Shown) -> Option<(u64, usize)> {
        let index = self.messages.len();
        if index >= MESSAGES_MAX {
            return None;
        }
        message.no = index as u64 + 1;
        let no = message.no;
        self.messages.push(message);
        Some((no, index))
    }
}

fn shown(address: &str, text: &str, direction: Direction, at: Timestamp) -> Shown {
    Shown {
        no: 0,
        kind: Kind::Text,
        address: address.into(),
        direction,
        text: text.into(),
        notification: None,
        key: String::new(),
        received_ms: at.as_ms(),
        repeats: 0,
        reported: false,
    }
}
