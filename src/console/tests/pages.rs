//! What the pages show.

use serde_json::Value;

use super::*;
use crate::domain::{Alert, AlertId, AlertState, Channel, MessageClass, Recipient};

const HOSTILE: &str = "<script>alert('name')</script>\"><img src=x onerror=alert(1)>";

#[tokio::test]
async fn every_kind_and_handling_is_shown_on_its_page_and_in_the_queue() {
    let mut no = 0;
    for kind in fixture::KINDS {
        for handling in fixture::handlings() {
            no += 1;
            let priority =
                [Priority::P1, Priority::P2, Priority::P3][usize::try_from(no % 3).expect("small")];
            let open = !matches!(handling.as_str(), "closed" | "told");
            let bench = Bench::new(board("Barry Stone", [incident(no, kind, priority, handling)]));
            let browser = bench.browser().await;
            let page = bench.get_as(&browser, &format!("/incidents/{no}")).await;
            assert_eq!(page.status, StatusCode::OK);
            for said in [words::kind(kind), words::meaning(kind)] {
                assert!(page.text.contains(&said.replace('\'', "&#39;")), "{kind:?}");
            }
            assert!(
                page.text.contains("One trusted fix, 84 m inside the zone&#39;s border"),
                "{}",
                page.text
            );
            let queue = bench.get_as(&browser, "/fragments/queue").await;
            assert_eq!(queue.text.contains(&format!("href=\"/incidents/{no}\"")), open, "{kind:?}");
            assert_eq!(page.text.contains("Close the incident"), open, "{kind:?}");
        }
    }
}

#[tokio::test]
async fn numbers_beyond_32_bits_are_shown_and_followed_whole() {
    for no in [(1_i64 << 31) + 1, (1 << 32) + 1, (1 << 40) + 1] {
        let picture =
            board("Barry Stone", [incident(no, IncidentKind::Violation, Priority::P1, Handling::Raised)]);
        let bench = Bench::new(picture);
        let browser = bench.browser().await;
        let page = bench.get_as(&browser, &format!("/incidents/{no}")).await;
        assert_eq!(page.status, StatusCode::OK);
        assert!(page.text.contains(&format!("data-incident=\"{no}\"")), "{no}");
        let queue = bench.get_as(&browser, "/fragments/queue").await.text;
        for told in [format!("href=\"/incidents/{no}\""), format!("data-incident=\"{no}\"")] {
            assert!(queue.contains(&told), "{told}");
        }
        // A script reads it as a number of 53 bits.
        let places = bench.get_as(&browser, "/fragments/map/places").await.text;
        let places: Value = serde_json::from_str(&places).expect("JSON");
        let wearers = places["wearers"].as_array().expect("a list");
        assert!(wearers.iter().any(|wearer| wearer["incident"].as_i64() == Some(no)), "{wearers:?}");
        let answer = bench.call(&bench.mighty().await, "GET", &format!("/api/v1/incidents/{no}"), "").await;
        assert_eq!(answer.json()["incident"]["id"].as_i64(), Some(no), "{}", answer.text);
    }
}

#[tokio::test]
async fn the_queue_is_in_order_of_urgency_then_age() {
    let incidents = [
        incident(1, IncidentKind::Violation, Priority::P1, Handling::Raised),
        incident(2, IncidentKind::LowBattery, Priority::P3, Handling::Raised),
        incident(3, IncidentKind::Violation, Priority::P1, Handling::Raised),
        incident(4, IncidentKind::Blind, Priority::P2, Handling::Raised),
    ];
    let bench = Bench::new(board("Barry Stone", incidents));
    let browser = bench.browser().await;
    let queue = bench.get_as(&browser, "/").await.text;
    let place = |no: i64| queue.find(&format!("id=\"i{no}\"")).expect("listed");
    // The lower number was raised later: see the fixture.
    assert!(place(1) < place(3) && place(3) < place(4) && place(4) < place(2));
}

