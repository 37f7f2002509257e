//! One message from a tag, as the engine sees it.

use serde::{Deserialize, Serialize};

use crate::{domain::Timestamp, geometry::LatLon};

/// One message from a tag.
#[derive(Debug, Clone, PartialEq)]
pub struct Ping {
    /// Changes at every start of the tag.
    pub boot: u32,
    /// Rises by one with every ping of a boot.
    pub seq: u64,
    /// The lowest sequence of this boot that the tag still holds.
    pub oldest_kept: u64,
    /// The tag's promise: the next ping comes within this many seconds.
    pub next_within_s: u32,
    /// When the tag says it sent this ping, by its own clock.
    pub sent: Timestamp,
    /// 0 to 100 %.
    pub battery_pct: u8,
    /// On a charger.
    pub charging: bool,
    /// What the motion sensor says.
    pub motion: Motion,
    /// The fixes, in the order the tag sent them.
    pub fixes: Vec<Fix>,
    /// What happened to the tag.
    pub events: Vec<TagEvent>,
}

/// One location inside a ping.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fix {
    /// When the position was taken, by the tag's clock.
    pub at: Timestamp,
    /// Where.
    pub position: LatLon,
    /// How sure the receiver is.
    pub accuracy: Accuracy,
    /// What the position was taken with.
    pub source: Source,
    /// Ground speed in metres per second, where the receiver measures it.
    pub speed_mps: Option<f64>,
}

/// The receiver's own horizontal accuracy. Receivers are optimistic: see `Accuracy::sigma_m`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub enum Accuracy {
    /// One standard deviation in metres, above 0.
    Stated(f64),
    /// Only a horizontal dilution of precision was given (dimensionless).
    Hdop(f64),
    /// Missing or 0: never perfect, never dropped.
    Unknown,
}

impl Accuracy {
    /// The scale in metres that the position's error is judged with: 1.5 times the stated value, at least 5 m
    /// (measured on tracks with ground truth, where 17 % of errors lay beyond twice the stated value);
    /// 5 m x HDOP where only that is given; 100 m where nothing is known.
    #[must_use]
    pub fn sigma_m(self) -> f64 {
        match self {
            Self::Stated(metres) => (1.5 * metres).max(5.0),
            Self::Hdop(hdop) => (5.0 * hdop).max(5.0),
            Self::Unknown => 100.0,
        }
    }

    /// Good enough for one fix alone to prove a Violation: stated (or from HDOP) to 20 m or better.
    #[must_use]
    pub fn is_trusted(self) -> bool {
        match self {
            Self::Stated(metres) => metres <= 20.0,
            Self::Hdop(hdop) => 5.0 * hdop <= 20.0,
            Self::Unknown => false,
        }
    }
}

/// What a fix was taken with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Source {
    /// Satellites.
    Gnss,
    /// Wi-Fi access points.
    Wifi,
    /// Mobile network cells.
    Cell,
    /// A radio beacon of known place.
    Beacon,
    /// The unit in the wearer's home.
    HomeUnit,
}

/// What the tag's motion sensor says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Motion {
    /// Moving.
    Moving,
    /// Lying or standing still.
    Still,
    /// No sensor, or it does not know.
    Unknown,
}

/// Something that happened to the tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TagEvent {
    /// When, by the tag's clock.
    pub at: Timestamp,
    /// What.
    pub kind: TagEventKind,
    /// The condition has ended (a strap closed again), rather than begun.
    pub restored: bool,
}

/// Kinds of tag events. A kind this version does not know is kept and shown.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum TagEventKind {
    /// The strap was cut, stretched or opened.
    StrapTamper,
    /// The case was opened.
    CaseTamper,
    /// The receiver is being jammed.
    Jamming,
    /// The receiver finds no position.
    NoFix,
    /// The charger was connected.
    Charging,
    /// The tag is switching off.
    PowerOff,
    /// The wearer asks for help.
    Sos,
    /// Not known to this version: its text, bounded by the wire contract.
    Other(String),
}

impl From<tag_wire::Ping> for Ping {
    fn from(ping: tag_wire::Ping) -> Self {
        Self {
            boot: ping.boot,
            seq: ping.seq,
            oldest_kept: ping.oldest_kept,
            next_within_s: ping.next_within_s,
            sent: Timestamp::from_ms(ping.sent_ms),
            battery_pct: ping.battery_pct,
            charging: ping.charging,
            motion: match ping.motion {
                tag_wire::Motion::Moving => Motion::Moving,
                tag_wire::Motion::Still => Motion::Still,
                tag_wire::Motion::Unknown => Motion::Unknown,
            },
            // The wire contract's bounds are those of a position: none is left out.
            fixes: ping.fixes.iter().filter_map(Fix::from_wire).collect(),
            events: ping.events.into_iter().map(TagEvent::from).collect(),
        }
    }
}

