//! What is held about one person is handed out whole, and alone.

use cordon::{
    access::{
        Access, Draft,
        audit::{About, Record, Who, Whom},
    },
    domain::{DataSubject, IncidentId, Subject},
    engine::{Action, DeliveryReport, Told},
    store::{Attempt, MemoryStore, Store},
    subject::{ExportError, Made, export},
};
use serde_json::{Value, json};

use crate::{
    couples::{after, book, ping},
    lived::{Line, START},
    ward,
};

/// In the middle of her zone, to the last digit.
const HERS: (f64, f64) = (53.481_357, -2.241_913);
/// Inside it, where the wearer was.
const THEIRS: (f64, f64) = (53.481_111, -2.242_222);
const PHONE: &str = "+447700900001";

/// Two couples of whom one has an incident, and a tag that somebody else wears later.
async fn lived(store: &MemoryStore) -> Line<'_> {
    let mut line = Line::new(store);
    let mut case = ward::case();
    case["case"]["plan"] = "She lives at 12 Rose Lane.".into();
    case["case"]["zone"][0]["shape"] = json!({"circle": {"lat": HERS.0, "lon": HERS.1, "radius_m": 200.0}});
    let mut other_case = ward::case();
    for (field, value) in [("id", "c-2"), ("wearer", "w-2")] {
        other_case["case"][field] = value.into();
    }
    other_case["case"]["persons"] = json!(["p-2"]);
    other_case["case"]["zone"][0]["id"] = "z-2".into();
    let mut wearer = ward::wearer("w-1", "sim/t1");
    wearer["wearer"]["name"] = "Barry Stone".into();
    let mut other_wearer = ward::wearer("w-2", "sim/t2");
    other_wearer["wearer"]["name"] = "Colin Marsh".into();
    let mut person = ward::person();
    person["person"]["name"] = "Ms A. Berry".into();
    person["person"]["plan"] = json!({"duress_word": "umbrella"});
    let other_person = json!({"person": {"id": "p-2", "unit": "north", "name": "Ms D. Hale",
        "contact": [{"channel": "sms", "address": "+447700900077"}]}});
    line.tell(after(-60), Told::Started { sources: vec!["lab".into()] }).await;
    line.tell(after(-59), Told::Source { name: "lab".into(), up: true }).await;
    for (value, s) in [ward::unit(), wearer.clone(), other_wearer, person, other_person, case, other_case]
        .into_iter()
        .zip(-58..)
    {
        line.tell(after(s), Told::Publish(book(value))).await;
    }
    line.hear(after(0), "sim/t1", &ping(1, 0, &[(-1, THEIRS), (0, THEIRS)])).await;
    let incident = *line.incidents().keys().next().expect("a violation");
    let to_her = line.engine().open_alerts().find(|alert| alert.address == PHONE).expect("she is told").id;
    line.tell(after(5), Told::Delivery { alert: to_her, report: DeliveryReport::Delivered }).await;
    line.tell(after(9), Told::Reply { from: PHONE.into(), text: "I hide in the shed".into() }).await;
    let desk = || "desk".parse().unwrap();
    let note = Action::Note("Her sister lives at 9 Elm Road.".into());
    line.tell(after(20), Told::Handle { incident, by: desk(), action: note }).await;
    line.hear(after(30), "sim/t2", &ping(1, 30, &[(29, (54.25, -1.75))])).await;

    // The tag goes on to somebody else, and brings a fix from before along with theirs.
    wearer["wearer"]["tag"][0]["until"] = json!(after(100).to_string());
    let next = json!({"wearer": {"id": "w-3", "unit": "north", "name": "Dean Fowler",
        "tag": [{"id": "sim/t1", "from": after(100).to_string()}]}});
    let mut next_case = ward::case();
    for (field, value) in [("id", "c-3"), ("wearer", "w-3")] {
        next_case["case"][field] = value.into();
    }
    next_case["case"]["persons"] = json!(["p-2"]);
    next_case["case"]["zone"] = json!([]);
    for (value, s) in [wearer, next, next_case].into_iter().zip(100..) {
        line.tell(after(s), Told::Publish(book(value))).await;
    }
    line.hear(after(200), "sim/t1", &ping(2, 200, &[(60, (53.7, -2.7)), (199, (53.9, -2.9))])).await;
    line.written().await;
    let attempt = Attempt {
        alert: to_her,
        nth: 1,
        at: after(1),
        took_ms: 120,
        result: "accepted".into(),
        reason: String::new(),
        provider_ref: "ref-4711".into(),
    };
    store.record_attempt(&attempt, None, false).await.unwrap();
    line
}

