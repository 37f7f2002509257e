//! What protected persons were told beside danger: said where officers look, and to nobody beyond their reach.

use serde_json::json;

use super::{fixture::id, pages::strip, roles::two_units, *};
use crate::{
    access::{Grant, NewAccount, Permit, Role, audit::Who},
    domain::{
        AlertId, AlertState, Channel, Entry, EscalationState, Happening, Incident, PersonId, Recipient,
        Subject,
    },
};

/// A notice that was put in for a person so many seconds ago, and came to their phone 7 s later, or has not yet.
fn notice(no: i64, kind: IncidentKind, person: &str, ago_s: i64, is_told: bool) -> Incident {
    let mut notice = incident(no, kind, Priority::P2, Handling::Raised);
    let person: PersonId = id(person);
    notice.raised_at = AT.plus_ms(-ago_s * 1_000);
    (notice.subject, notice.case, notice.ongoing) = (Subject::Person(person.clone()), None, true);
    notice.escalations.truncate(1);
    notice.escalations[0].audience = crate::domain::Audience::Person(person.clone());
    let came = |after_ms: i64, state: AlertState| {
        let (alert, recipient, channel) = (AlertId(no), Recipient::Person(person.clone()), Channel::Sms);
        let what = Happening::Alert { alert, recipient, channel, state };
        Entry { at: notice.raised_at.plus_ms(after_ms), what }
    };
    let mut story = vec![came(0, AlertState::Waiting), came(1_000, AlertState::Accepted)];
    if is_told {
        story.extend([came(7_000, AlertState::Delivered), came(7_000, AlertState::Acknowledged)]);
        notice.escalations[0].state = EscalationState::Ended;
    }
    notice.timeline = story;
    notice
}

fn with(mut picture: Board, notices: impl IntoIterator<Item = Incident>) -> Board {
    picture.notices = notices.into_iter().map(|notice| (notice.id, Arc::new(notice))).collect();
    picture
}

/// Told 240 s before the picture, which is of 01:54:07.
const TOLD: &str = "Ms A. Berry was told at 01:50:07 UTC, 4 min ago, that protection is weak; not yet told that it is \
                    good again.";

/// An incident of the person's case, a call of hers, one of another case, and one of Cordon itself.
fn four() -> Board {
    let of = |no, kind, case: &str, wearer: &str| {
        let mut it = incident(no, kind, Priority::P2, Handling::Raised);
        (it.case, it.subject) = (Some(id(case)), Subject::Wearer(id(wearer)));
        it
    };
    let call = incident(2, IncidentKind::CallForHelp, Priority::P1, Handling::Raised);
    let mut deaf = incident(4, IncidentKind::Deaf, Priority::P1, Handling::Raised);
    deaf.case = None;
    let [hers, other] =
        [of(1, IncidentKind::Blind, "case-1", "w-1"), of(3, IncidentKind::Blind, "case-2", "w-2")];
    board("Barry Stone", [hers, call, other, deaf])
}

#[tokio::test]
async fn whoever_was_told_that_protection_is_weak_is_named_until_they_are_told_that_it_is_good() {
    let weak = |is_told| notice(50, IncidentKind::ProtectionWeak, "p-1", 247, is_told);
    let clear = notice(51, IncidentKind::AllClear, "p-1", 5, false);
    let being = |at: &str, says: &str| format!("Ms A. Berry is being told since {at} UTC, {says}.");
    for (notices, said) in [
        (vec![weak(false)], being("01:50:00", "4 min ago, that protection is weak")),
        (vec![weak(true)], TOLD.into()),
        (vec![clear], being("01:54:02", "5 s ago, that all is as usual again")),
        (vec![], String::new()),
    ] {
        let is_any = !notices.is_empty();
        let bench = Bench::new(with(four(), notices));
        let browser = bench.browser().await;
        let queue = bench.get_as(&browser, "/fragments/queue").await.text;
        assert_eq!(queue.contains("aria-labelledby=\"notices\""), is_any);
        assert!(strip(&queue).ends_with(&said), "{said}: {}", strip(&queue));
        // It is no card, and nobody's work.
        assert_eq!(queue.matches("<article").count(), 4);
        assert!(!queue.contains("/incidents/50"));
        for (no, is_hers) in [(1, true), (2, true), (3, false), (4, false)] {
            let page = strip(&bench.get_as(&browser, &format!("/fragments/incidents/{no}")).await.text);
            assert_eq!(page.contains(&said), is_hers || said.is_empty(), "{no}: {page}");
            assert!(is_hers || !page.contains("told since") && !page.contains("told at"), "{no}: {page}");
        }
    }
}

#[tokio::test]
async fn what_is_closed_says_nothing_of_what_holds_now() {
    let closed = incident(9, IncidentKind::Blind, Priority::P2, fixture::handlings()[3].clone());
    let records = Records { incidents: vec![closed], ..Records::default() };
    let weak = notice(50, IncidentKind::ProtectionWeak, "p-1", 247, true);
    let bench = Bench::with(with(four(), [weak]), records, None);
    let page = bench.get_as(&bench.browser().await, "/incidents/9").await;
    assert!(page.status == StatusCode::OK && !page.text.contains("protection is weak"), "{}", page.text);
}

