//! Every bound of the contract. A message at a bound is accepted, one past it is refused.

use core::ops::RangeInclusive;

/// Longest message in either direction, in bytes. A tag with more to say sends several pings.
pub const PACKET_BYTES_MAX: usize = 16 * 1024;

/// Deepest nesting of objects and lists; the message itself is level 1.
pub const DEPTH_MAX: usize = 16;

/// Most fields in one object, unknown ones included.
pub const FIELDS_MAX: usize = 64;

/// Most fixes in one ping.
pub const FIXES_MAX: usize = 64;

/// Most events in one ping.
pub const EVENTS_MAX: usize = 32;

/// Most ranges in one ack.
pub const RANGES_MAX: usize = 32;

/// A ping's sequence number. 2^53 - 1 is the largest integer that every JSON reader keeps exactly.
pub const SEQ: RangeInclusive<u64> = 1..=(1 << 53) - 1;

/// The promise of the next ping, and a commanded interval, in seconds: one second to one day.
pub const INTERVAL_S: RangeInclusive<u32> = 1..=86_400;

/// A time in integer milliseconds since 1970-01-01T00:00:00Z, up to the end of the year 9999. A wrong
/// but possible clock is not refused: it is noticed later, against the time of receipt.
pub const TIME_MS: RangeInclusive<i64> = 0..=253_402_300_799_999;

/// Battery charge, in per cent.
pub const BATTERY_PCT: RangeInclusive<u8> = 0..=100;

/// WGS84 latitude, in degrees.
pub const LAT_DEG: RangeInclusive<f64> = -90.0..=90.0;

/// WGS84 longitude, in degrees.
pub const LON_DEG: RangeInclusive<f64> = -180.0..=180.0;

/// Accuracy of a fix, 1 sigma, in metres.
pub const ACC_M: RangeInclusive<f64> = 0.0..=1e9;

/// Largest accuracy kept, in metres. A larger one within [`ACC_M`] is read as this one, not refused:
/// receivers state thousands of kilometres when they hardly know where they are.
pub const ACC_M_MAX: f64 = 100_000.0;

/// Horizontal dilution of precision, no unit.
pub const HDOP: RangeInclusive<f64> = 0.0..=100.0;

/// Speed over ground, in metres per second.
pub const SPEED_MPS: RangeInclusive<f64> = 0.0..=1_000.0;

/// Course over ground, in degrees clockwise from true north. 360 is read as 0.
pub const COURSE_DEG: RangeInclusive<f64> = 0.0..=360.0;

/// Longest vendor or tag name, in characters.
pub const NAME_CHARS_MAX: usize = 64;

/// Longest event kind and refusal code, in characters.
pub const TOKEN_CHARS_MAX: usize = 32;

/// Longest firmware or model text, in characters.
pub const TEXT_CHARS_MAX: usize = 64;

/// Longest pointer of a refusal, in characters.
pub const POINTER_CHARS_MAX: usize = 200;

/// Longest detail of a refusal, in characters.
pub const DETAIL_CHARS_MAX: usize = 200;
