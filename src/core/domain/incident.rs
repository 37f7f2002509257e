//! Incidents: lasting situations that a person must deal with, and what has happened in them.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    AlertId, AlertState, Attendance, CaseId, Channel, Entry, IncidentId, MessageClass, PersonId, PolicyId,
    Recipient, Shelf, StaffId, Timestamp, UnitId, WearerId, ZoneId,
};

/// A lasting situation. At most one is open for each subject and cause.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Incident {
    /// Its id.
    pub id: IncidentId,
    /// The unit that owns it.
    pub unit: UnitId,
    /// Whom or what it is about.
    pub subject: Subject,
    /// What it comes from: the key of "one incident per cause".
    pub cause: Cause,
    /// The case it belongs to.
    pub case: Option<CaseId>,
    /// Who is told.
    pub policy: PolicyId,
    /// What is happening; may worsen while it is open.
    pub kind: IncidentKind,
    /// How urgent; may rise while it is open.
    pub priority: Priority,
    /// What people have done about it.
    pub handling: Handling,
    /// Who has taken it over from whoever acted; none where they have it still.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keeper: Option<StaffId>,
    /// Whether the situation still lasts. Apart from `handling`: over is not closed, and closed needs a person.
    pub ongoing: bool,
    /// When the engine raised it.
    pub raised_at: Timestamp,
    /// It was found in fixes that came late, and the protected person is not disturbed (unless the wearer may still be there).
    pub late: bool,
    /// Each time the wearer was in Violation.
    pub episodes: Vec<Episode>,
    /// Who is being told.
    pub escalations: Vec<Escalation>,
    /// Responders who were sent, or went, in the order in which they began; bounded.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attendances: Vec<Attendance>,
    /// It is put aside for a while; never what is danger.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shelf: Option<Shelf>,
    /// What happened, oldest first; bounded, the journal has everything.
    pub timeline: Vec<Entry>,
}

impl Incident {
    /// Whether a person still has to deal with it.
    #[must_use]
    pub fn is_open(&self) -> bool {
        !matches!(self.handling, Handling::Closed { .. } | Handling::Told)
    }

    /// People have done something about it, or must: what was put aside no longer is, and whoever did it last has it.
    pub fn hand(&mut self, handling: Handling) {
        self.handling = handling;
        self.shelf = None;
        self.keeper = None;
    }

    /// Whose it is while it is open: of whoever owns it, acted on it, or has taken it over from them.
    #[must_use]
    pub fn owner(&self) -> Option<&StaffId> {
        match &self.handling {
            Handling::Owned { by } => Some(by),
            Handling::Acted { by } => Some(self.keeper.as_ref().unwrap_or(by)),
            Handling::Raised | Handling::Closed { .. } | Handling::Told => None,
        }
    }

    /// It becomes somebody else's as it is: what is put aside stays so, and who acted is not forgotten.
    pub fn hand_over(&mut self, to: StaffId) {
        match &mut self.handling {
            Handling::Owned { by } => *by = to,
            Handling::Acted { by } => self.keeper = Some(to).filter(|to| to != by),
            Handling::Raised | Handling::Closed { .. } | Handling::Told => {}
        }
    }

    /// How far a responder has come, the last time they were sent or went.
    #[must_use]
    pub fn attendance(&self, responder: &StaffId) -> Option<&Attendance> {
        self.attendances.iter().rev().find(|attendance| attendance.responder == *responder)
    }

    /// Whether the response team has to do with it. Not with a notice to a protected person, unless it does not get
    /// through.
    #[must_use]
    pub fn concerns_staff(&self) -> bool {
        self.escalations.iter().any(|escalation| escalation.audience == Audience::Staff)
    }
}

/// Whom or what an incident is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// A wearer.
    Wearer(WearerId),
    /// A protected person.
    Person(PersonId),
    /// Cordon itself.
    Service,
}

/// What an incident comes from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// A protected person is to be told something beside danger. The first of all in order.
    Notice(MessageClass),
    /// A wearer and a zone.
    Zone(ZoneId),
    /// The tag's strap.
    Strap,
    /// The tag's case.
    Case,
    /// The tag's battery.
    Battery,
    /// The tag cannot be heard, or cannot see where it is.
    Contact,
    /// The tag's receiver is being jammed.
    Jamming,
    /// Its positions.
    Position,
    /// The wearer asks for help.
    Sos,
    /// A protected person asks for help.
    Call,
    /// A protected person has written their duress word.
    Duress,
    /// A way to reach a protected person.
    Way(Channel),
    /// A source of pings (by its name in the configuration) cannot be heard.
    Source(String),
    /// The tag's messages cannot be evaluated.
    Evaluation,
    /// The tag sends more than it may.
    Flood,
    /// The tag's clock, or of the service its own.
    Clock,
    /// Tags of a vendor that nobody wears send more than they may together.
    Vendor(String),
    /// A source passes on what no tag may publish.
    Misuse(String),
    /// Pings are missing behind a source.
    Gaps(String),
    /// A provider of messages on a channel.
    Provider(Channel),
    /// The store.
    Store,
    /// The disk that the store is on.
    Disk,
    /// Cordon's canary.
    Canary,
    /// The consoles.
    Consoles,
}