#[tokio::test]
async fn a_crowd_of_notices_is_counted_and_the_newest_are_listed() {
    let all = (50..75).map(|no| notice(no, IncidentKind::ProtectionWeak, "p-1", 1_000 - no, true));
    let bench = Bench::new(with(four(), all));
    let amy = bench.account("amy", &[Role::Officer]).await;
    let queue = bench.get_as(&bench.enter(&amy), "/fragments/queue").await.text;
    let section = queue.split("id=\"notices\"").nth(1).expect("a section");
    assert!(section.contains("<span class=\"count\">25</span>"), "{section}");
    assert_eq!(section.matches("<li>").count(), 20);
    assert!(section.contains("5 older ones are not listed here"), "{section}");
    let token = bench.token(&amy, &[Permit::ReadIncidents]).await;
    let queue = bench.call(&token, "GET", "/api/v1/queue", "").await.json();
    assert_eq!(queue["notices"].as_array().expect("a list").len(), 20);
    assert_eq!((&queue["notices"][0]["id"], &queue["notices_not_listed"]), (&json!(74), &json!(5)));
}

#[tokio::test]
async fn the_api_says_the_same() {
    let weak = notice(50, IncidentKind::ProtectionWeak, "p-1", 247, true);
    let clear = notice(51, IncidentKind::AllClear, "p-1", 5, false);
    let bench = Bench::new(with(four(), [weak, clear]));
    let amy = bench.account("amy", &[Role::Officer]).await;
    let token = bench.token(&amy, &[Permit::ReadIncidents]).await;
    let facts = |id: i64, says: &str, since_s: i64, told_at: Option<String>| {
        json!({"id": id, "person": "p-1", "person_name": "Ms A. Berry", "says": says,
            "since": AT.plus_ms(-since_s * 1_000).to_string(), "told_at": told_at})
    };
    let told_at = AT.plus_ms(-240_000).to_string();
    let [weak, clear] = [facts(50, "protection_weak", 247, Some(told_at)), facts(51, "all_clear", 5, None)];
    let queue = bench.call(&token, "GET", "/api/v1/queue", "").await.json();
    assert_eq!(queue["notices"], json!([clear, weak]));
    let hers = bench.call(&token, "GET", "/api/v1/incidents/2", "").await.json();
    assert_eq!(hers["notices"], json!([weak, clear]));
    let other = bench.call(&token, "GET", "/api/v1/incidents/3", "").await.json();
    assert_eq!(other["notices"], json!([]));
}

#[tokio::test]
async fn nobody_reads_of_persons_beyond_their_units_and_cases() {
    let (picture, records) = two_units();
    let mut kent = notice(51, IncidentKind::ProtectionWeak, "k-p", 100, true);
    kent.unit = id("kent");
    let hers = notice(50, IncidentKind::ProtectionWeak, "p-1", 247, true);
    let bench = Bench::with(with(picture, [hers, kent]), records, None);
    let grant = |role, unit: &str| vec![Grant { role, unit: Some(id(unit)) }];
    for (who, grants, caseload, sees) in [
        ("of-both", vec![Grant { role: Role::Officer, unit: None }], vec![], [true, true]),
        ("of-cheshire", grant(Role::Officer, "cheshire"), vec![], [true, false]),
        ("of-kent", grant(Role::Officer, "kent"), vec![], [false, true]),
        ("of-her-case", grant(Role::Advocate, "cheshire"), vec![id("case-1")], [true, false]),
        ("of-another-case", grant(Role::Advocate, "cheshire"), vec![id("case-2")], [false, false]),
    ] {
        let new = NewAccount { id: id(who), name: who.into(), grants, caseload };
        bench.access.add_account(&new, &Who::Command, AT).await.expect("a new account");
        let browser = bench.enter(&new.id);
        let token = bench.token(&new.id, &[Permit::ReadIncidents]).await;
        let page = bench.get_as(&browser, "/fragments/queue").await;
        let api = bench.call(&token, "GET", "/api/v1/queue", "").await;
        assert_eq!((page.status, api.status), (StatusCode::OK, StatusCode::OK), "{who}");
        for (name, sees) in ["Ms A. Berry", "Kilo Person"].into_iter().zip(sees) {
            let told = format!("{name} was told at");
            assert_eq!(strip(&page.text).contains(&told), sees, "{who}, {name}: {}", page.text);
        }
        let listed = api.json()["notices"].as_array().expect("a list").len();
        assert_eq!(listed, sees.into_iter().filter(|sees| *sees).count(), "{who}");
        // Whoever has seen it stands in the log, with the units or cases that it was of.
        let log = bench.access.entries(i64::MAX, 100, None).await.expect("a log");
        let views = log.iter().filter(|entry| entry.who == who && entry.what == "see queue");
        let of: Vec<_> = views.map(|entry| (entry.unit.as_str(), entry.case_id.as_str())).collect();
        match who {
            "of-both" => assert!(of.contains(&("cheshire", "")) && of.contains(&("kent", "")), "{of:?}"),
            "of-cheshire" => assert_eq!(of, [("cheshire", "")]),
            "of-kent" => assert_eq!(of, [("kent", "")]),
            "of-her-case" => assert_eq!(of, [("cheshire", "case-1")]),
            _ => assert_eq!(of, [("cheshire", "case-2")]),
        }
    }
}
