//! Zones that bind everybody of a unit, and zones around persons: proposed by one, approved by another.

use super::{
    record_forms::{Fields, bench, with},
    zones::{propose, supervisor},
    *,
};
use crate::{
    access::audit::Who,
    domain::{Book, Case, Unit},
    engine::By,
};

const UNIT_ZONES: &str = "/records/units/cheshire/zones";
const UNIT_NEW: &str = "/records/units/cheshire/zones/new";
const SCHOOL: &str = "/records/units/cheshire/zones/of/school";
const CASE_ZONES: &str = "/records/cases/case-1/zones";
const AROUND: &str = "/records/cases/case-1/zones/around";

fn refuge() -> Fields {
    vec![
        ("id", "refuge"),
        ("code", "OTTER-1"),
        ("kind", "circle"),
        ("lat", "53.1985"),
        ("lon", "-2.8965"),
        ("radius_m", "250"),
        ("margin_m", "300"),
        ("why", "A new refuge."),
    ]
}

fn around() -> Fields {
    vec![
        ("id", "near-her"),
        ("code", "WREN-2"),
        ("person", "p-1"),
        ("radius_m", "300"),
        ("margin_m", "200"),
        ("why", "She has agreed to it."),
    ]
}

fn unit_of(told: Told) -> (Unit, Option<Box<By>>) {
    match told {
        Told::Revise { from: 1, book: Book::Unit(unit), by } => (unit, by),
        other => panic!("{other:?}"),
    }
}

fn case_of(told: Told) -> Case {
    match told {
        Told::Revise { from: 1, book: Book::Case(case), .. } => case,
        other => panic!("{other:?}"),
    }
}

/// With a zone of the unit, and nothing but its first revision.
pub(super) fn with_school() -> Bench {
    let bench = bench();
    let mut board = (*bench.board.borrow()).as_ref().clone();
    let unit = board.rulebook.unit(&fixture::id("cheshire")).expect("a unit").clone();
    let fresh = violation().rulebook;
    let zones = fresh.unit(&unit.id).expect("a unit").zones.clone();
    let rulebook = crate::engine::Rulebook::default();
    let mut books = vec![Book::Unit(Unit { zones, ..unit })];
    books.extend(board.rulebook.wearers().cloned().map(Book::Wearer));
    books.extend(board.rulebook.persons().cloned().map(Book::Person));
    books.extend(board.rulebook.cases().cloned().map(Book::Case));
    let rulebook = books.into_iter().fold(rulebook, |rulebook, book| rulebook.published(book, AT));
    board.rulebook = Arc::new(rulebook);
    bench.board.send_replace(Arc::new(board));
    bench
}

#[tokio::test]
async fn a_zone_of_a_unit_takes_two_people_and_says_whom_it_finds_inside() {
    let mut bench = with_school();
    let (amy, ben) = (supervisor(&bench, "amy").await, supervisor(&bench, "ben").await);
    let list = bench.get_as(&amy, UNIT_ZONES).await.text;
    assert!(list.contains("HAZEL-1") && list.contains("They bind every wearer of the unit"), "{list}");
    let rehearse = |on| [("do", "rehearse"), ("on", on)];
    let drawn = bench.post_as(&amy, UNIT_NEW, &[&refuge()[..], &rehearse("")].concat()).await.text;
    for words in ["Choose on whom to rehearse it.", "One wearer is inside by the last position"] {
        assert!(drawn.contains(words), "{words}: {drawn}");
    }
    let drawn = bench.post_as(&amy, UNIT_NEW, &[&refuge()[..], &rehearse("w-1")].concat()).await.text;
    assert!(drawn.contains("Nothing was heard of the wearer"), "{drawn}");
    assert!(drawn.contains("value=\"w-1\" selected"), "{drawn}");

    let waits = propose(&bench, &amy, UNIT_NEW, &refuge()).await;
    assert!(waits.starts_with("/records/units/cheshire/proposals/"), "{waits}");
    assert!(bench.get_as(&amy, &waits).await.text.contains("You proposed it"));
    assert!(!bench.get_as(&amy, CASE_ZONES).await.text.contains("OTTER-1"), "it is no case's");
    let number = waits.rsplit('/').next().unwrap_or_default();
    let elsewhere = format!("/records/cases/case-1/proposals/{number}");
    assert_eq!(bench.get_as(&ben, &elsewhere).await.status, StatusCode::NOT_FOUND);
    let page = bench.get_as(&ben, &format!("{waits}?on=w-2")).await.text;
    assert!(page.contains("value=\"w-2\" selected") && page.contains("value=\"approve\""), "{page}");
    let approve = [("do", "approve"), ("from", "1")];
    let (answer, told) = bench.post_told(&ben, &waits, &approve, Ok(())).await;
    assert_eq!((answer.status, answer.header(header::LOCATION)), (StatusCode::SEE_OTHER, UNIT_ZONES));
    let (unit, by) = unit_of(told);
    assert_eq!(unit.zones.iter().map(|zone| zone.code.as_str()).collect::<Vec<_>>(), ["HAZEL-1", "OTTER-1"]);
    let by = by.expect("it says who");
    assert_eq!((by.who, by.approved), (fixture::id("amy"), Some(fixture::id("ben"))));
    assert!(!unit.policies.is_empty() && !unit.staff.is_empty(), "the rest of the unit stays as it is");

    let answer = bench.post_as(&amy, &format!("{SCHOOL}/remove"), &[("why", "It has closed.")]).await;
    let waits = answer.header(header::LOCATION).to_owned();
    assert!(bench.get_as(&ben, &waits).await.text.contains("Zone HAZEL-1 taken out"));
    let (_, told) = bench.post_told(&ben, &waits, &approve, Ok(())).await;
    assert!(unit_of(told).0.zones.is_empty());
}

