//! Poison in words: messages that no tag ought to send, each with what becomes of it.

use cordon::{
    domain::Timestamp,
    geometry::{LatLon, offset},
};
use serde_json::{Value, json};

/// What becomes of a message.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Fate {
    /// Refused with this code.
    Refused(&'static str),
    /// Read; it says nothing about where the wearer is.
    NoFix,
    /// Read; where the wearer is is uncertain, or somewhere else.
    Doubtful,
}

/// A good ping: one good fix of that moment, so many metres east of the middle of the ward's zone.
pub(crate) fn ping(seq: u64, at: Timestamp, east_m: f64) -> Vec<u8> {
    serde_json::to_vec(&good(seq, at, east_m)).unwrap()
}

fn good(seq: u64, at: Timestamp, east_m: f64) -> Value {
    let position = offset(LatLon::new(53.48, -2.24).unwrap(), 90.0, east_m);
    json!({"v": 1, "boot": 1, "seq": seq, "oldest_kept": 1, "next_within_s": 60, "sent_ms": at.as_ms(),
        "battery_pct": 80, "charging": false, "motion": "moving", "events": [],
        "fixes": [{"t_ms": at.as_ms(), "lat": position.lat_deg(), "lon": position.lon_deg(), "acc_m": 5.0,
            "source": "gnss"}]})
}

/// Every poison as the ping of a moment, with a name.
pub(crate) fn poisons(seq: u64, at: Timestamp) -> Vec<(&'static str, Vec<u8>, Fate)> {
    use Fate::{Doubtful, NoFix, Refused};
    let text = || String::from_utf8(ping(seq, at, 0.0)).unwrap();
    // The good ping with a field of its fix, as text, in place of what it says.
    let fix = |field: &str, value: &str| {
        let known = good(seq, at, 0.0);
        let known = format!("\"{field}\":{}", known["fixes"][0][field]);
        assert_eq!(text().matches(&known).count(), 1, "{known}");
        text().replace(&known, &format!("\"{field}\":{value}")).into_bytes()
    };
    let with = |extra: String| text().replacen('{', &format!("{{{extra},"), 1).into_bytes();
    let no_accuracy = text().replace("\"acc_m\":5.0,", "").into_bytes();
    let both = |lat: &str, lon: &str| {
        let with_lat = String::from_utf8(fix("lat", lat)).unwrap();
        let lon_was = format!("\"lon\":{}", good(seq, at, 0.0)["fixes"][0]["lon"]);
        with_lat.replace(&lon_was, &format!("\"lon\":{lon}")).into_bytes()
    };
    let far_future = "253402300799999";
    vec![
        ("empty", Vec::new(), Refused("not_json")),
        ("not UTF-8", [&b"{\"v\":1,\"x\":\""[..], &[0xff, 0xfe], b"\"}"].concat(), Refused("not_utf8")),
        ("truncated", text().into_bytes()[..100].to_vec(), Refused("not_json")),
        ("depth 8,000", "[".repeat(8_000).into_bytes(), Refused("too_deep")),
        ("depth 100,000", "[".repeat(100_000).into_bytes(), Refused("too_large")),
        ("a string of 12 KiB", with(format!("\"x\":\"{}\"", "a".repeat(12 * 1_024))), Doubtful),
        ("a string of 10 MB", with(format!("\"x\":\"{}\"", "a".repeat(10_000_000))), Refused("too_large")),
        ("a field twice", with("\"seq\":1".into()), Refused("duplicate_field")),
        ("1e999", fix("lat", "1e999"), Refused("not_json")),
        ("NaN", fix("lat", "NaN"), Refused("not_json")),
        ("Infinity", fix("lon", "-Infinity"), Refused("not_json")),
        ("null", fix("lat", "null"), Refused("wrong_type")),
        ("-0 and -0", both("-0", "-0.0"), NoFix),
        ("latitude 91", fix("lat", "91"), Refused("out_of_range")),
        ("longitude 181", fix("lon", "181"), Refused("out_of_range")),
        ("swapped", both("-2.24", "53.48"), Doubtful),
        ("swapped past the pole", both("153.48", "-2.24"), Refused("out_of_range")),
        ("0,0", both("0", "0"), NoFix),
        ("altitude 1e9", fix("source", "\"gnss\",\"alt_m\":1e9"), Doubtful),
        ("accuracy 0", fix("acc_m", "0"), Doubtful),
        ("accuracy missing", no_accuracy, Doubtful),
        ("accuracy 1e9", fix("acc_m", "1e9"), Doubtful),
        ("accuracy negative", fix("acc_m", "-1"), Refused("out_of_range")),
        ("year 1970", fix("t_ms", "0"), Doubtful),
        ("year 9999", fix("t_ms", far_future), Doubtful),
        ("year 10000", fix("t_ms", "253402300800000"), Refused("out_of_range")),
        ("a number as text", fix("lat", "\"53.48\""), Refused("wrong_type")),
        ("a list", b"[]".to_vec(), Refused("wrong_type")),
        (
            "another version",
            text().replace("\"v\":1", "\"v\":2").into_bytes(),
            Refused("unsupported_version"),
        ),
    ]
}
