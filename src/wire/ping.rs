//! What a tag reports.

use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use serde::{Serialize, Serializer};

use crate::json;

/// One message from a tag: where it was, what happened to it, and what it promises.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Ping {
    /// Changes at every start of the tag, so that sequence numbers may begin again at 1.
    pub boot: u32,
    /// Number of this ping within its boot: 1, 2, 3, ... ([`limits::SEQ`](crate::limits::SEQ)).
    pub seq: u64,
    /// Lowest sequence number of this boot that the tag still holds, from 1 to `seq`. Lower ones were
    /// acknowledged, refused or had to be given up; they are not waited for.
    pub oldest_kept: u64,
    /// The next ping leaves at most this many seconds after `sent_ms`
    /// ([`limits::INTERVAL_S`](crate::limits::INTERVAL_S)). Silence beyond it is lost contact.
    pub next_within_s: u32,
    /// The tag's clock when the ping was made, Unix milliseconds
    /// ([`limits::TIME_MS`](crate::limits::TIME_MS)).
    pub sent_ms: i64,
    /// Battery charge, 0 to 100 per cent.
    pub battery_pct: u8,
    /// On a charger now.
    pub charging: bool,
    /// What the motion sensor says.
    pub motion: Motion,
    /// Locations, at most [`limits::FIXES_MAX`](crate::limits::FIXES_MAX), in any order; empty when there is none.
    pub fixes: Vec<Fix>,
    /// What happened to the tag, at most [`limits::EVENTS_MAX`](crate::limits::EVENTS_MAX) as sent.
    pub events: Vec<Event>,
}

impl Ping {
    /// The bytes to publish. A ping within the documented bounds always decodes again; one with all 64
    /// fixes and every digit of a double may be longer than
    /// [`limits::PACKET_BYTES_MAX`](crate::limits::PACKET_BYTES_MAX): seven decimals of a degree (1 cm) are plenty.
    pub fn encode(&self) -> Vec<u8> {
        json::encode(self)
    }
}

/// What the tag's motion sensor says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Motion {
    /// It moves.
    Moving,
    /// It lies still. Claim this only from a sensor, never from unchanged coordinates.
    Still,
    /// No sensor, or it cannot tell.
    Unknown,
}

impl Motion {
    pub(crate) const ALL: [Self; 3] = [Self::Moving, Self::Still, Self::Unknown];

    /// The text on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Moving => "moving",
            Self::Still => "still",
            Self::Unknown => "unknown",
        }
    }
}

/// One location inside a ping.
#[derive(Clone, PartialEq, Serialize)]
pub struct Fix {
    /// When the tag was there, by its own clock, Unix milliseconds
    /// ([`limits::TIME_MS`](crate::limits::TIME_MS)).
    pub t_ms: i64,
    /// WGS84 latitude, -90 to 90 degrees.
    pub lat: f64,
    /// WGS84 longitude, -180 to 180 degrees.
    pub lon: f64,
    /// The receiver's own horizontal accuracy, 1 sigma, in metres, above 0 and up to
    /// [`limits::ACC_M_MAX`](crate::limits::ACC_M_MAX). `None`: unknown, which is never taken for good.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acc_m: Option<f64>,
    /// Horizontal dilution of precision, above 0 and up to 100; used where `acc_m` is unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hdop: Option<f64>,
    /// What the location was made from.
    pub source: Source,
    /// Speed over ground, 0 to 1000 m/s.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub speed_mps: Option<f64>,
    /// Course over ground, 0 up to but not 360 degrees clockwise from true north.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub course_deg: Option<f64>,
    /// Satellites used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sats: Option<u8>,
}

/// Leaves the position out: a fix that ends up in a log line must not say where somebody is.
impl fmt::Debug for Fix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fix")
            .field("t_ms", &self.t_ms)
            .field("acc_m", &self.acc_m)
            .field("source", &self.source)
            .finish_non_exhaustive()
    }
}

/// What a fix was made from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Source {
    /// Satellites.
    Gnss,
    /// Wi-Fi access points.
    Wifi,
    /// Cells of the mobile network.
    Cell,
    /// A radio beacon of known place.
    Beacon,
    /// The wearer's home unit hears the tag; the position is the home unit's.
    HomeUnit,
}

impl Source {
    pub(crate) const ALL: [Self; 5] = [Self::Gnss, Self::Wifi, Self::Cell, Self::Beacon, Self::HomeUnit];

    /// The text on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Gnss => "gnss",
            Self::Wifi => "wifi",
            Self::Cell => "cell",
            Self::Beacon => "beacon",
            Self::HomeUnit => "home_unit",
        }
    }
}

/// Something that happened to the tag.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Event {
    /// When, by the tag's clock, Unix milliseconds ([`limits::TIME_MS`](crate::limits::TIME_MS)).
    pub t_ms: i64,
    /// What.
    pub kind: EventKind,
    /// `true`: the condition ended then. `false`: it began, or was seen again.
    #[serde(skip_serializing_if = "is_false")]
    pub restored: bool,
}

/// What happened to a tag.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EventKind {
    /// The strap was cut, opened or stretched.
    StrapTamper,
    /// The case was opened.
    CaseTamper,
    /// A receiver of the tag is drowned in noise.
    Jamming,
    /// The tag tried and found no location; also stands for a fix at exactly 0,0.
    NoFix,
    /// Put on a charger.
    Charging,
    /// The tag is about to switch off.
    PowerOff,
    /// The wearer asks for help.
    Sos,
    /// A kind this version does not know. It is kept and shown, never dropped.
    Other(OtherKind),
}

impl EventKind {
    /// Reads a kind: 1 to 32 characters of `a-z 0-9 _`. `None` for any other text.
    pub fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "strap_tamper" => Self::StrapTamper,
            "case_tamper" => Self::CaseTamper,
            "jamming" => Self::Jamming,
            "no_fix" => Self::NoFix,
            "charging" => Self::Charging,
            "power_off" => Self::PowerOff,
            "sos" => Self::Sos,
            other if json::is_token(other) => Self::Other(OtherKind(other.to_owned())),
            _ => return None,
        })
    }

    /// The text on the wire.
    pub fn as_str(&self) -> &str {
        match self {
            Self::StrapTamper => "strap_tamper",
            Self::CaseTamper => "case_tamper",
            Self::Jamming => "jamming",
            Self::NoFix => "no_fix",
            Self::Charging => "charging",
            Self::PowerOff => "power_off",
            Self::Sos => "sos",
            Self::Other(kind) => &kind.0,
        }
    }
}

/// The text of an event kind that this version has no word for. Made by [`EventKind::parse`] only.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OtherKind(String);

impl Serialize for Motion {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.as_str())
    }
}

impl Serialize for Source {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.as_str())
    }
}

impl Serialize for EventKind {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.as_str())
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature serde asks for")]
fn is_false(value: &bool) -> bool {
    !*value
}
