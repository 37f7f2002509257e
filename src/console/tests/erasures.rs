//! Somebody's data is erased by two, or not at all.

use super::{roles::two_units, *};
use crate::{
    access::{Grant, NewAccount, Role, audit::Who},
    domain::{Book, DataSubject},
};

const DATA: &str = "/records/wearers/w-9/data";
const ASK: [(&str, &str); 2] = [("erase-why", "The letter of 1 May."), ("erase-id", "w-9")];

fn whose() -> DataSubject {
    "wearer:w-9".parse().expect("a subject")
}

/// With somebody of whom nothing is needed any more.
fn bench() -> Bench {
    let (mut board, records) = two_units();
    let gone =
        serde_json::json!({"wearer": {"id": "w-9", "unit": "cheshire", "name": "Gary Gone", "tag": []}});
    let book: Book = serde_json::from_value(gone).expect("a sound book");
    board.rulebook = Arc::new(board.rulebook.published(book, AT));
    Bench::with(board, records, None)
}

async fn named(bench: &Bench, id: &str, role: Role, unit: &str) -> Browser {
    let grants = vec![Grant { role, unit: Some(fixture::id(unit)) }];
    let new = NewAccount { id: fixture::id(id), name: format!("Super {id}"), grants, caseload: vec![] };
    bench.access.add_account(&new, &Who::Command, AT).await.expect("a new account");
    bench.enter(&new.id)
}

/// Two supervisors of whom one has asked.
async fn asked(bench: &Bench) -> (Browser, Browser) {
    let [one, other] = [
        named(bench, "one", Role::Supervisor, "cheshire").await,
        named(bench, "other", Role::Supervisor, "cheshire").await,
    ];
    let answer = bench.post_as(&one, &format!("{DATA}/erase"), &ASK).await;
    assert_eq!(
        (answer.status, answer.header(header::LOCATION)),
        (StatusCode::SEE_OTHER, DATA),
        "{}",
        answer.text
    );
    (one, other)
}

async fn number(bench: &Bench) -> String {
    let erasure = bench.access.erasure_of(&whose()).await.expect("the file").expect("an erasure");
    erasure.no.to_string()
}

async fn count(bench: &Bench, what: &str) -> usize {
    let log = bench.access.entries(i64::MAX, 100, None).await.expect("the log");
    log.iter().filter(|it| it.what == what && it.subject == "wearer:w-9").count()
}

