//! One step: number, stamp, decide, apply. Nothing in it waits, reads a clock or a database; the simulator calls the
//! same.

use std::collections::BTreeMap;

use tokio::sync::oneshot;

use super::{
    companions::{Carried, Companions},
    excess::PassedOver,
    guard::{Judged, guarded, unread},
    hops::Moved,
    inbox::{Arrival, Done, Message, MessageKind, TagReply, Ticket},
    record::{CODEC_PING, CODEC_TOLD, CODEC_UNREADABLE, Origin, chain_of, digest_of},
};
use crate::{
    crash,
    domain::{
        Alert, AlertId, DataSubject, Incident, IncidentId, PersonId, Ping, Recipient, Scope, TagId,
        Timestamp, UnitId, WearerId,
    },
    engine::{
        Ask, CompanionHeard, DeadlineKey, Decision, ENGINE_VERSION, Engine, Input, Pace, Refused, SetAside,
        Told,
    },
    store::{Batch, JournalHead, JournalRow},
};

/// Deadlines taken up in one step; the others wait for the next.
const DEADLINES_MAX: usize = 1_000;
/// How often a tag reports near a zone and in pursuit, seconds, give or take so much.
const NEAR_S: u32 = 15;
const NEAR_SPREAD_S: u32 = 3;
const PURSUIT_S: u32 = 5;
const PURSUIT_SPREAD_S: u32 = 1;
/// Refused bytes are kept up to this length.
const REFUSED_BYTES_KEPT: usize = 8_192;

/// Numbers, stamps, decides and applies.
#[derive(Debug, Default)]
pub struct Sequencer {
    pub(super) engine: Engine,
    pub(super) companions: Companions,
    no: i64,
    at: Option<Timestamp>,
    chain: Vec<u8>,
    pub(super) passed_over: PassedOver,
}

/// The two times of a step.
#[derive(Debug, Clone, Copy)]
pub struct Now {
    /// Never goes back.
    pub steady: Timestamp,
    /// What the wall clock says.
    pub wall: Timestamp,
}

/// What a step has to do once its batch is committed, and never before.
#[derive(Debug, Default)]
pub struct Stepped {
    /// To be committed.
    pub batch: Batch,
    /// To be acknowledged.
    pub tickets: Vec<(Ticket, Vec<TagReply>)>,
    /// To be answered.
    pub answers: Vec<Answer>,
    /// New alerts and when the message that caused them was received (`Clock::real_us`).
    pub caused: Vec<(AlertId, i64)>,
    /// Pings in the batch, duplicates among them, but for those of Cordon's canary.
    pub pings: u64,
    /// Pings that had been received before.
    pub duplicates: u64,
    /// Alerts and incidents that came past a hop.
    pub moved: Moved,
}

/// What to answer, and to whom.
pub type Answer = (oneshot::Sender<Result<(), Refused>>, Result<(), Refused>);

/// A row before it is numbered.
pub(super) struct Entry {
    pub(super) input: Input,
    pub(super) kind: &'static str,
    pub(super) codec: i64,
    pub(super) payload: Vec<u8>,
}

/// A message as it was read.
struct Read {
    entry: Entry,
    /// What its sender is told if it was refused.
    refused: Option<TagReply>,
    carried: Option<Carried>,
}

#[derive(Default)]
pub(super) struct Changes {
    incidents: BTreeMap<IncidentId, Incident>,
    alerts: BTreeMap<AlertId, Alert>,
}

impl Sequencer {
    /// Carries on after `head` with an engine that has decided everything up to it.
    #[must_use]
    pub fn after(engine: Engine, head: Option<JournalHead>) -> Self {
        match head {
            Some(head) => {
                Self { engine, no: head.no, at: Some(head.at), chain: head.chain, ..Self::default() }
            }
            None => Self { engine, ..Self::default() },
        }
    }

    /// The engine as it is after the last step.
    #[must_use]
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// The engine, and the row that it is after; `None` before the first one.
    pub(super) fn memory(&self) -> Option<(Engine, JournalHead)> {
        let head = JournalHead { no: self.no, at: self.at?, chain: self.chain.clone() };
        Some((self.engine.clone(), head))
    }

    /// The last stamp.
    #[must_use]
    pub fn last_at(&self) -> Option<Timestamp> {
        self.at
    }

