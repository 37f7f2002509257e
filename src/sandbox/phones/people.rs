//! What whoever holds a phone does when it rings, if nobody at its page does it first.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use serde::{Deserialize, Serialize};

/// What somebody does from now on.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonOrder {
    /// Whose phone; absent: everybody's, and every earlier order is forgotten.
    #[serde(default, rename = "for")]
    pub address: Option<String>,
    /// After so many seconds.
    #[serde(default)]
    pub after_s: u32,
    /// What.
    #[serde(default)]
    pub does: Does,
}

/// See [`PersonOrder`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Does {
    /// Nothing.
    #[default]
    Nothing,
    /// Speaks to somebody else: calls find the line busy.
    Busy,
    /// Lets a mailbox take calls.
    Mailbox,
    /// Answers.
    Answers {
        /// A text with this one; none: not at all.
        #[serde(default)]
        text: Option<String>,
        /// A call by these keys, one after the other, and then hangs up; none: the call rings out.
        #[serde(default)]
        keys: Option<String>,
        /// The page that a push message opens by this; none: not at all.
        #[serde(default)]
        page: Option<String>,
    },
}

#[derive(Debug, Default)]
pub(super) struct People(Mutex<(PersonOrder, HashMap<String, PersonOrder>)>);

impl People {
    pub(super) fn order(&self, order: PersonOrder) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match order.address.clone() {
            Some(address) => {
                known.1.insert(address, order);
            }
            None => *known = (order, HashMap::new()),
        }
    }

    pub(super) fn of(&self, address: &str) -> PersonOrder {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.1.get(address).unwrap_or(&known.0).clone()
    }
}
