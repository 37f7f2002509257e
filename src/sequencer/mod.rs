//! Number, stamp, decide, apply, commit, then acknowledge.

mod board;
mod inbox;

pub use board::{Board, Dot};
pub use inbox::{Arrival, Done, Inbox, Message, MessageKind, SubmitError, TagReply, Ticket, INBOX_ARRIVALS_MAX};
