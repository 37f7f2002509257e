//! A wearer takes their consent back: the protected person is told, and then watching ends.

use super::{record_forms::bench, *};
use crate::{
    access::{Grant, NewAccount, Role, audit::Who},
    domain::{Book, Case, Manner, Scope, ToldHow},
};

const PAGE: &str = "/records/cases/case-1/withdrawal";
const TOLD: &str = "/records/cases/case-1/withdrawal/told";
const END: &str = "/records/cases/case-1/withdrawal/end";
const BACK: &str = "/records/cases/case-1/withdrawal/back";

/// Two hours before the picture.
const SAID: [(&str, &str); 2] = [("said_at", "2026-02-28 23:54"), ("manner", "call")];
const TELLING: [(&str, &str); 3] =
    [("person", "p-1"), ("how.p-1", "in_person"), ("at.p-1", "2026-03-01 01:30")];

async fn of_role(bench: &Bench, role: Role) -> Browser {
    let grants = vec![Grant { role, unit: Some(fixture::id("cheshire")) }];
    let id = fixture::id(&role.as_str().replace('_', "-"));
    let new = NewAccount { id, name: role.as_str().into(), grants, caseload: vec![fixture::id("case-1")] };
    bench.access.add_account(&new, &Who::Command, AT).await.expect("a new account");
    bench.enter(&new.id)
}

fn revision(bench: &Bench) -> String {
    bench.board.borrow().rulebook.revision(&Scope::Case(fixture::id("case-1"))).to_string()
}

/// Sends a step's form, as it was opened just now.
async fn sends(bench: &Bench, who: &Browser, path: &str, fields: &[(&str, &str)]) -> Answer {
    let from = revision(bench);
    bench.post_as(who, path, &[&[("from", from.as_str())], fields].concat()).await
}

/// Takes a step; what it publishes is in force from then on. Returns the case.
async fn takes(bench: &mut Bench, who: &Browser, path: &str, fields: &[(&str, &str)]) -> Case {
    let from = revision(bench);
    let fields = [&[("from", from.as_str())], fields].concat();
    let (answer, told) = bench.post_told(who, path, &fields, Ok(())).await;
    assert_eq!((answer.status, answer.header(header::LOCATION)), (StatusCode::SEE_OTHER, PAGE));
    let Told::Revise { from: made_from, book: Book::Case(case), .. } = told else { panic!("{told:?}") };
    assert_eq!(made_from.to_string(), from);
    let mut board = (**bench.board.borrow()).clone();
    let book = Book::Case(case.clone());
    let journalled = serde_json::to_vec(&book).expect("JSON");
    assert_eq!(
        serde_json::from_slice::<Book>(&journalled).expect("a book"),
        book,
        "a restart finds the same"
    );
    assert_eq!(board.rulebook.check(&book), Vec::<String>::new());
    board.rulebook = Arc::new(board.rulebook.published(book, AT));
    bench.board.send_replace(Arc::new(board));
    case
}

#[tokio::test]
async fn the_wearer_says_so_then_the_person_is_told_and_then_watching_ends() {
    let mut bench = bench();
    let officer = of_role(&bench, Role::Officer).await;
    let advocate = of_role(&bench, Role::Advocate).await;
    let worker = of_role(&bench, Role::CaseWorker).await;
    let records = bench.get_as(&worker, "/records/cases/case-1").await.text;
    assert!(records.contains(PAGE) && records.contains("The wearer takes their consent back"));

    let case = takes(&mut bench, &officer, PAGE, &SAID).await;
    let withdrawal = case.withdrawal.expect("it is written down");
    assert_eq!((withdrawal.manner, withdrawal.recorded.by.as_str()), (Manner::Call, "officer"));
    assert_eq!(case.basis.until, None, "nothing ends by that");
    let home = bench.get_as(&worker, "/records").await.text;
    for words in ["whose wearer has withdrawn", "waiting for 2 h", "21 h 59 min left"] {
        assert!(home.contains(words), "{words}: {home}");
    }

    let queue = bench.get_as(&worker, "/").await.text;
    assert!(queue.contains("1 wearer has withdrawn: waiting for 2 h"), "{queue}");

    // Whoever ends it cannot skip the one who tells.
    let page = bench.get_as(&worker, PAGE).await.text;
    assert!(
        page.contains("Not before every protected person has been told")
            && !page.contains("End watching now")
    );
    assert!(!page.contains("+447700900001"), "a case worker sees no number");
    let early = sends(&bench, &worker, END, &[]).await;
    assert_eq!(early.status, StatusCode::CONFLICT);
    assert!(early.text.contains("A protected person has not been told."), "{}", early.text);
    assert_eq!(sends(&bench, &worker, TOLD, &TELLING).await.status, StatusCode::FORBIDDEN);
    assert!(bench.arrivals.is_empty());

    let page = bench.get_as(&advocate, PAGE).await.text;
    for words in
        ["+447700900001", "English; Loud", "From then on no warning will come", "by 2026-03-01 23:54:00 UTC"]
    {
        assert!(page.contains(words), "{words}: {page}");
    }
    let case = takes(&mut bench, &advocate, TOLD, &TELLING).await;
    let told = &case.withdrawal.as_ref().expect("still there").told;
    assert_eq!((told.len(), &told[0].how), (1, &ToldHow::By(Manner::InPerson)));
    assert_eq!(sends(&bench, &advocate, END, &[]).await.status, StatusCode::FORBIDDEN);

    assert!(bench.get_as(&worker, PAGE).await.text.contains("End watching now"));
    let case = takes(&mut bench, &worker, END, &[]).await;
    assert_eq!(case.basis.until, Some(AT));
    let page = bench.get_as(&worker, PAGE).await.text;
    assert!(page.contains("Ended on 2026-03-01 01:54:07 UTC") && !page.contains("Must end by"), "{page}");
    assert!(!bench.get_as(&worker, "/").await.text.contains("has withdrawn"));
    let home = bench.get_as(&worker, "/records").await.text;
    assert!(home.contains("<strong>0</strong> cases whose wearer has withdrawn"), "{home}");

    let log = bench.access.entries(i64::MAX, 100, None).await.expect("the log");
    let did = |who: &str, what: &str, subject: &str| {
        log.iter().any(|it| it.who == who && it.what == what && it.subject == subject)
    };
    assert!(did("officer", "record withdrawal", "wearer:w-1"));
    assert!(did("advocate", "see person", "person:p-1"), "their number was shown");
    assert!(did("advocate", "tell of withdrawal", "wearer:w-1"));
    assert!(did("case-worker", "end watching", "wearer:w-1"));
    assert!(!did("case-worker", "see person", "person:p-1"));
}