    /// Takes up the deadlines that have passed, then `arrivals` in order. `salt` gives 16 random bytes for each row.
    pub fn step(&mut self, now: Now, arrivals: Vec<Arrival>, salt: &mut dyn FnMut() -> [u8; 16]) -> Stepped {
        let mut stepped = Stepped::default();
        let mut changes = Changes::default();
        self.forget_places(now.steady);
        for _ in 0..DEADLINES_MAX {
            let Some(key) = self.engine.due(self.next_at(now)) else {
                break;
            };
            self.take_told(now, Told::Deadline(key), salt, &mut stepped, &mut changes);
        }
        for arrival in arrivals {
            match arrival {
                Arrival::Message(message) => {
                    self.take_message(now, message, salt, &mut stepped, &mut changes);
                }
                Arrival::Told(told, answer) => {
                    let decision = self.take_told(now, told, salt, &mut stepped, &mut changes);
                    if let Some(answer) = answer {
                        stepped.answers.push((answer, decision.refused.map_or(Ok(()), Err)));
                    }
                }
                Arrival::Excess(messages) => {
                    self.take_excess(now, messages, salt, &mut stepped, &mut changes);
                }
                Arrival::HandIn(id, told) => {
                    if let Some(told) = told {
                        self.take_told(now, told, salt, &mut stepped, &mut changes);
                    }
                    stepped.batch.taken.push(id);
                }
            }
        }
        stepped.batch.incidents = changes.incidents.into_values().collect();
        stepped.batch.alerts = changes.alerts.into_values().collect();
        stepped
    }

    pub(super) fn take_message(
        &mut self,
        now: Now,
        message: Message,
        salt: &mut dyn FnMut() -> [u8; 16],
        stepped: &mut Stepped,
        changes: &mut Changes,
    ) {
        let Message { tag, source, kind, payload, received_real_us, ticket } = message;
        let (at, counts) = (self.next_at(now), !tag.is_canary());
        let read = guarded(|| self.read(at, &tag, &source, kind, &payload));
        let read = read.unwrap_or_else(|| {
            let (entry, refused) = unread(&tag, self.kept_of(&tag, &payload), &payload);
            Read { entry, refused: Some(refused), carried: None }
        });
        let Read { entry, refused, carried } = read;
        let wearer = self.engine.rulebook().wearer_of(&tag, at).cloned();
        let seen = wearer.map(|wearer| (self.engine.seen_at(&wearer), wearer));
        let boot = match &entry.input {
            Input::Ping { ping, .. } => Some(ping.boot),
            Input::Told(Told::OutsideBasis { boot, .. } | Told::Companion(CompanionHeard { boot, .. })) => {
                Some(*boot)
            }
            Input::Told(_) => None,
        };
        let decision = self.take(now, entry, salt, stepped, changes);
        self.keep_places(carried);
        if counts {
            self.note_causes(&decision, received_real_us, stepped);
        }
        if let Some((seen_at, wearer)) = seen
            && let Some(decision) = self.take_meets(now, &wearer, seen_at, salt, stepped, changes)
        {
            self.note_causes(&decision, received_real_us, stepped);
        }
        if boot.is_some() && counts {
            stepped.pings += 1;
            stepped.duplicates += u64::from(decision.is_duplicate);
        }
        let mut replies: Vec<TagReply> = Vec::new();
        replies.extend(decision.ask.map(|ask| command(&tag, ask, salt())));
        replies.extend(refused.or_else(|| Some(acknowledgement(tag, decision.receipt.as_ref()?))));
        stepped.tickets.push((ticket, replies));
    }

    fn note_causes(&self, decision: &Decision, received_real_us: i64, stepped: &mut Stepped) {
        let raised =
            decision.alerts.iter().filter(|alert| alert.raised_at == self.at.unwrap_or(alert.raised_at));
        stepped.caused.extend(raised.map(|alert| (alert.id, received_real_us)));
    }

