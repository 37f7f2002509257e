//! An erasure takes two people, and what it takes away is gone.

use crate::{
    access::{
        Access, Asks, Draft, ErasureCounts, Grant, HandedPoint, Handover, Mark, NewAccount, Role,
        audit::{About, Record, Who},
    },
    domain::{CaseId, DataSubject, StaffId, Subject, Timestamp},
};

fn s(s: i64) -> Timestamp {
    Timestamp::from_ms(s * 1_000)
}

fn record(who: &str, what: &'static str, at: i64) -> Record {
    let who = Who::Account(who.parse().unwrap());
    Record { at: s(at), who, what, why: "a test".into(), about: About::default() }
}

fn whose(text: &str) -> DataSubject {
    text.parse().unwrap()
}

async fn log(access: &Access) -> Vec<String> {
    let entries = access.entries(i64::MAX, 50, None).await.unwrap();
    entries.into_iter().rev().map(|entry| format!("{} {}", entry.who, entry.what)).collect()
}

#[tokio::test]
async fn whoever_asks_does_not_agree_and_what_is_done_is_done_once() {
    let access = Access::in_memory().await.unwrap();
    let (one, other) = (whose("wearer:w-1"), whose("person:w-1"));
    let north = "north".parse().unwrap();
    let ask = async |at| {
        let record = record("amy", "ask", at);
        access.ask_erasure(&one, Some(&north), "A letter.", Asks::OneOfTwo, &record).await.unwrap()
    };
    let no = ask(1).await.unwrap();
    assert_eq!(ask(2).await, None, "one at a time");
    let agree =
        async |subject, who| access.agree_erasure(subject, no, &record(who, "agree", 3)).await.unwrap();
    assert!(!agree(&one, "amy").await, "nobody alone");
    assert!(!agree(&other, "ben").await, "somebody else of that id");
    assert!(agree(&one, "ben").await);
    let withdraw = async || access.withdraw_erasure(&one, no, &record("amy", "withdraw", 4)).await.unwrap();
    assert!(!withdraw().await, "it is agreed");
    access.unagree_erasure(no).await.unwrap();
    assert!(withdraw().await && !withdraw().await);
    assert_eq!(access.erasure_of(&one).await.unwrap(), None);

    let no = ask(5).await.unwrap();
    assert!(access.agree_erasure(&one, no, &record("ben", "agree", 6)).await.unwrap());
    let counts = ErasureCounts { rows: 7, incidents: 2, alerts: 3, rewritten: 0 };
    access.begin_erasure(&one, None, 40, counts, s(7)).await.unwrap();
    // Killed and begun again it finds less, and is what it was.
    access.begin_erasure(&one, None, 40, ErasureCounts::default(), s(8)).await.unwrap();
    assert!(access.erasures_done().await.unwrap().is_empty());
    for at in [9, 10] {
        access.finish_erasure(40, &record("amy", "erase", at)).await.unwrap();
    }
    let done = access.erasure_of(&one).await.unwrap().unwrap();
    assert_eq!((done.row, done.counts, done.done_at), (Some(40), counts, Some(s(9))));
    assert_eq!((done.agreed, done.asked_by.as_str()), (Some(("ben".into(), s(6))), "amy"));
    assert!(!access.agree_erasure(&one, no, &record("ben", "agree", 11)).await.unwrap());
    assert!(!access.withdraw_erasure(&one, no, &record("amy", "withdraw", 11)).await.unwrap());
    assert_eq!(access.erasures_done().await.unwrap(), [40].into());
    let said = ["amy ask", "ben agree", "amy withdraw", "amy ask", "ben agree", "amy erase"];
    assert_eq!(log(&access).await, said, "what did not happen is not in it");

    // The id may be used again, and erased again; of another unit nobody is told.
    assert!(ask(20).await.is_some());
    access.begin_erasure(&other, None, 50, counts, s(21)).await.unwrap();
    assert_eq!(access.erasures(None, 10).await.unwrap().len(), 3);
    assert_eq!(access.erasures(Some(std::slice::from_ref(&north)), 10).await.unwrap().len(), 2);
    assert!(access.erasures(Some(&["south".parse().unwrap()]), 10).await.unwrap().is_empty());
}

