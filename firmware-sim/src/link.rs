//! One tag's MQTT session.
//!
//! The client library's queue is never the store: every connection starts with an empty client, and what
//! [`Kept`](crate::kept::Kept) holds is sent again. A connection that fails is made again, with a jittered pause.

use std::fmt;
use std::pin::pin;
use std::time::Duration;

use rumqttc::{AsyncClient, Event, EventLoop, LastWill, MqttOptions, Packet, Publish, QoS};
use tag_wire::limits::PACKET_BYTES_MAX;
use tag_wire::{Status, TagName, Topic, TopicKind, VendorName, decode_ack, decode_cmd, decode_reject};

use crate::clock::{ScaledClock, within};
use crate::kept::Counts;
use crate::random::Random;
use crate::source::PingSource;

/// Most publishes on their way at once.
const WINDOW: u16 = 100;

/// Places in the queue to the MQTT client: a full window, the birth and last messages and subscriptions.
const QUEUE: usize = WINDOW as usize + 16;

/// A longer message makes the client library fail, the broker send it again, and so for ever. It is let in
/// and left alone instead.
const INCOMING_BYTES_MAX: usize = 268_435_455;

const PAUSE_MIN: Duration = Duration::from_millis(100);
const PAUSE_MAX: Duration = Duration::from_secs(2);

/// Where a broker is and how to sign in to it.
#[derive(Clone)]
pub struct Broker {
    /// Name or address; an IPv6 address in brackets.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// User name and password.
    pub login: Option<(String, String)>,
}

impl Broker {
    /// Reads `mqtt://[user[:password]@]host[:port]`, port 1883 if none is given. Nothing is percent-decoded.
    ///
    /// # Errors
    /// What is wrong, for the person who typed it; the password is not repeated.
    pub fn parse(url: &str) -> Result<Self, String> {
        let rest = url.strip_prefix("mqtt://").ok_or("a broker is given as mqtt://host:port")?;
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        let (login, address) = match rest.rsplit_once('@') {
            Some((login, address)) => {
                let (user, password) = login.split_once(':').unwrap_or((login, ""));
                (Some((user.to_owned(), password.to_owned())), address)
            }
            None => (None, rest),
        };
        let (host, port) = match address.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => {
                (host, port.parse().map_err(|_| "the broker's port is a number from 0 to 65535")?)
            }
            _ => (address, 1883),
        };
        if host.is_empty() {
            return Err("the broker's host name is missing".to_owned());
        }
        Ok(Self { host: host.to_owned(), port, login })
    }
}

impl fmt::Debug for Broker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Broker").field("host", &self.host).field("port", &self.port).finish_non_exhaustive()
    }
}

/// When a link has done its work, given that its source makes no more pings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    /// Cordon acknowledged or refused every ping.
    Acked,
    /// The broker acknowledged every ping.
    Published,
}

/// One tag's session with a broker.
#[derive(Clone, Debug)]
pub struct Link {
    /// The broker.
    pub broker: Broker,
    /// MQTT client id, one per tag.
    pub client_id: String,
    /// The tag's vendor.
    pub vendor: VendorName,
    /// The tag's name.
    pub tag: TagName,
}

impl Link {
    /// Drives a source: wakes it, publishes what it keeps, hands it what Cordon answers, and connects again
    /// whenever the connection is lost, until the work is done. Dropping the future cuts the connection
    /// without a word, so that the broker publishes the last will.
    pub async fn run(&self, source: &mut impl PingSource, clock: ScaledClock, until: Until) -> Counts {
        let mut random = Random::new(clock.now_ms().cast_unsigned() ^ u64::from(source.boot()));
        let mut pause = PAUSE_MIN;
        loop {
            let mut session = Session::new(self, source, clock, until);
            match session.run().await {
                End::Done => return source.kept().counts(),
                End::Dark => live(source, clock, i64::MAX, PingSource::radio_on).await,
                End::Lost { was_connected, error } => {
                    tracing::warn!(tag = %self.tag, %error, "connection lost");
                    pause = if was_connected { PAUSE_MIN } else { (pause * 2).min(PAUSE_MAX) };
                    let until_ms = clock.after_ms(pause.mul_f64(random.between(0.5, 1.0)));
                    live(source, clock, until_ms, |_| false).await;
                }
            }
        }
    }

