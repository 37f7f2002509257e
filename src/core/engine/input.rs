//! What can happen, as the engine is told of it.

use serde::{Deserialize, Serialize};

use super::{meeting::Meet, proximity_watch::CompanionHeard, row_numbers::RowNumbers};
use crate::domain::{
    AlertId, Attending, Book, Channel, DataSubject, Hop, IncidentId, Outcome, PersonId, Ping, StaffId, TagId,
    Timestamp, WearerId,
};

/// Something that happened. There is no other way to change what the engine believes.
#[derive(Debug, Clone, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "inputs are decided one by one and never lie in great numbers")]
pub enum Input {
    /// A tag's ping.
    Ping {
        /// The tag, authenticated by the broker.
        tag: TagId,
        /// The source it came through, by its name in the configuration.
        source: String,
        /// What it says.
        ping: Ping,
    },
    /// Something else: see [`Told`].
    Told(Told),
}

/// Every input that is not a ping; journalled as JSON.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Told {
    /// The service has started; it hears nothing yet.
    Started {
        /// The sources of its configuration, by name.
        sources: Vec<String>,
    },
    /// A source of pings can be heard, or no longer.
    Source {
        /// Its name in the configuration.
        name: String,
        /// Heard or not.
        up: bool,
    },
    /// A tag's ping was refused. The bytes stand in the journal, but for a Companion's.
    Unreadable {
        /// The tag.
        tag: TagId,
        /// The reason code that the tag was told.
        code: String,
    },
    /// A ping that nobody may judge or keep: no case of the wearer had a basis in force at its time.
    OutsideBasis {
        /// The tag.
        tag: TagId,
        /// The boot of the ping.
        boot: u32,
        /// Its sequence.
        seq: u64,
        /// The oldest sequence the tag still holds.
        oldest_kept: u64,
        /// When it was sent, by the tag's clock; older records lack it.
        #[serde(default)]
        sent: Option<Timestamp>,
    },
    /// A Companion was heard. Its ping stands nowhere: it says where a protected person is.
    Companion(CompanionHeard),
    /// What a wearer's new fixes say of how near they are to persons.
    Met {
        /// By zone and time.
        meets: Vec<Meet>,
    },
    /// The broker says that a tag has connected, or that its connection is gone.
    Connection {
        /// The tag.
        tag: TagId,
        /// Connected or not.
        up: bool,
    },
    /// An input crashed the engine and had no effect. It stands in the journal behind this.
    SetAside(SetAside),
    /// A tag sends more than it may: the newest pings and those nearest to a zone are judged for themselves; these others
    /// were looked at and are not.
    Coalesced {
        /// The tag.
        tag: TagId,
        /// Boot, first and last sequence of each run of pings.
        runs: Vec<[u64; 3]>,
        /// Messages beside them that are no pings: they could not be read, or are about the connection.
        others: u64,
    },
    /// How Cordon itself is.
    Service(ServiceReport),
    /// A rulebook revision is published.
    Publish(Book),
    /// A rulebook revision is published that was made from an earlier one, and is good only while that is the newest.
    Revise {
        /// The number of the revision that it was made from.
        from: u64,
        /// What it publishes.
        book: Book,
        /// Who made it, where a person did; older records lack it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<Box<By>>,
    },
    /// Somebody's data is to be forgotten; what stands in the journal of it is erased later, and that it was stays.
    Erase {
        /// Whose.
        subject: DataSubject,
    },
    /// These rows of the journal are about to be blanked: they hold what was forgotten. Nothing follows from it; a blank row
    /// of which this was never said was blanked by somebody else.
    Blank {
        /// Whose data it was.
        subject: DataSubject,
        /// Which.
        rows: RowNumbers,
    },
    /// A deadline of the engine's own has passed.
    Deadline(DeadlineKey),
    /// What became of an alert.
    Delivery {
        /// Which.
        alert: AlertId,
        /// What.
        report: DeliveryReport,
    },
    /// A provider says later what became of an alert.
    Receipt {
        /// Which.
        alert: AlertId,
        /// When it was raised: numbers begin again in a new installation, and receipts may come late.
        raised_at: Timestamp,
        /// What.
        report: DeliveryReport,
    },
    /// A text came back from an address.
    Reply {
        /// The phone number it came from.
        from: String,
        /// What it says.
        text: String,
    },
    /// Whoever was told by an alert answered on the page that it opens.
    Answer {
        /// Which.
        alert: AlertId,
        /// When it was raised: numbers begin again in a new installation.
        raised_at: Timestamp,
        /// What it says, as a text would.
        text: String,
    },
    /// Somebody pressed a key in a call that is none of the answers that they were offered.
    Pressed {
        /// The phone number that was called.
        from: String,
        /// The key.
        key: String,
    },
    /// A protected person wrote on the page of an alert whose incident is closed.
    Wrote {
        /// Who.
        person: PersonId,
        /// What, as a text would say it.
        text: String,
    },
    /// A protected person asked for help on a page of theirs.
    Call {
        /// Who.
        person: PersonId,
    },
    /// An officer or responder did something about an incident.
    Handle {
        /// Which.
        incident: IncidentId,
        /// Who.
        by: StaffId,
        /// What.
        action: Action,
    },
}