#[tokio::test]
async fn one_asks_and_another_agrees() {
    let mut bench = bench();
    let (one, other) = asked(&bench).await;
    let no = number(&bench).await;
    let (agree, fields) = (format!("{DATA}/erase/agree"), [("erasure", no.as_str()), ("agree-id", "w-9")]);
    let page = bench.get_as(&one, DATA).await.text;
    assert!(page.contains("Another supervisor has to agree") && !page.contains(&agree), "{page}");
    let alone = bench.post_as(&one, &agree, &fields).await;
    assert_eq!(alone.status, StatusCode::CONFLICT, "{}", alone.text);
    let page = bench.get_as(&other, DATA).await.text;
    for shown in ["The letter of 1 May.", "one asked for it on 2026-03-01", &agree, "Refuse it"] {
        assert!(page.contains(shown), "{shown}: {page}");
    }
    let untyped = bench.post_as(&other, &agree, &[("erasure", &no), ("agree-id", "w-1")]).await;
    assert_eq!(untyped.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(untyped.text.contains("Type w-9, if it is them whom you mean."), "{}", untyped.text);

    let (answer, told) = bench.post_told(&other, &agree, &fields, Ok(())).await;
    assert_eq!(told, Told::Erase { subject: whose() });
    assert_eq!(
        (answer.status, answer.header(header::LOCATION)),
        (StatusCode::SEE_OTHER, "/records/erasures")
    );
    let list = bench.get_as(&other, "/records/erasures").await.text;
    for shown in ["wearer:w-9", "Super one (one)", "Super other (other)", "Agreed; waits"] {
        assert!(list.contains(shown), "{shown}: {list}");
    }
    assert!(!list.contains("Gary Gone"), "{list}");
    assert_eq!((count(&bench, "ask for erasure").await, count(&bench, "agree to erasure").await), (1, 1));
    let far = named(&bench, "far", Role::Supervisor, "kent").await;
    assert!(!bench.get_as(&far, "/records/erasures").await.text.contains("w-9"), "another unit's");
    assert_eq!(bench.get_as(&far, DATA).await.status, StatusCode::NOT_FOUND);
    let auditor = named(&bench, "auditor", Role::Auditor, "cheshire").await;
    assert!(bench.get_as(&auditor, "/records/erasures").await.text.contains("wearer:w-9"));
}

#[tokio::test]
async fn what_the_engine_refuses_waits_as_before_and_is_taken_back() {
    let mut bench = bench();
    let (one, other) = asked(&bench).await;
    let no = number(&bench).await;
    let fields = [("erasure", no.as_str()), ("agree-id", "w-9")];
    let needed = Refused::StillNeeded(vec!["incident 12 is open: close it first".into()]);
    let (answer, _) = bench.post_told(&other, &format!("{DATA}/erase/agree"), &fields, Err(needed)).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", answer.text);
    assert!(answer.text.contains("incident 12 is open: close it first"), "{}", answer.text);
    let erasure = bench.access.erasure_of(&whose()).await.expect("the file").expect("it waits");
    assert_eq!(erasure.agreed, None);
    let again = bench.post_as(&one, &format!("{DATA}/erase"), &ASK).await;
    assert_eq!(again.status, StatusCode::CONFLICT, "one at a time");
    for (who, status) in [(&other, StatusCode::SEE_OTHER), (&one, StatusCode::CONFLICT)] {
        let answer = bench.post_as(who, &format!("{DATA}/erase/withdraw"), &[("erasure", &no)]).await;
        assert_eq!(answer.status, status, "either, and once");
    }
    assert_eq!(bench.access.erasure_of(&whose()).await.expect("the file"), None);
    assert_eq!(count(&bench, "withdraw erasure").await, 1);
}

#[tokio::test]
async fn what_stands_in_the_way_is_said() {
    let bench = bench();
    let one = named(&bench, "one", Role::Supervisor, "cheshire").await;
    let needed = "/records/wearers/w-1/data";
    let page = bench.get_as(&one, needed).await.text;
    assert!(page.contains("case case-1 has not ended") && !page.contains("Ask for the erasure"), "{page}");
    let fields = [ASK[0], ("erase-id", "w-1")];
    let answer = bench.post_as(&one, &format!("{needed}/erase"), &fields).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(answer.text.contains("case case-1 has not ended: end its basis first"), "{}", answer.text);
    let held = bench.post_as(&one, &format!("{DATA}/hold"), &[("reason", "The trial")]).await;
    assert_eq!(held.status, StatusCode::SEE_OTHER);
    let answer = bench.post_as(&one, &format!("{DATA}/erase"), &ASK).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(answer.text.contains("legal hold 1 of wearer:w-9 stands: lift it first"), "{}", answer.text);
    assert_eq!(bench.access.erasure_of(&whose()).await.expect("the file"), None);
}

#[tokio::test]
async fn whoever_came_by_a_link_is_not_two_people() {
    let bench = bench();
    let amy = bench.browser().await;
    let page = bench.get_as(&amy, DATA).await.text;
    assert!(page.contains("You came by a link") && !page.contains("Ask for the erasure"), "{page}");
    let answer = bench.post_as(&amy, &format!("{DATA}/erase"), &ASK).await;
    assert_eq!(answer.status, StatusCode::CONFLICT);
    assert_eq!(bench.access.erasure_of(&whose()).await.expect("the file"), None);
}

#[tokio::test]
async fn a_third_does_not_agree_and_the_same_press_twice_is_one() {
    let mut bench = bench();
    let (_, other) = asked(&bench).await;
    let third = named(&bench, "third", Role::Supervisor, "cheshire").await;
    let no = number(&bench).await;
    let (agree, fields) = (format!("{DATA}/erase/agree"), [("erasure", no.as_str()), ("agree-id", "w-9")]);
    let (answer, _) = bench.post_told(&other, &agree, &fields, Ok(())).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    // Until the engine has forgotten them the page is there, and nobody is taken for somebody else.
    let page = bench.get_as(&third, DATA).await.text;
    assert!(page.contains("other agreed, and it has not come about."), "{page}");
    let answer = bench.post_as(&third, &agree, &fields).await;
    assert_eq!(answer.status, StatusCode::CONFLICT, "{}", answer.text);
    assert!(bench.arrivals.is_empty(), "the engine is told by one");
    let answer = bench.post_as(&third, &format!("{DATA}/erase/withdraw"), &[("erasure", &no)]).await;
    assert_eq!(answer.status, StatusCode::CONFLICT, "it is agreed");
    // The second press comes when they have just been forgotten.
    let board = bench.board.clone();
    let forgets = |_: &Told| {
        board.send_modify(|picture| Arc::make_mut(picture).rulebook = Arc::default());
        Err(Refused::StillNeeded(vec!["there is no record of wearer:w-9".into()]))
    };
    let (answer, _) = bench.send_told(other.post(&agree, &fields), forgets).await;
    assert_eq!(
        (answer.status, answer.header(header::LOCATION)),
        (StatusCode::SEE_OTHER, "/records/erasures"),
        "{}",
        answer.text
    );
    let erasure = bench.access.erasure_of(&whose()).await.expect("the file").expect("an erasure");
    assert_eq!(erasure.agreed.expect("it stays agreed").0, "other");
    let answer = bench.post_as(&other, &agree, &fields).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND, "and the page is gone");
    assert_eq!(
        bench.access.erasure_of(&whose()).await.expect("the file").expect("one").agreed.expect("so").0,
        "other"
    );
}

