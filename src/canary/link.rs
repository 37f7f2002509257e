//! The synthetic tag's own connection: it publishes pings and hears what is acknowledged.

use rumqttc::{AsyncClient, Event, EventLoop, Packet, QoS};
use tag_wire::decode_ack;
use tokio::sync::mpsc;

use super::Settings;
use crate::{
    clock::Clock,
    domain::TagId,
    ingest::{Source, SourceError, network_options},
};

/// How long it waits before it connects again, milliseconds.
const AGAIN_MS: i64 = 1_000;
/// Pings and subscriptions that may wait inside the client.
const REQUESTS_MAX: usize = 16;
/// News that may wait to be read.
const NEWS_MAX: usize = 64;

/// What has become of the connection, or of a ping.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum News {
    /// Connected.
    Up,
    /// The connection is gone: what the broker had not taken comes to nothing.
    Down,
    /// The broker has taken a ping.
    Taken,
    /// Cordon has acknowledged the ping of this boot.
    Written(u32),
}

/// The connection, to be driven.
pub(super) struct Link {
    client: AsyncClient,
    eventloop: EventLoop,
    acks: String,
    news: mpsc::Sender<News>,
}

/// Where pings go.
pub(super) struct Outlet {
    client: AsyncClient,
    topic: String,
}

impl Link {
    /// For this tag.
    pub(super) fn new(
        settings: &Settings,
        tag: &TagId,
    ) -> Result<(Self, Outlet, mpsc::Receiver<News>), SourceError> {
        let (client_id, login) = (settings.login.name.clone(), Some(settings.login.clone()));
        let mut options = Source { client_id, login, ..settings.source.clone() }.options()?;
        // What waits in the broker while it is away is of no use.
        options.set_clean_session(true).set_manual_acks(false);
        let (client, mut eventloop) = AsyncClient::new(options, REQUESTS_MAX);
        eventloop.set_network_options(network_options());
        let (news, told) = mpsc::channel(NEWS_MAX);
        let outlet = Outlet { client: client.clone(), topic: format!("cordon/v1/{tag}/ping") };
        Ok((Self { client, eventloop, acks: format!("cordon/v1/{tag}/ack"), news }, outlet, told))
    }

    /// Connects again and again, for ever.
    pub(super) async fn drive(mut self, clock: Clock) {
        loop {
            match self.eventloop.poll().await {
                Ok(Event::Incoming(packet)) => self.take(&packet),
                Ok(Event::Outgoing(_)) => {}
                Err(error) => {
                    tracing::debug!(%error, "the canary has no connection to the broker");
                    self.eventloop.clean();
                    self.eventloop.state.events.clear();
                    self.eventloop.pending.clear();
                    self.tell(News::Down);
                    clock.wait_ms(AGAIN_MS).await;
                }
            }
        }
    }

    fn take(&self, packet: &Packet) {
        match packet {
            Packet::ConnAck(_) => {
                // A full queue is emptied by the next failure.
                let _ = self.client.try_subscribe(&self.acks, QoS::AtMostOnce);
                self.tell(News::Up);
            }
            Packet::PubAck(_) => self.tell(News::Taken),
            Packet::Publish(publish) if publish.topic == self.acks => {
                if let Ok(ack) = decode_ack(&publish.payload) {
                    self.tell(News::Written(ack.boot));
                }
            }
            _ => {}
        }
    }

    /// Whoever does not read it has something else to do; the next booking finds out.
    fn tell(&self, news: News) {
        let _ = self.news.try_send(news);
    }
}

impl Outlet {
    /// Whether the client has it.
    pub(super) fn publish(&self, ping: &[u8]) -> bool {
        self.client.try_publish(&self.topic, QoS::AtLeastOnce, false, ping).is_ok()
    }
}