impl Told {
    /// Its kind, as the journal's column has it.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Started { .. } => "started",
            Self::Source { .. } => "source",
            Self::Unreadable { .. } => "unreadable",
            Self::OutsideBasis { .. } => "outside_basis",
            Self::Companion(_) => "companion",
            Self::Met { .. } => "met",
            Self::Connection { .. } => "connection",
            Self::SetAside(_) => "set_aside",
            Self::Coalesced { .. } => "coalesced",
            Self::Service(_) => "service",
            Self::Publish(_) | Self::Revise { .. } => "publish",
            Self::Erase { .. } => "erase",
            Self::Blank { .. } => "blank",
            Self::Deadline(_) => "deadline",
            Self::Delivery { .. } => "delivery",
            Self::Receipt { .. } => "receipt",
            Self::Reply { .. } => "reply",
            Self::Answer { .. } => "answer",
            Self::Pressed { .. } => "pressed",
            Self::Wrote { .. } => "wrote",
            Self::Call { .. } => "call",
            Self::Handle { .. } => "handle",
        }
    }
}

/// Through whose hands a rulebook revision went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct By {
    /// Who wrote it, or proposed it.
    pub who: StaffId,
    /// Who approved it, where it takes two.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approved: Option<StaffId>,
    /// Why, in the words of whoever proposed it, where they were asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

impl By {
    /// Written and published by one person.
    #[must_use]
    pub fn one(who: StaffId) -> Box<Self> {
        Box::new(Self { who, approved: None, why: None })
    }
}

/// What an input that crashed the engine was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SetAside {
    /// A tag's message.
    Message {
        /// The tag.
        tag: TagId,
        /// Which ping, if it was one that could be read: it counts as received.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ping: Option<PingNo>,
    },
    /// A deadline: it comes again a minute later.
    Deadline(DeadlineKey),
    /// Anything else: whoever asked is told.
    Other,
}

/// A ping's number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PingNo {
    /// Its boot.
    pub boot: u32,
    /// Its sequence.
    pub seq: u64,
    /// The oldest sequence that the tag still held.
    pub oldest_kept: u64,
}

/// What Cordon's parts say about themselves and what they work with: each names one cause, never a tag.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ServiceReport {
    /// Whether records can be written.
    Store {
        /// They can.
        up: bool,
    },
    /// How full the disk is that the store is on.
    Disk {
        /// Percent.
        pct: u8,
    },
    /// The wall clock was set while the service ran.
    ClockSet {
        /// By so many milliseconds, negative for back.
        by_ms: i64,
    },
    /// Whether a channel's provider takes messages.
    Provider {
        /// Which.
        channel: Channel,
        /// It does.
        up: bool,
        /// A short code of the reason why not.
        reason: String,
    },
    /// Whether Cordon's canary comes through.
    Canary {
        /// Where it got stuck; `None` if it came through.
        stuck_at: Option<Hop>,
    },
    /// A source passed on messages that no tag may publish, or of a vendor it may not speak for.
    Misuse {
        /// The source.
        source: String,
        /// How many, since the last time it was said.
        messages: u64,
    },
    /// A broker no longer knew Cordon's session: what it had kept for it is lost, and comes again from the tags.
    SessionLost {
        /// The source.
        source: String,
    },
    /// Tags of a vendor that nobody wears send more than they may together.
    VendorFlood {
        /// The vendor.
        vendor: String,
        /// How many messages were not judged, since the last time it was said.
        messages: u64,
    },
    /// Whether a console is armed, where the installation counts on one.
    Consoles {
        /// There is one whose sound is on.
        armed: bool,
    },
}

