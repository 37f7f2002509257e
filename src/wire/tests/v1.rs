//! The bytes of wire contract v1, pinned.
//!
//! If a test here fails, do not change the test: tags in the field send and read exactly these bytes.
//! Change the code back, or add a field that old tags may leave out, or begin a version 2.

use tag_wire::{
    Ack, Cmd, Event, EventKind, Fix, Motion, Ping, Reject, Source, Status, decode_ack, decode_cmd,
    decode_ping, decode_reject, decode_status, payload_sha256,
};

const PING: &str = concat!(
    r#"{"v":1,"boot":7,"seq":42,"oldest_kept":40,"next_within_s":60,"sent_ms":1767225600500,"#,
    r#""battery_pct":83,"charging":false,"motion":"moving","fixes":["#,
    r#"{"t_ms":1767225600000,"lat":53.4799881,"lon":-2.2398572,"acc_m":5.2,"hdop":0.9,"#,
    r#""source":"gnss","speed_mps":1.4,"course_deg":271.5,"sats":9},"#,
    r#"{"t_ms":1767225585000,"lat":-90.0,"lon":180.0,"source":"home_unit"}],"events":["#,
    r#"{"t_ms":1767225590000,"kind":"strap_tamper"},"#,
    r#"{"t_ms":1767225591000,"kind":"jamming","restored":true},"#,
    r#"{"t_ms":1767225592000,"kind":"coffee_spilled"}]}"#,
);

fn ping() -> Ping {
    let event =
        |t_ms, kind, restored| Event { t_ms, kind: EventKind::parse(kind).expect("a kind"), restored };
    Ping {
        boot: 7,
        seq: 42,
        oldest_kept: 40,
        next_within_s: 60,
        sent_ms: 1_767_225_600_500,
        battery_pct: 83,
        charging: false,
        motion: Motion::Moving,
        fixes: vec![
            Fix {
                t_ms: 1_767_225_600_000,
                lat: 53.479_988_1,
                lon: -2.239_857_2,
                acc_m: Some(5.2),
                hdop: Some(0.9),
                source: Source::Gnss,
                speed_mps: Some(1.4),
                course_deg: Some(271.5),
                sats: Some(9),
            },
            Fix {
                t_ms: 1_767_225_585_000,
                lat: -90.0,
                lon: 180.0,
                acc_m: None,
                hdop: None,
                source: Source::HomeUnit,
                speed_mps: None,
                course_deg: None,
                sats: None,
            },
        ],
        events: vec![
            event(1_767_225_590_000, "strap_tamper", false),
            event(1_767_225_591_000, "jamming", true),
            event(1_767_225_592_000, "coffee_spilled", false),
        ],
    }
}

#[test]
fn ping_bytes() {
    assert_eq!(String::from_utf8(ping().encode()).unwrap(), PING);
    assert!(decode_ping(PING.as_bytes()) == Ok(ping()));
}

#[test]
fn a_ping_as_another_implementation_writes_it() {
    let text = r#" { "events" : [ ], "fixes" : [ { "source" : "cell", "lon" : 0, "lat" : 51,
        "acc_m" : 0, "hdop" : null, "speed_mps" : null, "course_deg" : 360, "t_ms" : 0, "alt_m" : [{}] },
        { "source":"gnss", "lat":0.0, "lon":-0.0, "t_ms":12 } ],
        "motion" : "unk\u006eown", "charging" : true, "battery_pct" : 0, "sent_ms" : 253402300799999,
        "next_within_s" : 86400, "oldest_kept" : 1, "seq" : 9007199254740991, "boot" : 4294967295,
        "later" : {"than": ["v1"]}, "v" : 1 } "#;
    let ping = decode_ping(text.as_bytes()).unwrap();
    assert_eq!((ping.boot, ping.seq, ping.oldest_kept), (u32::MAX, (1 << 53) - 1, 1));
    assert_eq!((ping.next_within_s, ping.sent_ms), (86_400, 253_402_300_799_999));
    assert_eq!((ping.battery_pct, ping.charging, ping.motion), (0, true, Motion::Unknown));
    let fix = Fix {
        t_ms: 0,
        lat: 51.0,
        lon: 0.0,
        acc_m: None,
        hdop: None,
        source: Source::Cell,
        speed_mps: None,
        course_deg: Some(0.0),
        sats: None,
    };
    assert!(ping.fixes == [fix], "the fix at 0,0 is no fix");
    assert_eq!(ping.events, [Event { t_ms: 12, kind: EventKind::NoFix, restored: false }]);
}