#[tokio::test]
async fn a_page_that_is_open_twice_takes_no_step_twice() {
    let mut bench = bench();
    let (amy, ben) = (of_role(&bench, Role::Supervisor).await, of_role(&bench, Role::Officer).await);
    let opened_at = revision(&bench);
    takes(&mut bench, &amy, PAGE, &SAID).await;
    let late = bench.post_as(&ben, PAGE, &[&[("from", opened_at.as_str())][..], &SAID].concat()).await;
    assert_eq!(late.status, StatusCode::CONFLICT);
    assert!(late.text.contains("Somebody has changed this case since you opened this page"), "{}", late.text);
    let twice = sends(&bench, &ben, PAGE, &SAID).await;
    assert!(twice.text.contains("It is written down already that they have withdrawn."), "{}", twice.text);
    takes(&mut bench, &amy, TOLD, &TELLING).await;
    let twice = sends(&bench, &ben, TOLD, &TELLING).await;
    assert_eq!(twice.status, StatusCode::CONFLICT);
    assert!(twice.text.contains("already that they were told"), "{}", twice.text);
    // Quicker by a moment than the picture.
    let from = revision(&bench);
    let (answer, _) = bench.post_told(&amy, END, &[("from", &from)], Err(Refused::Outdated)).await;
    assert_eq!(answer.status, StatusCode::CONFLICT);
    takes(&mut bench, &amy, END, &[]).await;
    assert!(sends(&bench, &amy, END, &[]).await.text.contains("No withdrawal waits at this case."));
    assert!(bench.arrivals.is_empty());
}

#[tokio::test]
async fn who_cannot_be_told_is_written_down_with_a_reason_and_may_be_told_after_all() {
    let mut bench = bench();
    let amy = of_role(&bench, Role::Supervisor).await;
    takes(&mut bench, &amy, PAGE, &SAID).await;
    let not = [
        ("person", "p-1"),
        ("how.p-1", "not"),
        ("at.p-1", "2026-03-01 01:30"),
        ("why.p-1", "Nobody answers."),
    ];
    takes(&mut bench, &amy, TOLD, &not).await;
    let page = bench.get_as(&amy, PAGE).await.text;
    for words in
        ["Could not be told.", "Nobody answers.", "If they have been told meanwhile", "End watching now"]
    {
        assert!(page.contains(words), "{words}: {page}");
    }
    let case = takes(&mut bench, &amy, TOLD, &TELLING).await;
    assert_eq!(case.withdrawal.expect("still there").told.len(), 2, "both stay");
    assert!(!bench.get_as(&amy, PAGE).await.text.contains("Could not be told."));
}

#[tokio::test]
async fn one_that_no_longer_holds_is_taken_back_and_nothing_of_it_is_lost() {
    let mut bench = bench();
    let amy = of_role(&bench, Role::Supervisor).await;
    takes(&mut bench, &amy, PAGE, &SAID).await;
    let case = takes(&mut bench, &amy, BACK, &[("reason", "They agree again.")]).await;
    let withdrawal = case.withdrawal.expect("it stays");
    assert_eq!(withdrawal.taken_back.expect("taken back").reason, "They agree again.");
    let page = bench.get_as(&amy, PAGE).await.text;
    assert!(page.contains("They agree again.") && page.contains("They take it back once more"), "{page}");
    assert_eq!(sends(&bench, &amy, END, &[]).await.status, StatusCode::CONFLICT);
    assert!(takes(&mut bench, &amy, PAGE, &SAID).await.withdrawal.expect("anew").is_open());
}