#[tokio::test]
async fn what_is_written_about_somebody_is_deleted_and_about_others_it_is_not() {
    let access = Access::in_memory().await.unwrap();
    let amy: StaffId = "amy".parse().unwrap();
    for (subject, at) in [
        ("person:p-1", 10),
        ("case:c-1", 10),
        ("person:p-2", 10),
        ("case:c-2", 10),
        // Of whoever had the id next.
        ("person:p-1", 90),
    ] {
        let author = if at == 90 { "ben".parse().unwrap() } else { amy.clone() };
        let draft = Draft { subject: subject.into(), base: 1, fields: Vec::new(), saved_at: s(at) };
        access.keep_draft(&author, &draft).await.unwrap();
    }
    let standing = whose("person:p-1");
    for why in ["The trial", "Another"] {
        access.place_hold(&standing, why, &record("amy", "place", 10)).await.unwrap();
    }
    access.lift_hold(&standing, 1, "Over", &record("amy", "lift", 11)).await.unwrap();
    let point = |subject: &str, point: &str| HandedPoint {
        mark: Mark::Signed,
        subject: match whose(subject) {
            DataSubject::Wearer(id) => Some(Subject::Wearer(id)),
            DataSubject::Person(id) => Some(Subject::Person(id)),
        },
        point: point.into(),
    };
    let points = [
        point("person:p-1", r#"{"open": {"case": null}}"#),
        point("wearer:w-1", r#"{"open": {"case": "c-1"}}"#),
        point("wearer:w-5", r#"{"open": {"case": null, "calls": [{"person": "p-2"}, {"person": "p-1"}]}}"#),
        point("wearer:w-6", r#"{"due": {"case": "c-1"}}"#),
        point("wearer:w-2", r#"{"open": {"case": "c-2", "calls": [{"person": "p-2"}]}}"#),
        point("person:p-2", r#"{"trouble": "none"}"#),
    ];
    let handover = Handover {
        no: 0,
        unit: "north".parse().unwrap(),
        outgoing: amy.clone(),
        says: String::new(),
        signed_at: s(10),
        taken: None,
    };
    let no = access.sign_handover(&handover, &points).await.unwrap().unwrap();
    access.forget(&standing, &["c-1".parse().unwrap()], s(50)).await.unwrap();

    let drafts: Vec<String> =
        access.drafts(&amy).await.unwrap().into_iter().map(|draft| draft.subject).collect();
    assert_eq!(drafts, ["case:c-2", "person:p-2"]);
    assert_eq!(access.drafts(&"ben".parse().unwrap()).await.unwrap().len(), 1, "of the next of that id");
    let holds = access.holds(&standing).await.unwrap();
    assert_eq!(holds.iter().map(|hold| hold.no).collect::<Vec<_>>(), [2], "one that stands stays");
    let left = async || access.handover(no).await.unwrap().unwrap().1.len();
    assert_eq!(left().await, 3, "what is due at a case, and what is another's");
    access.forget(&whose("wearer:w-2"), &["c-2".parse().unwrap()], s(50)).await.unwrap();
    assert_eq!(left().await, 2, "a wearer's own, and nothing of the persons'");
}

#[tokio::test]
async fn a_case_that_is_erased_is_in_nobodys_caseload_any_more() {
    let access = Access::in_memory().await.unwrap();
    let cases = |ids: &[&str]| ids.iter().map(|id| id.parse().unwrap()).collect::<Vec<CaseId>>();
    let grants = vec![Grant { role: Role::Advocate, unit: Some("north".parse().unwrap()) }];
    let new = NewAccount {
        id: "ann".parse().unwrap(),
        name: "Ann".into(),
        grants,
        caseload: cases(&["c-1", "c-2"]),
    };
    access.add_account(&new, &Who::Command, s(1)).await.unwrap();
    access.forget(&whose("wearer:w-1"), &cases(&["c-1"]), s(50)).await.unwrap();
    access.reload(0).await.unwrap();
    let accounts = access.accounts(0).unwrap();
    assert_eq!(accounts.live(&new.id).unwrap().caseload, cases(&["c-2"]));
}

#[tokio::test]
async fn accounts_that_one_person_has_just_made_are_not_two_people() {
    const DAY_S: i64 = 86_400;
    let access = Access::in_memory().await.unwrap();
    let id = |id: &str| id.parse::<StaffId>().unwrap();
    let make = async |new: &str, by: &Who, at| {
        let grants = vec![Grant { role: Role::Supervisor, unit: Some("north".parse().unwrap()) }];
        let new = NewAccount { id: id(new), name: "Some Body".into(), grants, caseload: vec![] };
        access.add_account(&new, by, s(at)).await.unwrap();
    };
    let are_two = async |one: &str, other: &str, at| access.are_two(one, other, s(at)).await.unwrap();
    let root = Who::Account(id("root"));
    for (new, by) in
        [("ann", &root), ("bob", &root), ("eve", &Who::Account(id("ann"))), ("max", &Who::Command)]
    {
        make(new, by, 1_000).await;
    }
    // Whoever makes accounts needs a day for it, in which it is seen.
    let later = 1_001 + DAY_S;
    for (one, other) in [("ann", "bob"), ("max", "bob"), ("bob", "max")] {
        assert!(!are_two(one, other, 2_000).await && !are_two(one, other, later - 2).await, "{one} {other}");
        assert!(are_two(one, other, later).await, "{one} {other}");
    }
    assert!(are_two("max", "amy", 2_000).await, "whoever runs a command on the machine could do it alone");
    assert!(!are_two("ann", "ann", later).await);
    // Never who has made the other.
    for (one, other) in [("ann", "eve"), ("eve", "ann")] {
        assert!(!are_two(one, other, later + 500 * DAY_S).await, "{one} {other}");
    }
    // Who gets into an account by a new link, or is given other roles, is somebody new.
    let mut at = later + DAY_S;
    access.invite(&id("bob"), &root, s(at)).await.unwrap();
    assert!(!are_two("max", "bob", at + 1).await && are_two("max", "ann", at + 1).await);
    at += 2 * DAY_S;
    let grants = [Grant { role: Role::Supervisor, unit: None }];
    access.change_account(&id("ann"), &grants, &[], &Who::Account(id("max")), s(at)).await.unwrap();
    assert!(!are_two("bob", "ann", at + 1).await && are_two("bob", "ann", at + 1 + DAY_S).await);
    assert!(!are_two("max", "ann", at + 1 + DAY_S).await);
}
