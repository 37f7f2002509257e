//! What machines are told that watch the service.

use std::time::Duration;

use serde_json::Value;

use super::*;
use crate::{
    access::audit::{HeadsError, HeadsFile, SecondPlace},
    vitals::{Ages, Beats, Canary, Took},
};

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
        "cordon_messages_total{hop=\"committed\"} 0",
        "cordon_alerts_total{hop=\"sent\"} 0",
        "cordon_incidents_total{hop=\"acted\"} 0",
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

#[tokio::test]
async fn that_the_audit_log_is_kept_in_one_place_only_is_said_until_it_is_mended() {
    let bench = Bench::new(violation());
    let browser = bench.browser().await;
    let disk = tempfile::tempdir().expect("a folder");
    let (away, place) = (disk.path().join("away"), disk.path().join("disk"));
    let heads = HeadsFile::new(&place.join("heads"));
    let kept =
        async |patience_ms| bench.access.keep_head(&heads, AT, Duration::from_millis(patience_ms)).await;
    let said = async || {
        // Each look stands in the log, so that there is a new head.
        let page = bench.get_as(&browser, "/incidents/1").await.text;
        let health: Value = serde_json::from_str(&bench.get("/health").await.text).expect("JSON");
        let metrics = bench.get("/metrics").await.text;
        let figure = |name: &str| {
            let line = metrics.lines().find_map(|line| line.strip_prefix(name)).expect("a figure");
            line.trim().parse::<u64>().expect("a number")
        };
        let is_said = health["trouble"] == serde_json::json!([words::HEADS_FAIL]);
        let on_page = page.contains(&format!("Trouble with Cordon itself:</strong> {}.", words::HEADS_FAIL));
        assert_eq!(on_page, is_said, "{page}");
        assert_eq!(figure("cordon_audit_head_failing"), u64::from(is_said));
        let count = |state: &str| figure(&format!("cordon_audit_head_total{{state=\"{state}\"}}"));
        (is_said, [count("written"), count("failed")])
    };
    // Nothing has been tried so far.
    assert_eq!(said().await, (false, [0, 0]));
    assert!(matches!(kept(5_000).await, Err(HeadsError::File { .. })), "the disk is not there");
    assert!(matches!(kept(5_000).await, Err(HeadsError::File { .. })));
    assert_eq!(said().await, (true, [0, 2]));
    std::fs::create_dir(&place).expect("a disk");
    kept(5_000).await.expect("it is there again");
    assert_eq!(said().await, (false, [1, 2]));
    // The same head is not written twice, and a place that is not needed cannot fail.
    kept(5_000).await.expect("the head");
    std::fs::rename(&place, &away).expect("it is gone again");
    kept(5_000).await.expect("nothing new");
    bench.get_as(&browser, "/incidents?closed").await;
    kept(5_000).await.expect_err("something new");
    assert_eq!(said().await, (true, [1, 3]));
    std::fs::rename(&away, &place).expect("mended");
    kept(5_000).await.expect("something new");
    assert_eq!(said().await, (false, [2, 3]));
    let written = heads.read().expect("heads");
    let (no, chain) = bench.access.head().await.expect("a log").expect("a head");
    assert!(written.len() == 2 && written[0].no < written[1].no && written[1].no <= no, "{written:?}");
    assert!(written[1].no < no || written[1].chain == chain);
}

#[cfg(unix)]
#[tokio::test]
async fn a_second_place_that_does_not_answer_holds_up_nobody_and_is_trouble_until_it_does() {
    let bench = Bench::new(violation());
    let browser = bench.browser().await;
    let disk = tempfile::tempdir().expect("a folder");
    let file = disk.path().join("heads");
    // Whoever opens a pipe that nobody reads from waits, as for a disk of another machine that is gone.
    assert!(std::process::Command::new("mkfifo").arg(&file).status().expect("mkfifo").success());
    let heads = HeadsFile::new(&file);
    bench.get_as(&browser, "/incidents/1").await;
    let kept = async |patience| bench.access.keep_head(&heads, AT, patience).await;
    for failed in 1..=2 {
        assert!(matches!(kept(Duration::from_millis(20)).await, Err(HeadsError::Hangs { .. })));
        assert_eq!(bench.access.second_place(), SecondPlace { written: 0, failed, is_failing: true });
    }
    let reader = std::thread::spawn(move || std::fs::read_to_string(file).expect("a line"));
    // A pipe is on no disk: what was on its way is written, and cannot be made to stay.
    assert!(matches!(kept(Duration::from_secs(30)).await, Err(HeadsError::File { .. })));
    let line = reader.join().expect("a reader");
    assert!(line.lines().count() == 1, "one head, however often it was waited for: {line}");
}