#[tokio::test]
async fn an_order_is_no_consent() {
    let mut board = violation();
    let mut case = board.rulebook.case(&fixture::id("case-1")).expect("a case").clone();
    case.basis.kind = crate::domain::BasisKind::Order;
    board.rulebook = Arc::new(board.rulebook.published(Book::Case(case), AT));
    let bench = Bench::new(board);
    let browser = bench.browser().await;
    assert!(!bench.get_as(&browser, "/records/cases/case-1").await.text.contains("/withdrawal"));
    assert!(bench.get_as(&browser, PAGE).await.text.contains("which no wearer can withdraw from"));
    assert_eq!(sends(&bench, &browser, PAGE, &SAID).await.status, StatusCode::CONFLICT);
    assert!(bench.arrivals.is_empty());
}

#[tokio::test]
async fn what_is_wrong_is_said_beside_its_field() {
    let mut bench = bench();
    let amy = of_role(&bench, Role::Supervisor).await;
    let long: &'static str = String::leak("x".repeat(1_001));
    let said: [(&str, &str, &str); 7] = [
        ("said_at", "", "Write when they said so."),
        ("said_at", "yesterday", "Write day and time like"),
        ("said_at", "2026-02-28", "Write day and time like"),
        ("said_at", "2026-03-01 01:55", "That is still to come."),
        ("said_at", "2025-12-31 12:00", "That is before the case was in force."),
        ("manner", "", "Choose how they said it."),
        ("manner", "smoke", "Choose how they said it."),
    ];
    let wrong =
        async |bench: &Bench, path: &str, sound: &[(&str, &str)], name: &str, value: &str, says: &str| {
            let mut fields: Vec<(&str, &str)> =
                sound.iter().copied().filter(|(known, _)| *known != name).collect();
            fields.push((name, value));
            let answer = sends(bench, &amy, path, &fields).await;
            let case = format!("{name}={value}: {says}: {}", answer.text);
            assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{case}");
            let beside = answer.text.split(&format!("id=\"e-{name}\"")).nth(1).expect(&case);
            assert!(beside[..beside.find("</div>").expect(&case)].contains(says), "{case}");
        };
    for (name, value, says) in said {
        wrong(&bench, PAGE, &SAID, name, value, says).await;
    }
    takes(&mut bench, &amy, PAGE, &SAID).await;
    let not = [("person", "p-1"), ("how.p-1", "not"), ("at.p-1", "2026-03-01 01:30")];
    for (sound, name, value, says) in [
        (&TELLING, "how.p-1", "", "Choose how they were told"),
        (&TELLING, "how.p-1", "writing", "Choose how they were told"),
        (&TELLING, "at.p-1", "", "Write when."),
        (&TELLING, "at.p-1", "2026-03-01 02:00", "That is still to come."),
        (&TELLING, "at.p-1", "2026-02-28 23:00", "That is before the wearer withdrew."),
        (&TELLING, "why.p-1", "No answer.", "They were told: leave this empty"),
        (&not, "why.p-1", " ", "Write why they could not be told."),
        (&not, "why.p-1", long, "Write at most 1,000 characters."),
    ] {
        wrong(&bench, TOLD, sound, name, value, says).await;
    }
    for (value, says) in [("", "Write why it no longer holds."), (long, "Write at most 1,000 characters.")] {
        wrong(&bench, BACK, &[], "reason", value, says).await;
    }
    let stranger = [("person", "p-mute"), ("how.p-mute", "call"), ("at.p-mute", "2026-03-01 01:30")];
    assert!(
        sends(&bench, &amy, TOLD, &stranger).await.text.contains("The case does not protect this person.")
    );
    assert!(bench.arrivals.is_empty());
}

#[tokio::test]
async fn the_case_form_neither_ends_watching_nor_forgets_the_withdrawal() {
    let mut bench = bench();
    let amy = of_role(&bench, Role::Supervisor).await;
    takes(&mut bench, &amy, PAGE, &SAID).await;
    let from = revision(&bench);
    let form = |until: &'static str| {
        vec![
            ("from", from.as_str()),
            ("wearer", "w-1"),
            ("persons", "p-1"),
            ("basis.kind", "consent"),
            ("basis.from", "2026-01-01 00:00"),
            ("basis.until", until),
            ("risk", "high"),
            ("plan", "Weekly meetings."),
            ("do", "publish"),
        ]
    };
    let answer = bench.post_as(&amy, "/records/cases/case-1", &form("2026-03-01 01:00")).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(answer.text.contains("tell the protected persons before watching ends."), "{}", answer.text);
    let (_, told) = bench.post_told(&amy, "/records/cases/case-1", &form(""), Ok(())).await;
    let Told::Revise { book: Book::Case(case), .. } = told else { panic!("{told:?}") };
    assert!(case.withdrawal.is_some_and(|it| it.is_open()));
}