#[test]
fn every_value_of_every_list() {
    for (kind, text) in [
        (EventKind::StrapTamper, "strap_tamper"),
        (EventKind::CaseTamper, "case_tamper"),
        (EventKind::Jamming, "jamming"),
        (EventKind::NoFix, "no_fix"),
        (EventKind::Charging, "charging"),
        (EventKind::PowerOff, "power_off"),
        (EventKind::Sos, "sos"),
    ] {
        assert_eq!((kind.as_str(), EventKind::parse(text)), (text, Some(kind.clone())));
    }
    for (source, text) in [
        (Source::Gnss, "gnss"),
        (Source::Wifi, "wifi"),
        (Source::Cell, "cell"),
        (Source::Beacon, "beacon"),
        (Source::HomeUnit, "home_unit"),
    ] {
        let bytes = PING.replace("\"gnss\"", &format!("\"{text}\""));
        assert_eq!(decode_ping(bytes.as_bytes()).unwrap().fixes[0].source, source);
        assert_eq!(source.as_str(), text);
    }
    for (motion, text) in [(Motion::Moving, "moving"), (Motion::Still, "still"), (Motion::Unknown, "unknown")]
    {
        let bytes = PING.replace("\"moving\"", &format!("\"{text}\""));
        assert_eq!(decode_ping(bytes.as_bytes()).unwrap().motion, motion);
        assert_eq!(motion.as_str(), text);
    }
}

#[test]
fn ack_bytes() {
    let ack = Ack { boot: 7, upto: 40, ranges: vec![[42, 42], [44, 50]] };
    let bytes = br#"{"v":1,"boot":7,"upto":40,"ranges":[[42,42],[44,50]]}"#;
    assert_eq!(ack.encode(), bytes);
    assert_eq!(decode_ack(bytes), Ok(ack));
}

#[test]
fn reject_bytes() {
    let payload = br#"{"v":2}"#;
    let refusal = decode_ping(payload).unwrap_err();
    let reject = Reject::new(payload, &refusal);
    let bytes = concat!(
        r#"{"v":1,"sha256":"2b5442799fccc3af2e7e790017697373913b7afcac933d72fb5876de994f659a","#,
        r#""code":"unsupported_version","pointer":"/v","#,
        r#""detail":"the version \"v\" must be one of: 1"}"#,
    );
    assert_eq!(String::from_utf8(reject.encode()).unwrap(), bytes);
    assert_eq!(decode_reject(bytes.as_bytes()), Ok(reject));
    assert_eq!(payload_sha256(b"")[..4], [0xe3, 0xb0, 0xc4, 0x42]);
}

#[test]
fn cmd_bytes() {
    let cmd = Cmd { id: 3, expires_ms: 1_767_229_200_000, interval_s: Some(15) };
    let bytes = br#"{"v":1,"id":3,"expires_ms":1767229200000,"interval_s":15}"#;
    assert_eq!(cmd.encode(), bytes);
    assert_eq!(decode_cmd(bytes), Ok(cmd));
    let none = br#"{"v":1,"id":4,"expires_ms":0,"interval_s":null,"vibrate":true}"#;
    assert_eq!(decode_cmd(none), Ok(Cmd { id: 4, expires_ms: 0, interval_s: None }));
}

#[test]
fn status_bytes() {
    let birth = Status {
        online: true,
        boot: Some(7),
        firmware: Some("2.1.0".to_owned()),
        model: Some("Anklet 3".to_owned()),
    };
    let bytes = br#"{"v":1,"online":true,"boot":7,"firmware":"2.1.0","model":"Anklet 3"}"#;
    assert_eq!(birth.encode(), bytes);
    assert_eq!(decode_status(bytes), Ok(birth));
    let will = Status { online: false, boot: None, firmware: None, model: None };
    assert_eq!(will.encode(), br#"{"v":1,"online":false}"#);
    assert_eq!(decode_status(br#"{"v":1,"online":false}"#), Ok(will));
}
