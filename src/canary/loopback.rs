//! The provider of the channel that only the canary has: what it is given comes back to the canary.

use async_trait::async_trait;
use tokio::sync::mpsc;

use crate::{
    domain::Channel,
    notify::{Message, Provider, Sent},
};

/// Messages that may wait for the canary: many times what one ping leads to.
const WAITING_MAX: usize = 64;

/// See the module's documentation.
#[derive(Debug)]
pub struct Loopback(mpsc::Sender<String>);

/// What was sent to the canary.
#[derive(Debug)]
pub struct Messages(pub(super) mpsc::Receiver<String>);

impl Loopback {
    /// The provider, and where its messages come out.
    #[must_use]
    pub fn new() -> (Self, Messages) {
        let (sender, receiver) = mpsc::channel(WAITING_MAX);
        (Self(sender), Messages(receiver))
    }
}

#[async_trait]
impl Provider for Loopback {
    fn channel(&self) -> Channel {
        Channel::Loopback
    }

    async fn send(&self, message: &Message) -> Sent {
        match self.0.try_send(message.body.clone()) {
            Ok(()) => Sent::Accepted { provider_ref: None },
            Err(_) => Sent::Retry { reason: "not_read".into() },
        }
    }
}