    /// What may be kept of bytes that could not be evaluated: of a Companion's, which may say where somebody is, nothing.
    fn kept_of<'p>(&self, tag: &TagId, payload: &'p [u8]) -> &'p [u8] {
        if self.engine.rulebook().is_companion(tag) { &[] } else { payload }
    }

    /// Decodes a message. What cannot be read becomes an input, too, and its sender is told why.
    fn read(&self, at: Timestamp, tag: &TagId, source: &str, kind: MessageKind, payload: &[u8]) -> Read {
        let told = |told| Read { entry: told_entry(told), refused: None, carried: None };
        let refusal = match kind {
            MessageKind::Ping | MessageKind::Cut(_) => match tag_wire::decode_ping(payload) {
                Ok(ping) => return self.read_ping(at, tag, source, ping, payload),
                Err(refusal) => refusal,
            },
            MessageKind::Status => match tag_wire::decode_status(payload) {
                Ok(status) => {
                    return told(Told::Connection { tag: tag.clone(), up: status.online });
                }
                Err(refusal) => refusal,
            },
        };
        let code = refusal.code.as_str().to_owned();
        let origin = Origin { tag: tag.clone(), source: source.into(), code: Some(code.clone()) };
        let kept = self.kept_of(tag, &payload[..payload.len().min(REFUSED_BYTES_KEPT)]);
        let entry = Entry {
            input: Input::Told(Told::Unreadable { tag: tag.clone(), code }),
            kind: "unreadable",
            codec: CODEC_UNREADABLE,
            payload: origin.before(kept),
        };
        Read { entry, refused: Some(rejection(tag, kind, payload, &refusal)), carried: None }
    }

    fn read_ping(
        &self,
        at: Timestamp,
        tag: &TagId,
        source: &str,
        ping: tag_wire::Ping,
        payload: &[u8],
    ) -> Read {
        let ping = Ping::from(ping);
        if self.engine.rulebook().is_companion(tag) {
            let (entry, carried) = self.companion_entry(at, tag, source, &ping);
            return Read { entry, refused: None, carried };
        }
        if self.engine.is_outside_basis(at, tag, &ping) {
            let (boot, seq, oldest_kept) = (ping.boot, ping.seq, ping.oldest_kept);
            let (tag, sent) = (tag.clone(), Some(ping.sent));
            let told = Told::OutsideBasis { tag, boot, seq, oldest_kept, sent };
            return Read { entry: told_entry(told), refused: None, carried: None };
        }
        let origin = Origin { tag: tag.clone(), source: source.into(), code: None };
        let entry = Entry {
            input: Input::Ping { tag: tag.clone(), source: source.into(), ping },
            kind: "ping",
            codec: CODEC_PING,
            payload: origin.before(payload),
        };
        Read { entry, refused: None, carried: None }
    }

    pub(super) fn take(
        &mut self,
        now: Now,
        entry: Entry,
        salt: &mut dyn FnMut() -> [u8; 16],
        stepped: &mut Stepped,
        changes: &mut Changes,
    ) -> Decision {
        let at = self.next_at(now);
        crash::point("decide.before");
        let Judged { entry, unit, subject, decision } = self.judge(at, entry);
        stepped.moved += Moved::by(&decision, &self.engine);
        self.engine.apply(&decision);
        crash::point("decide.after");
        let mut row = JournalRow {
            no: self.no + 1,
            at,
            wall: now.wall,
            kind: entry.kind.into(),
            unit,
            subject,
            codec: entry.codec,
            payload: entry.payload,
            decision: decision.record(),
            engine: ENGINE_VERSION,
            salt: salt().to_vec(),
            digest: Vec::new(),
            chain: Vec::new(),
        };
        row.digest = digest_of(&row);
        row.chain = chain_of(&self.chain, &row);
        (self.no, self.at, self.chain) = (row.no, Some(at), row.chain.clone());
        stepped.batch.rows.push(row);
        changes.incidents.extend(decision.incidents.iter().map(|incident| (incident.id, incident.clone())));
        changes.alerts.extend(decision.alerts.iter().map(|alert| (alert.id, alert.clone())));
        decision
    }

    /// Strictly after the last stamp.
    pub(super) fn next_at(&self, now: Now) -> Timestamp {
        self.at.map_or(now.steady, |last| now.steady.max(Timestamp::from_us(last.as_us() + 1)))
    }

    /// Whom an input is about.
    pub(super) fn whose(&self, input: &Input, at: Timestamp) -> (Option<UnitId>, String) {
        let rulebook = self.engine.rulebook();
        let of_wearer =
            |id: &WearerId| (rulebook.wearer(id).map(|wearer| wearer.unit.clone()), format!("wearer:{id}"));
        let of_person =
            |id: &PersonId| (rulebook.person(id).map(|person| person.unit.clone()), format!("person:{id}"));
        let of_tag = |tag: &TagId| match rulebook.wearer_of(tag, at) {
            Some(wearer) => of_wearer(wearer),
            None => (None, format!("tag:{tag}")),
        };
        let of_incident = |id: IncidentId| {
            let unit = self.engine.open_incident(id).map(|i| i.unit.clone());
            (unit, format!("incident:{id}"))
        };
        let told = match input {
            Input::Ping { tag, .. } => return of_tag(tag),
            Input::Told(told) => told,
        };
        match told {
            Told::Unreadable { tag, .. }
            | Told::OutsideBasis { tag, .. }
            | Told::Connection { tag, .. }
            | Told::SetAside(SetAside::Message { tag, .. })
            | Told::Coalesced { tag, .. } => of_tag(tag),
            Told::Companion(CompanionHeard { person, .. }) => of_person(person),
            Told::Met { meets } => {
                meets.first().map_or((None, "service".into()), |meet| of_wearer(&meet.wearer))
            }
            Told::Publish(book) | Told::Revise { book, .. } => {
                let subject = match book.scope() {
                    Scope::Unit(id) => format!("unit:{id}"),
                    Scope::Wearer(id) => format!("wearer:{id}"),
                    Scope::Person(id) => format!("person:{id}"),
                    Scope::Case(id) => format!("case:{id}"),
                };
                (Some(book.unit().clone()), subject)
            }
            Told::Call { person }
            | Told::Wrote { person, .. }
            | Told::Erase { subject: DataSubject::Person(person) }
            | Told::Blank { subject: DataSubject::Person(person), .. } => of_person(person),
            Told::Erase { subject: DataSubject::Wearer(wearer) }
            | Told::Blank { subject: DataSubject::Wearer(wearer), .. } => of_wearer(wearer),
            Told::Delivery { alert, .. } | Told::Receipt { alert, .. } | Told::Answer { alert, .. } => self
                .engine
                .open_alert(*alert)
                .map_or((None, "service".into()), |alert| of_incident(alert.incident)),
            Told::Handle { incident, .. } => of_incident(*incident),
            Told::Reply { from, .. } | Told::Pressed { from, .. } => {
                match rulebook.recipients_at(from).first() {
                    Some(Recipient::Person(id)) => of_person(id),
                    Some(Recipient::Staff(id)) => (None, format!("staff:{id}")),
                    None => (None, "service".into()),
                }
            }
            Told::Deadline(DeadlineKey::Wearer(id))
            | Told::SetAside(SetAside::Deadline(DeadlineKey::Wearer(id))) => of_wearer(id),
            Told::Deadline(DeadlineKey::Person(id))
            | Told::SetAside(SetAside::Deadline(DeadlineKey::Person(id))) => of_person(id),
            Told::Deadline(DeadlineKey::Incident(id))
            | Told::SetAside(SetAside::Deadline(DeadlineKey::Incident(id))) => of_incident(*id),
            Told::Deadline(DeadlineKey::Source(_) | DeadlineKey::Gaps(_))
            | Told::SetAside(
                SetAside::Deadline(DeadlineKey::Source(_) | DeadlineKey::Gaps(_)) | SetAside::Other,
            )
            | Told::Started { .. }
            | Told::Service(_)
            | Told::Source { .. } => (None, "service".into()),
        }
    }
}

