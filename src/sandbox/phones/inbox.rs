//! What the phones have received and sent.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use serde::{Deserialize, Serialize};

use super::{CallState, FaultOrder, faults::Faults};
use crate::domain::Timestamp;

/// How many messages are kept; then the provider says it is full.
const MESSAGES_MAX: usize = 200_000;

/// A message as a provider takes it.
#[derive(Debug)]
pub(super) struct Taken {
    pub(super) address: String,
    pub(super) text: String,
    pub(super) key: String,
    pub(super) via: Via,
}

/// By which way a message came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Via {
    /// A text by the plain provider.
    #[default]
    Plain,
    /// A text by GOV.UK Notify.
    Notify,
    /// A text by Twilio.
    Twilio,
    /// A call by Twilio.
    Call,
    /// A request to a desk.
    Desk,
}

/// A message as it is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    /// Its number, from 1.
    pub no: u64,
    /// The phone number, or the desk's name.
    pub address: String,
    /// To a desk, not to a phone.
    pub desk: bool,
    /// By which way it came.
    pub via: Via,
    /// How far a call has come.
    pub call: Option<CallState>,
    /// To the phone, or from it.
    pub direction: Direction,
    /// The text, the card's JSON, or what the voice has said last.
    pub text: String,
    /// The idempotency key, or the address that is told of it; empty for a message from the phone.
    pub key: String,
    /// When it came first, milliseconds since 1970.
    pub received_ms: i64,
    /// How many times the same key came again.
    pub repeats: u32,
    /// Cordon has taken the receipt, or the reply.
    pub reported: bool,
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
    pub(super) fn take(&self, taken: &Taken, at: Timestamp) -> Option<(u64, bool)> {
        let mut state = self.state();
        let knows_keys = matches!(taken.via, Via::Plain | Via::Desk);
        if let Some(known) = state.by_key.get(&taken.key).copied().filter(|_| knows_keys) {
            let message = &mut state.messages[known];
            message.repeats = message.repeats.saturating_add(1);
            return Some((message.no, false));
        }
        let Taken { address, text, key, via } = taken;
        let call = (*via == Via::Call).then_some(CallState::Queued);
        let (key, via, desk) = (key.clone(), *via, *via == Via::Desk);
        let message = Shown { key, via, call, desk, ..shown(address, text, Direction::In, at) };
        let (no, index) = state.push(message)?;
        state.by_key.insert(taken.key.clone(), index);
        Some((no, true))
    }

    pub(super) fn replied(&self, from: &str, text: &str, reported: bool, at: Timestamp) {
        let message = Shown { reported, ..shown(from, text, Direction::Out, at) };
        self.state().push(message);
    }

    pub(super) fn receipted(&self, no: u64) {
        self.change(no, |message| message.reported = true);
    }

    /// The voice in a call has said this.
    pub(super) fn says(&self, no: u64, text: &str) {
        self.change(no, |message| message.text = text.into());
    }

    pub(super) fn call_is(&self, no: u64, state: CallState) {
        self.change(no, |message| message.call = Some(state));
    }

    fn change(&self, no: u64, change: impl FnOnce(&mut Shown)) {
        if let Some(message) = self.state().messages.iter_mut().rfind(|message| message.no == no) {
            change(message);
        }
    }

    /// By which way a phone had its last text.
    pub(super) fn newest_text(&self, address: &str) -> Option<Via> {
        let is_text = |message: &&Shown| {
            message.address == address
                && message.direction == Direction::In
                && matches!(message.via, Via::Plain | Via::Notify | Via::Twilio)
        };
        self.state().messages.iter().rev().find(is_text).map(|message| message.via)
    }

    pub(super) fn count(&self) -> u64 {
        self.state().messages.len() as u64
    }

    pub(super) fn all(&self) -> Vec<Shown> {
        self.state().messages.clone()
    }

    /// How to behave towards a message that comes now.
    pub(super) fn fault(&self, address: &str, via: Via) -> FaultOrder {
        self.state().faults.next(address, via)
    }

    /// How to behave towards a question, which uses no order up.
    pub(super) fn standing_fault(&self, address: &str, via: Via) -> FaultOrder {
        self.state().faults.standing(address, via)
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
        address: address.into(),
        desk: false,
        via: Via::default(),
        call: None,
        direction,
        text: text.into(),
        key: String::new(),
        received_ms: at.as_ms(),
        repeats: 0,
        reported: false,
    }
}
