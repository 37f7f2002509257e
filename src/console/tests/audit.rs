//! What is seen and done is recorded, and what cannot be recorded is not shown.

use super::{super::when::When, *};
use crate::{
    access::{
        Grant, NewAccount, Role,
        audit::{Entry, Who},
    },
    domain::StaffId,
    engine::Action,
};

const PERSONAL: [&str; 7] = [
    "/",
    "/incidents?closed",
    "/incidents/1",
    "/fragments/queue",
    "/fragments/map",
    "/fragments/incidents/1",
    "/enrolments",
];

impl Bench {
    async fn log(&self) -> Vec<Entry> {
        let mut entries = self.access.entries(i64::MAX, 1_000, None).await.expect("a log");
        entries.reverse();
        entries
    }

    pub(super) async fn account(&self, id: &str, roles: &[Role]) -> StaffId {
        let grants = roles.iter().map(|role| Grant { role: *role, unit: None }).collect();
        let new = NewAccount { id: fixture::id(id), name: format!("Name of {id}"), grants, caseload: vec![] };
        self.access.add_account(&new, &Who::Command, AT).await.expect("a new account");
        new.id
    }
}

#[tokio::test]
async fn whoever_sees_an_incident_stands_in_the_log_with_when_and_why_and_about_whom() {
    let bench = Bench::new(violation());
    let browser = bench.enter(&bench.account("ola", &[Role::Officer]).await);
    assert_eq!(bench.get_as(&browser, "/incidents/1").await.status, StatusCode::OK);
    let log = bench.log().await;
    let last = log.last().expect("a record");
    let about = (last.subject.as_str(), last.unit.as_str(), last.case_id.as_str(), last.incident);
    assert_eq!((last.who.as_str(), last.what.as_str()), ("ola", "see incident"));
    assert_eq!(
        (last.why.as_str(), about),
        ("officer of every unit", ("wearer:w-1", "cheshire", "case-1", 1))
    );
    assert_eq!(last.at, bench.clock.wall().as_us());
    for name in ["Barry", "Berry", "Okafor", "Name of"] {
        assert!(!format!("{log:?}").contains(name), "no name in the log: {name}");
    }
}

#[tokio::test]
async fn a_page_that_draws_itself_anew_is_one_view() {
    let bench = Bench::new(violation());
    let browser = bench.browser().await;
    for _ in 0..5 {
        for path in PERSONAL {
            assert_eq!(bench.get_as(&browser, path).await.status, StatusCode::OK, "{path}");
        }
    }
    let mut seen: Vec<_> = bench.log().await.into_iter().map(|entry| (entry.who, entry.what)).collect();
    seen.sort();
    let expected = ["see closed incidents", "see devices", "see incident", "see map", "see queue"];
    assert_eq!(seen, expected.map(|what| ("link:amy".to_owned(), what.to_owned())));
}

#[tokio::test]
async fn what_cannot_be_recorded_is_not_shown_and_what_is_done_is_done() {
    let mut bench = Bench::new(violation());
    let browser = bench.browser().await;
    bench.access.lose().await;
    for path in PERSONAL {
        let answer = bench.get_as(&browser, path).await;
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{path}");
        assert!(!answer.text.contains("Barry") && !answer.text.contains("Berry"), "{path}");
        assert!(answer.text.contains("Alerts go out as ever"), "{path}");
    }
    // Nor is a link made that nobody would know of.
    let link = bench.post_as(&browser, "/enrolments", &[("who", "person:p-1")]).await;
    assert_eq!(link.status, StatusCode::SERVICE_UNAVAILABLE);
    // The journal has it.
    let (_, told) = bench.post_told(&browser, "/incidents/1/act", &[], Ok(())).await;
    assert!(matches!(told, Told::Handle { action: Action::Act, .. }), "{told:?}");
    assert_eq!(bench.get("/livez").await.status, StatusCode::OK);
    assert_eq!(bench.get("/health").await.status, StatusCode::OK);
}

#[tokio::test]
async fn actions_and_enrolment_links_are_recorded() {
    let mut bench = Bench::new(violation());
    let browser = bench.browser().await;
    for (path, field) in
        [("own", ("", "")), ("act", ("", "")), ("note", ("note", "x")), ("close", ("outcome", "test"))]
    {
        bench.post_told(&browser, &format!("/incidents/1/{path}"), &[field], Ok(())).await;
    }
    bench.post_as(&browser, "/enrolments", &[("who", "person:p-1")]).await;
    let log = bench.log().await;
    let done: Vec<_> = log.iter().map(|entry| (entry.what.as_str(), entry.subject.as_str())).collect();
    for what in ["own incident", "act on incident", "note on incident", "close incident"] {
        assert!(done.contains(&(what, "wearer:w-1")), "{what}: {done:?}");
    }
    assert!(done.contains(&("make enrolment link", "person:p-1")), "{done:?}");
}

