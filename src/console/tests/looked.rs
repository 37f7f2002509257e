//! Whatever comes of a form, a page that shows a person stands in the audit log: a refused one shows no less.

use super::{
    other_zones::with_school,
    record_forms::{bench, published, wearer, with},
    roles::Somebody,
    zones::{APPROVE, NEW, circle, propose, supervisor},
    *,
};
use crate::{
    access::{Permit, Proposed, Role, ZonesOf},
    domain::AnyZone,
};

/// How often the log says that this was done.
async fn did(bench: &Bench, what: &str) -> usize {
    let log = bench.access.entries(i64::MAX, 1_000, None).await.expect("the log");
    log.iter().filter(|it| it.what == what).count()
}

#[tokio::test]
async fn a_page_that_is_drawn_again_is_another_look() {
    let bench = bench();
    let amy = supervisor(&bench, "amy").await;
    let unreadable = with(wearer(), "tag.0.from", "yesterday");
    let long: &'static str = String::leak("x".repeat(4_001));
    let zone = zones::with(circle(), &[("radius_m", "none")]);
    for (path, fields, status, what) in [
        ("/records/wearers/w-1", published(&unreadable), StatusCode::UNPROCESSABLE_ENTITY, "see wearer"),
        ("/records/wearers/w-1", published(&with(wearer(), "from", "7")), StatusCode::CONFLICT, "see wearer"),
        (NEW, zone, StatusCode::UNPROCESSABLE_ENTITY, "see zones"),
        (NEW, zones::with(circle(), &[("do", "more:span")]), StatusCode::OK, "see zones"),
        (NEW, circle(), StatusCode::OK, "see zones"),
        ("/records/cases/case-1/withdrawal", vec![("from", "7")], StatusCode::CONFLICT, "see case"),
        (
            "/handover",
            vec![("unit", "cheshire"), ("says", long)],
            StatusCode::UNPROCESSABLE_ENTITY,
            "see handover",
        ),
    ] {
        let before = did(&bench, what).await;
        let answer = bench.post_as(&amy, path, &fields).await;
        assert_eq!(answer.status, status, "{path}: {}", answer.text);
        assert_eq!(did(&bench, what).await, before + 1, "{path} {status}");
    }
    let before = did(&bench, "see playback").await;
    let answer = bench.get_as(&amy, "/records/wearers/w-1/playback?from=x").await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(did(&bench, "see playback").await, before + 1, "it names the wearer");
    // And what cannot be recorded is not shown.
    bench.access.lose().await;
    let answer = bench.post_as(&amy, "/records/wearers/w-1", &published(&unreadable)).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(!answer.text.contains("Robin Vale"), "{}", answer.text);
}

/// Whom the fixtures are about.
const NAMES: [&str; 8] = ["Stone", "Vale", "Berry", "Okafor", "+4477", "53.1", "\"w-1\"", "\"p-1\""];

/// Which of them are shown.
fn shown(text: &str) -> Vec<&'static str> {
    NAMES.into_iter().filter(|name| text.contains(name)).collect()
}

/// Every route that an account may ask for, with what stands in its address.
fn addresses() -> Vec<(&'static str, String)> {
    let put = |path: &str| {
        let id = match path.split('/').nth(2) {
            Some("wearers") => "w-1",
            Some("persons") => "p-1",
            Some("cases") => "case-1",
            Some("units") => "cheshire",
            _ => "1",
        };
        let path = path.replace("{id}", id).replace("{zone}", "home").replace("{no}", "1");
        path.replace("{account}", "amy").replace("{name}", "x").replace("{token}", "x")
    };
    rights::ROUTES.iter().map(|(method, path, _)| (*method, put(path))).collect()
}

#[tokio::test]
async fn while_the_log_cannot_be_written_no_page_and_no_form_shows_anybody() {
    for lost in [false, true] {
        let mut bench = bench();
        let amy = supervisor(&bench, "amy").await;
        let all = bench.account("ola", &Role::ALL).await;
        let all = bench.somebody(&all).await;
        let link = Somebody { browser: bench.browser().await, token: String::new() };
        let waits = propose(&bench, &amy, NEW, &circle()).await;
        assert!(waits.ends_with("/1"), "{waits}");
        bench.commit_all();
        if lost {
            bench.access.lose().await;
        }
        let mut known = 0;
        let pages = addresses().into_iter().filter(|(_, path)| !path.starts_with("/api/v1/"));
        for (method, path) in pages.filter(|(_, path)| path != "/sign-out") {
            for who in [&all, &link] {
                // Whoever came by a link chooses among all staff, before there is anybody whom the log could name.
                if path == "/who" && std::ptr::eq(who, &link) {
                    continue;
                }
                let text = match method {
                    "POST" => {
                        let fields = [("from", "1"), ("do", "look"), ("says", "")];
                        bench.post_as(&who.browser, &path, &fields).await.text
                    }
                    _ => bench.ask(who, method, &path).await.1,
                };
                let names = shown(&text);
                known += usize::from(!names.is_empty());
                assert!(!lost || names.is_empty(), "{method} {path}: {names:?}");
            }
        }
        for who in [&all, &link] {
            let answer = bench.post_as(&who.browser, "/sign-out", &[]).await;
            assert_eq!((answer.status, shown(&answer.text)), (StatusCode::SEE_OTHER, vec![]));
        }
        assert!(lost || known > 100, "{known}: the pages show people while they may");
    }
}

