//! A tag, a gateway or Cordon itself as a plain MQTT client.
#![allow(dead_code, reason = "no test uses all of it")]

use std::{collections::VecDeque, future::Future, net::SocketAddr, time::Duration};

use rumqttc::{AsyncClient, Event, LastWill, MqttOptions, Packet, QoS, SubscribeReasonCode};
use tokio::{sync::mpsc, task::JoinHandle};

/// Longer than anything here takes, however busy the machine is.
const PATIENCE: Duration = Duration::from_secs(20);

/// Panics if `wanted` does not come.
pub(crate) async fn soon<T>(what: &str, wanted: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, wanted)
        .await
        .unwrap_or_else(|_| panic!("{what}: nothing for {PATIENCE:?}"))
}

/// How to connect.
pub(crate) struct Dial<'a> {
    pub(crate) login: &'a str,
    pub(crate) password: &'a str,
    pub(crate) client_id: &'a str,
    pub(crate) clean: bool,
    pub(crate) will: Option<&'a str>,
}

/// As `login` ought to: with a client id of the same name.
pub(crate) fn dial<'a>(login: &'a str, password: &'a str) -> Dial<'a> {
    Dial { login, password, client_id: login, clean: true, will: None }
}

/// A connected client.
pub(crate) struct Peer {
    client: AsyncClient,
    packets: mpsc::UnboundedReceiver<Packet>,
    publishes: VecDeque<(String, String)>,
    polling: JoinHandle<()>,
    pub(crate) session_present: bool,
}

impl Peer {
    /// Connects, or says why the broker would not have it.
    pub(crate) async fn connect(addr: SocketAddr, dial: Dial<'_>) -> Result<Self, String> {
        let mut options = MqttOptions::new(dial.client_id, addr.ip().to_string(), addr.port());
        options.set_clean_session(dial.clean).set_max_packet_size(1 << 20, 1 << 24);
        if !dial.login.is_empty() {
            options.set_credentials(dial.login, dial.password);
        }
        if let Some(topic) = dial.will {
            options.set_last_will(LastWill::new(topic, "will", QoS::AtLeastOnce, false));
        }
        let (client, mut eventloop) = AsyncClient::new(options, 1_000);
        let session_present = match soon("a connection", eventloop.poll()).await {
            Ok(Event::Incoming(Packet::ConnAck(answer))) => answer.session_present,
            Ok(other) => return Err(format!("{other:?}")),
            Err(error) => return Err(error.to_string()),
        };
        let (sender, packets) = mpsc::unbounded_channel();
        let polling = tokio::spawn(async move {
            while let Ok(event) = eventloop.poll().await {
                if let Event::Incoming(packet) = event {
                    let _ = sender.send(packet);
                }
            }
        });
        Ok(Self { client, packets, publishes: VecDeque::new(), polling, session_present })
    }

    pub(crate) async fn publish(&self, topic: &str, payload: impl Into<Vec<u8>>) {
        self.publish_as(topic, payload, false).await;
    }

    pub(crate) async fn publish_as(&self, topic: &str, payload: impl Into<Vec<u8>>, retain: bool) {
        self.client.publish(topic, QoS::AtLeastOnce, retain, payload).await.unwrap();
    }

    /// Waits until the broker has acknowledged `count` publishes.
    pub(crate) async fn acknowledged(&mut self, count: usize) {
        for _ in 0..count {
            self.packet(|packet| matches!(packet, Packet::PubAck(_)).then_some(())).await;
        }
    }

    /// Whether the broker grants the subscription.
    pub(crate) async fn subscribe(&mut self, filter: &str) -> bool {
        self.client.subscribe(filter, QoS::AtLeastOnce).await.unwrap();
        let answer = self.packet(|packet| match packet {
            Packet::SubAck(answer) => Some(answer.return_codes.clone()),
            _ => None,
        });
        answer.await.iter().all(|code| *code != SubscribeReasonCode::Failure)
    }

    /// Topic and payload of the next message.
    pub(crate) async fn next(&mut self) -> (String, String) {
        if let Some(publish) = self.publishes.pop_front() {
            return publish;
        }
        self.packet(publish_of).await
    }

    /// The connection is cut without a farewell.
    pub(crate) async fn cut(self) {
        self.polling.abort();
        let _ = self.polling.await;
    }

    /// The connection is ended in good order.
    pub(crate) async fn leave(mut self) {
        self.client.disconnect().await.unwrap();
        let _ = (&mut self.polling).await;
    }

    async fn packet<T>(&mut self, wanted: impl Fn(&Packet) -> Option<T>) -> T {
        loop {
            let packet =
                soon("a packet", self.packets.recv()).await.expect("the broker ended the connection");
            if let Some(found) = wanted(&packet) {
                return found;
            }
            self.publishes.extend(publish_of(&packet));
        }
    }
}

fn publish_of(packet: &Packet) -> Option<(String, String)> {
    match packet {
        Packet::Publish(publish) => {
            Some((publish.topic.clone(), String::from_utf8_lossy(&publish.payload).into_owned()))
        }
        _ => None,
    }
}
