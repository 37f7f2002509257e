//! What must hold for every message and for any bytes at all.

use proptest::collection::vec;
use proptest::prelude::*;
use tag_wire::limits::{DETAIL_CHARS_MAX, POINTER_CHARS_MAX};
use tag_wire::{
    Ack, Cmd, Event, EventKind, Fix, Motion, Ping, Reject, Source, Status, decode_ack, decode_cmd,
    decode_ping, decode_reject, decode_status,
};

/// Runs every decoder; what a refusal says must be bounded and plain.
fn decode_all(bytes: &[u8]) {
    let refusals = [
        decode_ping(bytes).err(),
        decode_ack(bytes).err(),
        decode_reject(bytes).err(),
        decode_cmd(bytes).err(),
        decode_status(bytes).err(),
    ];
    for refusal in refusals.into_iter().flatten() {
        assert!(refusal.pointer.len() <= POINTER_CHARS_MAX && refusal.pointer.is_ascii());
        assert!(refusal.detail.len() <= DETAIL_CHARS_MAX && refusal.detail.is_ascii());
        let reject = Reject::new(bytes, &refusal);
        assert_eq!(decode_reject(&reject.encode()), Ok(reject));
    }
}

fn known_or(range: std::ops::RangeInclusive<f64>) -> impl Strategy<Value = Option<f64>> {
    proptest::option::of(range)
}

prop_compose! {
    fn any_fix()(
        t_ms in 0..=253_402_300_799_999_i64,
        lat in -90.0..=90.0_f64,
        lon in prop_oneof![-180.0..=-1e-9_f64, 1e-9..=180.0_f64],
        acc_m in known_or(1e-9..=1e5),
        hdop in known_or(1e-9..=100.0),
        source in prop::sample::select(
            vec![Source::Gnss, Source::Wifi, Source::Cell, Source::Beacon, Source::HomeUnit]),
        speed_mps in known_or(0.0..=1000.0),
        course_deg in proptest::option::of(0.0..360.0_f64),
        sats in any::<Option<u8>>(),
    ) -> Fix {
        Fix { t_ms, lat, lon, acc_m, hdop, source, speed_mps, course_deg, sats }
    }
}

prop_compose! {
    fn any_event()(
        t_ms in 0..=253_402_300_799_999_i64,
        kind in "[a-z0-9_]{1,32}|strap_tamper|case_tamper|jamming|no_fix|charging|power_off|sos",
        restored: bool,
    ) -> Event {
        Event { t_ms, kind: EventKind::parse(&kind).expect("the pattern is that of a kind"), restored }
    }
}

prop_compose! {
    fn any_ping()(
        (boot, kept, above) in (any::<u32>(), 1..1_u64 << 52, 0..1_u64 << 52),
        next_within_s in 1..=86_400_u32,
        sent_ms in 0..=253_402_300_799_999_i64,
        battery_pct in 0..=100_u8,
        charging: bool,
        motion in prop::sample::select(vec![Motion::Moving, Motion::Still, Motion::Unknown]),
        fixes in vec(any_fix(), 0..=40),
        events in vec(any_event(), 0..=32),
    ) -> Ping {
        Ping {
            boot, seq: kept + above, oldest_kept: kept, next_within_s, sent_ms, battery_pct,
            charging, motion, fixes, events,
        }
    }
}

prop_compose! {
    fn any_ack()(
        boot: u32,
        upto in 0..1_u64 << 40,
        steps in vec((1..1_u64 << 40, 0..1_u64 << 40), 0..=32),
    ) -> Ack {
        let mut below = upto;
        let ranges = steps.into_iter().map(|(gap, length)| {
            let low = below + gap;
            below = low + length;
            [low, below]
        }).collect();
        Ack { boot, upto, ranges }
    }
}

proptest! {
    #[test]
    fn a_ping_reads_back_to_the_last_bit(ping in any_ping()) {
        let back = decode_ping(&ping.encode()).unwrap();
        prop_assert!(back == ping);
    }

    #[test]
    fn an_ack_reads_back_and_covers_what_it_lists(ack in any_ack(), seq in 1..1_u64 << 46) {
        prop_assert_eq!(&decode_ack(&ack.encode()).unwrap(), &ack);
        let listed = ack.ranges.iter().any(|range| range[0] <= seq && seq <= range[1]);
        prop_assert_eq!(ack.covers(seq), seq <= ack.upto || listed);
    }

    #[test]
    fn commands_and_statuses_read_back(
        id in 1..1_u64 << 53,
        expires_ms in 0..=253_402_300_799_999_i64,
        interval_s in proptest::option::of(1..=86_400_u32),
        online: bool,
        boot: Option<u32>,
        firmware in proptest::option::of("[ -~]{1,64}"),
        model in proptest::option::of("[ -~]{1,64}"),
    ) {
        let cmd = Cmd { id, expires_ms, interval_s };
        prop_assert_eq!(decode_cmd(&cmd.encode()).unwrap(), cmd);
        let status = Status { online, boot, firmware, model };
        prop_assert_eq!(decode_status(&status.encode()).unwrap(), status);
    }

    #[test]
    fn noise_is_refused_without_panic(bytes in vec(any::<u8>(), 0..400)) {
        decode_all(&bytes);
    }

    #[test]
    fn json_noise_is_refused_without_panic(text in r#"[\[\]{}",:0-9.eE\\u \-tfn]{0,200}"#) {
        decode_all(text.as_bytes());
    }

    #[test]
    fn a_mutated_ping_is_read_or_refused_without_panic(
        ping in any_ping(),
        cuts in vec((any::<prop::sample::Index>(), any::<u8>(), 0..4_u8), 1..6),
    ) {
        let mut bytes = ping.encode();
        for (at, byte, action) in cuts {
            let at = at.index(bytes.len());
            match action {
                0 => bytes[at] = byte,
                1 => bytes.insert(at, byte),
                2 => bytes[at] ^= 1 << (byte % 8),
                _ => bytes.truncate(at.max(1)),
            }
        }
        decode_all(&bytes);
    }
}
