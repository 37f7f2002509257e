//! Bytes to [`Ping`].

use alloc::borrow::ToOwned;
use alloc::vec::Vec;

use crate::fields::Fields;
use crate::limits::{
    ACC_M, ACC_M_MAX, BATTERY_PCT, COURSE_DEG, EVENTS_MAX, FIXES_MAX, HDOP, INTERVAL_S, LAT_DEG, LON_DEG,
    SEQ, SPEED_MPS, TIME_MS,
};
use crate::{Event, EventKind, Fix, Motion, Ping, Refusal, RefusalCode, Source};
use crate::{json, plain};

/// Reads a ping.
///
/// What receivers write when they know nothing is read as what it means, so that no ping is lost over it:
/// an accuracy or HDOP of 0 is unknown, an accuracy past [`ACC_M_MAX`] is that maximum, a course of 360
/// is 0, and a fix at exactly 0,0 is no location at all. Such a fix is left out and an event
/// [`EventKind::NoFix`] with its time is appended instead, which is why a ping that was read may hold up
/// to [`EVENTS_MAX`] + [`FIXES_MAX`] events, more than may be sent.
///
/// # Errors
/// A [`Refusal`] for the first fault, fit to be sent back in a [`Reject`](crate::Reject).
pub fn decode_ping(bytes: &[u8]) -> Result<Ping, Refusal> {
    plain::ping(bytes).map_or_else(|| from_tree(bytes), Ok)
}

/// Reads any ping, or says what is wrong.
fn from_tree(bytes: &[u8]) -> Result<Ping, Refusal> {
    let message = json::parse(bytes)?;
    let fields = message.fields()?;
    let seq = fields.integer("seq", &SEQ)?;
    let oldest_kept = fields.integer("oldest_kept", &SEQ)?;
    if oldest_kept > seq {
        let detail = "must be at most \"seq\"".to_owned();
        return Err(fields.refuse("oldest_kept", RefusalCode::OutOfRange, detail));
    }
    Ok(settled(Ping {
        boot: fields.integer("boot", &(0..=u32::MAX))?,
        seq,
        oldest_kept,
        next_within_s: fields.integer("next_within_s", &INTERVAL_S)?,
        sent_ms: fields.integer("sent_ms", &TIME_MS)?,
        battery_pct: fields.integer("battery_pct", &BATTERY_PCT)?,
        charging: fields.boolean("charging")?,
        motion: fields.one_of("motion", &Motion::ALL, Motion::as_str)?,
        fixes: fields.list("fixes", FIXES_MAX, |node, path| fix(&node.fields(path)?))?,
        events: fields.list("events", EVENTS_MAX, |node, path| event(&node.fields(path)?))?,
    }))
}

/// The ping with no fix at 0,0, each of which says that there is none.
pub(crate) fn settled(mut ping: Ping) -> Ping {
    let nowhere: Vec<_> = ping.fixes.extract_if(.., |fix| fix.lat == 0.0 && fix.lon == 0.0).collect();
    ping.events.extend(nowhere.iter().map(|fix| Event {
        t_ms: fix.t_ms,
        kind: EventKind::NoFix,
        restored: false,
    }));
    ping
}

/// An accuracy or HDOP of 0 is none.
pub(crate) fn known(value: &f64) -> bool {
    *value > 0.0
}

pub(crate) fn accuracy(acc_m: f64) -> Option<f64> {
    Some(acc_m.min(ACC_M_MAX)).filter(known)
}

pub(crate) fn course(course_deg: f64) -> f64 {
    if course_deg == 360.0 { 0.0 } else { course_deg }
}

fn fix(fields: &Fields<'_, '_>) -> Result<Fix, Refusal> {
    Ok(Fix {
        t_ms: fields.integer("t_ms", &TIME_MS)?,
        lat: fields.number("lat", &LAT_DEG)?,
        lon: fields.number("lon", &LON_DEG)?,
        acc_m: fields.optional_number("acc_m", &ACC_M)?.and_then(accuracy),
        hdop: fields.optional_number("hdop", &HDOP)?.filter(known),
        source: fields.one_of("source", &Source::ALL, Source::as_str)?,
        speed_mps: fields.optional_number("speed_mps", &SPEED_MPS)?,
        course_deg: fields.optional_number("course_deg", &COURSE_DEG)?.map(course),
        sats: fields.optional_integer("sats", &(0..=u8::MAX))?,
    })
}

fn event(fields: &Fields<'_, '_>) -> Result<Event, Refusal> {
    Ok(Event {
        t_ms: fields.integer("t_ms", &TIME_MS)?,
        kind: EventKind::parse(fields.text("kind")?).ok_or_else(|| {
            let detail = "must be 1 to 32 characters of a-z 0-9 _".to_owned();
            fields.refuse("kind", RefusalCode::BadText, detail)
        })?,
        restored: fields.optional_boolean("restored")?.unwrap_or(false),
    })
}

