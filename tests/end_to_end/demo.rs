//! The demo as a person starts it.

use std::{collections::BTreeSet, process::Command};

use serde_json::Value;

fn keys(value: &Value) -> BTreeSet<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

#[test]
fn a_headless_demo_ends_well_and_its_last_line_says_what_happened() {
    let ran = Command::new(env!("CARGO_BIN_EXE_cordon"))
        .args(["demo", "--headless", "--for", "60s", "--json", "--listen", "127.0.0.1:0"])
        .output()
        .unwrap();
    let (said, errors) = (String::from_utf8(ran.stdout).unwrap(), String::from_utf8_lossy(&ran.stderr));
    assert!(ran.status.success(), "{said}\n{errors}");
    let summary: Value = serde_json::from_str(said.lines().last().unwrap()).unwrap();
    assert_eq!(keys(&summary), BTreeSet::from(["pings", "duplicates", "incidents", "alerts", "latency_ms"]));
    assert_eq!(keys(&summary["latency_ms"]), BTreeSet::from(["p50", "p99", "max"]));
    assert!(summary["pings"].as_u64().unwrap() > 100, "{summary}");
    assert!(summary["latency_ms"]["max"].as_f64().unwrap() > 0.0, "{summary}");
    for kind in ["violation", "strap_tamper", "blind"] {
        assert!(summary["incidents"][kind].as_u64().unwrap_or(0) >= 1, "no {kind}: {summary}");
    }
    assert!(summary["alerts"]["delivered"].as_u64().unwrap_or(0) >= 1, "no receipt came: {summary}");
}