impl Fix {
    fn from_wire(fix: &tag_wire::Fix) -> Option<Self> {
        let accuracy = match (fix.acc_m.filter(|m| *m > 0.0), fix.hdop.filter(|hdop| *hdop > 0.0)) {
            (Some(metres), _) => Accuracy::Stated(metres),
            (None, Some(hdop)) => Accuracy::Hdop(hdop),
            (None, None) => Accuracy::Unknown,
        };
        Some(Self {
            at: Timestamp::from_ms(fix.t_ms),
            position: LatLon::new(fix.lat, fix.lon).ok()?,
            accuracy,
            source: match fix.source {
                tag_wire::Source::Gnss => Source::Gnss,
                tag_wire::Source::Wifi => Source::Wifi,
                tag_wire::Source::Cell => Source::Cell,
                tag_wire::Source::Beacon => Source::Beacon,
                tag_wire::Source::HomeUnit => Source::HomeUnit,
            },
            speed_mps: fix.speed_mps,
        })
    }
}

impl From<tag_wire::Event> for TagEvent {
    fn from(event: tag_wire::Event) -> Self {
        use tag_wire::EventKind;
        let text = event.kind.as_str().to_owned();
        Self {
            at: Timestamp::from_ms(event.t_ms),
            kind: match event.kind {
                EventKind::StrapTamper => TagEventKind::StrapTamper,
                EventKind::CaseTamper => TagEventKind::CaseTamper,
                EventKind::Jamming => TagEventKind::Jamming,
                EventKind::NoFix => TagEventKind::NoFix,
                EventKind::Charging => TagEventKind::Charging,
                EventKind::PowerOff => TagEventKind::PowerOff,
                EventKind::Sos => TagEventKind::Sos,
                EventKind::Other(_) => TagEventKind::Other(text),
            },
            restored: event.restored,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ping_from_the_wire_keeps_what_it_says() {
        let bytes = br#"{"v":1,"boot":7,"seq":9,"oldest_kept":4,"next_within_s":60,"sent_ms":1767225600123,
            "battery_pct":81,"charging":true,"motion":"still",
            "fixes":[{"t_ms":1767225599000,"lat":56.5,"lon":3.25,"acc_m":4.5,"hdop":1.5,"source":"wifi","speed_mps":1.25}],
            "events":[{"t_ms":1767225598000,"kind":"strap_tamper","restored":true},
                      {"t_ms":1767225598500,"kind":"dropped_in_soup"}]}"#;
        let ping = Ping::from(tag_wire::decode_ping(bytes).unwrap());
        let event = |ms, kind, restored| TagEvent { at: Timestamp::from_ms(ms), kind, restored };
        let expected = Ping {
            boot: 7,
            seq: 9,
            oldest_kept: 4,
            next_within_s: 60,
            sent: Timestamp::from_ms(1_767_225_600_123),
            battery_pct: 81,
            charging: true,
            motion: Motion::Still,
            fixes: vec![Fix {
                at: Timestamp::from_ms(1_767_225_599_000),
                position: LatLon::new(56.5, 3.25).unwrap(),
                accuracy: Accuracy::Stated(4.5),
                source: Source::Wifi,
                speed_mps: Some(1.25),
            }],
            events: vec![
                event(1_767_225_598_000, TagEventKind::StrapTamper, true),
                event(1_767_225_598_500, TagEventKind::Other("dropped_in_soup".into()), false),
            ],
        };
        assert_eq!(ping, expected);
    }

    #[test]
    fn an_accuracy_of_zero_is_unknown_and_never_perfect() {
        for (metres, hdop, expected) in [
            (Some(3.0), Some(9.0), Accuracy::Stated(3.0)),
            (None, Some(2.0), Accuracy::Hdop(2.0)),
            (Some(0.0), Some(2.0), Accuracy::Hdop(2.0)),
            (Some(0.0), Some(0.0), Accuracy::Unknown),
            (None, None, Accuracy::Unknown),
        ] {
            let fix = tag_wire::Fix {
                t_ms: 0,
                lat: 56.5,
                lon: 3.25,
                acc_m: metres,
                hdop,
                source: tag_wire::Source::Gnss,
                speed_mps: None,
                course_deg: None,
                sats: None,
            };
            let read = Fix::from_wire(&fix).unwrap().accuracy;
            assert_eq!(read, expected, "{metres:?} {hdop:?}");
        }
    }
}
