//! The one way in: what waits to be numbered, stamped and decided.

use std::{fmt, sync::Arc};

use tokio::sync::{mpsc, oneshot};

use crate::{
    domain::TagId,
    engine::{Refused, Told},
};

/// How many arrivals may wait. At least the broker's in-flight window, so that it is withheld acknowledgements that
/// push back, never a blocked reader.
pub const INBOX_ARRIVALS_MAX: usize = 8_192;

/// Something to be numbered.
#[derive(Debug)]
pub enum Arrival {
    /// A message from a tag.
    Message(Message),
    /// Messages of one tag beyond what it may send, to be judged together. Made here, never put into the inbox.
    Excess(Vec<Message>),
    /// What another process handed in, by its number; `None` if it cannot be read.
    HandIn(i64, Option<Told>),
    /// Anything else, and whoever wants to know what became of it.
    Told(Told, Option<oneshot::Sender<Result<(), Refused>>>),
}

/// A message from a tag, as bytes.
pub struct Message {
    /// The tag, authenticated by the broker.
    pub tag: TagId,
    /// The source it came through, by its name in the configuration.
    pub source: Arc<str>,
    /// What the bytes are.
    pub kind: MessageKind,
    /// As published; already within the packet limit or cut to one byte more.
    pub payload: Vec<u8>,
    /// When it was received: `Clock::real_us`.
    pub received_real_us: i64,
    /// Told when it is committed.
    pub ticket: Ticket,
}

/// Leaves the bytes out: they say where somebody is.
impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message")
            .field("tag", &self.tag)
            .field("kind", &self.kind)
            .field("bytes", &self.payload.len())
            .finish_non_exhaustive()
    }
}

/// What a message's bytes are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MessageKind {
    /// A ping in the native format.
    Ping,
    /// Birth or last will.
    Status,
    /// Longer than any message may be, and cut. The SHA-256 of the whole, by which its sender knows it.
    Cut([u8; 32]),
}

/// The receipt of a message: whoever brought it is told when it may be acknowledged.
#[derive(Debug, Clone)]
pub struct Ticket {
    /// Chosen by the source.
    pub id: u64,
    /// Where to say so.
    pub done: mpsc::UnboundedSender<Done>,
}

/// A message is committed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Done {
    /// The ticket's id.
    pub id: u64,
    /// What to tell the tag.
    pub reply: Option<TagReply>,
}

/// What Cordon answers a tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TagReply {
    /// Which tag.
    pub tag: TagId,
    /// On which of its topics.
    pub topic: tag_wire::TopicKind,
    /// The encoded message.
    pub payload: Arc<[u8]>,
}

/// Where arrivals are put.
#[derive(Debug, Clone)]
pub struct Inbox {
    sender: mpsc::Sender<Arrival>,
}

/// Why an input had no effect.
#[derive(Debug, thiserror::Error)]
pub enum SubmitError {
    /// The service is stopping.
    #[error("the service is stopping")]
    Stopped,
    /// The engine refused it.
    #[error(transparent)]
    Refused(#[from] Refused),
}

impl Inbox {
    /// An inbox and the end that the sequencer drains.
    #[must_use]
    pub fn new() -> (Self, mpsc::Receiver<Arrival>) {
        let (sender, receiver) = mpsc::channel(INBOX_ARRIVALS_MAX);
        (Self { sender }, receiver)
    }

    /// Puts a tag's message in without waiting; gives it back if there is no room.
    ///
    /// # Errors
    /// The message, if the inbox is full or the service is stopping.
    pub fn try_message(&self, message: Message) -> Result<(), Box<Message>> {
        self.sender.try_send(Arrival::Message(message)).map_err(|error| match error.into_inner() {
            Arrival::Message(message) => Box::new(message),
            Arrival::Told(..) | Arrival::HandIn(..) | Arrival::Excess(_) => {
                unreachable!("a message was put in")
            }
        })
    }

    /// Puts an input in and waits until it is decided and committed.
    ///
    /// # Errors
    /// See [`SubmitError`].
    pub async fn submit(&self, told: Told) -> Result<(), SubmitError> {
        let (answer, answered) = oneshot::channel();
        self.sender.send(Arrival::Told(told, Some(answer))).await.map_err(|_| SubmitError::Stopped)?;
        answered.await.map_err(|_| SubmitError::Stopped)?.map_err(SubmitError::Refused)
    }

    /// Puts an input in and does not wait for it to be decided.
    ///
    /// # Errors
    /// `Stopped`.
    pub async fn tell(&self, told: Told) -> Result<(), SubmitError> {
        self.sender.send(Arrival::Told(told, None)).await.map_err(|_| SubmitError::Stopped)
    }
}