    fn options(&self, boot: u32) -> MqttOptions {
        let mut options = MqttOptions::new(&self.client_id, &self.broker.host, self.broker.port);
        options.set_keep_alive(Duration::from_secs(10));
        options.set_clean_session(false);
        options.set_inflight(WINDOW);
        options.set_max_packet_size(INCOMING_BYTES_MAX, PACKET_BYTES_MAX + 1_024);
        options.set_last_will(LastWill::new(
            self.topic(TopicKind::Status),
            status(false, boot),
            QoS::AtLeastOnce,
            true,
        ));
        if let Some((user, password)) = &self.broker.login {
            options.set_credentials(user, password);
        }
        options
    }

    fn topic(&self, kind: TopicKind) -> String {
        Topic { vendor: self.vendor.clone(), tag: self.tag.clone(), kind }.to_string()
    }
}

/// One connection.
struct Session<'a, S> {
    link: &'a Link,
    source: &'a mut S,
    clock: ScaledClock,
    until: Until,
    client: AsyncClient,
    events: Option<EventLoop>,
    connected: bool,
    /// Publishes the broker has not acknowledged yet.
    on_their_way: u16,
}

enum End {
    Done,
    /// The radio was shielded.
    Dark,
    Lost {
        was_connected: bool,
        error: String,
    },
}

impl<'a, S: PingSource> Session<'a, S> {
    fn new(link: &'a Link, source: &'a mut S, clock: ScaledClock, until: Until) -> Self {
        let (client, mut events) = AsyncClient::new(link.options(source.boot()), QUEUE);
        events.network_options.set_connection_timeout(5);
        events.network_options.set_tcp_nodelay(true);
        let events = Some(events);
        Self { link, source, clock, until, client, events, connected: false, on_their_way: 0 }
    }

    async fn run(&mut self) -> End {
        let Some(mut events) = self.events.take() else {
            return End::Done;
        };
        loop {
            // A poll that was begun is not dropped before it is done: it may hold half a packet.
            let event = {
                let mut poll = pin!(events.poll());
                loop {
                    self.source.wake(self.clock.now_ms());
                    if !self.source.radio_on() {
                        return End::Dark;
                    }
                    if let Err(error) = self.publish_due() {
                        return self.lost(&error);
                    }
                    if self.is_done() {
                        break None;
                    }
                    let (clock, next_ms) = (self.clock, self.next_ms());
                    tokio::select! {
                        event = &mut poll => break Some(event),
                        () = clock.sleep_until(next_ms) => {}
                    }
                }
            };
            let result = match event {
                None => {
                    self.part(events).await;
                    return End::Done;
                }
                Some(Ok(Event::Incoming(packet))) => self.on_packet(packet),
                Some(Ok(Event::Outgoing(_))) => Ok(()),
                Some(Err(error)) => return self.lost(&error),
            };
            if let Err(error) = result {
                return self.lost(&error);
            }
        }
    }

