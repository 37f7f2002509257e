#![no_std]
//! Messages between a tag and Cordon: wire contract v1, JSON over MQTT.
//!
//! The contract in prose, with an example of each message, is the `README.md` beside this file. This
//! crate is its reference: it has no clock, no I/O and no `std`, so firmware can use it as it is.
//!
//! | Part | What is in it |
//! |---|---|
//! | [`Topic`] | where a message goes, and which tag it speaks of |
//! | [`Ping`], [`decode_ping`] | what a tag reports: fixes, events, battery, promises |
//! | [`Ack`], [`Reject`] | what Cordon answers to pings |
//! | [`Cmd`] | what Cordon asks of a tag |
//! | [`Status`] | a tag's birth and last will |
//! | [`Refusal`] | why a message was refused, for the one who sent it |
//! | [`limits`] | every bound of the contract, by name |
//!
//! Every decoder takes bytes from anyone: it is bounded in time and memory, never panics, and ends in
//! a value within the bounds stated on its fields or in a [`Refusal`]. Unknown fields are ignored.
//!
//! Invariant: a value that a decoder returned, encoded again, decodes to the same value (for a
//! [`Ping`] see the exception at [`decode_ping`]).

extern crate alloc;
#[cfg(test)]
extern crate std;

mod command;
mod decode;
mod fields;
mod json;
pub mod limits;
mod ping;
mod plain;
mod refusal;
mod reply;
mod status;
mod topic;

pub use command::{Cmd, decode_cmd};
pub use decode::decode_ping;
pub use ping::{Event, EventKind, Fix, Motion, OtherKind, Ping, Source};
pub use refusal::{Refusal, RefusalCode};
pub use reply::{Ack, Reject, decode_ack, decode_reject, hex, payload_sha256};
pub use status::{Status, decode_status};
pub use topic::{NameError, TagName, Topic, TopicError, TopicKind, VendorName};

/// The version of the contract that this crate reads and writes: the `v` of every message.
pub const VERSION: u8 = 1;
