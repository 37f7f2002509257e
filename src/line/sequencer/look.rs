//! What can be seen of a message without judging it: enough to say which of a crowd must be.

use super::{
    guard::guarded,
    inbox::{Message, MessageKind},
};
use crate::{
    domain::{Ping, TagEventKind, Timestamp},
    engine::Engine,
};

/// A message of one that sends too much.
#[derive(Debug)]
pub struct Crowded {
    pub(super) message: Message,
    look: Option<Look>,
}

/// What a look at a message has shown.
#[derive(Debug)]
pub(super) enum Look {
    Ping(PingLook),
    Status,
    Unreadable(tag_wire::Refusal),
    /// Reading it crashed.
    Crashed,
}

#[derive(Debug)]
pub(super) struct PingLook {
    /// Boot and sequence.
    pub(super) number: (u32, u64),
    /// The time of its newest fix.
    pub(super) fixed_at: Timestamp,
    /// Events by kind, and whether it is one's end.
    pub(super) events: Vec<(TagEventKind, bool)>,
    /// How far outside of every zone it is at the least, metres; see [`Engine::nearest_m`].
    pub(super) border_m: Option<f64>,
}

impl Crowded {
    pub(super) fn new(message: Message) -> Self {
        Self { message, look: None }
    }

    /// Looks at it, once.
    pub(super) fn look(&mut self, engine: &Engine, at: Timestamp) -> &Look {
        self.look.get_or_insert_with(|| Look::guarded(&self.message, engine, at))
    }

    /// The message, and what a look at it has shown or shows now.
    pub(super) fn seen(self, engine: &Engine, at: Timestamp) -> (Message, Look) {
        let look = self.look.unwrap_or_else(|| Look::guarded(&self.message, engine, at));
        (self.message, look)
    }
}

impl Look {
    fn guarded(message: &Message, engine: &Engine, at: Timestamp) -> Self {
        guarded(|| Self::at(message, engine, at)).unwrap_or(Self::Crashed)
    }

    fn at(message: &Message, engine: &Engine, at: Timestamp) -> Self {
        let read = match message.kind {
            MessageKind::Ping | MessageKind::Cut(_) => tag_wire::decode_ping(&message.payload).map(|ping| {
                let ping = Ping::from(ping);
                // One that crashes the geometry is set aside when it is judged.
                let border_m =
                    guarded(|| engine.nearest_m(&message.tag, &ping, at)).unwrap_or(Some(f64::MIN));
                Self::Ping(PingLook {
                    number: (ping.boot, ping.seq),
                    fixed_at: ping.fixes.iter().map(|fix| fix.at).max().unwrap_or(Timestamp::MIN),
                    events: ping.events.into_iter().map(|event| (event.kind, event.restored)).collect(),
                    border_m,
                })
            }),
            MessageKind::Status => tag_wire::decode_status(&message.payload).map(|_| Self::Status),
        };
        read.unwrap_or_else(Self::Unreadable)
    }
}
