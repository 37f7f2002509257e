//! A lived incident, played back: each position, what was believed, who was told, and what may be taken along.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{
    lived::{COMPANION, Life, TAG, at, clock, east, lived},
    *,
};
use crate::{
    access::{Grant, NewAccount, Role, audit::Who},
    store::MemoryStore,
};

/// Records of a CSV file, by RFC 4180.
fn records(text: &str) -> Vec<Vec<String>> {
    let (mut records, mut record, mut cell, mut quoted) = (Vec::new(), Vec::new(), String::new(), false);
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match (letter, quoted) {
            ('"', true) if letters.peek() == Some(&'"') => cell.push(letters.next().expect("a quote")),
            ('"', _) => quoted = !quoted,
            (',', false) => record.push(std::mem::take(&mut cell)),
            ('\r', false) => {
                assert_eq!(letters.next(), Some('\n'));
                record.push(std::mem::take(&mut cell));
                records.push(std::mem::take(&mut record));
            }
            (letter, _) => cell.push(letter),
        }
    }
    assert!(record.is_empty() && cell.is_empty(), "the last line ends, too");
    records
}

#[tokio::test(flavor = "multi_thread")]
async fn each_position_stands_with_what_was_believed_when_it_was_live() {
    let life = lived().await;
    let bench = life.bench();
    let amy = bench.browser().await;
    let path = format!("/records/wearers/w-1/playback/csv?from={}&until={}", at(0), AT);
    let csv = bench.get_as(&amy, &path).await;
    assert_eq!(csv.status, StatusCode::OK, "{}", csv.text);
    let disposition = csv.header(header::CONTENT_DISPOSITION);
    assert!(disposition.starts_with("attachment; filename=\"playback-2026-"), "{disposition}");
    assert_eq!(csv.header(header::CACHE_CONTROL), "no-store");
    let records = records(&csv.text);
    let head: Vec<&str> = records[0].iter().map(String::as_str).collect();
    let column = |name: &str| head.iter().position(|known| *known == name).expect("a column");
    let rows = &records[1..];
    assert!(rows.iter().all(|row| row.len() == head.len()));
    let taken: Vec<&str> = rows.iter().map(|row| row[column("taken_utc")].as_str()).collect();
    let all = [0, 30, 60, 90, 120, 150, 240, 330, 420, 570, 600, 665, 740, 800, 880, 3_000];
    assert_eq!(taken, all.map(|s| at(s).to_string()), "every position once, in the order in which they came");
    // What was believed after the last position of each message is what the engine believed when it came.
    let mut said: BTreeMap<i64, Vec<String>> = BTreeMap::new();
    for row in rows {
        let zones = row[column("believed_of_zones")].split("; ").filter(|zone| !zone.is_empty());
        said.insert(row[column("journal_row")].parse().expect("a row"), zones.map(Into::into).collect());
    }
    assert_eq!(said, life.believed);
    assert!(said.values().flatten().any(|it| it == "ROWAN-4: Violation"));
    assert!(said.values().flatten().any(|it| it == "ROWAN-4: Left, still near"));
    let why = |s: i64| {
        let row = rows.iter().find(|row| row[column("taken_utc")] == at(s).to_string()).expect("a position");
        (row[column("believed")].clone(), row[column("why")].clone())
    };
    let (stage, reason) = why(150);
    assert!(stage == "Violation" && reason.starts_with("ROWAN-4: Violation. "), "{stage}: {reason}");
    assert!(why(0).1.contains("outside"), "{:?}", why(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_incident_is_shown_from_its_beginning_with_gaps_stages_and_alerts() {
    let life = lived().await;
    let bench = life.bench();
    let amy = bench.browser().await;
    let id = life.violation();
    let incident = bench.get_as(&amy, &format!("/incidents/{id}")).await.text;
    assert!(incident.contains(&format!("href=\"/incidents/{id}/playback\"")), "{incident}");
    let closed = bench.get_as(&amy, "/incidents?closed").await.text;
    assert!(closed.contains(&format!("href=\"/incidents/{id}/playback\"")), "{closed}");
    let page = bench.get_as(&amy, &format!("/incidents/{id}/playback")).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.text);
    // From the first position to the last before it was closed.
    let count = page.text.matches("<th scope=\"row\" class=\"number\">").count();
    assert_eq!(count, 15, "{}", page.text);
    for words in [
        "ROWAN-4: Violation".to_owned(),
        "ROWAN-4: Left, still near".to_owned(),
        "ROWAN-4: Clear".to_owned(),
        "no position for 7 min before it".to_owned(),
        "Barry Stone".to_owned(),
        "amy acted on it".to_owned(),
        "amy closed it".to_owned(),
        "Note by amy".to_owned(),
        "Ms A. Berry answered".to_owned(),
        format!("<td>1 Mar {}<span class=\"outlook\">2 s old; satellites</span></td>", clock(150)),
    ] {
        assert!(page.text.contains(&words), "{words}: {}", page.text);
    }
    assert!(!page.text.contains("Elm Street") && !page.text.contains(" style="), "own words stand elsewhere");
    assert!(
        page.text.contains("<rect class=\"bar-violation\"") && page.text.contains("<rect class=\"bar-gap\"")
    );

    let data = bench.get_as(&amy, &format!("/incidents/{id}/playback/data")).await;
    let data: Value = serde_json::from_str(&data.text).expect("JSON");
    let ms = |s: i64| at(s).as_ms();
    assert_eq!(data["fixes"].as_array().expect("fixes").len(), 15);
    let turns = data["turns"].as_array().expect("turns");
    let turned = |stage: &str| turns.iter().find(|turn| turn[2] == stage).expect("a turn")[0].as_i64();
    assert_eq!(turned("violation"), Some(ms(152)), "{turns:?}");
    let gaps = data["gaps"].as_array().expect("gaps");
    assert!(gaps.contains(&json!([ms(152), ms(572)])), "{gaps:?}");
    let told = page.text.split("<li data-at=\"").filter(|part| part.contains("Text to Ms A. Berry"));
    let times: Vec<i64> =
        told.map(|part| part.split('"').next().expect("a time").parse().expect("a number")).collect();
    assert!(times.contains(&ms(152)) && times.iter().any(|at| (ms(155)..ms(156)).contains(at)), "{times:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_span_begins_with_what_was_believed_then() {
    let life = lived().await;
    let bench = life.bench();
    let amy = bench.browser().await;
    let data = async |from: i64, until: i64| {
        let path = format!("/records/wearers/w-1/playback/data?from={}&until={}", at(from), at(until));
        serde_json::from_str::<Value>(&bench.get_as(&amy, &path).await.text).expect("JSON")
    };
    let inside = data(200, 560).await;
    assert_eq!(inside["before"], json!([["ROWAN-4", "violation"]]));
    assert_eq!((&inside["fixes"], &inside["turns"]), (&json!([]), &json!([])));
    assert_eq!(inside["gaps"], json!([[at(200).as_ms(), at(560).as_ms()]]));
    let gone = data(905, 2_000).await;
    assert_eq!(gone["before"], json!([]));
    // What came late is known from when it came.
    let late = data(560, 580).await;
    let times: Vec<_> =
        late["fixes"].as_array().expect("fixes").iter().map(|fix| fix["taken"].as_i64()).collect();
    assert_eq!(times, [240, 330, 420, 570].map(|s| Some(at(s).as_ms())));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_too_much_is_left_out_and_said() {
    let mut life = Life::begin().await;
    // Each message has as many positions as one may have, two seconds apart.
    let count = i64::try_from(tag_wire::limits::FIXES_MAX).expect("a number");
    let pings = 20_400 / count;
    for nth in 0..pings {
        let s = nth * 5_000 / pings + 60;
        let fixes = (0..count).map(|n| (s - count + n, east(3_000.0), 5.0));
        life.send(TAG, s, &fixes.collect::<Vec<_>>()).await;
    }
    let bench = life.bench();
    let amy = bench.browser().await;
    let asked = format!("?from={}&until={}", at(0), AT);
    let page = bench.get_as(&amy, &format!("/records/wearers/w-1/playback{asked}")).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.text.contains("There is more than the 20000 positions that can be played at once"));
    assert_eq!(page.text.matches("<th scope=\"row\" class=\"number\">").count(), 2_000);
    let csv = bench.get_as(&amy, &format!("/records/wearers/w-1/playback/csv{asked}")).await;
    let lines = csv.text.lines().count() - 1;
    assert!((20_000 - tag_wire::limits::FIXES_MAX..=20_000).contains(&lines), "{lines}");
    assert!(page.text.contains(&format!("{} later positions are not in the table", lines - 2_000)));
}

#[tokio::test(flavor = "multi_thread")]
async fn zones_are_drawn_as_they_were_then() {
    let life = lived().await;
    let bench = life.bench();
    let amy = bench.browser().await;
    let path = format!("/records/wearers/w-1/playback/geojson?from={}&until={}", at(0), AT);
    let answer = bench.get_as(&amy, &path).await;
    assert_eq!(answer.header(header::CONTENT_TYPE), "application/geo+json");
    let map: Value = serde_json::from_str(&answer.text).expect("JSON");
    assert_eq!(map["type"], "FeatureCollection");
    let of = |kind: &str| {
        let all = map["features"].as_array().expect("features").iter();
        all.filter(|it| it["type"] == "Feature" && it["properties"]["kind"] == kind).collect::<Vec<_>>()
    };
    assert_eq!(of("fix").len(), 16);
    let rowan: Vec<_> = of("zone").into_iter().filter(|it| it["properties"]["code"] == "ROWAN-4").collect();
    let applied: Vec<&Value> = rowan.iter().map(|it| &it["properties"]["applied"]).collect();
    let changed = at(2_700).to_string();
    assert_eq!(applied, [&json!([[at(0).to_string(), changed]]), &json!([[changed, AT.to_string()]])]);
    let farthest = |zone: &Value| {
        let ring = zone["geometry"]["coordinates"][0][0].as_array().expect("a ring");
        let lons = ring.iter().filter_map(|place| place[0].as_f64());
        lons.fold(f64::MIN, f64::max)
    };
    let reach_m = |zone: &Value| (farthest(zone) + 2.9) * 111_320.0 * 53.2_f64.to_radians().cos();
    assert!((reach_m(rowan[0]) - 200.0).abs() < 3.0 && (reach_m(rowan[1]) - 350.0).abs() < 4.0);
    for fix in of("fix") {
        assert_eq!(fix["geometry"]["type"], "Point");
        assert!(fix["properties"]["judged_error_m"].as_f64().is_some_and(|m| m >= 5.0));
    }
    let violations: Vec<_> =
        of("incident").into_iter().filter(|it| it["properties"]["what"] == "violation").collect();
    assert!(!violations.is_empty() && violations.iter().all(|it| it["geometry"]["type"] == "Point"));
    // Where she was, and how far away, is nowhere; nor is who is protected.
    for word in ["Berry", "+4477", "Elm Street", "p-1"] {
        assert!(!answer.text.contains(word), "{word}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn how_far_a_protected_person_was_is_not_said() {
    let mut life = Life::begin().await;
    for s in [0, 30, 60, 90] {
        life.send(COMPANION, s, &[(s, east(3_120.0), 5.0)]).await;
        life.send(TAG, s + 2, &[(s, east(3_000.0), 5.0)]).await;
    }
    let bench = life.bench();
    let amy = bench.browser().await;
    let asked = format!("?from={}&until={}", at(-30), at(200));
    for file in ["", "/data", "/csv", "/geojson"] {
        let answer = bench.get_as(&amy, &format!("/records/wearers/w-1/playback{file}{asked}")).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        assert!(answer.text.contains("ELM-7"), "what was believed is there: {}", answer.text);
        for told in ["from ELM-7", "outside ELM-7", "inside ELM-7", "ELM-7: Violation. ", "120 m", "80 m"] {
            assert!(!answer.text.contains(told), "{file}: {told}: {}", answer.text);
        }
    }
    // An explanation is made of those numbers: it is for a court alone.
    let answer = bench.get_as(&amy, &format!("/incidents/{}/explanation", life.violation())).await;
    assert_eq!(answer.status, StatusCode::CONFLICT);
    assert!(answer.text.contains("by `cordon replay`") && !answer.text.contains("120 m"), "{}", answer.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_span_that_cannot_be_played_is_refused_beside_its_field() {
    let life = lived().await;
    let bench = life.bench();
    let amy = bench.browser().await;
    for (asked, field, says) in [
        ("from=yesterday&until=2026-03-01+01:00", "from", "Write day and time like 2026-03-01 09:00 (UTC)."),
        ("from=2026-03-01+00:00&until=", "until", "Write day and time like 2026-03-01 09:00 (UTC)."),
        ("from=2026-03-01+01:00&until=2026-03-01+00:00", "until", "The end must be after the beginning."),
        ("from=2025-03-01+01:00&until=2026-03-01+00:00", "until", "At most 7 days can be played at once."),
        ("from=2036-03-01+01:00&until=2036-03-02+00:00", "from", "This time has not come yet."),
        (
            "from=%3Cscript%3E&until=2026-03-01+01:00",
            "from",
            "Write day and time like 2026-03-01 09:00 (UTC).",
        ),
    ] {
        let page = bench.get_as(&amy, &format!("/records/wearers/w-1/playback?{asked}")).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{asked}");
        assert!(
            page.text.contains(&format!("id=\"e-{field}\"><b>Error:</b> {says}")),
            "{asked}: {}",
            page.text
        );
        assert!(page.text.contains(&format!("<a href=\"#f-{field}\">{says}")), "{asked}");
        assert!(!page.text.contains("<script>&"), "{asked}");
        for file in ["data", "csv", "geojson"] {
            let answer = bench.get_as(&amy, &format!("/records/wearers/w-1/playback/{file}?{asked}")).await;
            assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{asked}");
            assert!(answer.text.contains(says), "{asked}: {}", answer.text);
        }
    }
    let none = bench.get_as(&amy, "/records/wearers/nobody/playback").await;
    assert_eq!(none.status, StatusCode::NOT_FOUND);
    let calm = bench
        .get_as(&amy, "/records/wearers/w-1/playback?from=2026-02-01+00:00&until=2026-02-02+00:00")
        .await;
    assert_eq!(calm.status, StatusCode::OK);
    assert!(calm.text.contains("No position came in this time."), "{}", calm.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_look_and_each_file_stands_in_the_audit_log() {
    let life = lived().await;
    let bench = life.bench();
    let officer = account(&bench, "oz", Role::Officer, "cheshire").await;
    let id = life.violation();
    let span = format!("?from={}&until={}", at(0), at(900));
    for path in [
        format!("/incidents/{id}/playback"),
        format!("/incidents/{id}/playback/data"),
        format!("/incidents/{id}/playback/csv"),
        format!("/incidents/{id}/explanation"),
        format!("/records/wearers/w-1/playback{span}"),
        format!("/records/wearers/w-1/playback/geojson{span}"),
    ] {
        assert_eq!(bench.get_as(&officer, &path).await.status, StatusCode::OK, "{path}");
    }
    let log = bench.access.entries(i64::MAX, 100, None).await.expect("the log");
    let entries: Vec<_> = log.iter().filter(|it| it.who == "oz").collect();
    let did = |what: &str| entries.iter().filter(|it| it.what == what).count();
    // The page and the data that its script plays are one look.
    assert_eq!((did("see playback"), did("export playback"), did("see explanation")), (2, 2, 1));
    // By which right, and at which time they looked.
    for entry in &entries {
        let of_span = match entry.what.as_str() {
            "see explanation" => "",
            _ => "; from 2026-03-01 ",
        };
        assert!(entry.why.starts_with(&format!("officer of cheshire{of_span}")), "{}", entry.why);
    }
    let minutes = |at: Timestamp| at.to_string().replace('T', " ").chars().take(16).collect::<String>();
    let asked = format!("officer of cheshire; from {} to {}", minutes(at(0)), minutes(at(900)));
    assert_eq!(entries.iter().filter(|it| it.why == asked).count(), 2, "{asked}");
    // What cannot be recorded is not shown.
    bench.access.lose().await;
    for path in [format!("/incidents/{id}/playback/csv"), format!("/incidents/{id}/explanation")] {
        let answer = bench.get_as(&officer, &path).await;
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{path}");
        assert!(!answer.text.contains("53.2"));
    }
}

async fn account(bench: &Bench, id: &str, role: Role, unit: &str) -> Browser {
    let grants = vec![Grant { role, unit: Some(fixture::id(unit)) }];
    let new = NewAccount { id: fixture::id(id), name: id.into(), grants, caseload: vec![] };
    bench.access.add_account(&new, &Who::Command, AT).await.expect("a new account");
    bench.enter(&new.id)
}

#[tokio::test(flavor = "multi_thread")]
async fn another_unit_and_other_roles_see_none_of_it() {
    let life = lived().await;
    let bench = life.bench();
    let id = life.violation();
    let span = format!("?from={}&until={}", at(0), at(900));
    let of_incident = ["playback", "playback/data", "playback/csv", "playback/geojson", "explanation"];
    let of_wearer = ["playback", "playback/data", "playback/csv", "playback/geojson"];
    let paths = of_incident.map(|path| format!("/incidents/{id}/{path}"));
    let paths: Vec<String> =
        paths.into_iter().chain(of_wearer.map(|path| format!("/records/wearers/w-1/{path}{span}"))).collect();
    let kim = account(&bench, "kim", Role::Supervisor, "kent").await;
    for path in &paths {
        let answer = bench.get_as(&kim, path).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
        assert!(!answer.text.contains("Barry Stone") && !answer.text.contains("ROWAN"), "{path}");
    }
    for role in [Role::CaseWorker, Role::Advocate, Role::Responder, Role::Auditor, Role::Administrator] {
        let browser = account(&bench, &role.as_str().replace('_', "-"), role, "cheshire").await;
        for path in &paths {
            assert_eq!(bench.get_as(&browser, path).await.status, StatusCode::FORBIDDEN, "{role:?} {path}");
        }
    }
    let log = bench.access.entries(i64::MAX, 1_000, None).await.expect("the log");
    assert!(!log.iter().any(|it| it.what.contains("playback") || it.what.contains("explanation")));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_explanation_stands_alone_under_a_policy_that_lets_nothing_in() {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    use sha2::{Digest, Sha256};
    let life = lived().await;
    let bench = life.bench();
    let amy = bench.browser().await;
    let id = life.violation();
    let page = bench.get_as(&amy, &format!("/incidents/{id}/explanation")).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.text);
    assert_eq!(
        page.header(header::CONTENT_DISPOSITION),
        format!("inline; filename=\"explanation-incident-{id}.html\"")
    );
    let sheets: Vec<&str> = page.text.split("<style>").skip(1).collect();
    let sheet = sheets[0].split("</style>").next().expect("an end");
    let known = STANDARD.encode(Sha256::digest(sheet));
    let policy = page.header(header::CONTENT_SECURITY_POLICY);
    assert_eq!(
        policy,
        format!(
            "default-src 'none'; style-src 'sha256-{known}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        )
    );
    assert_eq!(sheets.len(), 1);
    assert!(
        !page.text.contains(" style=") && !page.text.contains("<script"),
        "nothing that the policy refuses"
    );
    assert!(page.text.contains("Decided again") && page.text.contains("Violation"));
    assert!(!page.text.contains("Elm Street"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_journal_that_says_otherwise_is_not_passed_over() {
    let life = lived().await;
    let rows = life.store.journal(0, 10_000).await.expect("rows");
    let edited = MemoryStore::new();
    let rows = rows.into_iter().map(|mut row| {
        if row.decision.contains("Approach -> Violation") || row.decision.contains("Clear -> Violation") {
            row.decision = row.decision.replace("Violation", "Watch");
        }
        row
    });
    edited
        .commit(&crate::store::Batch { rows: rows.collect(), ..Default::default() })
        .await
        .expect("a batch");
    let mut picture = board("", []);
    picture.rulebook = Arc::clone(life.sequencer.engine().rulebook());
    let bench = Bench::over(picture, Arc::new(edited));
    let amy = bench.browser().await;
    let page =
        bench.get_as(&amy, &format!("/records/wearers/w-1/playback?from={}&until={}", at(0), at(900))).await;
    assert!(page.text.contains("decided otherwise now than was recorded then"), "{}", page.text);
}
