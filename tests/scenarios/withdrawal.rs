//! A withdrawal of consent goes step by step, however its revisions come.

use cordon::{domain::Book, engine::Told};
use serde_json::{Value, json};

use crate::ward::{NOON, Ward, case};

/// A case that stands on consent, published to a ward.
fn ward() -> Ward {
    let mut ward = Ward::new();
    assert_eq!(publish(&mut ward, &consent()), "");
    ward
}

fn consent() -> Value {
    let mut case = case();
    case["case"]["basis"] = json!({"kind": "consent", "from": "2026-01-01T00:00:00Z"});
    case
}

fn signed(minute: u32) -> Value {
    json!({"by": "amy", "at": format!("2026-02-01T09:{minute:02}:00Z")})
}

fn said() -> Value {
    json!({"said_at": "2026-02-01T08:00:00Z", "manner": "call", "recorded": signed(0)})
}

fn told(person: &str) -> Value {
    json!({"person": person, "how": {"by": "in_person"}, "at": "2026-02-01T09:05:00Z", "recorded": signed(5)})
}

fn with(withdrawal: &Value, until: Option<&str>) -> Value {
    let mut case = consent();
    case["case"]["withdrawal"] = withdrawal.clone();
    if let Some(until) = until {
        case["case"]["basis"]["until"] = until.into();
    }
    case
}

/// Why a revision is refused; empty if it is published.
fn publish(ward: &mut Ward, book: &Value) -> String {
    let book: Book = serde_json::from_value(book.clone()).unwrap();
    let decision = ward.line.tell(NOON, Told::Publish(book));
    decision.refused.map_or(String::new(), |refused| refused.to_string())
}

const ENDED: &str = "2026-02-01T09:10:00Z";

fn person() -> String {
    case()["case"]["persons"][0].as_str().unwrap().into()
}

fn ended(telling: Value) -> Value {
    let mut withdrawal = said();
    withdrawal["told"] = json!([telling]);
    withdrawal["ended"] = signed(10);
    withdrawal
}

#[test]
fn nobody_stops_watching_before_the_protected_person_was_told() {
    let mut ward = ward();
    assert_eq!(publish(&mut ward, &with(&said(), None)), "");
    for until in [ENDED, "2027-01-01T00:00:00Z"] {
        let refused = publish(&mut ward, &with(&said(), Some(until)));
        assert!(refused.contains("tell the protected persons before watching ends"), "{refused}");
    }
    let mut later = with(&said(), None);
    later["case"]["basis"]["from"] = "2026-06-01T00:00:00Z".into();
    assert!(publish(&mut ward, &later).contains("before watching ends"));
    let mut untold = said();
    untold["ended"] = signed(10);
    let refused = publish(&mut ward, &with(&untold, Some(ENDED)));
    assert!(refused.contains("watching ends once every protected person was told"), "{refused}");
    let mut skipped = with(&said(), None);
    skipped["case"]["persons"] = json!(["p-2"]);
    assert!(publish(&mut ward, &skipped).contains("before you take one out"));
    // Taken back and ended at once would leave the person out, too.
    let mut back = said();
    back["taken_back"] = json!({"reason": "A mistake.", "recorded": signed(9)});
    assert!(publish(&mut ward, &with(&back, Some(ENDED))).contains("before watching ends"));
    assert_eq!(publish(&mut ward, &with(&ended(told(&person())), Some(ENDED))), "");
}

#[test]
fn that_a_person_could_not_be_told_takes_a_reason() {
    let mut ward = ward();
    assert_eq!(publish(&mut ward, &with(&said(), None)), "");
    let not = |why: &str| {
        let mut telling = told(&person());
        telling["how"] = json!({"not": why});
        with(&ended(telling), Some(ENDED))
    };
    assert!(publish(&mut ward, &not(" ")).contains("have 1 to 1000 characters"));
    assert_eq!(publish(&mut ward, &not("Abroad, and no number answers; her sister tells her.")), "");
}

#[test]
fn what_is_written_down_stays_and_an_end_is_an_end() {
    let mut ward = ward();
    assert_eq!(publish(&mut ward, &with(&said(), None)), "");
    let refused = publish(&mut ward, &consent());
    assert!(refused.contains("the wearer's withdrawal is written down"), "{refused}");
    let mut other = said();
    other["said_at"] = "2026-02-01T08:30:00Z".into();
    assert!(publish(&mut ward, &with(&other, None)).contains("is written down; leave it"));
    let last = ended(told(&person()));
    assert!(publish(&mut ward, &with(&last, None)).contains("end its basis, too"));
    assert_eq!(publish(&mut ward, &with(&last, Some(ENDED))), "");
    let refused = publish(&mut ward, &with(&last, None));
    assert!(refused.contains("when they agree again, take the withdrawal back first"), "{refused}");
    let mut again = last;
    again["taken_back"] =
        json!({"reason": "They agree again, said to their case worker.", "recorded": signed(50)});
    assert_eq!(publish(&mut ward, &with(&again, None)), "");
    // And may take it back once more.
    let mut anew = said();
    anew["said_at"] = "2026-02-01T10:00:00Z".into();
    assert_eq!(publish(&mut ward, &with(&anew, None)), "");
}

#[test]
fn nobody_withdraws_from_an_order() {
    let mut ward = Ward::new();
    let mut order = consent();
    order["case"]["basis"]["kind"] = "order".into();
    assert_eq!(publish(&mut ward, &order), "");
    order["case"]["withdrawal"] = said();
    assert!(publish(&mut ward, &order).contains("no wearer can withdraw from"));
}
