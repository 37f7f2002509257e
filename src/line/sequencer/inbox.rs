//! The one way in: what waits to be numbered, stamped and decided.
//!
//! Messages of tags wait apart from everything else: what people and parts of Cordon say is taken up even while there is
//! no room for more messages.

use std::{fmt, sync::Arc};

use tokio::sync::{mpsc, oneshot};

use super::look::Crowded;
use crate::{
    domain::TagId,
    engine::{Refused, Told},
};

/// How many messages may wait. At least the broker's in-flight window, so that it is withheld acknowledgements that
/// push back, never a blocked reader.
pub const INBOX_MESSAGES_MAX: usize = 8_192;
/// How much else may wait.
const INBOX_TOLDS_MAX: usize = 1_024;

/// Something to be numbered.
#[derive(Debug)]
pub enum Arrival {
    /// A message from a tag.
    Message(Message),
    /// Messages of one tag beyond what it may send, to be judged together. Made by the line, never put into the inbox.
    Excess(Vec<Crowded>),
    /// What another process handed in, by its number; `None` if it cannot be read.
    HandIn(i64, Option<Told>),
    /// Anything else, and whoever wants to know what became of it.
    Told(Told, Option<AnswerTo>),
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
    pub replies: Vec<TagReply>,
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
    messages: mpsc::Sender<Message>,
    tolds: mpsc::Sender<(Told, Option<AnswerTo>)>,
}

/// The end of the inbox that the line drains.
#[derive(Debug)]
pub struct Arrivals {
    messages: mpsc::Receiver<Message>,
    tolds: mpsc::Receiver<(Told, Option<AnswerTo>)>,
}

type AnswerTo = oneshot::Sender<Result<(), Refused>>;
/// What became of an input, once it is known.
pub type Asked = oneshot::Receiver<Result<(), Refused>>;

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
    pub fn new() -> (Self, Arrivals) {
        Self::with_room(INBOX_MESSAGES_MAX)
    }

    /// One in which so many messages may wait.
    #[must_use]
    pub fn with_room(messages: usize) -> (Self, Arrivals) {
        let (sender, messages) = mpsc::channel(messages);
        let (teller, tolds) = mpsc::channel(INBOX_TOLDS_MAX);
        (Self { messages: sender, tolds: teller }, Arrivals { messages, tolds })
    }

    /// Puts a tag's message in without waiting; gives it back if there is no room.
    ///
    /// # Errors
    /// The message, if the inbox is full or the service is stopping.
    pub fn try_message(&self, message: Message) -> Result<(), Box<Message>> {
        self.messages.try_send(message).map_err(|error| Box::new(error.into_inner()))
    }

    /// Puts a tag's message in when there is room.
    ///
    /// # Errors
    /// `Stopped`.
    pub async fn message(&self, message: Message) -> Result<(), SubmitError> {
        self.messages.send(message).await.map_err(|_| SubmitError::Stopped)
    }

    /// Puts an input in and waits until it is decided and committed.
    ///
    /// # Errors
    /// See [`SubmitError`].
    pub async fn submit(&self, told: Told) -> Result<(), SubmitError> {
        let answered = self.ask(told).await?;
        answered.await.map_err(|_| SubmitError::Stopped)?.map_err(SubmitError::Refused)
    }

    /// Puts an input in. What is returned waits until it is decided and committed.
    ///
    /// # Errors
    /// `Stopped`.
    pub async fn ask(&self, told: Told) -> Result<Asked, SubmitError> {
        let (answer, answered) = oneshot::channel();
        self.tolds.send((told, Some(answer))).await.map_err(|_| SubmitError::Stopped)?;
        Ok(answered)
    }

    /// Puts an input in and does not wait for it to be decided.
    ///
    /// # Errors
    /// `Stopped`.
    pub async fn tell(&self, told: Told) -> Result<(), SubmitError> {
        self.tolds.send((told, None)).await.map_err(|_| SubmitError::Stopped)
    }
}

impl Arrivals {
    /// Waits for the next arrival: what was told before messages. `None` when every inbox is gone and nothing is left.
    pub async fn recv(&mut self) -> Option<Arrival> {
        self.recv_with(true).await
    }

    /// The same, and takes no message out without `room`.
    pub(super) async fn recv_with(&mut self, room: bool) -> Option<Arrival> {
        tokio::select! {
            biased;
            Some((told, asked)) = self.tolds.recv() => Some(Arrival::Told(told, asked)),
            Some(message) = self.messages.recv(), if room => Some(Arrival::Message(message)),
            else => None,
        }
    }

    /// The next arrival if one has come; no message without `room`.
    pub fn try_recv(&mut self, room: bool) -> Option<Arrival> {
        if let Ok((told, asked)) = self.tolds.try_recv() {
            return Some(Arrival::Told(told, asked));
        }
        let message = if room { self.messages.try_recv().ok() } else { None };
        message.map(Arrival::Message)
    }

    /// Takes nothing in any more.
    pub fn close(&mut self) {
        self.tolds.close();
        self.messages.close();
    }

    /// Whether nothing waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.tolds.is_empty() && self.messages.is_empty()
    }

    /// Whether nothing more can be put in.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.tolds.is_closed() && self.messages.is_closed()
    }
}
