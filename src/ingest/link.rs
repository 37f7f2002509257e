//! The driver: polls the client, and does nothing else that could take long.

use std::{collections::VecDeque, future::Future, pin::pin, sync::Arc};

use rumqttc::{
    AsyncClient, ConnectionError, Event, EventLoop, Outgoing, Packet, Publish, QoS, SubscribeReasonCode,
};
use tag_wire::limits::PACKET_BYTES_MAX;
use tokio::sync::{mpsc, watch};

use super::{
    backoff,
    counts::{Counter, Counts},
    doorman::{Verdict, judge},
    ledger::Ledger,
    news::{News, tell},
    replies::Replies,
    source::{KEEPALIVE_S, Source, SourceError, network_options},
};
use crate::{
    clock::Clock,
    crash,
    domain::{TagId, Timestamp},
    sequencer::{Done, Inbox, Message, MessageKind, Sure, TagReply, Ticket},
};

/// Acknowledgements and replies that may wait inside the client.
const REQUESTS_MAX: usize = 4_096;

/// Replies that the broker may leave unacknowledged before the next one is held back.
const REPLIES_UNDER_WAY_MAX: usize = 1_000;

/// Messages that may wait for room in the inbox before the link reads slowly.
const HELD_MAX: usize = 4_096;

/// Messages that may wait for room at all: a broker that sends more than that beyond its window is disconnected.
const HELD_MAX_HARD: usize = 2 * HELD_MAX;

/// How long the link waits for room in the inbox before it tries again.
const ROOM_WAIT_MS: i64 = 50;

const _: () = assert!(
    ROOM_WAIT_MS * 3 <= KEEPALIVE_S as i64 * 1_000,
    "poll is not kept waiting beyond a third of the keepalive"
);

/// Brings what tags publish into the inbox and what is decided back to them, until `shutdown` completes. `had_session`:
/// Cordon was connected to this broker before, so that one which knows no session of it has lost one. `sure`: that nobody else
/// listens in this installation's name.
///
/// # Errors
/// [`SourceError`] when the settings can never work. A broker that is away or refuses is tried again for ever, and the
/// engine is told that the source cannot be heard.
pub async fn run(
    source: Source,
    inbox: Inbox,
    clock: Clock,
    counts: Arc<Counts>,
    had_session: bool,
    sure: Sure,
    shutdown: impl Future<Output = ()>,
) -> Result<(), SourceError> {
    let (client, mut eventloop) = AsyncClient::new(source.options()?, REQUESTS_MAX);
    eventloop.set_network_options(network_options());
    let (news, told) = watch::channel(News::default());
    let (done, dones) = mpsc::unbounded_channel();
    let telling = tell(source.name.clone(), inbox.clone(), clock.clone(), told);
    let mut link = Link {
        name: source.name.as_str().into(),
        source,
        inbox,
        clock,
        counts,
        client,
        done,
        dones,
        news,
        had_session,
        sure,
        ledger: Ledger::default(),
        held: VecDeque::new(),
        replies: Replies::default(),
        replies_under_way: 0,
        failures: 0,
    };
    tokio::select! {
        () = link.drive(&mut eventloop) => {}
        () = telling => {}
        () = shutdown => {}
    }
    Ok(())
}

struct Link {
    source: Source,
    name: Arc<str>,
    inbox: Inbox,
    clock: Clock,
    counts: Arc<Counts>,
    client: AsyncClient,
    done: mpsc::UnboundedSender<Done>,
    dones: mpsc::UnboundedReceiver<Done>,
    news: watch::Sender<News>,
    had_session: bool,
    sure: Sure,
    ledger: Ledger,
    /// Booked messages that the inbox had no room for, in the order of arrival.
    held: VecDeque<Message>,
    replies: Replies,
    replies_under_way: usize,
    /// Failures since the source was last heard.
    failures: u32,
}