#[tokio::test]
async fn while_the_log_cannot_be_written_no_token_is_shown_anybody() {
    let mut done_each = Vec::new();
    for lost in [false, true] {
        let mut bench = bench();
        let ola = bench.account("ola", &Role::ALL).await;
        let mut all = vec![bench.somebody(&ola).await];
        for role in Role::ALL {
            all.push(bench.of_role(role).await);
        }
        for permit in Permit::ALL {
            all.push(Somebody { browser: bench.enter(&ola), token: bench.token(&ola, &[permit]).await });
        }
        bench.commit_all();
        if lost {
            bench.access.lose().await;
        }
        let (mut known, mut done) = (0, 0);
        for (method, path) in addresses().into_iter().filter(|(_, path)| path.starts_with("/api/v1/")) {
            for who in &all {
                let (status, text) = bench.ask(who, method, &path).await;
                let names = shown(&text);
                known += usize::from(!names.is_empty());
                done += usize::from(status == StatusCode::NO_CONTENT);
                assert!(!lost || names.is_empty(), "{method} {path}: {status}: {names:?}");
            }
        }
        assert!(lost || known > 20, "{known}: the API shows people while it may");
        done_each.push(done);
    }
    assert!(done_each[0] > 5, "{done_each:?}");
    assert_eq!(done_each[0], done_each[1], "what is done for somebody's safety is done all the same");
}

#[tokio::test]
async fn a_rehearsal_says_where_a_wearer_was_for_a_month_and_stands_in_the_log_each_time() {
    let bench = bench();
    let (amy, ben) = (supervisor(&bench, "amy").await, supervisor(&bench, "ben").await);
    let waits = propose(&bench, &amy, NEW, &circle()).await;
    assert_eq!(did(&bench, "rehearse zone").await, 0, "a proposal rehearses nothing");
    for _ in 0..2 {
        assert_eq!(bench.post_as(&amy, NEW, &circle()).await.status, StatusCode::OK);
    }
    assert_eq!(bench.get_as(&ben, &waits).await.status, StatusCode::OK);
    let log = bench.access.entries(i64::MAX, 1_000, None).await.expect("the log");
    let rehearsed: Vec<_> = log.iter().filter(|it| it.what == "rehearse zone").collect();
    assert_eq!(rehearsed.iter().map(|it| it.who.as_str()).collect::<Vec<_>>(), ["ben", "amy", "amy"]);
    assert!(rehearsed.iter().all(|it| it.subject == "wearer:w-1" && it.case_id == "case-1"));

    // A unit's zone is rehearsed on whom they name, and that is who it is about.
    let bench = with_school();
    let amy = supervisor(&bench, "amy").await;
    let new = "/records/units/cheshire/zones/new";
    for (on, times) in [("", 0), ("w-1", 1), ("w-nobody", 1)] {
        let fields = zones::with(circle(), &[("on", on)]);
        assert_eq!(bench.post_as(&amy, new, &fields).await.status, StatusCode::OK);
        assert_eq!(did(&bench, "rehearse zone").await, times, "{on}");
    }
}

#[tokio::test]
async fn what_cannot_be_put_in_force_waits_on_under_its_number() {
    let mut bench = bench();
    let (amy, ben) = (supervisor(&bench, "amy").await, supervisor(&bench, "ben").await);
    let waits = propose(&bench, &amy, NEW, &circle()).await;
    let refused = Err(Refused::Rulebook(vec!["case case-1: no".into()]));
    let (answer, _) = bench.post_told(&ben, &waits, &APPROVE, refused).await;
    assert!(answer.status.is_client_error(), "{}", answer.status);
    assert!(bench.get_as(&ben, &waits).await.text.contains("She trains there now."));
    // While it is being approved nobody else can decide it.
    let cara = supervisor(&bench, "cara").await;
    let approves = bench.router.clone().oneshot(ben.post(&waits, &APPROVE));
    let meanwhile = async {
        let Some(Arrival::Told(_, Some(wait))) = bench.arrivals.recv().await else {
            panic!("it is published")
        };
        let refuses = bench.router.clone().oneshot(cara.post(&waits, &[("do", "refuse")]));
        let refused = refuses.await.expect("routers do not fail").status();
        wait.send(Ok(())).expect("whoever asks waits for the commit");
        refused
    };
    let (approved, refused) = tokio::join!(approves, meanwhile);
    assert_eq!(refused, StatusCode::NOT_FOUND, "it is taken before it is in force");
    assert_eq!(approved.expect("routers do not fail").status(), StatusCode::SEE_OTHER);
    // Its number is nobody else's: a page that still shows it decides nothing.
    let next = propose(&bench, &amy, NEW, &circle()).await;
    assert_ne!(next, waits);
    assert_eq!(bench.post_as(&ben, &waits, &APPROVE).await.status, StatusCode::NOT_FOUND);
    assert_eq!(bench.post_as(&ben, &waits, &[("do", "refuse")]).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn what_was_proposed_against_another_wearer_is_not_approved() {
    let bench = bench();
    let ben = supervisor(&bench, "ben").await;
    let rulebook = bench.board.borrow().rulebook.clone();
    let case = rulebook.case(&fixture::id("case-1")).expect("a case").clone();
    let zone = case.zones[0].clone();
    let proposed = Proposed {
        of: ZonesOf::Case { case: case.id.clone(), wearer: fixture::id("w-earlier") },
        id: zone.id.clone(),
        author: fixture::id("amy"),
        why: "So it was ordered.".into(),
        zone: None,
        before: Some(AnyZone::Drawn(zone)),
        made_at: AT,
    };
    let no = bench.access.propose(&proposed).await.expect("the file").expect("room");
    let waits = format!("/records/cases/case-1/proposals/{no}");
    let page = bench.get_as(&ben, &waits).await.text;
    assert!(page.contains("The case is about another wearer now.") && !page.contains("value=\"approve\""));
    assert_eq!(bench.post_as(&ben, &waits, &APPROVE).await.status, StatusCode::CONFLICT);
    assert!(bench.arrivals.is_empty());
}