#[tokio::test]
async fn what_is_left_of_somebody_who_is_forgotten_is_held() {
    let mut bench = bench();
    let (one, other) = asked(&bench).await;
    let no = number(&bench).await;
    let left = format!("/records/erasures/{no}");
    assert_eq!(bench.get_as(&one, &left).await.status, StatusCode::NOT_FOUND, "their record stands");
    let fields = [("erasure", no.as_str()), ("agree-id", "w-9")];
    bench.post_told(&other, &format!("{DATA}/erase/agree"), &fields, Ok(())).await;
    // The engine has forgotten them, and the eraser waits.
    bench.board.send_modify(|picture| {
        let without = two_units().0;
        let picture = Arc::make_mut(picture);
        picture.rulebook = Arc::default();
        for unit in without.rulebook.units() {
            let book = Book::Unit(unit.clone());
            picture.rulebook = Arc::new(picture.rulebook.published(book, AT));
        }
    });
    let list = bench.get_as(&one, "/records/erasures").await.text;
    assert!(list.contains(&format!("<a href=\"{left}\">What is left of wearer:w-9</a>")), "{list}");
    let page = bench.get_as(&one, &left).await.text;
    assert!(page.contains("A legal hold keeps what is still there.") && !page.contains("Gary"), "{page}");
    assert_eq!(count(&bench, "see erasures").await, 1, "whose it is stands in the log");
    for (reason, says) in
        [("", "Write why: the proceedings, or the order."), ("a\nb", "Write it on one line.")]
    {
        let answer = bench.post_as(&one, &format!("{left}/hold"), &[("reason", reason)]).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(answer.text.contains(says) && answer.text.contains("Error: What is left"), "{}", answer.text);
    }
    let answer = bench.post_as(&one, &format!("{left}/hold"), &[("reason", "The trial of May")]).await;
    assert_eq!((answer.status, answer.header(header::LOCATION)), (StatusCode::SEE_OTHER, left.as_str()));
    let holds = bench.access.holds(&whose()).await.expect("the file");
    assert_eq!((holds.len(), holds[0].author.as_str()), (1, "one"));
    let log = bench.access.entries(i64::MAX, 1, None).await.expect("the log");
    assert_eq!((log[0].what.as_str(), log[0].unit.as_str()), ("place hold", "cheshire"));
    assert!(bench.get_as(&other, &left).await.text.contains("The trial of May"));
    let lift = format!("{left}/lift");
    let answer = bench.post_as(&other, &lift, &[("hold", "1"), ("why-1", "")]).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(answer.text.contains("Write why it can go."), "{}", answer.text);
    let lifts = [("hold", "1"), ("why-1", "It is over")];
    assert_eq!(bench.post_as(&other, &lift, &lifts).await.status, StatusCode::SEE_OTHER);
    assert_eq!(bench.post_as(&other, &lift, &lifts).await.status, StatusCode::CONFLICT, "once");

    // Not another unit's, nor an auditor's; and once it is done there is nothing to keep.
    let far = named(&bench, "far", Role::Supervisor, "kent").await;
    let auditor = named(&bench, "auditor", Role::Auditor, "cheshire").await;
    for (who, status) in [(&far, StatusCode::NOT_FOUND), (&auditor, StatusCode::FORBIDDEN)] {
        assert_eq!(bench.get_as(who, &left).await.status, status);
        assert!(!bench.get_as(who, "/records/erasures").await.text.contains(&left));
        let answer = bench.post_as(who, &format!("{left}/hold"), &[("reason", "Mine")]).await;
        assert_eq!(answer.status, status);
    }
    let record = crate::access::audit::Record {
        at: AT,
        who: Who::Service,
        what: "erase subject",
        why: String::new(),
        about: crate::access::audit::About::default(),
    };
    bench.access.begin_erasure(&whose(), None, 40, Default::default(), AT).await.expect("it begins");
    assert_eq!(bench.get_as(&one, &left).await.status, StatusCode::OK);
    bench.access.finish_erasure(40, &record).await.expect("it is done");
    assert_eq!(bench.get_as(&one, &left).await.status, StatusCode::NOT_FOUND);
    assert!(!bench.get_as(&one, "/records/erasures").await.text.contains(&left));
}

