//! One person's data is handed out and held.

use sha2::Digest as _;

use super::{roles::two_units, *};
use crate::{
    access::{Grant, NewAccount, Role, audit::Who},
    domain::{Book, Timestamp},
    store::JournalRow,
};

const WEARER: &str = "/records/wearers/w-1/data";
const PERSON: &str = "/records/persons/p-1/data";

async fn of_role(bench: &Bench, role: Role) -> Browser {
    let grants = vec![Grant { role, unit: Some(fixture::id("cheshire")) }];
    let id = fixture::id(&role.as_str().replace('_', "-"));
    let new = NewAccount { id, name: role.as_str().into(), grants, caseload: vec![fixture::id("case-1")] };
    bench.access.add_account(&new, &Who::Command, AT).await.expect("a new account");
    bench.enter(&new.id)
}

/// A row as the journal has it, as far as whoever reads a document minds.
fn published(no: i64, book: serde_json::Value) -> JournalRow {
    let book: Book = serde_json::from_value(book).expect("a sound book");
    let subject = match &book {
        Book::Wearer(it) => format!("wearer:{}", it.id),
        Book::Person(it) => format!("person:{}", it.id),
        other => panic!("{other:?}"),
    };
    JournalRow {
        no,
        at: Timestamp::from_us(no),
        wall: AT,
        kind: "publish".into(),
        unit: None,
        decision: format!("published {subject} revision 1"),
        subject,
        codec: 2,
        payload: serde_json::to_vec(&Told::Publish(book)).expect("JSON"),
        engine: 1,
        salt: vec![],
        digest: sha2::Sha256::digest(b"").to_vec(),
        chain: vec![],
    }
}

fn bench() -> Bench {
    let (board, mut records) = two_units();
    records.journal = vec![
        published(
            1,
            serde_json::json!({"wearer": {"id": "w-1", "unit": "cheshire", "name": "Barry Stone", "tag": []}}),
        ),
        published(
            2,
            serde_json::json!({"person": {"id": "p-1", "unit": "cheshire", "name": "Ms A. Berry",
                "contact": [{"channel": "sms", "address": "+447700900001"}]}}),
        ),
    ];
    Bench::with(board, records, None)
}

#[tokio::test]
async fn a_document_is_made_for_a_reason_that_the_audit_log_has() {
    let bench = bench();
    let amy = of_role(&bench, Role::Supervisor).await;
    for (path, own, other) in
        [(WEARER, "Barry Stone", "+447700900001"), (PERSON, "+447700900001", "Barry Stone")]
    {
        assert!(
            bench.get_as(&amy, path.trim_end_matches("/data")).await.text.contains(path),
            "the record leads there"
        );
        let answer = bench.post_as(&amy, path, &[("why", "Asked for on 1 March.")]).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        assert_eq!(answer.header(header::CONTENT_TYPE), "application/json");
        assert!(answer.header(header::CONTENT_DISPOSITION).starts_with("attachment; filename="));
        let document: serde_json::Value = serde_json::from_str(&answer.text).expect("JSON");
        assert_eq!(document["counts"]["records"], 1);
        assert!(answer.text.contains(own) && !answer.text.contains(other), "{}", answer.text);
    }
    let log = bench.access.entries(i64::MAX, 100, None).await.expect("the log");
    let made = log.iter().filter(|it| it.what == "export subject" && it.why == "Asked for on 1 March.");
    let mut about: Vec<&str> = made.map(|it| it.subject.as_str()).collect();
    about.sort_unstable();
    assert_eq!(about, ["person:p-1", "wearer:w-1"]);
}

#[tokio::test]
async fn nothing_is_handed_out_that_the_audit_log_cannot_take() {
    let bench = bench();
    let amy = bench.browser().await;
    bench.access.lose().await;
    let answer = bench.post_as(&amy, WEARER, &[("why", "Asked for on 1 March.")]).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(!answer.text.contains("Barry Stone"), "{}", answer.text);
}

#[tokio::test]
async fn a_hold_is_placed_and_lifted_each_with_a_reason() {
    let bench = bench();
    let amy = of_role(&bench, Role::Supervisor).await;
    let held = |name: &'static str, value: &'static str| [(name, value)];
    let placed = bench.post_as(&amy, &format!("{WEARER}/hold"), &held("reason", "The trial of May.")).await;
    assert_eq!((placed.status, placed.header(header::LOCATION)), (StatusCode::SEE_OTHER, WEARER));
    let page = bench.get_as(&amy, WEARER).await.text;
    assert!(
        page.contains("The trial of May.") && page.contains("Placed by supervisor on 2026-03-01"),
        "{page}"
    );
    assert!(!bench.get_as(&amy, PERSON).await.text.contains("The trial of May."));
    let lift = format!("{WEARER}/lift");
    let unexplained = bench.post_as(&amy, &lift, &[("hold", "1"), ("why-1", " ")]).await;
    assert_eq!(unexplained.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(unexplained.text.contains("Write why it can go."), "{}", unexplained.text);
    // Somebody else's page does not lift it.
    let far = bench.post_as(&amy, &format!("{PERSON}/lift"), &[("hold", "1"), ("why-1", "x")]).await;
    assert_eq!(far.status, StatusCode::CONFLICT);
    for status in [StatusCode::SEE_OTHER, StatusCode::CONFLICT] {
        let lifted = bench.post_as(&amy, &lift, &[("hold", "1"), ("why-1", "It is over.")]).await;
        assert_eq!(lifted.status, status, "once");
    }
    assert!(bench.get_as(&amy, WEARER).await.text.contains("It is over."));
    let log = bench.access.entries(i64::MAX, 100, None).await.expect("the log");
    let count = |what: &str| log.iter().filter(|it| it.what == what && it.subject == "wearer:w-1").count();
    assert_eq!((count("place hold"), count("lift hold")), (1, 1));
}

#[tokio::test]
async fn what_is_wrong_is_said_beside_its_field() {
    let bench = bench();
    let amy = of_role(&bench, Role::Supervisor).await;
    let long: &'static str = String::leak("x".repeat(501));
    for (path, name, value, says) in [
        (WEARER.to_owned(), "why", "", "Write why: by which letter or call"),
        (WEARER.to_owned(), "why", long, "Write at most 200 characters."),
        (WEARER.to_owned(), "why", "a\nb", "Write it on one line."),
        (format!("{PERSON}/hold"), "reason", " ", "Write why: the proceedings"),
        (format!("{PERSON}/hold"), "reason", long, "Write at most 500 characters."),
    ] {
        let answer = bench.post_as(&amy, &path, &[(name, value)]).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{path}");
        let beside = answer.text.split(&format!("id=\"e-{name}\"")).nth(1).expect(says);
        assert!(beside[..beside.find("</div>").expect(says)].contains(says), "{says}: {}", answer.text);
    }
    assert!(
        bench.access.holds(&"person:p-1".parse().expect("a subject")).await.expect("the file").is_empty()
    );
}

#[tokio::test]
async fn whoever_knows_a_part_is_not_given_the_whole() {
    let bench = bench();
    for role in [Role::Officer, Role::Advocate, Role::CaseWorker, Role::Administrator, Role::Auditor] {
        let who = of_role(&bench, role).await;
        for path in [WEARER, PERSON] {
            let answer = bench.post_as(&who, path, &[("why", "x")]).await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{role:?}");
        }
    }
}