impl Stepped {
    /// There is nothing to write and nobody to answer.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.batch.is_empty() && self.tickets.is_empty() && self.answers.is_empty()
    }

    /// This and what was decided after it, to be written as one.
    #[must_use]
    pub fn followed_by(mut self, later: Self) -> Self {
        self.batch = self.batch.followed_by(later.batch);
        self.tickets.extend(later.tickets);
        self.answers.extend(later.answers);
        self.caused.extend(later.caused);
        self.pings += later.pings;
        self.duplicates += later.duplicates;
        self.moved += later.moved;
        self
    }

    /// Says everybody that their message or input is committed.
    pub fn acknowledge(self) {
        for (ticket, replies) in self.tickets {
            // A source that has gone gets its message again from the broker.
            let _ = ticket.done.send(Done { id: ticket.id, replies });
        }
        for (answer, result) in self.answers {
            // Whoever asked may have gone away.
            let _ = answer.send(result);
        }
    }
}

/// What a tag is told of what is stored.
pub(super) fn acknowledgement(tag: TagId, receipt: &tag_wire::Ack) -> TagReply {
    TagReply { tag, topic: tag_wire::TopicKind::Ack, payload: receipt.encode().into() }
}

/// What a tag is asked for. Not to the second, and never twice the same, so that who wears it cannot tell from the rhythm
/// where a border is.
fn command(tag: &TagId, ask: Ask, random: [u8; 16]) -> TagReply {
    let [random, ..] = random;
    let interval_s = match ask.pace {
        Pace::Normal => None,
        Pace::Near => Some(NEAR_S - NEAR_SPREAD_S + u32::from(random) % (2 * NEAR_SPREAD_S + 1)),
        Pace::Pursuit => Some(PURSUIT_S - PURSUIT_SPREAD_S + u32::from(random) % (2 * PURSUIT_SPREAD_S + 1)),
    };
    let cmd = tag_wire::Cmd { id: ask.id, expires_ms: ask.until.as_ms().max(0), interval_s };
    TagReply { tag: tag.clone(), topic: tag_wire::TopicKind::Cmd, payload: cmd.encode().into() }
}

/// What a tag is told of a message that is refused.
pub(super) fn rejection(
    tag: &TagId,
    kind: MessageKind,
    payload: &[u8],
    refusal: &tag_wire::Refusal,
) -> TagReply {
    let mut reject = tag_wire::Reject::new(payload, refusal);
    if let MessageKind::Cut(whole) = kind {
        reject.sha256 = whole;
    }
    TagReply { tag: tag.clone(), topic: tag_wire::TopicKind::Reject, payload: reject.encode().into() }
}

pub(super) fn told_entry(told: Told) -> Entry {
    let payload = serde_json::to_vec(&told).unwrap_or_default();
    Entry { kind: told.name(), input: Input::Told(told), codec: CODEC_TOLD, payload }
}
