//! Records on the console: what is wrong is said beside its field, what is begun is kept, and nobody's work is overwritten.

use super::*;
use crate::{
    access::{Grant, NewAccount, Role, audit::Who},
    domain::{Book, Risk},
};

pub(super) type Fields = Vec<(&'static str, &'static str)>;

const CASE: &str = "/records/cases/case-1";
const WEARER: &str = "/records/wearers/w-1";

/// A form of a case that is in order.
fn case() -> Fields {
    vec![
        ("from", "1"),
        ("wearer", "w-1"),
        ("persons", "p-1"),
        ("basis.kind", "order"),
        ("basis.from", "2026-01-01 00:00"),
        ("basis.until", "2027-01-01 00:00"),
        ("risk", "high"),
        ("assessed.reason", "Two breaches in a week."),
        ("plan", "Weekly meetings."),
        ("review_due", "2026-04-01 09:00"),
        ("policy", ""),
    ]
}

pub(super) fn wearer() -> Fields {
    vec![
        ("from", "1"),
        ("name", "Robin Vale"),
        ("tag.0.id", "acme/t-1"),
        ("tag.0.from", "2026-02-01 08:00"),
        ("tag.0.until", ""),
    ]
}

/// The same form, with a field that says something else.
pub(super) fn with(mut fields: Fields, name: &'static str, value: &'static str) -> Fields {
    fields.retain(|(known, _)| *known != name);
    fields.push((name, value));
    fields
}

pub(super) fn published(fields: &Fields) -> Fields {
    with(fields.clone(), "do", "publish")
}

/// A unit that its policies reach people in.
pub(super) fn bench() -> Bench {
    let mut board = violation();
    let books = [
        serde_json::json!({"unit": {"id": "cheshire", "name": "Cheshire", "default_policy": "usual",
            "area": {"south": 53.0, "west": -3.2, "north": 53.4, "east": -2.6},
            "staff": [{"id": "amy", "name": "Sgt Amy Okafor", "contact": [{"channel": "sms", "address": "+447700900011"}]}],
            "policy": [{"id": "usual", "protected": [{"channel": "sms", "wait_s": 30}],
                "danger": [{"to": "amy", "channel": "sms", "wait_s": 30}], "device": [{"to": "amy", "channel": "sms", "wait_s": 30}],
                "upkeep": [{"to": "amy", "channel": "sms", "wait_s": 30}]}]}}),
        serde_json::json!({"person": {"id": "p-1", "unit": "cheshire", "name": "Ms A. Berry",
            "contact": [{"channel": "sms", "address": "+447700900001"}]}}),
        serde_json::json!({"person": {"id": "p-mute", "unit": "cheshire", "name": "Ms C. Mute", "contact": []}}),
    ];
    let books = books.map(|book| serde_json::from_value::<Book>(book).expect("a sound book"));
    let rulebook =
        books.into_iter().fold((*board.rulebook).clone(), |rulebook, book| rulebook.published(book, AT));
    board.rulebook = Arc::new(rulebook);
    Bench::new(board)
}

#[tokio::test]
async fn a_form_is_published_as_a_revision_of_the_one_it_was_opened_at() {
    let mut bench = bench();
    let browser = bench.browser().await;
    let (answer, told) = bench.post_told(&browser, CASE, &published(&case()), Ok(())).await;
    assert_eq!((answer.status, answer.header(header::LOCATION)), (StatusCode::SEE_OTHER, CASE));
    let Told::Revise { from: 1, book: Book::Case(case), .. } = told else { panic!("{told:?}") };
    assert_eq!((case.risk, case.plan.as_deref()), (Risk::High, Some("Weekly meetings.")));
    let assessed = case.assessed.expect("a reason");
    assert_eq!((assessed.reason.as_str(), assessed.by.as_str()), ("Two breaches in a week.", "amy"));
    assert_eq!(case.zones.len(), 2, "what the form does not show stays as it is");
    let (answer, told) = bench.post_told(&browser, WEARER, &published(&wearer()), Ok(())).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    let Told::Revise { from: 1, book: Book::Wearer(wearer), .. } = told else { panic!("{told:?}") };
    assert_eq!((wearer.name.as_str(), wearer.tags.len()), ("Robin Vale", 1));
}