#[tokio::test]
async fn whoever_leads_another_unit_neither_sees_nor_changes_its_zones() {
    let bench = with_school();
    let new = crate::access::NewAccount {
        id: fixture::id("kim"),
        name: "Kim".into(),
        grants: vec![crate::access::Grant {
            role: crate::access::Role::Supervisor,
            unit: Some(fixture::id("kent")),
        }],
        caseload: vec![fixture::id("case-1")],
    };
    bench.access.add_account(&new, &Who::Command, AT).await.expect("a new account");
    let kim = bench.enter(&new.id);
    for path in [UNIT_ZONES, UNIT_NEW, SCHOOL] {
        assert_eq!(bench.get_as(&kim, path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    let answer = bench.post_as(&kim, UNIT_NEW, &with(refuge(), "do", "propose")).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_zone_around_a_person_takes_two_people_and_shows_nobody_where_she_is() {
    let mut bench = bench();
    let (amy, ben) = (supervisor(&bench, "amy").await, supervisor(&bench, "ben").await);
    let form = bench.get_as(&amy, AROUND).await.text;
    assert!(
        form.contains("Ms A. Berry") && !form.contains("Ms C. Mute"),
        "of the case's persons alone: {form}"
    );
    let looked = bench.post_as(&amy, AROUND, &with(around(), "do", "rehearse")).await.text;
    for words in
        ["where they were is never written down", "The person has no Companion that they have agreed to"]
    {
        assert!(looked.contains(words), "{words}: {looked}");
    }
    assert!(!looked.contains("<figure class=\"map\""), "there is nothing to draw");
    let waits = propose(&bench, &amy, AROUND, &around()).await;
    let page = bench.get_as(&ben, &waits).await.text;
    for words in ["A new zone, WREN-2", "Ms A. Berry", "300 m", "She has agreed to it."] {
        assert!(page.contains(words), "{words}: {page}");
    }
    let approve = [("do", "approve"), ("from", "1")];
    let (_, told) = bench.post_told(&ben, &waits, &approve, Ok(())).await;
    let case = case_of(told);
    assert_eq!(case.zones.len(), 2);
    let [zone] = &case.proximity_zones[..] else { panic!("{case:?}") };
    assert_eq!(
        (zone.code.as_str(), zone.radius_m.metres(), zone.margin_m.metres()),
        ("WREN-2", 300.0, 200.0)
    );

    let mut board = (*bench.board.borrow()).as_ref().clone();
    board.rulebook = Arc::new(board.rulebook.published(Book::Case(case), AT));
    bench.board.send_replace(Arc::new(board));
    assert!(
        bench.get_as(&amy, CASE_ZONES).await.text.contains("300 m around Ms A. Berry, wherever they are")
    );
    let own = format!("{CASE_ZONES}/of/near-her");
    assert!(bench.get_as(&amy, &own).await.text.contains("value=\"WREN-2\""));
    let waits = propose(&bench, &amy, &own, &with(around(), "radius_m", "500")).await;
    let page = bench.get_as(&ben, &waits).await.text;
    assert!(page.contains("Zone WREN-2 changed") && page.contains("<td>300 m</td><td>500 m</td>"), "{page}");
}

#[tokio::test]
async fn what_is_wrong_with_a_zone_around_a_person_is_said_beside_its_field() {
    let bench = bench();
    let browser = bench.browser().await;
    let cases = [
        ("id", "", "id", "Give it an id."),
        ("id", "home", "id", "There is a zone of that id here already."),
        ("id", "flat", "id", "zone of that id"),
        ("code", "", "code", "Give it a code name."),
        ("code", "Ann's phone!", "code", "A code is 1 to 24 letters"),
        ("person", "", "person", "Choose the person."),
        ("person", "p-mute", "person", "The case does not protect"),
        ("person", "P 1", "person", "An id is made of"),
        ("radius_m", "", "radius_m", "Write a number"),
        ("radius_m", "20", "radius_m", "a radius of 50 to 5000 m"),
        ("radius_m", "9000", "radius_m", "a radius of 50 to 5000 m"),
        ("margin_m", "wide", "margin_m", "Write a number"),
        ("margin_m", "30000", "margin_m", "A warning margin is 0 to 20000 m"),
        ("time_zone", "Europe/London", "span", "Write the hours, or take the time zone out."),
        ("why", " ", "why", "Write why, for whoever approves it."),
    ];
    for (field, value, name, says) in cases {
        let fields = with(with(around(), field, value), "do", "propose");
        let answer = bench.post_as(&browser, AROUND, &fields).await;
        let case = format!("{name}: {says}: {}", answer.text);
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{case}");
        let beside = answer.text.split(&format!("id=\"e-{name}\"")).nth(1).expect(&case);
        let beside = &beside[..beside.find("</div>").expect(&case)];
        assert!(beside.contains(says), "{case}");
    }
    let of = crate::access::ZonesOf::Case { case: fixture::id("case-1"), wearer: fixture::id("w-1") };
    assert!(bench.access.proposals(&of).await.expect("the file").is_empty(), "nothing waits");
}