async fn access() -> Access {
    let access = Access::in_memory().await.unwrap();
    let about = |subject| About { subject: Some(Whom::Subject(subject)), ..About::default() };
    let of_case = About { case: Some("c-1".parse().unwrap()), ..About::default() };
    let abouts = [
        about(Subject::Wearer("w-1".parse().unwrap())),
        about(Subject::Wearer("w-2".parse().unwrap())),
        of_case,
        about(Subject::Person("p-1".parse().unwrap())),
    ];
    let records = abouts.map(|about| {
        let (at, who) = (START, Who::Account("amy".parse().unwrap()));
        Record { at, who, what: "see case", why: "officer".into(), about }
    });
    access.record(&records).await.unwrap();
    // Whoever watched a unit has seen everybody of it, but for those who came later.
    for (unit, at) in [("north", after(-3_600)), ("north", after(50)), ("north", after(90)), ("south", START)]
    {
        let about = About { unit: Some(unit.parse().unwrap()), ..About::default() };
        let who = Who::Account("night".parse().unwrap());
        access.record(&[Record { at, who, what: "see map", why: "officer".into(), about }]).await.unwrap();
    }
    for (subject, name) in [("wearer:w-1", "Barry S."), ("wearer:w-2", "Colin M."), ("person:p-1", "Ms B.")] {
        let fields = vec![("name".to_owned(), name.to_owned())];
        let draft = Draft { subject: subject.into(), base: 1, fields, saved_at: START };
        access.keep_draft(&"amy".parse().unwrap(), &draft).await.unwrap();
    }
    access
}

async fn document(store: &MemoryStore, access: &Access, subject: &str) -> (String, Value) {
    let subject: DataSubject = subject.parse().unwrap();
    let made = Made { installation: "test".into(), at: START };
    let mut bytes = Vec::new();
    let counts = export(store, access, &subject, &made, &mut bytes).await.unwrap();
    let text = String::from_utf8(bytes).unwrap();
    let document: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(
        (document["format"].as_str(), document["version"].as_u64()),
        (Some("cordon.subject"), Some(1))
    );
    assert_eq!(document["subject"], subject.to_string());
    assert_eq!(document["counts"], serde_json::to_value(&counts).unwrap());
    for list in ["records", "incidents", "drafts", "readers", "holds", "proposals", "readers_of_units"] {
        assert_eq!(
            document[list].as_array().unwrap().len() as u64,
            document["counts"][list].as_u64().unwrap()
        );
    }
    (text, document)
}

#[tokio::test]
async fn a_wearer_is_given_what_is_theirs_and_nothing_of_whom_they_are_kept_from() {
    let (store, access) = (MemoryStore::new(), access().await);
    drop(lived(&store).await);
    let (text, document) = document(&store, &access, "wearer:w-1").await;
    for theirs in ["Barry Stone", "53.481111", "violation", "Barry S.", "\"note\"", "sim/t1", "\"medium\""] {
        assert!(text.contains(theirs), "{theirs}: {text}");
    }
    // What their tag brought later than it was theirs is theirs from before, and nothing else of it.
    assert!(text.contains("53.7") && !text.contains("53.9"), "{text}");
    for hers in [
        PHONE,
        "53.481357",
        "-2.241913",
        "ROSE",
        "z-1",
        "p-1",
        "Berry",
        "Rose Lane",
        "Elm Road",
        "shed",
        "umbrella",
        "border_m",
        "ref-4711",
    ] {
        assert!(!text.contains(hers), "{hers}: {text}");
    }
    for others in ["w-2", "Colin", "w-3", "Dean", "54.25", "c-2", "c-3"] {
        assert!(!text.contains(others), "{others}: {text}");
    }
    let records = document["records"].as_array().unwrap();
    assert_eq!(records.len(), 3, "two of their own and one of their case: {records:?}");
    assert_eq!(document["readers"].as_array().unwrap().len(), 2, "of them, and of their case");
    let (first, last) = (after(50).to_string(), after(90).to_string());
    let seen = json!({"unit": "north", "what": "see map", "times": 2, "first_at": first, "last_at": last});
    assert_eq!(document["readers_of_units"], json!([seen]));
    let incident = &document["incidents"][0];
    assert_eq!(incident["id"], json!(IncidentId(1)));
    assert!(!incident["alerts"].as_array().unwrap().is_empty(), "those to staff");
    for of_a_border in ["true_time", "met", "a protected person", "amy"] {
        assert!(!text.contains(&format!("\"{of_a_border}")), "{of_a_border}: {text}");
    }
}