    fn on_packet(&mut self, packet: Packet) -> Result<(), rumqttc::ClientError> {
        match packet {
            Packet::ConnAck(_) => self.on_connected(),
            Packet::PubAck(_) => {
                self.on_their_way = self.on_their_way.saturating_sub(1);
                Ok(())
            }
            Packet::Publish(publish) => {
                self.on_publish(&publish);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn on_connected(&mut self) -> Result<(), rumqttc::ClientError> {
        for kind in [TopicKind::Ack, TopicKind::Reject, TopicKind::Cmd] {
            self.client.try_subscribe(self.link.topic(kind), QoS::AtLeastOnce)?;
        }
        self.publish(TopicKind::Status, true, status(true, self.source.boot()))?;
        self.source.kept().on_connected();
        self.connected = true;
        Ok(())
    }

    fn on_publish(&mut self, publish: &Publish) {
        let Ok(topic) = Topic::parse(&publish.topic) else {
            return;
        };
        let refusal = match topic.kind {
            TopicKind::Ack => decode_ack(&publish.payload).map(|ack| self.source.kept().on_ack(&ack)),
            TopicKind::Reject => decode_reject(&publish.payload).map(|reject| {
                let (code, pointer) = (&reject.code, &reject.pointer);
                tracing::warn!(tag = %self.link.tag, code, pointer, "a ping was refused");
                self.source.kept().on_reject(&reject);
            }),
            TopicKind::Cmd => decode_cmd(&publish.payload).map(|cmd| self.source.on_cmd(&cmd)),
            TopicKind::Ping | TopicKind::Status => Ok(()),
        };
        if let Err(refusal) = refusal {
            tracing::warn!(tag = %self.link.tag, kind = %topic.kind, %refusal, "cannot read a message");
        }
    }

    fn publish_due(&mut self) -> Result<(), rumqttc::ClientError> {
        while self.connected && self.on_their_way < WINDOW {
            let Some(bytes) = self.source.kept().poll_publish(self.clock.now_ms()) else {
                break;
            };
            self.publish(TopicKind::Ping, false, bytes)?;
        }
        Ok(())
    }

    fn publish(&mut self, kind: TopicKind, retain: bool, bytes: Vec<u8>) -> Result<(), rumqttc::ClientError> {
        self.client.try_publish(self.link.topic(kind), QoS::AtLeastOnce, retain, bytes)?;
        self.on_their_way += 1;
        Ok(())
    }

    fn is_done(&mut self) -> bool {
        let nothing_to_come = self.source.next_wake_ms().is_none();
        nothing_to_come
            && match self.until {
                Until::Acked => self.source.kept().is_empty(),
                Until::Published => self.connected && self.on_their_way == 0,
            }
    }

    /// When there is something to do besides listening.
    fn next_ms(&mut self) -> i64 {
        let can_publish = self.connected && self.on_their_way < WINDOW;
        let due_ms = self.source.kept().next_due_ms().filter(|_| can_publish);
        let wake_ms = self.source.next_wake_ms();
        due_ms.unwrap_or(i64::MAX).min(wake_ms.unwrap_or(i64::MAX))
    }

    /// Says that the tag goes and closes the connection, within two seconds.
    async fn part(&mut self, mut events: EventLoop) {
        let bytes = status(false, self.source.boot());
        if self.publish(TopicKind::Status, true, bytes).is_err() {
            return;
        }
        let gone = async {
            let mut parting = false;
            while let Ok(event) = events.poll().await {
                if let Event::Incoming(packet) = event
                    && self.on_packet(packet).is_err()
                {
                    return;
                }
                if self.on_their_way == 0 && !parting {
                    parting = true;
                    if self.client.try_disconnect().is_err() {
                        return;
                    }
                }
            }
        };
        if within(Duration::from_secs(2), gone).await.is_none() {
            tracing::debug!(tag = %self.link.tag, "the broker did not say goodbye");
        }
    }

    fn lost(&self, error: &dyn std::error::Error) -> End {
        End::Lost { was_connected: self.connected, error: error.to_string() }
    }
}

/// Wakes a source without a connection, until a virtual time or until it is `enough`.
async fn live<S: PingSource>(source: &mut S, clock: ScaledClock, until_ms: i64, enough: impl Fn(&S) -> bool) {
    loop {
        let now_ms = clock.now_ms();
        source.wake(now_ms);
        if now_ms >= until_ms || enough(source) {
            return;
        }
        clock.sleep_until(source.next_wake_ms().unwrap_or(i64::MAX).min(until_ms)).await;
    }
}

fn status(online: bool, boot: u32) -> Vec<u8> {
    let firmware = Some(concat!("firmware-sim ", env!("CARGO_PKG_VERSION")).to_owned());
    Status { online, boot: Some(boot), firmware, model: None }.encode()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broker_is_read_from_its_url() {
        let read = |url| Broker::parse(url).map(|b| (b.host, b.port, b.login));
        let login = |user: &str, password: &str| Some((user.to_owned(), password.to_owned()));
        assert_eq!(read("mqtt://host"), Ok(("host".to_owned(), 1883, None)));
        assert_eq!(read("mqtt://u@h:18/"), Ok(("h".to_owned(), 18, login("u", ""))));
        assert_eq!(read("mqtt://u:p@:x@[::1]:9"), Ok(("[::1]".to_owned(), 9, login("u", "p@:x"))));
        assert_eq!(read("mqtt://[::1]"), Ok(("[::1]".to_owned(), 1883, None)));
        for wrong in ["", "host:1883", "mqtts://host", "mqtt://", "mqtt://:1", "mqtt://h:x", "mqtt://h:65536"]
        {
            assert!(read(wrong).is_err(), "{wrong}");
        }
        let secret = Broker::parse("mqtt://u:hush@h").unwrap();
        assert!(!format!("{secret:?}").contains("hush"));
    }
}