/// What is happening.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum IncidentKind {
    /// In the warning zone.
    Approach,
    /// In the exclusion zone.
    Violation,
    /// The strap was cut, stretched or opened.
    StrapTamper,
    /// The case was opened.
    CaseTamper,
    /// The battery runs down.
    LowBattery,
    /// Nothing heard past the promised interval.
    LostContact,
    /// No trustworthy fix while the wearer could reach a zone.
    Blind,
    /// The receiver is being jammed.
    Jamming,
    /// Positions that cannot all be true.
    PositionDisputed,
    /// The wearer asks for help.
    Sos,
    /// A protected person asks for help.
    CallForHelp,
    /// A protected person has written their duress word: they need help, and somebody beside them must not know.
    Duress,
    /// A notice to a protected person: Cordon cannot see at the moment.
    ProtectionWeak,
    /// A notice to a protected person: it is over.
    AllClear,
    /// A notice to a protected person: a test, as they have agreed.
    TestAlert,
    /// A test did not reach a protected person on one of their channels: it must be put right before danger comes.
    WayFails,
    /// Cordon itself hears nothing from a source.
    Deaf,
    /// A message of the tag crashed the engine and was set aside.
    NotEvaluable,
    /// More messages than may be: they are judged in part, the newest and those nearest to a zone.
    Flood,
    /// The tag's clock is wrong; its times are corrected.
    TagClock,
    /// The service's own clock was set while it ran.
    ServerClock,
    /// Pings that tags say they sent have not come.
    MissingPings,
    /// Messages that no tag may publish, or of a vendor that a source may not speak for.
    Misuse,
    /// A provider takes no messages.
    ProviderFails,
    /// Records cannot be written.
    StoreFails,
    /// The disk is filling up.
    DiskFull,
    /// Cordon's canary has not come through in time.
    CanaryMissed,
    /// No console is armed, where the installation counts on one.
    NoConsoleArmed,
}

impl IncidentKind {
    /// What a notice tells; `None` for what is none.
    #[must_use]
    pub fn notice(self) -> Option<MessageClass> {
        match self {
            Self::ProtectionWeak => Some(MessageClass::Weak),
            Self::AllClear => Some(MessageClass::AllClear),
            Self::TestAlert => Some(MessageClass::Test),
            _ => None,
        }
    }

    /// As it is written in tables, counts and pages' addresses.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Approach => "approach",
            Self::Violation => "violation",
            Self::StrapTamper => "strap_tamper",
            Self::CaseTamper => "case_tamper",
            Self::LowBattery => "low_battery",
            Self::LostContact => "lost_contact",
            Self::Blind => "blind",
            Self::Jamming => "jamming",
            Self::PositionDisputed => "position_disputed",
            Self::Sos => "sos",
            Self::CallForHelp => "call_for_help",
            Self::Duress => "duress",
            Self::ProtectionWeak => "protection_weak",
            Self::AllClear => "all_clear",
            Self::TestAlert => "test_alert",
            Self::WayFails => "way_fails",
            Self::Deaf => "deaf",
            Self::NotEvaluable => "not_evaluable",
            Self::Flood => "flood",
            Self::TagClock => "tag_clock",
            Self::ServerClock => "server_clock",
            Self::MissingPings => "missing_pings",
            Self::Misuse => "misuse",
            Self::ProviderFails => "provider_fails",
            Self::StoreFails => "store_fails",
            Self::DiskFull => "disk_full",
            Self::CanaryMissed => "canary_missed",
            Self::NoConsoleArmed => "no_console_armed",
        }
    }
}

/// Where a canary has got stuck: how far it came is known, and what comes next did not happen in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Hop {
    /// The broker did not take it.
    Broker,
    /// The broker took it, and it was not decided and written down.
    Line,
    /// It was written down, and nobody was told of it.
    Dispatch,
}

impl Hop {
    /// As it is written in logs and metrics.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Broker => "broker",
            Self::Line => "line",
            Self::Dispatch => "dispatch",
        }
    }
}

/// P1 danger, P2 device or blind, P3 upkeep. The more urgent is the smaller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub enum Priority {
    /// Danger.
    P1,
    /// Device or blind.
    P2,
    /// Upkeep.
    P3,
}