#[tokio::test]
async fn a_case_lists_its_own_readers() {
    let bench = Bench::new(violation());
    for (id, roles) in [("ola", Role::Officer), ("sue", Role::Supervisor)] {
        let browser = bench.enter(&bench.account(id, &[roles]).await);
        bench.get_as(&browser, "/incidents/1").await;
    }
    let supervisor = bench.enter(&fixture::id("sue"));
    let readers = bench.get_as(&supervisor, "/incidents/1/readers").await;
    assert_eq!(readers.status, StatusCode::OK);
    for word in ["Name of ola (ola)", "Name of sue (sue)", "see incident", "case case-1"] {
        assert!(readers.text.contains(word), "{word}: {}", readers.text);
    }
    assert!(bench.get_as(&supervisor, "/incidents/1").await.text.contains("/incidents/1/readers"));
    let officer = bench.enter(&fixture::id("ola"));
    assert!(!bench.get_as(&officer, "/incidents/1").await.text.contains("/readers"));
    let auditor = bench.enter(&bench.account("ada", &[Role::Auditor]).await);
    let page = bench.get_as(&auditor, "/audit").await;
    assert!(page.text.contains("/records/cases/case-1/readers"), "{}", page.text);
    assert!(
        page.text.contains("Name of ola (ola)") && page.text.contains("/incidents/1/readers"),
        "{}",
        page.text
    );
}

#[tokio::test]
async fn a_case_lists_its_own_readers_at_its_record() {
    let bench = Bench::new(violation());
    let officer = bench.enter(&bench.account("ola", &[Role::Officer]).await);
    let supervisor = bench.enter(&bench.account("sue", &[Role::Supervisor]).await);
    let auditor = bench.enter(&bench.account("ada", &[Role::Auditor]).await);
    let record = bench.get_as(&officer, "/records/cases/case-1").await;
    assert!(record.text.contains("case-1") && !record.text.contains("/readers"), "{}", record.text);
    assert_eq!(bench.get_as(&officer, "/records/cases/case-1/readers").await.status, StatusCode::FORBIDDEN);
    bench.get_as(&officer, "/incidents/1").await;
    let record = bench.get_as(&supervisor, "/records/cases/case-1").await;
    assert!(record.text.contains("href=\"/records/cases/case-1/readers\""), "{}", record.text);
    bench.get_as(&supervisor, "/records/cases/case-2").await;

    let readers = bench.get_as(&supervisor, "/records/cases/case-1/readers").await;
    let line = |who: &str, what: &str, why: &str, times: u8| {
        let when = When::new(bench.clock.wall(), AT).in_full();
        format!(
            "<tr><th scope=\"row\">Name of {who} ({who})</th><td>{what}</td><td>{why} of every unit</td>\
             <td>{times}</td><td>{when} UTC</td></tr>"
        )
    };
    for line in [
        line("ola", "see case", "officer", 1),
        line("ola", "see incident", "officer", 1),
        line("sue", "see case", "supervisor", 1),
        // This view, too, and it is the case that it names.
        line("sue", "see readers", "supervisor", 1),
    ] {
        assert!(readers.text.contains(&line), "{line}: {}", readers.text);
    }
    assert!(readers.text.contains("Back to case case-1"));

    // An auditor comes from the log, and sees nothing else of the case.
    let readers = bench.get_as(&auditor, "/records/cases/case-1/readers").await;
    assert!(readers.text.contains(&line("sue", "see readers", "supervisor", 1)), "{}", readers.text);
    assert!(readers.text.contains("href=\"/audit\"") && !readers.text.contains("href=\"/records"));
    let missing = bench.get_as(&auditor, "/records/cases/case-9/readers").await;
    assert_eq!(missing.status, StatusCode::NOT_FOUND);
    bench.access.lose().await;
    let unrecorded = bench.get_as(&supervisor, "/records/cases/case-1/readers").await;
    assert_eq!(unrecorded.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(!unrecorded.text.contains("Name of ola"));
}
