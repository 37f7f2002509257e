//! The ping as tags send it, read straight into its fields.
//!
//! Most pings have every field in its place and nothing else, and those need no tree. Whatever else there is to a message,
//! a fault or only a field of a later version, is left to the tree, which alone knows what to say of it.

use alloc::vec::Vec;
use core::fmt;
use core::marker::PhantomData;
use core::ops::RangeInclusive;

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, MapAccess, Visitor};

use crate::decode::{accuracy, course, known, settled};
use crate::limits::{
    ACC_M, BATTERY_PCT, COURSE_DEG, EVENTS_MAX, FIXES_MAX, HDOP, INTERVAL_S, LAT_DEG, LON_DEG,
    PACKET_BYTES_MAX, SEQ, SPEED_MPS, TIME_MS,
};
use crate::{Event, EventKind, Fix, Motion, Ping, Source, VERSION};

/// The ping, if it is one of the usual form and right in every field. `None` says nothing of the message.
pub(crate) fn ping(bytes: &[u8]) -> Option<Ping> {
    if bytes.len() > PACKET_BYTES_MAX {
        return None;
    }
    let text = core::str::from_utf8(bytes).ok()?;
    let Object(plain) = serde_json::from_str::<Object<PlainPing<'_>>>(text).ok()?;
    plain.ping()
}

/// What has these fields and no others, each once at most; a text in it has no escapes.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PlainPing<'t> {
    v: u8,
    boot: u32,
    seq: u64,
    oldest_kept: u64,
    next_within_s: u32,
    sent_ms: i64,
    battery_pct: u8,
    charging: bool,
    motion: &'t str,
    fixes: Vec<Object<PlainFix<'t>>>,
    #[serde(borrow)]
    events: Vec<Object<PlainEvent<'t>>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PlainFix<'t> {
    t_ms: i64,
    lat: f64,
    lon: f64,
    acc_m: Option<f64>,
    hdop: Option<f64>,
    source: &'t str,
    speed_mps: Option<f64>,
    course_deg: Option<f64>,
    sats: Option<u8>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PlainEvent<'t> {
    t_ms: i64,
    kind: &'t str,
    restored: Option<bool>,
}

impl PlainPing<'_> {
    fn ping(self) -> Option<Ping> {
        let fits = self.v == VERSION
            && self.oldest_kept <= self.seq
            && self.fixes.len() <= FIXES_MAX
            && self.events.len() <= EVENTS_MAX;
        if !fits {
            return None;
        }
        Some(settled(Ping {
            boot: self.boot,
            seq: within(self.seq, &SEQ)?,
            oldest_kept: within(self.oldest_kept, &SEQ)?,
            next_within_s: within(self.next_within_s, &INTERVAL_S)?,
            sent_ms: within(self.sent_ms, &TIME_MS)?,
            battery_pct: within(self.battery_pct, &BATTERY_PCT)?,
            charging: self.charging,
            motion: Motion::ALL.into_iter().find(|motion| motion.as_str() == self.motion)?,
            fixes: self.fixes.iter().map(|Object(fix)| fix.fix()).collect::<Option<_>>()?,
            events: self.events.iter().map(|Object(event)| event.event()).collect::<Option<_>>()?,
        }))
    }
}

impl PlainFix<'_> {
    fn fix(&self) -> Option<Fix> {
        Some(Fix {
            t_ms: within(self.t_ms, &TIME_MS)?,
            lat: number(self.lat, &LAT_DEG)?,
            lon: number(self.lon, &LON_DEG)?,
            acc_m: optional(self.acc_m, &ACC_M)?.and_then(accuracy),
            hdop: optional(self.hdop, &HDOP)?.filter(known),
            source: Source::ALL.into_iter().find(|source| source.as_str() == self.source)?,
            speed_mps: optional(self.speed_mps, &SPEED_MPS)?,
            course_deg: optional(self.course_deg, &COURSE_DEG)?.map(course),
            sats: self.sats,
        })
    }
}

impl PlainEvent<'_> {
    fn event(&self) -> Option<Event> {
        Some(Event {
            t_ms: within(self.t_ms, &TIME_MS)?,
            kind: EventKind::parse(self.kind)?,
            restored: self.restored.unwrap_or(false),
        })
    }
}

fn within<T: PartialOrd>(value: T, range: &RangeInclusive<T>) -> Option<T> {
    range.contains(&value).then_some(value)
}

/// Minus zero becomes zero, so that equal values have equal bits.
fn number(value: f64, range: &RangeInclusive<f64>) -> Option<f64> {
    within(value, range).map(|value| value + 0.0)
}

/// `None` for a value that is there and wrong.
fn optional(value: Option<f64>, range: &RangeInclusive<f64>) -> Option<Option<f64>> {
    value.map_or(Some(None), |value| number(value, range).map(Some))
}

/// An object, and not the list of its values that serde takes for it, too.
struct Object<T>(T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct OfFields<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for OfFields<T> {
            type Value = Object<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, fields: A) -> Result<Object<T>, A::Error> {
                T::deserialize(MapAccessDeserializer::new(fields)).map(Object)
            }
        }

        from.deserialize_map(OfFields(PhantomData))
    }
}