#[cfg(test)]
mod tests {
    use alloc::format;
    use alloc::string::String;

    use proptest::collection::vec;
    use proptest::prelude::*;
    use proptest::sample::{Index, select};

    use super::*;

    const FIELDS: [&str; 11] = [
        "\"v\":1",
        "\"boot\":7",
        "\"seq\":9",
        "\"oldest_kept\":3",
        "\"next_within_s\":60",
        "\"sent_ms\":1790000000000",
        "\"battery_pct\":50",
        "\"charging\":false",
        "\"motion\":\"still\"",
        "\"fixes\":[FIX,FIX]",
        "\"events\":[EVENT]",
    ];
    const FIX: [&str; 9] = [
        "\"t_ms\":1790000000000",
        "\"lat\":51.5",
        "\"lon\":-0.1",
        "\"acc_m\":4.5",
        "\"hdop\":0.9",
        "\"source\":\"gnss\"",
        "\"speed_mps\":1.25",
        "\"course_deg\":360",
        "\"sats\":8",
    ];
    const EVENT: [&str; 3] = ["\"t_ms\":1", "\"kind\":\"sos\"", "\"restored\":true"];
    /// What may stand in the place of a value.
    const VALUES: [&str; 34] = [
        "0",
        "-0",
        "0.0",
        "-0.0",
        "1",
        "1.0",
        "1e0",
        "-1",
        "9",
        "100",
        "101",
        "255",
        "256",
        "360",
        "361",
        "1e9",
        "4294967296",
        "9007199254740992",
        "253402300799999",
        "18446744073709551615",
        "18446744073709551616",
        "1e999",
        "01",
        "null",
        "true",
        "\"\"",
        "\"moving\"",
        "\"m\\u006fving\"",
        "\"unheard_of\"",
        "{\"moving\":null}",
        "[]",
        "{}",
        "[1,2,\"gnss\"]",
        "[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]",
    ];

    /// What is done to the fields of an object: which of them, how, and what for.
    type Edits = [(Index, u8, &'static str)];

    fn edits() -> impl Strategy<Value = Vec<(Index, u8, &'static str)>> {
        vec((any::<Index>(), 0..6_u8, select(&VALUES[..])), 0..2)
    }

    fn object(fields: &[&str], edits: &Edits) -> String {
        let mut fields: Vec<String> = fields.iter().map(|field| (*field).into()).collect();
        for (at, how, value) in edits {
            let at = at.index(fields.len());
            let (name, _) = fields[at].split_once(':').unwrap();
            let with = |name: &str| format!("{name}:{value}");
            match how {
                0 | 1 => fields[at] = with(name),
                2 => drop(fields.remove(at)),
                3 => fields.push(with(name)),
                4 => fields.insert(at, with("\"later\"")),
                _ => fields.swap(0, at),
            }
        }
        format!("{{{}}}", fields.join(", "))
    }

    fn message(ping: &Edits, fix: &Edits, event: &Edits) -> String {
        let whole = object(&FIELDS, ping);
        whole
            .replacen("FIX", &object(&FIX, fix), 1)
            .replace("FIX", &object(&FIX, &[]))
            .replace("EVENT", &object(&EVENT, event))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4_000))]

        #[test]
        fn what_needs_no_tree_is_what_the_tree_reads(
            ping in edits(), fix in edits(), event in edits(),
            noise in proptest::option::weighted(0.2, (any::<Index>(), any::<u8>())),
        ) {
            let mut bytes = message(&ping, &fix, &event).into_bytes();
            if let Some((at, byte)) = noise {
                let at = at.index(bytes.len());
                bytes[at] = byte;
            }
            let read = plain::ping(&bytes);
            prop_assert!(read.is_none() || read.as_ref() == from_tree(&bytes).as_ref().ok());
            // As it is written by a tag, it needs none.
            if let Ok(ping) = decode_ping(&bytes) {
                let again = plain::ping(&ping.encode());
                prop_assert!(again == Some(ping));
            }
        }
    }

    #[test]
    fn lists_in_the_place_of_objects_are_none() {
        for (from, to) in [("FIX,FIX", "[1,2,3,4,5,\"gnss\",6,7,8]"), ("EVENT", "[1,\"sos\",true]")] {
            let text = object(&FIELDS, &[]).replace(from, to).replace("FIX", "").replace("EVENT", "");
            assert_eq!(plain::ping(text.as_bytes()), None, "{text}");
            assert!(from_tree(text.as_bytes()).is_err());
        }
    }
}
