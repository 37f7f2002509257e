//! Recorded tracks become pings. Reads $CORDON_TRACKS or ../shared/data/gps beside the workspace, and says
//! so when there are none.

use std::path::PathBuf;

use firmware_sim::track::{PingPlan, pings, read};
use tag_wire::decode_ping;

fn track(name: &str) -> Option<String> {
    let folder = std::env::var_os("CORDON_TRACKS").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/data/gps")),
        PathBuf::from,
    );
    let path = folder.join(name);
    if !path.exists() {
        eprintln!("SKIPPED: no recorded track {}; set CORDON_TRACKS", path.display());
        return None;
    }
    Some(std::fs::read_to_string(path).expect("a track that exists can be read"))
}

#[test]
fn every_recorded_track_becomes_valid_pings_that_keep_their_promises() {
    for (name, fixes_expected) in [
        ("nagoya_2023-07-11_fixes.csv", 550),
        ("mountain_view_2020-02-07_fixes.csv", 1_627),
        ("phone_static_2016_a.csv", 216),
        ("phone_static_2016_b.csv", 207),
        ("sim_home_D_border40m.csv", 12_533),
    ] {
        let Some(csv) = track(name) else { continue };
        let fixes = read(&csv).unwrap();
        assert_eq!(fixes.len(), fixes_expected, "{name}");
        let plan = PingPlan { interval_s: 15, start_ms: 1_767_225_600_000, boot: 1 };
        let pings = pings(&fixes, &plan);
        for pair in pings.windows(2) {
            let promised_ms = pair[0].at_ms + i64::from(pair[0].ping.next_within_s) * 1_000;
            assert!(pair[0].at_ms < pair[1].at_ms && pair[1].at_ms <= promised_ms, "{name}");
        }
        for timed in &pings {
            assert!(decode_ping(&timed.ping.encode()).unwrap() == timed.ping, "{name}");
        }
        let with_fix = pings.iter().filter(|timed| !timed.ping.fixes.is_empty()).count();
        eprintln!("{name}: {} pings, {with_fix} with a fix", pings.len());
    }
}

#[test]
fn the_gaps_of_nagoya_are_told() {
    let Some(csv) = track("nagoya_2023-07-11_fixes.csv") else {
        return;
    };
    let fixes = read(&csv).unwrap();
    let plan = PingPlan { interval_s: 15, start_ms: fixes[0].t_ms, boot: 1 };
    let pings = pings(&fixes, &plan);
    let longest_ms = fixes.windows(2).map(|pair| pair[1].t_ms - pair[0].t_ms).max();
    assert_eq!(longest_ms, Some(69_000), "the track has the gap its description names");
    assert!(pings.iter().any(|timed| timed.ping.fixes.is_empty()));
}
