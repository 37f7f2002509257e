//! What machines are told that watch the service.

use serde_json::Value;

use super::*;
use crate::vitals::{Ages, Beats, Canary, Took};

#[tokio::test]
async fn a_watchdog_shows_its_token_and_is_told_ages_alone() {
    let bench = Bench::new(violation());
    for shown in [
        "",
        "Bearer ",
        "Bearer token-of-a-watchdo",
        "bearer token-of-a-watchdog",
        "Basic token-of-a-watchdog",
    ] {
        let answer = bench.send(request("GET", "/watch", &[("authorization", shown)], "")).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{shown}");
    }
    assert_eq!(bench.get("/watch").await.status, StatusCode::UNAUTHORIZED);
    // It may come through a proxy, by whatever name.
    let headers = [("authorization", "Bearer token-of-a-watchdog"), ("host", "cordon.example")];
    let answer = bench.send(request("GET", "/watch", &headers, "")).await;
    assert_eq!(answer.status, StatusCode::OK);
    let ages: Ages = serde_json::from_str(&answer.text).expect("what a watchdog reads");
    assert_eq!((ages.wall_ms, ages.canary_s, ages.brokers_up), (AT.as_ms(), None, true));
    let told: Value = serde_json::from_str(&answer.text).expect("JSON");
    assert!(told.as_object().expect("members").values().all(|value| !value.is_string()), "{told}");
}

#[tokio::test]
async fn figures_are_in_the_format_of_prometheus() {
    let bench = Bench::new(violation());
    let plain = bench.get("/metrics").await;
    assert!(plain.header(header::CONTENT_TYPE).starts_with("text/plain; version=0.0.4"));
    assert!(!plain.text.contains("canary"), "there is none");
    let took = Took { broker_ms: 1.5, line_ms: 20.0, dispatch_ms: 3.25 };
    let canary = Canary { booked: 3, came: 2, missed: 1, took: Some(took), ..Canary::default() };
    bench.vitals.put_canary(canary);
    bench.vitals.put_beats(Beats { sent: 5, failed: 6, held_back: 7 });
    let text = bench.get("/metrics").await.text;
    for line in [
        "cordon_canary_total{state=\"missed\"} 1",
        "cordon_canary_hop_milliseconds{hop=\"dispatch\"} 3.25",
        "cordon_heartbeat_total{state=\"held_back\"} 7",
        "cordon_pings_total 0",
        "# TYPE cordon_age_seconds gauge",
    ] {
        assert!(text.lines().any(|known| known == line), "{line}: {text}");
    }
    let mut named = BTreeSet::new();
    for line in text.lines() {
        if let Some(head) = line.strip_prefix("# TYPE ") {
            let (name, kind) = head.split_once(' ').expect("a name and a kind");
            assert!(["counter", "gauge"].contains(&kind) && named.insert(name), "{line}");
        } else if !line.starts_with('#') {
            let name = line.split(['{', ' ']).next().expect("a name");
            assert!(named.contains(name), "{line}");
            assert!(line.rsplit(' ').next().is_some_and(|value| value.parse::<f64>().is_ok()), "{line}");
        }
    }
    // Counts and ages: nobody's name and no place, as open as the health page.
    assert!(!text.contains("Stone") && !text.contains("53."), "{text}");
}

#[tokio::test]
async fn ready_is_who_hears_judges_and_writes_down() {
    let bench = Bench::new(violation());
    let ready = async || {
        let answer = bench.get("/readyz").await;
        (answer.status, answer.text)
    };
    assert_eq!(ready().await, (StatusCode::OK, "ready\n".into()));
    // Of long ago.
    bench.vitals.turned(bench.clock.real_us() - 60_000_000, 0);
    assert_eq!(ready().await, (StatusCode::SERVICE_UNAVAILABLE, "the line does not turn\n".into()));
    bench.vitals.turned(bench.clock.real_us(), 60_000);
    let unwritten = (StatusCode::SERVICE_UNAVAILABLE, "records are not written\n".to_owned());
    assert_eq!(ready().await, unwritten);
    bench.vitals.turned(bench.clock.real_us(), 0);
    assert_eq!(ready().await.0, StatusCode::OK);
    bench.board.send_modify(|picture| Arc::make_mut(picture).store_fails = true);
    assert_eq!(ready().await, unwritten);
    // Whoever asks whether the process lives is told so all the same: a restart would mend nothing.
    assert_eq!(bench.get("/livez").await.status, StatusCode::OK);
}
