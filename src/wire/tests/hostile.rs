//! Every bound at its limit and one past it, and every way to be wrong.

use tag_wire::limits::PACKET_BYTES_MAX;
use tag_wire::{
    Event, EventKind, Fix, Motion, Ping, Source, decode_ack, decode_cmd, decode_ping, decode_reject,
    decode_status,
};

/// A valid ping whose parts the tests replace.
const PING: &str = concat!(
    r#"{"v":1,"boot":1,"seq":5,"oldest_kept":5,"next_within_s":60,"sent_ms":9,"battery_pct":50,"#,
    r#""charging":false,"motion":"still","fixes":[{"t_ms":1,"lat":1.5,"lon":2.5,"acc_m":3.5,"#,
    r#""hdop":0.5,"source":"gnss","speed_mps":4.5,"course_deg":5.5,"sats":6}],"#,
    r#""events":[{"t_ms":8,"kind":"sos","restored":true}]}"#,
);

/// What decoding says to `PING` with `from` replaced by `to`: `ok`, or code and pointer.
fn with(from: &str, to: &str) -> String {
    assert_eq!(PING.matches(from).count(), 1, "{from} must occur once");
    outcome(PING.replace(from, to).as_bytes())
}

fn outcome(bytes: &[u8]) -> String {
    match decode_ping(bytes) {
        Ok(_) => "ok".to_owned(),
        Err(refusal) => format!("{} {}", refusal.code, refusal.pointer),
    }
}

#[test]
fn numbers_at_their_bounds_and_one_past() {
    for (field, was, good, bad, pointer) in [
        ("boot", "1", vec!["0", "4294967295"], vec!["-1", "4294967296"], "/boot"),
        ("seq", "5", vec!["9007199254740991"], vec!["0", "9007199254740992"], "/seq"),
        ("oldest_kept", "5", vec!["1", "5"], vec!["0", "6", "-1"], "/oldest_kept"),
        ("next_within_s", "60", vec!["1", "86400"], vec!["0", "86401"], "/next_within_s"),
        ("sent_ms", "9", vec!["0", "253402300799999"], vec!["-1", "253402300800000"], "/sent_ms"),
        ("battery_pct", "50", vec!["0", "100"], vec!["-1", "101"], "/battery_pct"),
        ("lat", "1.5", vec!["-90", "90", "0", "-0"], vec!["-90.0000001", "90.0000001"], "/fixes/0/lat"),
        ("lon", "2.5", vec!["-180", "180"], vec!["-180.0000001", "180.0000001"], "/fixes/0/lon"),
        ("acc_m", "3.5", vec!["0", "null", "1e9"], vec!["-0.1", "1.1e9"], "/fixes/0/acc_m"),
        ("hdop", "0.5", vec!["0", "null", "100"], vec!["-1", "100.1"], "/fixes/0/hdop"),
        ("speed_mps", "4.5", vec!["0", "null", "1000"], vec!["-1", "1000.1"], "/fixes/0/speed_mps"),
        ("course_deg", "5.5", vec!["0", "null", "360"], vec!["-1", "360.1"], "/fixes/0/course_deg"),
        ("sats", "6", vec!["0", "null", "255"], vec!["-1", "256"], "/fixes/0/sats"),
    ] {
        let was = format!("\"{field}\":{was}");
        for value in good {
            assert_eq!(with(&was, &format!("\"{field}\":{value}")), "ok", "{field} {value}");
        }
        for value in bad {
            let expected = format!("out_of_range {pointer}");
            assert_eq!(with(&was, &format!("\"{field}\":{value}")), expected, "{field} {value}");
        }
        for value in ["\"1\"", "true", "[]", "{}"] {
            let expected = format!("wrong_type {pointer}");
            assert_eq!(with(&was, &format!("\"{field}\":{value}")), expected, "{field} {value}");
        }
        for value in ["NaN", "Infinity", "1e999", "01", "+1", "0x1"] {
            assert_eq!(with(&was, &format!("\"{field}\":{value}")), "not_json ", "{field} {value}");
        }
    }
}

#[test]
fn whole_numbers_must_be_written_as_whole_numbers() {
    for value in ["5.0", "5e0", "null", "18446744073709551616"] {
        assert_eq!(with("\"seq\":5", &format!("\"seq\":{value}")), "wrong_type /seq");
    }
}

#[test]
fn what_means_unknown_is_read_as_unknown() {
    let fix = |from, to| decode_ping(PING.replace(from, to).as_bytes()).unwrap().fixes[0].clone();
    assert_eq!(fix("\"acc_m\":3.5", "\"acc_m\":0").acc_m, None);
    assert_eq!(fix("\"acc_m\":3.5", "\"acc_m\":null").acc_m, None);
    assert_eq!(fix("\"acc_m\":3.5,", "").acc_m, None);
    assert_eq!(fix("\"acc_m\":3.5", "\"acc_m\":4294967.295").acc_m, Some(100_000.0));
    assert_eq!(fix("\"hdop\":0.5", "\"hdop\":0.0").hdop, None);
}