#[tokio::test]
async fn what_is_wrong_is_said_beside_its_field() {
    let bench = bench();
    let browser = bench.browser().await;
    let cases: [(&str, Fields, &str, &str); 30] = [
        (WEARER, with(wearer(), "name", " "), "name", "Write the wearer&#39;s name."),
        (WEARER, with(wearer(), "name", LONG), "name", "A name has 1 to 100 printable characters."),
        (WEARER, with(wearer(), "name", "Robin\u{7}"), "name", "A name has 1 to 100 printable characters."),
        (WEARER, with(wearer(), "tag.0.id", ""), "tag.0.id", "Write which tag, as vendor/tag."),
        (WEARER, with(wearer(), "tag.0.id", "t-1"), "tag.0.id", "A tag is written vendor/tag."),
        (WEARER, with(wearer(), "tag.0.id", "Acme/T 1"), "tag.0.id", "An id is made of"),
        (WEARER, with(wearer(), "tag.0.id", "acme/t-9"), "tag.0", "is already worn during that time"),
        (WEARER, with(wearer(), "tag.0.from", ""), "tag.0.from", "Write from when."),
        (WEARER, with(wearer(), "tag.0.from", "2026-02-01"), "tag.0.from", "Write day and time like"),
        (WEARER, with(wearer(), "tag.0.from", "01/02/2026 08:00"), "tag.0.from", "Write day and time like"),
        (WEARER, with(wearer(), "tag.0.from", "2026-02-30 08:00"), "tag.0.from", "Write day and time like"),
        (WEARER, with(wearer(), "tag.0.until", "soon"), "tag.0.until", "Write day and time like"),
        (
            WEARER,
            with(wearer(), "tag.0.until", "2026-01-31 08:00"),
            "tag.0",
            "is removed before it is fitted",
        ),
        (CASE, with(case(), "wearer", ""), "wearer", "Choose the wearer."),
        (CASE, with(case(), "wearer", "w-nobody"), "wearer", "The unit has no wearer"),
        (CASE, with(case(), "wearer", "W 1"), "wearer", "An id is made of"),
        (CASE, with(case(), "persons", ""), "persons", "Choose at least one person."),
        (CASE, with(case(), "persons", "p-nobody"), "persons", "The unit has no person"),
        (CASE, with(case(), "persons", "p-mute"), "persons", "for which they have no contact"),
        (CASE, with(case(), "basis.kind", ""), "basis.kind", "Choose what allows it."),
        (CASE, with(case(), "basis.kind", "whim"), "basis.kind", "Choose what allows it."),
        (CASE, with(case(), "basis.from", ""), "basis.from", "Write from when it is in force."),
        (CASE, with(case(), "basis.from", "yesterday"), "basis.from", "Write day and time like"),
        (
            CASE,
            with(case(), "basis.until", "2025-12-31 00:00"),
            "basis.until",
            "The basis ends before it begins.",
        ),
        (CASE, with(case(), "risk", "extreme"), "risk", "Choose the risk."),
        (
            CASE,
            with(with(case(), "risk", "medium"), "assessed.reason", ""),
            "assessed.reason",
            "The risk has changed: write why.",
        ),
        (CASE, with(case(), "assessed.reason", LONG_REASON), "assessed.reason", "has 1 to 1000 characters"),
        (CASE, with(case(), "plan", LONG_PLAN), "plan", "A plan has 1 to 4000 characters."),
        (CASE, with(case(), "review_due", "in spring"), "review_due", "Write day and time like"),
        (CASE, with(case(), "policy", "none-such"), "policy", "The unit has no policy"),
    ];
    let mut wrong = Vec::new();
    for (path, fields, name, says) in cases {
        wrong.extend(unsaid(&bench, &browser, path, &fields, name, says).await);
    }
    assert_eq!(wrong, [""; 0]);
    assert!(bench.arrivals.is_empty(), "nothing was published");
}

/// Publishing this must be refused with a sentence beside a field, or at the head of a row or section, and with a way to it
/// from the top: what of that is not so.
pub(super) async fn unsaid(
    bench: &Bench,
    browser: &Browser,
    path: &str,
    fields: &Fields,
    name: &str,
    says: &str,
) -> Vec<String> {
    let answer = bench.post_as(browser, path, &published(fields)).await;
    let within = |from: &str, to: &str| {
        let rest = answer.text.split(from).nth(1).unwrap_or_default();
        rest.split(to).next().unwrap_or_default()
    };
    let beside = within(&format!("id=\"e-{name}\""), "</div>");
    let top = within("<section class=\"errors\" role=\"alert\"", "</section>");
    let ways = top.split("href=\"#").skip(1).filter_map(|rest| rest.split('"').next());
    let lost: Vec<&str> =
        ways.filter(|way| *way == "form" || !answer.text.contains(&format!("id=\"{way}\""))).collect();
    let case = |what: &str| format!("{what}: {name}: {says}: {} {top}", answer.status);
    let mut unsaid = Vec::new();
    for (sound, what) in [
        (answer.status == StatusCode::UNPROCESSABLE_ENTITY, "published"),
        (beside.contains(says), "not beside it"),
        (top.contains(says), "not at the top"),
        (lost.is_empty(), "no way from the top"),
    ] {
        if !sound {
            unsaid.push(case(what));
        }
    }
    unsaid
}

pub(super) const LONG: &str =
    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx";
const LONG_REASON: &str = include_str!("fixture.rs").split_at(1_001).0;
const LONG_PLAN: &str = include_str!("fixture.rs").split_at(4_001).0;

