//! Responders: whom an officer sends, and the pages on their phones; what is put aside; and how much there is to do.

use super::*;
use crate::{
    domain::{Attendance, Attending, Incident, IncidentId, Shelf},
    engine::Action,
};

fn handle(incident: i64, action: Action) -> Told {
    Told::Handle { incident: IncidentId(incident), by: fixture::id("amy"), action }
}

/// One violation, to which somebody was sent and another goes.
fn attended() -> Board {
    let mut open = incident(1, IncidentKind::Violation, Priority::P1, Handling::Raised);
    let (amy, desk) = (|| fixture::id("amy"), || fixture::id("desk"));
    let mut goes = Attendance::begin(amy(), desk(), Attending::Sent, AT.plus_ms(-90_000));
    goes.go_on(Attending::EnRoute, AT.plus_ms(-30_000));
    let silent = Attendance::begin(desk(), amy(), Attending::NoAnswer, AT.plus_ms(-40_000));
    open.attendances = vec![goes, silent];
    board("Barry Stone", [open])
}

#[tokio::test]
async fn whoever_can_be_sent_is_listed_and_is_sent_by_one_press() {
    let mut bench = Bench::new(violation());
    let browser = bench.browser().await;
    let page = bench.get_as(&browser, "/incidents/1/send").await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.text.contains("id=\"choice-1\"><kbd>1</kbd> Send <span class=\"unseen\">"), "{}", page.text);
    let (answer, told) =
        bench.post_told(&browser, "/incidents/1/send", &[("responder", "amy")], Ok(())).await;
    assert_eq!(told, handle(1, Action::Send(fixture::id("amy"))));
    assert_eq!(answer.header(header::LOCATION), "/incidents/1");
    for nobody in ["", "no such one!"] {
        let answer = bench.post_as(&browser, "/incidents/1/send", &[("responder", nobody)]).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(answer.text.contains("Choose somebody of this unit"), "{}", answer.text);
    }
    let refused = Refused::NoWayTo(fixture::id("amy"));
    let (answer, _) =
        bench.post_told(&browser, "/incidents/1/send", &[("responder", "amy")], Err(refused)).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(answer.text.contains("no way to reach"), "{}", answer.text);
}

#[tokio::test]
async fn the_card_says_who_goes_and_who_does_not_answer() {
    let bench = Bench::new(attended());
    let browser = bench.browser().await;
    for path in ["/", "/incidents/1"] {
        let text = bench.get_as(&browser, path).await.text;
        assert!(text.contains("on the way, ") && text.contains("does not answer, "), "{path}: {text}");
        assert!(text.contains("class=\"en_route\"") && text.contains("class=\"no_answer\""), "{path}");
    }
    let send = bench.get_as(&browser, "/incidents/1/send").await.text;
    assert!(
        send.contains("on the way") && send.contains("Send <span class=\"unseen\">Control room"),
        "{send}"
    );
    assert!(!send.contains("value=\"amy\""), "whoever goes is not sent again: {send}");
}

#[tokio::test]
async fn the_responders_page_is_small_works_without_a_script_and_offers_what_comes_next() {
    let mut bench = Bench::new(attended());
    let browser = bench.browser().await;
    let [style, script] = ["/page/style.css", "/page/again.js"];
    let beside = bench.get(style).await.text.len() + bench.get(script).await.text.len();
    for path in ["/respond", "/respond/1"] {
        let page = bench.get_as(&browser, path).await;
        assert_eq!(page.status, StatusCode::OK);
        assert!(page.text.len() + beside < 30 * 1024, "{path}: {} + {beside} bytes", page.text.len());
        assert!(page.text.contains("Look again</a>"), "{path}");
        assert!(page.text.contains("Barry Stone"), "{path}");
    }
    let page = bench.get_as(&browser, "/respond/1").await.text;
    assert!(page.contains("value=\"on_scene\"") && page.contains("value=\"done\""));
    assert!(!page.contains("value=\"accepted\"") && !page.contains("value=\"en_route\""));
    assert!(page.contains("53.19850, -2.89650"), "{page}");
    let (answer, told) = bench.post_told(&browser, "/respond/1", &[("stage", "on_scene")], Ok(())).await;
    assert_eq!(told, handle(1, Action::Attend(Attending::OnScene)));
    assert_eq!(answer.header(header::LOCATION), "/respond/1");
    for nothing in ["", "sent", "no_answer", "asleep"] {
        let answer = bench.post_as(&browser, "/respond/1", &[("stage", nothing)]).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{nothing}");
    }
}