#[test]
fn required_fields() {
    for (part, pointer) in [
        (r#""boot":1,"#, "/boot"),
        (r#""seq":5,"#, "/seq"),
        (r#""oldest_kept":5,"#, "/oldest_kept"),
        (r#""next_within_s":60,"#, "/next_within_s"),
        (r#""sent_ms":9,"#, "/sent_ms"),
        (r#""battery_pct":50,"#, "/battery_pct"),
        (r#""charging":false,"#, "/charging"),
        (r#""motion":"still","#, "/motion"),
        (r#""t_ms":1,"#, "/fixes/0/t_ms"),
        (r#""lat":1.5,"#, "/fixes/0/lat"),
        (r#""lon":2.5,"#, "/fixes/0/lon"),
        (r#""source":"gnss","#, "/fixes/0/source"),
        (r#""t_ms":8,"#, "/events/0/t_ms"),
        (r#""kind":"sos","#, "/events/0/kind"),
    ] {
        assert_eq!(with(part, ""), format!("missing_field {pointer}"));
    }
    assert_eq!(with("\"fixes\"", "\"fixs\""), "missing_field /fixes");
    assert_eq!(with("\"events\"", "\"evnts\""), "missing_field /events");
    for part in ["acc_m", "hdop", "speed_mps", "course_deg", "sats", "restored"] {
        assert_eq!(with(&format!("\"{part}\""), "\"ignored\""), "ok");
    }
}

#[test]
fn texts_and_booleans() {
    assert_eq!(with("\"still\"", "\"Still\""), "unknown_value /motion");
    assert_eq!(with("\"gnss\"", "\"magic\""), "unknown_value /fixes/0/source");
    assert_eq!(with("\"still\"", "3"), "wrong_type /motion");
    assert_eq!(with("false", "\"no\""), "wrong_type /charging");
    assert_eq!(with("true", "1"), "wrong_type /events/0/restored");
    let kind = |text: &str| with("\"sos\"", &format!("\"{text}\""));
    assert_eq!(kind(&"k".repeat(32)), "ok");
    for wrong in ["", "Sos", "s-o-s", "s\\u00f6s", "s\\u0000s", &"k".repeat(33)] {
        assert_eq!(kind(wrong), "bad_text /events/0/kind", "{wrong}");
    }
}

#[test]
fn lists_at_their_bounds_and_one_past() {
    let fix = r#"{"t_ms":1,"lat":1,"lon":1,"source":"gnss"}"#;
    let event = r#"{"t_ms":1,"kind":"sos"}"#;
    let ping = |fixes: usize, events: usize| {
        let (fixes, events) = (vec![fix; fixes].join(","), vec![event; events].join(","));
        let head = PING.split("\"fixes\"").next().unwrap();
        outcome(format!(r#"{head}"fixes":[{fixes}],"events":[{events}]}}"#).as_bytes())
    };
    assert_eq!(ping(0, 0), "ok");
    assert_eq!(ping(64, 32), "ok");
    assert_eq!(ping(65, 0), "too_many /fixes");
    assert_eq!(ping(0, 33), "too_many /events");
}

#[test]
fn every_fix_at_zero_becomes_an_event() {
    let fix = r#"{"t_ms":1,"lat":0,"lon":0.0,"source":"gnss"}"#;
    let head = PING.split("\"fixes\"").next().unwrap();
    let bytes = format!(r#"{head}"fixes":[{}],"events":[]}}"#, vec![fix; 64].join(","));
    let ping = decode_ping(bytes.as_bytes()).unwrap();
    assert!(ping.fixes.is_empty());
    assert_eq!(ping.events.len(), 64);
    assert!(ping.events.iter().all(|event| event.kind == EventKind::NoFix && !event.restored));
}

#[test]
fn size_depth_fields_and_duplicates() {
    let padded = |bytes: usize| format!("{PING}{}", " ".repeat(bytes - PING.len()));
    assert_eq!(outcome(padded(PACKET_BYTES_MAX).as_bytes()), "ok");
    assert_eq!(outcome(padded(PACKET_BYTES_MAX + 1).as_bytes()), "too_large ");

    let nested = |depth: usize| {
        let extra = format!("\"x\":{}{},\"v\"", "[".repeat(depth - 1), "]".repeat(depth - 1));
        with("\"v\"", &extra)
    };
    assert_eq!(nested(16), "ok");
    assert_eq!(nested(17), "too_deep ");
    assert_eq!(outcome("[".repeat(PACKET_BYTES_MAX).as_bytes()), "too_deep ");
    assert_eq!(with("\"sos\"", "\"[[[[[[[[[[[[[[[[[[[[[[[[\""), "bad_text /events/0/kind");
    assert_eq!(with("\"v\"", r#""x":"\"[[[[[[[[[[[[[[[[[[[[[[[","v""#), "ok");

    let fields = |count: usize| {
        let extra: String = (0..count - 3).map(|n| format!("\"x{n}\":0,")).collect();
        with("\"t_ms\":8", &format!("{extra}\"t_ms\":8"))
    };
    assert_eq!(fields(64), "ok");
    assert_eq!(fields(65), "too_many /events/0");

    assert_eq!(with("\"boot\":1", "\"boot\":1,\"boot\":1"), "duplicate_field /boot");
    assert_eq!(with("\"boot\":1", "\"boot\":1,\"bo\\u006ft\":2"), "duplicate_field /boot");
    assert_eq!(with("\"lat\":1.5", "\"lat\":1.5,\"lat\":2"), "duplicate_field /fixes/0/lat");
    assert_eq!(with("\"v\":1", "\"v\":1,\"x\":[{\"y\":1,\"y\":2}]"), "duplicate_field /x/0/y");
}

#[test]
fn a_pointer_repeats_no_name_that_could_carry_data() {
    for name in ["53.48", "5348", "-2", "a/b", "~", "", "\\u0000", &"n".repeat(33)] {
        let twice = format!("\"x\":{{\"{name}\":1,\"{name}\":2}},\"v\"");
        assert_eq!(with("\"v\"", &twice), "duplicate_field /x", "{name}");
    }
    let deep = format!("\"{}\":{{", "n".repeat(32)).repeat(14);
    let twice = format!("{deep}\"y\":1,\"y\":1{},\"v\"", "}".repeat(14));
    let refusal = decode_ping(PING.replace("\"v\"", &twice).as_bytes()).unwrap_err();
    assert_eq!(refusal.pointer, format!("/{}", "n".repeat(32)).repeat(6));
}

#[test]
fn versions() {
    for version in ["0", "2", "\"1\"", "null", "1.0", "[1]"] {
        assert_eq!(with("\"v\":1", &format!("\"v\":{version}")), "unsupported_version /v");
    }
    assert_eq!(outcome(b"{}"), "unsupported_version /v");
    let refusal = decode_ping(b"{}").unwrap_err();
    assert_eq!(refusal.detail, "the version \"v\" must be one of: 1");
}

#[test]
fn whole_messages_of_the_wrong_kind() {
    for text in ["", " ", "{", "{}}", "{} {}", "nul", "\u{feff}{}", "{'v':1}", "{\"v\":1,}", "\"a"] {
        assert_eq!(outcome(text.as_bytes()), "not_json ", "{text}");
    }
    for text in ["null", "1", "[]", "\"ping\"", "true"] {
        assert_eq!(outcome(text.as_bytes()), "wrong_type ", "{text}");
    }
    assert_eq!(outcome(b"{\"v\":\xff}"), "not_utf8 ");
    assert_eq!(outcome(b"{\"v\":\"\\ud800\"}"), "not_json ");
    assert_eq!(with("\"fixes\":[", "\"fixes\":[null,"), "wrong_type /fixes/0");
    assert_eq!(with("\"events\":[", "\"events\":[[],"), "wrong_type /events/0");
    assert_eq!(outcome(PING.replace(['[', ']'], "").as_bytes()), "wrong_type /fixes");
}

#[test]
fn acks_at_their_bounds_and_one_past() {
    let ack = |body: &str| match decode_ack(format!("{{\"v\":1,{body}}}").as_bytes()) {
        Ok(_) => "ok".to_owned(),
        Err(refusal) => format!("{} {}", refusal.code, refusal.pointer),
    };
    let ranges = |count: u64| {
        let list: Vec<_> = (1..=count).map(|n| format!("[{0},{0}]", 2 * n)).collect();
        ack(&format!(r#""boot":1,"upto":0,"ranges":[{}]"#, list.join(",")))
    };
    assert_eq!(ranges(32), "ok");
    assert_eq!(ranges(33), "too_many /ranges");
    assert_eq!(ack(r#""boot":1,"upto":9007199254740991,"ranges":[]"#), "ok");
    assert_eq!(ack(r#""boot":1,"upto":9007199254740992,"ranges":[]"#), "out_of_range /upto");
    assert_eq!(ack(r#""boot":1,"upto":-1,"ranges":[]"#), "out_of_range /upto");
    assert_eq!(ack(r#""boot":1,"upto":5,"ranges":[[5,6]]"#), "out_of_range /ranges");
    assert_eq!(ack(r#""boot":1,"upto":5,"ranges":[[8,7]]"#), "out_of_range /ranges");
    assert_eq!(ack(r#""boot":1,"upto":5,"ranges":[[7,9],[9,9]]"#), "out_of_range /ranges");
    assert_eq!(ack(r#""boot":1,"upto":5,"ranges":[[7]]"#), "out_of_range /ranges/0");
    assert_eq!(ack(r#""boot":1,"upto":5,"ranges":[7]"#), "wrong_type /ranges/0");
    assert_eq!(ack(r#""boot":1,"upto":5,"ranges":[[7,"8"]]"#), "wrong_type /ranges/0/1");
    assert_eq!(ack(r#""boot":1,"upto":5"#), "missing_field /ranges");
}

#[test]
fn rejects_commands_and_statuses_at_their_bounds_and_one_past() {
    let code = |result: Result<(), tag_wire::Refusal>| match result {
        Ok(()) => "ok".to_owned(),
        Err(refusal) => format!("{} {}", refusal.code, refusal.pointer),
    };
    let reject = |sha: &str, name: &str, pointer: usize, detail: usize| {
        let (pointer, detail) = ("/".repeat(pointer), "d".repeat(detail));
        let text = format!(
            r#"{{"v":1,"sha256":"{sha}","code":"{name}","pointer":"{pointer}","detail":"{detail}"}}"#
        );
        code(decode_reject(text.as_bytes()).map(drop))
    };
    let sha = "0a".repeat(32);
    assert_eq!(reject(&sha, "too_large", 200, 200), "ok");
    assert_eq!(reject(&sha, "a_code_of_a_later_version", 0, 0), "ok");
    assert_eq!(reject(&sha, "too_large", 201, 0), "bad_text /pointer");
    assert_eq!(reject(&sha, "too_large", 0, 201), "bad_text /detail");
    assert_eq!(reject(&sha, "Too large", 0, 0), "bad_text /code");
    for wrong in [&sha[1..], &sha.to_uppercase(), &format!("{sha}0"), ""] {
        assert_eq!(reject(wrong, "too_large", 0, 0), "bad_text /sha256");
    }

    let cmd = |body: &str| code(decode_cmd(format!("{{\"v\":1,{body}}}").as_bytes()).map(drop));
    assert_eq!(cmd(r#""id":1,"expires_ms":253402300799999,"interval_s":86400"#), "ok");
    assert_eq!(cmd(r#""id":0,"expires_ms":0"#), "out_of_range /id");
    assert_eq!(cmd(r#""id":1,"expires_ms":253402300800000"#), "out_of_range /expires_ms");
    assert_eq!(cmd(r#""id":1,"expires_ms":0,"interval_s":0"#), "out_of_range /interval_s");
    assert_eq!(cmd(r#""id":1"#), "missing_field /expires_ms");

    let status = |body: &str| code(decode_status(format!("{{\"v\":1,{body}}}").as_bytes()).map(drop));
    assert_eq!(status(&format!(r#""online":true,"model":"{}""#, "m".repeat(64))), "ok");
    let long = format!(r#""online":true,"model":"{}""#, "m".repeat(65));
    assert_eq!(status(&long), "bad_text /model");
    assert_eq!(status(r#""online":true,"firmware":"""#), "bad_text /firmware");
    assert_eq!(status(r#""online":true,"firmware":"\u001b[2J""#), "bad_text /firmware");
    assert_eq!(status(r#""online":true,"boot":4294967296"#), "out_of_range /boot");
    assert_eq!(status(r#""boot":1"#), "missing_field /online");
}

#[test]
fn the_longest_sensible_ping_fits_into_a_packet() {
    let fix = Fix {
        t_ms: 253_402_300_799_999,
        lat: -89.123_456_7,
        lon: -179.123_456_7,
        acc_m: Some(99_999.25),
        hdop: Some(99.25),
        source: Source::HomeUnit,
        speed_mps: Some(999.25),
        course_deg: Some(359.25),
        sats: Some(255),
    };
    let kind = EventKind::parse(&"k".repeat(32)).unwrap();
    let ping = Ping {
        boot: u32::MAX,
        seq: (1 << 53) - 1,
        oldest_kept: (1 << 53) - 1,
        next_within_s: 86_400,
        sent_ms: 253_402_300_799_999,
        battery_pct: 100,
        charging: false,
        motion: Motion::Unknown,
        fixes: vec![fix; 64],
        events: vec![Event { t_ms: 253_402_300_799_999, kind, restored: true }; 32],
    };
    assert!(decode_ping(&ping.encode()) == Ok(ping));
}