#[tokio::test]
async fn the_chain_is_told_with_its_times() {
    let bench = Bench::new(violation());
    let browser = bench.browser().await;
    let queue = bench.get_as(&browser, "/fragments/queue").await.text;
    let plain = strip(&queue);
    for told in [
        "Ms A. Berry protected person next step in 18 s Text accepted 29 s ago",
        "Response team paused for 2 min Text to Control room failed (unknown number) 28 s ago",
        "Last fix 6 s ago",
    ] {
        assert!(plain.contains(told), "{told}: {plain}");
    }
}

#[tokio::test]
async fn whoever_is_out_of_reach_stands_out() {
    for unreached in [false, true] {
        let mut shown = incident(1, IncidentKind::Violation, Priority::P1, Handling::Raised);
        shown.escalations[0].unreached = unreached;
        let bench = Bench::new(board("Barry Stone", [shown]));
        let browser = bench.browser().await;
        let count = |text: &str| text.matches("class=\"unreached\"").count();
        let queue = bench.get_as(&browser, "/fragments/queue").await.text;
        let page = bench.get_as(&browser, "/incidents/1").await.text;
        assert_eq!((count(&queue), count(&page)), if unreached { (1, 2) } else { (0, 0) });
        let told = "Ms A. Berry protected person Not reached by any channel: call them now";
        assert_eq!(strip(&queue).contains(told), unreached, "{}", strip(&queue));
        assert_eq!(
            strip(&page).contains("Ms A. Berry: Not reached by any channel: call them now"),
            unreached
        );
    }
}