/// What a person can do about an incident.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// "Mine."
    Own,
    /// "Mine, as it was theirs": what somebody owned or acted on goes on as it is.
    TakeOver {
        /// Whose it was.
        from: StaffId,
    },
    /// Something was done about it.
    Act,
    /// A note, 1 to 2,000 characters.
    Note(String),
    /// A responder is sent.
    Send(StaffId),
    /// A responder says how far they have come; also one whom nobody has sent.
    Attend(Attending),
    /// Put aside, if it is no danger.
    Shelve {
        /// For how long, minutes: 1 to 240.
        minutes: u16,
        /// Why, 1 to 200 characters.
        reason: String,
    },
    /// Closed, as what.
    Close(Outcome),
}

/// What dispatch and the providers say about an alert.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryReport {
    /// The provider took it.
    Accepted,
    /// The provider says it reached the phone; of a call, that it rings.
    Delivered,
    /// The provider says that a call was picked up. Journals have `Delivered` for it where an older Cordon wrote them, and are
    /// decided as they were: the engine's version is the same.
    PickedUp,
    /// Its provider takes nothing for now; the tries go on.
    NoSuccess,
    /// It can never be delivered there; the reason as a short code.
    Refused(String),
}

/// Whose deadline.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeadlineKey {
    /// A wearer's: silence, reach, schedules.
    Wearer(WearerId),
    /// A protected person's: what they are to be told beside danger.
    Person(PersonId),
    /// An incident's: the next step of an escalation.
    Incident(IncidentId),
    /// A source's: it has been silent for too long, or heard for long enough.
    Source(String),
    /// A source's: pings behind it have been missing for too long.
    Gaps(String),
}

/// Why an input had no effect.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// There is no open incident of that number.
    #[error("there is no open incident {0}")]
    NoSuchIncident(IncidentId),
    /// There is no such alert in an open incident.
    #[error("there is no alert {0} in an open incident")]
    NoSuchAlert(AlertId),
    /// The rulebook knows no such member of staff.
    #[error("the rulebook knows no staff '{0}'")]
    UnknownStaff(StaffId),
    /// Somebody else has it: whoever comes second must know that.
    #[error("staff '{0}' has it")]
    Taken(StaffId),
    /// It is not theirs from whom it is taken over.
    #[error("staff '{0}' does not have it, or it is yours already")]
    NotTheirs(StaffId),
    /// A wearer is in an exclusion zone: nobody would be told of it any more.
    #[error(
        "the wearer is still in the zone; it can be closed once they have left, or the zone has been changed"
    )]
    StillInside,
    /// Whoever is sent could not be told.
    #[error("the incident's unit has no way to reach staff '{0}'")]
    NoWayTo(StaffId),
    /// They have said so already.
    #[error("staff '{0}' is on the way already")]
    Attends(StaffId),
    /// Too many are on the way already.
    #[error("too many responders are on the way to this incident")]
    TooManySent,
    /// A responder has said that already, or something later.
    #[error("that is no step further")]
    NoFurther,
    /// Danger waits for nobody.
    #[error("a P1 incident cannot be shelved")]
    Danger,
    /// A reason is missing or too long, or the time is.
    #[error("an incident is shelved for 1 to 240 minutes, with a reason of 1 to 200 characters")]
    Shelf,
    /// A note is empty or too long.
    #[error("a note has 1 to 2000 characters")]
    NoteLength,
    /// A rulebook revision contradicts itself or the others; each line says where and how to put it right.
    #[error("the revision was refused: {}", .0.join("; "))]
    Rulebook(Vec<String>),
    /// A revision was made from one that has been followed by another.
    #[error("another revision has been published since; begin again from that one")]
    Outdated,
    /// Somebody's data is still needed; each line says what to do first.
    #[error("it cannot be erased yet: {}", .0.join("; "))]
    StillNeeded(Vec<String>),
    /// The rulebook knows no such protected person.
    #[error("the rulebook knows no protected person '{0}'")]
    UnknownPerson(PersonId),
    /// The address belongs to nobody in the rulebook, or nobody is waiting for its answer.
    #[error("nobody waits for an answer from that address")]
    UnexpectedReply,
    /// Deciding it crashed the engine. It is kept for those who look after Cordon.
    #[error("Cordon failed over this and set it aside; whoever looks after Cordon has been told")]
    Crashed,
}