impl Link {
    async fn drive(&mut self, eventloop: &mut EventLoop) {
        self.sure.wait().await;
        loop {
            let wrong = match self.next_event(eventloop).await {
                Ok(Event::Incoming(packet)) => self.take(packet).err(),
                Ok(Event::Outgoing(packet)) => {
                    written(&packet);
                    None
                }
                Err(error) => Some(Lost::Connection(Box::new(error))),
            };
            match wrong {
                Some(lost) => self.lost(eventloop, &lost).await,
                None => self.hand_over(),
            }
        }
    }

    /// Polls to the next event and meanwhile acknowledges what is committed. The poll is never dropped half-way.
    async fn next_event(&mut self, eventloop: &mut EventLoop) -> Result<Event, ConnectionError> {
        if self.held.len() >= HELD_MAX {
            self.clock.wait_ms(ROOM_WAIT_MS).await;
            self.hand_over();
        }
        let mut poll = pin!(eventloop.poll());
        loop {
            let pause = pause(self.clock.clone(), !self.held.is_empty(), self.replies.next_at());
            tokio::select! {
                biased;
                event = &mut poll => return event,
                Some(done) = self.dones.recv() => self.settle(done),
                () = pause => {}
            }
            self.hand_over();
        }
    }

    fn take(&mut self, packet: Packet) -> Result<(), Lost> {
        match packet {
            Packet::ConnAck(answer) => {
                if self.had_session && !answer.session_present {
                    self.counts.sessions_lost.add_one();
                    self.news.send_modify(|news| news.sessions_lost += 1);
                    tracing::warn!(source = &*self.name, "the broker has forgotten the session");
                }
                self.had_session = true;
                // With a session, too: to subscribe again is harmless, to miss a subscription is not.
                let asked = self.client.try_subscribe_many(self.source.subscriptions());
                asked.map_err(|_| Lost::ClientFull)
            }
            Packet::SubAck(answer) => {
                if answer.return_codes.contains(&SubscribeReasonCode::Failure) {
                    return Err(Lost::SubscriptionRefused);
                }
                self.failures = 0;
                self.counts.connected.add_one();
                self.counts.up.put(1);
                self.news.send_modify(|news| news.up = true);
                tracing::info!(source = &*self.name, "connected to the broker");
                Ok(())
            }
            Packet::Publish(publish) => {
                self.receive(&publish);
                if self.held.len() > HELD_MAX_HARD { Err(Lost::NoRoom) } else { Ok(()) }
            }
            Packet::PubAck(_) => {
                self.replies_under_way = self.replies_under_way.saturating_sub(1);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn receive(&mut self, publish: &Publish) {
        crash::point("receive.before");
        self.counts.received.add_one();
        let ticket = self.ledger.receive(publish.pkid);
        match judge(&publish.topic, publish.retain, self.source.vendor.as_ref()) {
            Verdict::Pass(tag, kind) => return self.book(ticket, tag, kind, &publish.payload),
            Verdict::Retained => self.counts.retained.add_one(),
            Verdict::WronglyRetained => self.misused(&self.counts.refused_retained),
            Verdict::WrongTopic => self.misused(&self.counts.refused_topic),
            Verdict::WrongVendor => self.misused(&self.counts.refused_vendor),
        }
        self.ledger.done(ticket);
    }

    fn book(&mut self, ticket: u64, tag: TagId, kind: MessageKind, payload: &[u8]) {
        // One byte too many is enough to be refused with a reason; its sender knows it by the digest of the whole.
        let kept = &payload[..payload.len().min(PACKET_BYTES_MAX + 1)];
        let is_cut = kept.len() > PACKET_BYTES_MAX;
        let kind = if is_cut { MessageKind::Cut(tag_wire::payload_sha256(payload)) } else { kind };
        if is_cut {
            self.misused(&self.counts.oversize);
        }
        self.held.push_back(Message {
            tag,
            source: Arc::clone(&self.name),
            kind,
            payload: kept.to_vec(),
            received_real_us: self.clock.real_us(),
            ticket: Ticket { id: ticket, done: self.done.clone() },
        });
        crash::point("receive.after");
    }

    fn misused(&self, counter: &Counter) {
        counter.add_one();
        self.news.send_modify(|news| news.misused += 1);
    }

    fn settle(&mut self, done: Done) {
        if !self.ledger.done(done.id) {
            self.counts.stale_acks.add_one();
        }
        // To a tag it makes no difference on which connection its ping came.
        for reply in done.replies {
            if !self.replies.put(reply) {
                self.counts.replies_dropped.add_one();
            }
        }
    }

    /// Moves on whatever can move without waiting: messages to the inbox, acknowledgements and replies to the client.
    fn hand_over(&mut self) {
        while let Ok(done) = self.dones.try_recv() {
            self.settle(done);
        }
        while let Some(message) = self.held.pop_front() {
            if let Err(message) = self.inbox.try_message(message) {
                self.held.push_front(*message);
                break;
            }
            self.counts.passed_on.add_one();
        }
        while let Some(packet) = self.ledger.next_ack() {
            let mut publish = Publish::new("", QoS::AtLeastOnce, []);
            publish.pkid = packet;
            crash::point("acknowledge.before");
            if self.client.try_ack(&publish).is_err() {
                break;
            }
            self.ledger.close();
            self.counts.acked.add_one();
        }
        self.publish_replies();
    }

    fn publish_replies(&mut self) {
        let now = self.clock.steady();
        self.replies.wake(now);
        while self.news.borrow().up && self.replies_under_way < REPLIES_UNDER_WAY_MAX {
            let Some(TagReply { tag, topic, payload }) = self.replies.next() else {
                break;
            };
            let path = format!("cordon/v1/{tag}/{topic}");
            crash::point("reply.before");
            if self.client.try_publish(path, QoS::AtLeastOnce, false, payload.as_ref()).is_err() {
                break;
            }
            self.replies.sent(now);
            self.replies_under_way += 1;
            self.counts.replies.add_one();
        }
    }

    /// Forgets all that belongs to the lost connection, and waits before the next one is tried.
    async fn lost(&mut self, eventloop: &mut EventLoop, lost: &Lost) {
        eventloop.clean();
        // What the client has read but not yet given out would appear to come on the next connection; what it has not
        // sent yet is either an acknowledgement of this connection or a reply that its tag asks for again.
        eventloop.state.events.clear();
        eventloop.state.collision = None;
        eventloop.pending.clear();
        self.ledger.lost();
        self.held.clear();
        self.replies_under_way = 0;
        let was_heard = self.news.borrow().up;
        self.news.send_modify(|news| news.up = false);
        self.counts.lost.add_one();
        self.counts.up.put(0);
        self.failures = self.failures.saturating_add(1);
        if was_heard || self.failures == 1 {
            tracing::warn!(source = &*self.name, %lost, "the broker cannot be heard; trying again");
        } else {
            tracing::debug!(source = &*self.name, %lost, failures = self.failures, "no connection to the broker");
        }
        let random = getrandom::u32().unwrap_or(0);
        self.clock.wait_ms(backoff::wait_ms(self.failures, random)).await;
        // A connection in this installation's name cuts off whoever has one.
        self.sure.wait().await;
    }
}

/// The client has sent a packet on its way.
fn written(packet: &Outgoing) {
    match packet {
        Outgoing::PubAck(_) => crash::point("acknowledge.after"),
        Outgoing::Publish(_) => crash::point("reply.after"),
        _ => {}
    }
}

/// Why a connection is of no use any more.
#[derive(Debug, thiserror::Error)]
enum Lost {
    #[error("{0}")]
    Connection(Box<ConnectionError>),
    #[error("the broker refuses the subscription: check its access rules for this login")]
    SubscriptionRefused,
    #[error("the client's queue is full")]
    ClientFull,
    #[error("the inbox has been full for too long; the broker keeps the messages")]
    NoRoom,
}

/// Until there may be something to hand over that no event announces.
async fn pause(clock: Clock, held: bool, reply_at: Option<Timestamp>) {
    match (held, reply_at) {
        (true, _) => clock.wait_ms(ROOM_WAIT_MS).await,
        (false, Some(at)) => clock.wait_until(at).await,
        (false, None) => std::future::pending().await,
    }
}