/// Without tags, blanks folded.
pub(super) fn strip(html: &str) -> String {
    let text: String =
        html.split('<').map(|part| part.split_once('>').map_or(part, |(_, text)| text)).collect();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[tokio::test]
async fn hostile_names_and_notes_stay_text() {
    let mut bad = incident(1, IncidentKind::Deaf, Priority::P1, Handling::Raised);
    bad.subject = crate::domain::Subject::Wearer(fixture::id("w-1"));
    bad.cause = crate::domain::Cause::Source(HOSTILE.into());
    let mut picture = board(HOSTILE, [bad]);
    picture.deaf.push(HOSTILE.into());
    let bench = Bench::new(picture);
    let browser = bench.browser().await;
    for path in ["/", "/incidents/1", "/fragments/queue", "/fragments/map", "/fragments/incidents/1"] {
        let page = bench.get_as(&browser, path).await.text;
        assert!(page.contains("&#60;script&#62;alert(&#39;name&#39;)"), "{path}: {page}");
        assert!(!page.contains("<script>alert") && !page.contains("<img"), "{path}");
    }
}

#[tokio::test]
async fn pages_keep_to_the_content_policy() {
    let bench = Bench::new(violation());
    let browser = bench.browser().await;
    for path in ["/", "/incidents/1", "/incidents?closed", "/sign-in", "/who"] {
        let page = bench.get_as(&browser, path).await.text;
        for inline in [" style=", " onclick=", "<style", "<script>", "javascript:", "http://", "https://"] {
            assert!(!page.contains(inline), "{path}: {inline}");
        }
        let ids: Vec<_> = page.split(" id=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
        let unique: BTreeSet<_> = ids.iter().collect();
        assert_eq!(ids.len(), unique.len(), "{path}: {ids:?}");
    }
}

#[tokio::test]
async fn the_map_and_its_table_say_the_same() {
    let bench = Bench::new(violation());
    let browser = bench.browser().await;
    let map = bench.get_as(&browser, "/fragments/map").await.text;
    for wearer in [
        "Barry Stone: Violation",
        "Colin Marsh: Approach",
        "Dean Fowler: Left, still near",
        "Frank Nowak: Clear",
    ] {
        assert!(map.contains(&format!("<title>{wearer}")), "{wearer}");
    }
    let plain = strip(&map);
    for row in [
        "Barry Stone Violation for 6 s ROWAN-4 6 s &plusmn;14 m",
        "Dean Fowler Left, still near for 47 s ROWAN-5 47 s &plusmn;30 m 45 s low, 12 %",
        "Frank Nowak Clear none 23 min",
        "Tagged, but never seen: Never Seen",
        "acme/t-77 heard 65 s ago",
    ] {
        assert!(plain.contains(row), "{row}: {plain}");
    }
    assert!(map.contains("Zone HAZEL-1, not in force now"));
    // Three zones in force have somebody near or inside; the fourth is idle.
    let last = map.split("<g class=\"zones\">").nth(1).and_then(|zones| zones.split("</g>").next());
    let hot: Vec<_> =
        last.expect("zones").split("<path").filter(|path| path.contains("class=\"hot\"")).collect();
    assert_eq!(hot.len(), 3, "{hot:?}");
}

#[tokio::test]
async fn a_crowd_is_capped_and_the_page_says_so() {
    let crowd = (1..=450).map(|no| {
        let priority = if no <= 220 { Priority::P1 } else { Priority::P3 };
        incident(no, IncidentKind::LowBattery, priority, Handling::Raised)
    });
    let mut picture = board("Barry Stone", crowd);
    let dot = picture.wearers[&fixture::id("w-5")].clone();
    picture.wearers.extend((100..900).map(|n| (fixture::id(&format!("x-{n}")), dot.clone())));
    let bench = Bench::new(picture);
    let browser = bench.browser().await;
    let page = bench.get_as(&browser, "/").await.text;
    assert_eq!(page.matches("<article class=\"card p1").count(), 220, "danger is never folded");
    assert!(page.contains("30 older ones are not shown here"));
    assert!(page.contains("205 more wearers are not drawn"));
    assert!(page.contains("605 more wearers, all less urgent, are not listed"));
}

#[tokio::test]
async fn an_empty_board_is_shown_as_such() {
    let bench = Bench::new(board("Barry Stone", []));
    let browser = bench.browser().await;
    bench.board.send_modify(|picture| {
        let rulebook = Arc::clone(&picture.rulebook);
        *picture = Arc::new(Board { rulebook, ..Board::default() });
    });
    assert!(bench.get_as(&browser, "/").await.text.contains("No open danger."));
    bench.board.send_replace(Arc::new(Board::default()));
    assert!(
        bench
            .get_as(&browser, "/")
            .await
            .text
            .contains("No zone is published and no wearer has been seen yet.")
    );
}

#[tokio::test]
async fn deafness_is_said_on_every_page() {
    let mut picture = violation();
    picture.deaf.push("acme".into());
    let bench = Bench::new(picture);
    let browser = bench.browser().await;
    for path in ["/", "/incidents/1", "/incidents?closed"] {
        assert!(
            bench.get_as(&browser, path).await.text.contains("Cordon hears nothing from acme."),
            "{path}"
        );
    }
    let health = bench.get("/health").await;
    assert_eq!(health.status, StatusCode::SERVICE_UNAVAILABLE);
}

#[tokio::test]
async fn trouble_with_cordon_itself_is_a_line_for_each_cause() {
    let service = [
        (1, IncidentKind::DiskFull, Priority::P2),
        (2, IncidentKind::ProviderFails, Priority::P2),
        // Over.
        (3, IncidentKind::Misuse, Priority::P3),
        (4, IncidentKind::Deaf, Priority::P1),
        (5, IncidentKind::StoreFails, Priority::P1),
        // About a wearer.
        (6, IncidentKind::Violation, Priority::P1),
    ];
    let incidents = service.map(|(no, kind, priority)| incident(no, kind, priority, Handling::Raised));
    let bench = Bench::new(board("Barry Stone", incidents));
    bench.disk_pct.send_replace(Some(91));
    let health: Value = serde_json::from_str(&bench.get("/health").await.text).expect("JSON");
    assert_eq!(health["disk_pct"], 91);
    let (disk, provider, source, store) = (
        "disk 91 % full",
        "provider for texts refusing",
        "broker of source acme lost",
        "records cannot be written",
    );
    assert_eq!(health["trouble"], serde_json::json!([disk, provider, source, store]));
    let browser = bench.browser().await;
    let page = bench.get_as(&browser, "/").await.text;
    assert!(page.contains(&format!("</strong> {disk}; {provider}; {store}.</p>")), "{page}");

    bench.board.send_replace(Arc::new(board("Barry Stone", [])));
    let health: Value = serde_json::from_str(&bench.get("/health").await.text).expect("JSON");
    assert_eq!(health["trouble"], serde_json::json!([]));
    assert!(!bench.get_as(&browser, "/").await.text.contains("Trouble with Cordon"));
}

#[tokio::test]
async fn records_show_alerts_and_tries_but_no_whole_address() {
    let alert = Alert {
        id: AlertId(10),
        incident: crate::domain::IncidentId(1),
        unit: fixture::id("cheshire"),
        recipient: Recipient::Person(fixture::id("p-1")),
        channel: Channel::Sms,
        address: "+447700900123".into(),
        class: MessageClass::Danger,
        language: crate::domain::Language::English,
        own_words: None,
        sender: None,
        silent: false,
        priority: Priority::P1,
        nth: 1,
        summary: String::new(),
        raised_at: AT,
        state: AlertState::Accepted,
    };
    let attempt = crate::store::Attempt {
        alert: AlertId(10),
        nth: 1,
        at: AT,
        took_ms: 230,
        result: "retry".into(),
        reason: "http_503".into(),
        provider_ref: String::new(),
    };
    let reference = alert.reference().to_string();
    let records = Records { alerts: vec![alert], attempts: vec![attempt], ..Records::default() };
    let bench = Bench::with(violation(), records, None);
    let browser = bench.browser().await;
    let page = bench.get_as(&browser, "/incidents/1").await.text;
    assert!(
        page.contains("01:54:07 retry (http_503), 230 ms")
            && page.contains("…123")
            && page.contains(&reference)
    );
    assert!(!page.contains("7700900"));
}

#[tokio::test]
async fn closed_incidents_are_listed_newest_first_by_pages() {
    let closed = fixture::handlings()[3].clone();
    let all = (1..=250).map(|no| {
        let handling = if no % 2 == 0 { Handling::Raised } else { closed.clone() };
        incident(no, IncidentKind::Violation, Priority::P1, handling)
    });
    let records = Records { incidents: all.collect(), ..Records::default() };
    let bench = Bench::with(board("Barry Stone", []), records, None);
    let browser = bench.browser().await;
    let first = bench.get_as(&browser, "/incidents?closed").await.text;
    let place = |no: i64| first.find(&format!("href=\"/incidents/{no}\""));
    assert!(place(249) < place(51) && place(250).is_none() && place(49).is_none(), "{first}");
    assert!(first.contains("/incidents?closed&amp;before=51"));
    let last = bench.get_as(&browser, "/incidents?closed&before=51").await.text;
    assert!(last.contains("href=\"/incidents/49\"") && !last.contains("Older incidents"));
    // Not on the board: it comes from the store.
    assert!(
        bench.get_as(&browser, "/incidents/249").await.text.contains("Closed by Sgt Amy Okafor: false alarm")
    );
}

#[tokio::test]
async fn when_the_store_is_away_the_queue_still_works() {
    let bench = Bench::with(violation(), Records { away: true, ..Records::default() }, None);
    let browser = bench.browser().await;
    assert!(bench.get_as(&browser, "/").await.text.contains("Barry Stone"));
    let page = bench.get_as(&browser, "/incidents/1").await;
    assert_eq!(page.status, StatusCode::OK, "what is happening does not wait for the records");
    assert!(
        page.text.contains("Barry Stone") && page.text.contains("records cannot be read"),
        "{}",
        page.text
    );
    assert_eq!(bench.get_as(&browser, "/incidents?closed").await.status, StatusCode::SERVICE_UNAVAILABLE);
    let health = bench.get("/health").await;
    let health: Value = serde_json::from_str(&health.text).expect("JSON");
    assert_eq!(health["status"], "store");
}

#[tokio::test]
async fn health_counts_and_names_nobody() {
    let bench = Bench::new(violation());
    let health = bench.get("/health").await;
    assert_eq!(health.status, StatusCode::OK);
    assert!(!health.text.contains("Barry") && !health.text.contains("53."));
    let health: Value = serde_json::from_str(&health.text).expect("JSON");
    assert_eq!((&health["status"], &health["open_incidents"]["p1"]), (&"ok".into(), &1.into()));
    assert_eq!(bench.get("/livez").await.text, "ok\n");
}