#[tokio::test]
async fn whoever_has_just_been_made_by_an_administrator_is_no_second_person() {
    let bench = bench();
    let (one, _) = asked(&bench).await;
    let no = number(&bench).await;
    let grants = vec![Grant { role: Role::Supervisor, unit: Some(fixture::id("cheshire")) }];
    let new = NewAccount { id: fixture::id("new"), name: "Super new".into(), grants, caseload: vec![] };
    bench.access.add_account(&new, &Who::Account(fixture::id("root")), AT).await.expect("a new account");
    let new = bench.enter(&new.id);
    let agree = format!("{DATA}/erase/agree");
    let page = bench.get_as(&new, DATA).await.text;
    assert!(page.contains("do not count as two people") && !page.contains(&agree), "{page}");
    let answer = bench.post_as(&new, &agree, &[("erasure", &no), ("agree-id", "w-9")]).await;
    assert_eq!(answer.status, StatusCode::CONFLICT, "{}", answer.text);
    assert!(answer.text.contains("Another supervisor has to agree."), "{}", answer.text);
    assert!(bench.arrivals.is_empty());
    assert_eq!(count(&bench, "agree to erasure").await, 0);
    // Refusing it takes one.
    let answer = bench.post_as(&new, &format!("{DATA}/erase/withdraw"), &[("erasure", &no)]).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
    let page = bench.get_as(&one, DATA).await.text;
    assert!(page.contains("Ask for the erasure"), "{page}");
}