#[tokio::test]
async fn all_that_is_wrong_is_said_at_once_and_what_was_written_is_kept() {
    let bench = bench();
    let browser = bench.browser().await;
    let wrong = with(with(with(case(), "wearer", ""), "risk", ""), "review_due", "<b>soon</b>");
    let answer = bench.post_as(&browser, CASE, &published(&wrong)).await;
    assert!(answer.text.contains("3 things are to be put right"), "{}", answer.text);
    let again = bench.get_as(&browser, CASE).await;
    assert!(
        again.text.contains("&#60;b&#62;soon&#60;/b&#62;") && !again.text.contains("<b>soon"),
        "{}",
        again.text
    );
    assert!(again.text.contains("Your draft"));
    assert!(bench.get_as(&browser, "/records").await.text.contains("Case case-1</a>"));
    let answer = bench.post_as(&browser, CASE, &with(case(), "do", "discard")).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    assert!(!bench.get_as(&browser, CASE).await.text.contains("soon"));
}

#[tokio::test]
async fn enter_keeps_a_draft_and_a_line_can_be_added() {
    let bench = bench();
    let browser = bench.browser().await;
    let answer = bench.post_as(&browser, WEARER, &with(wearer(), "do", "more:tag")).await;
    assert_eq!((answer.status, answer.header(header::LOCATION)), (StatusCode::SEE_OTHER, WEARER));
    let page = bench.get_as(&browser, WEARER).await.text;
    assert!(page.contains("Robin Vale") && page.contains("name=\"tag.2.id\""), "{page}");
    assert!(bench.arrivals.is_empty());
    // The first button of a form is what Enter presses.
    let first = page.split("<button").find(|part| part.contains("name=\"do\"")).expect("a button");
    assert!(first.contains("value=\"keep\""), "{first}");
}

#[tokio::test]
async fn the_second_of_two_sees_what_the_first_has_changed() {
    let mut bench = bench();
    let browser = bench.browser().await;
    // The person's record is at its second revision, and the case's form was opened at one that is gone.
    let old = with(published(&case()), "from", "0");
    let answer = bench.post_as(&browser, CASE, &old).await;
    assert_eq!(answer.status, StatusCode::CONFLICT);
    for words in
        ["Somebody has changed this record", "Weekly meetings.", "In force now", "name=\"from\" value=\"1\""]
    {
        assert!(answer.text.contains(words), "{words}: {}", answer.text);
    }
    assert!(bench.arrivals.is_empty(), "nothing is overwritten");
    // And where both press at once, the engine says who was first.
    let (answer, _) = bench.post_told(&browser, CASE, &published(&case()), Err(Refused::Outdated)).await;
    assert_eq!(answer.status, StatusCode::CONFLICT);
}

#[tokio::test]
async fn a_record_is_made_once_and_in_ones_own_units() {
    let (board, records) = roles::two_units();
    let mut bench = Bench::with(board, records, None);
    let grants = vec![Grant { role: Role::Supervisor, unit: Some(fixture::id("cheshire")) }];
    let new = NewAccount { id: fixture::id("sue"), name: "Sue".into(), grants, caseload: vec![] };
    bench.access.add_account(&new, &Who::Command, AT).await.expect("a new account");
    let browser = bench.enter(&new.id);
    let form =
        |id, unit| vec![("from", "0"), ("id", id), ("unit", unit), ("name", "Robin Vale"), ("do", "publish")];
    let far = bench.post_as(&browser, "/records/wearers", &form("w-77", "kent")).await;
    assert!(far.text.contains("You can make records in your own units alone."), "{}", far.text);
    // Also of another unit, whose records they do not see.
    for id in ["w-1", "k-1"] {
        let taken = bench.post_as(&browser, "/records/wearers", &form(id, "cheshire")).await;
        assert!(taken.text.contains("There is a record of that id already."), "{}", taken.text);
    }
    let (answer, told) =
        bench.post_told(&browser, "/records/wearers", &form("w-77", "cheshire"), Ok(())).await;
    assert_eq!(
        (answer.status, answer.header(header::LOCATION)),
        (StatusCode::SEE_OTHER, "/records/wearers/w-77")
    );
    assert!(matches!(told, Told::Revise { from: 0, book: Book::Wearer(_), .. }), "{told:?}");
}

#[tokio::test]
async fn what_is_due_is_counted() {
    let bench = bench();
    let browser = bench.browser().await;
    let page = bench.get_as(&browser, "/records").await.text;
    for words in [
        "<strong>2</strong> cases without a tag fitted",
        "<strong>2</strong> cases without a plan",
        "<strong>2</strong> cases with an overdue review",
        "/records/cases/case-1",
        "Barry Stone",
        "acme/t-9",
    ] {
        assert!(page.contains(words), "{words}: {page}");
    }
}

#[tokio::test]
async fn who_opens_and_changes_a_record_is_recorded() {
    let mut bench = bench();
    let browser = bench.browser().await;
    bench.get_as(&browser, WEARER).await;
    bench.post_told(&browser, WEARER, &published(&wearer()), Ok(())).await;
    let log = bench.access.entries(i64::MAX, 1_000, None).await.expect("the log");
    let about: Vec<_> =
        log.iter().filter(|it| it.subject == "wearer:w-1").map(|it| it.what.as_str()).collect();
    assert_eq!(about, ["change wearer", "see wearer"], "the newest first");
    bench.access.lose().await;
    let answer = bench.post_as(&browser, WEARER, &published(&wearer())).await;
    assert!(
        answer.status.is_server_error() && bench.arrivals.is_empty(),
        "what cannot be recorded is not done"
    );
}