impl Priority {
    /// 1, 2 or 3.
    #[must_use]
    pub fn number(self) -> u8 {
        match self {
            Self::P1 => 1,
            Self::P2 => 2,
            Self::P3 => 3,
        }
    }
}

impl fmt::Display for Priority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "P{}", self.number())
    }
}

/// What people have done about an incident.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Handling {
    /// Nobody has taken it, or whoever had did nothing in time.
    Raised,
    /// A person said "mine". The staff's escalation pauses for three minutes.
    Owned {
        /// Who.
        by: StaffId,
    },
    /// A person did something about it. The staff's escalation has ended.
    Acted {
        /// Who.
        by: StaffId,
    },
    /// Dealt with.
    Closed {
        /// Who closed it.
        by: StaffId,
        /// What it turned out to be.
        outcome: Outcome,
    },
    /// Whoever it was for has been told. So ends a notice that was no trouble to anybody.
    Told,
}

impl Handling {
    /// As it is written in tables and counts.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Raised => "raised",
            Self::Owned { .. } => "owned",
            Self::Acted { .. } => "acted",
            Self::Closed { .. } => "closed",
            Self::Told => "told",
        }
    }
}

/// What an incident turned out to be. Closing needs one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The wearer was there and should not have been.
    Confirmed,
    /// The wearer was there with a reason that staff accept.
    Excused,
    /// The wearer was not there, or the condition did not exist.
    FalseAlarm,
    /// The tag or the service was at fault, and it was put right.
    Technical,
    /// A drill.
    Test,
}

impl Outcome {
    /// All, in the order in which the console offers them.
    pub const ALL: [Self; 5] =
        [Self::Confirmed, Self::Excused, Self::FalseAlarm, Self::Technical, Self::Test];

    /// As it is written in tables and forms.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Confirmed => "confirmed",
            Self::Excused => "excused",
            Self::FalseAlarm => "false_alarm",
            Self::Technical => "technical",
            Self::Test => "test",
        }
    }
}

/// One stay in an exclusion zone, in fix time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Episode {
    /// Its true time: the first fix that proves it, the moment the path crossed the border, or the moment the zone
    /// began to apply to a wearer who was already inside.
    pub from: Timestamp,
    /// Later fixes, judged in fix order with those already known, no longer prove it. The incident stays.
    pub disproved: bool,
}

/// What the engine believes about one wearer and one zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Nothing to see.
    #[default]
    Clear,
    /// The accuracy circle touches the warning zone.
    Watch,
    /// Probably in the warning zone.
    Approach,
    /// In the exclusion zone.
    Violation,
    /// Has been in the exclusion zone and has left it, but is still near.
    Left,
}

/// Towards whom an escalation goes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Audience {
    /// A protected person: it ends when they answer.
    Person(PersonId),
    /// The response team: it pauses when one of them owns the incident, and ends when one has acted.
    Staff,
}

/// One chain of alerts towards one audience.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Escalation {
    /// Towards whom.
    pub audience: Audience,
    /// The step of the policy it has reached, from 0.
    pub step: usize,
    /// How it stands.
    pub state: EscalationState,
    /// The alerts it has raised and not forgotten, oldest first; bounded.
    pub alerts: Vec<SentAlert>,
    /// How many alerts it has raised to each recipient.
    pub counts: Vec<(Recipient, u32)>,
    /// No way that the policy has for this protected person gets through, and somebody has been told to call them. It
    /// ends when something gets through.
    #[serde(default)]
    pub unreached: bool,
}

impl Escalation {
    /// How many alerts it has raised in all.
    #[must_use]
    pub fn raised(&self) -> u32 {
        self.counts.iter().map(|(_, count)| count).sum()
    }

    /// Counts one more to a recipient: the how many-th to them it is, from 1.
    pub fn count(&mut self, recipient: &Recipient) -> u32 {
        if let Some((_, count)) = self.counts.iter_mut().find(|(known, _)| known == recipient) {
            *count += 1;
            return *count;
        }
        self.counts.push((recipient.clone(), 1));
        1
    }
}

/// An alert as its escalation sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SentAlert {
    /// Which.
    pub id: AlertId,
    /// To whom.
    pub recipient: Recipient,
    /// On which channel.
    pub channel: Channel,
    /// For which step.
    pub step: usize,
    /// How far it has come.
    pub state: AlertState,
    /// When it should have come further: taken by a provider, or on a phone if the channel says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<Timestamp>,
    /// Nobody takes it: other ways are being tried beside it.
    #[serde(default)]
    pub in_vain: bool,
}

/// How an escalation stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EscalationState {
    /// The next step comes at this time.
    Running {
        /// When.
        next_at: Timestamp,
    },
    /// Somebody owns the incident; it goes on at this time unless they have acted.
    Paused {
        /// When.
        until: Timestamp,
    },
    /// A person has answered or acted, or the incident was closed.
    Ended,
}
