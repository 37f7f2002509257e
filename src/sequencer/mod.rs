//! Number, stamp, decide, apply, commit, then acknowledge.

mod board;
mod inbox;

pub use board::{Board, Dot};
pub use inbox::{
    Arrival, Done, INBOX_ARRIVALS_MAX, Inbox, Message, MessageKind, SubmitError, TagReply, Ticket,
};