#[tokio::test]
async fn nobody_is_given_the_zone_of_somebody_whose_case_is_now_theirs() {
    let (store, access) = (MemoryStore::new(), access().await);
    let mut line = lived(&store).await;
    let mut case = ward::case();
    case["case"]["zone"][0]["shape"] = json!({"circle": {"lat": HERS.0, "lon": HERS.1, "radius_m": 200.0}});
    case["case"]["persons"] = json!(["p-2"]);
    // Their incident must end first: she is told of it until then.
    line.tell(after(300), Told::Publish(book(case))).await;
    line.written().await;
    drop(line);
    let of_case = About { case: Some("c-1".parse().unwrap()), ..About::default() };
    let who = Who::Account("late".parse().unwrap());
    let record = Record { at: after(400), who, what: "see case", why: "officer".into(), about: of_case };
    access.record(&[record]).await.unwrap();
    for (subject, has, has_not) in [
        ("person:p-2", &["c-1", "\"late\""][..], &["53.481357", "\"z-1\"", "\"amy\""][..]),
        ("person:p-1", &["Ms A. Berry", "\"amy\""], &["53.481357", "\"late\""]),
    ] {
        let (text, _) = document(&store, &access, subject).await;
        for it in has {
            assert!(text.contains(it), "{subject} {it}: {text}");
        }
        for it in has_not {
            assert!(!text.contains(it), "{subject} {it}: {text}");
        }
    }
}

#[tokio::test]
async fn what_was_refused_was_never_so() {
    let (store, access) = (MemoryStore::new(), access().await);
    let mut line = lived(&store).await;
    // Whoever wears a tag now is, by a slip that was refused, said to have worn the other one all along.
    let slip = json!({"wearer": {"id": "w-3", "unit": "north", "name": "Dean Fowler",
        "tag": [{"id": "sim/t2", "from": after(-58).to_string()}]}});
    line.tell(after(300), Told::Publish(book(slip))).await;
    let mut case = ward::case();
    (case["case"]["wearer"], case["case"]["zone"]) = ("w-3".into(), json!([]));
    case["case"]["persons"] = json!(["p-9"]);
    line.tell(after(301), Told::Publish(book(case))).await;
    line.written().await;
    drop(line);
    let (text, document) = document(&store, &access, "wearer:w-3").await;
    assert!(text.contains("53.9") && !text.contains("54.25") && !text.contains("sim/t2"), "{text}");
    assert!(!text.contains("c-1"), "{text}");
    assert_eq!(document["records"].as_array().unwrap().len(), 2, "their own, and their case's");
}

#[tokio::test]
async fn a_protected_person_is_given_what_is_theirs_and_nothing_of_the_wearer() {
    let (store, access) = (MemoryStore::new(), access().await);
    drop(lived(&store).await);
    let (text, document) = document(&store, &access, "person:p-1").await;
    for hers in [
        PHONE,
        "Ms A. Berry",
        "53.481357",
        "I hide in the shed",
        "umbrella",
        "ref-4711",
        "Ms B.",
        "delivered",
    ] {
        assert!(text.contains(hers), "{hers}: {text}");
    }
    for theirs in
        ["w-1", "Barry", "53.481111", "sim/t1", "medium", "Elm Road", "Rose Lane", "border_m", "battery"]
    {
        assert!(!text.contains(theirs), "{theirs}: {text}");
    }
    for others in ["p-2", "Hale", "+447700900077", "w-2", "Colin", "c-2"] {
        assert!(!text.contains(others), "{others}: {text}");
    }
    let alert = &document["incidents"][0]["alerts"][0];
    assert_eq!((alert["channel"].as_str(), alert["tries"][0]["took_ms"].as_i64()), (Some("sms"), Some(120)));
    assert_eq!(document["readers"].as_array().unwrap().len(), 2);
    assert_eq!(document["readers_of_units"][0]["who"], "night");
}

#[tokio::test]
async fn of_nobody_there_is_nothing() {
    let (store, access) = (MemoryStore::new(), access().await);
    drop(lived(&store).await);
    for subject in ["wearer:w-9", "person:w-1", "wearer:p-1"] {
        let (made, mut bytes) = (Made { installation: "test".into(), at: START }, Vec::new());
        let exported = export(&store, &access, &subject.parse().unwrap(), &made, &mut bytes).await;
        assert!(matches!(exported, Err(ExportError::Unknown(_))) && bytes.is_empty(), "{subject}");
    }
}