fn shelved(no: i64) -> Incident {
    let mut it =
        incident(no, IncidentKind::LowBattery, Priority::P3, Handling::Owned { by: fixture::id("amy") });
    let (by, until) = (fixture::id("amy"), AT.plus_ms(1_800_000));
    it.shelf = Some(Shelf { by, until, reason: "He charges it at ten.".into() });
    it
}

#[tokio::test]
async fn what_is_shelved_is_listed_apart_with_who_why_and_how_long() {
    let danger = incident(2, IncidentKind::Violation, Priority::P1, Handling::Raised);
    let upkeep = incident(3, IncidentKind::LowBattery, Priority::P3, Handling::Raised);
    let mut bench = Bench::new(board("Barry Stone", [shelved(1), danger, upkeep]));
    let browser = bench.browser().await;
    let queue = bench.get_as(&browser, "/fragments/queue").await.text;
    let (urgent, apart) = queue.split_once("id=\"shelved\"").expect("a section of its own");
    assert!(!urgent.contains("/incidents/1\"") && apart.contains("/incidents/1\""));
    assert!(apart.contains("Shelved for another") && apart.contains("He charges it at ten."), "{apart}");
    assert!(urgent.contains("id=\"shelve-3\"") && !queue.contains("id=\"shelve-2\""), "danger cannot be");
    assert!(!bench.get_as(&browser, "/incidents/2").await.text.contains("/incidents/2/shelve"));
    let fields = [("minutes", "60"), ("reason", " He charges it at ten. ")];
    let (_, told) = bench.post_told(&browser, "/incidents/3/shelve", &fields, Ok(())).await;
    let reason = "He charges it at ten.".to_owned();
    assert_eq!(told, handle(3, Action::Shelve { minutes: 60, reason }));
    let long = "x".repeat(201);
    for (minutes, reason) in [("60", ""), ("60", long.as_str()), ("480", "later"), ("", "later")] {
        let fields = [("minutes", minutes), ("reason", reason)];
        let answer = bench.post_as(&browser, "/incidents/3/shelve", &fields).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{minutes}");
        assert!(
            answer.text.contains("id=\"shelve-error\"") && answer.text.contains(reason),
            "nothing is lost"
        );
    }
}

#[tokio::test]
async fn more_than_ten_of_less_than_danger_are_shown_by_cause_and_danger_never_is() {
    let of = |no, kind, priority| {
        let mut it = incident(no, kind, priority, Handling::Raised);
        it.raised_at = AT.plus_ms(-no * 1_000);
        it.timeline[0].at = it.raised_at;
        it.timeline.truncate(1);
        it
    };
    let batteries = |count: i64| (1..=count).map(|no| of(no, IncidentKind::LowBattery, Priority::P3));
    let danger = (101..=112).map(|no| of(no, IncidentKind::Violation, Priority::P1));
    for (count, groups) in [(10, 0), (11, 1)] {
        let bench = Bench::new(board("Barry Stone", batteries(count).chain(danger.clone())));
        let browser = bench.browser().await;
        let queue = bench.get_as(&browser, "/fragments/queue").await.text;
        assert_eq!(queue.matches("<details class=\"group\"").count(), groups, "{count}");
        assert_eq!(queue.matches("<article class=\"card p1").count(), 12);
        assert_eq!(queue.matches("<article class=\"card p3").count(), usize::try_from(count).expect("few"));
        let each = format!("<strong>{}.0</strong> for each officer", count + 12);
        assert!(queue.contains(&each) && queue.contains("a flood"), "{queue}");
    }
}
