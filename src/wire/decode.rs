//! Bytes to [`Ping`].

use alloc::borrow::ToOwned;
use alloc::vec::Vec;

use crate::fields::Fields;
use crate::json;
use crate::limits::{
    ACC_M, ACC_M_MAX, BATTERY_PCT, COURSE_DEG, EVENTS_MAX, FIXES_MAX, HDOP, INTERVAL_S, LAT_DEG, LON_DEG,
    SEQ, SPEED_MPS, TIME_MS,
};
use crate::{Event, EventKind, Fix, Motion, Ping, Refusal, RefusalCode, Source};

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
    let message = json::parse(bytes)?;
    let fields = message.fields()?;
    let seq = fields.integer("seq", &SEQ)?;
    let oldest_kept = fields.integer("oldest_kept", &SEQ)?;
    if oldest_kept > seq {
        let detail = "must be at most \"seq\"".to_owned();
        return Err(fields.refuse("oldest_kept", RefusalCode::OutOfRange, detail));
    }
    let mut ping = Ping {
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
    };
    let nowhere: Vec<_> = ping.fixes.extract_if(.., |fix| fix.lat == 0.0 && fix.lon == 0.0).collect();
    ping.events.extend(nowhere.iter().map(|fix| Event {
        t_ms: fix.t_ms,
        kind: EventKind::NoFix,
        restored: false,
    }));
    Ok(ping)
}

fn fix(fields: &Fields<'_, '_>) -> Result<Fix, Refusal> {
    let known = |value: &f64| *value > 0.0;
    Ok(Fix {
        t_ms: fields.integer("t_ms", &TIME_MS)?,
        lat: fields.number("lat", &LAT_DEG)?,
        lon: fields.number("lon", &LON_DEG)?,
        acc_m: fields.optional_number("acc_m", &ACC_M)?.filter(known).map(|acc_m| acc_m.min(ACC_M_MAX)),
        hdop: fields.optional_number("hdop", &HDOP)?.filter(known),
        source: fields.one_of("source", &Source::ALL, Source::as_str)?,
        speed_mps: fields.optional_number("speed_mps", &SPEED_MPS)?,
        course_deg: fields
            .optional_number("course_deg", &COURSE_DEG)?
            .map(|course| if course == 360.0 { 0.0 } else { course }),
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
