//! What is theirs goes, wherever it stands; what is another's stays as it was; and the chain verifies.

use std::collections::BTreeSet;

use cordon::{
    access::Access,
    domain::{DataSubject, IncidentId},
    engine::{DeliveryReport, Told},
    sequencer::{Taken, chain_of, digest_of},
    store::{JournalRow, MemoryStore, Store},
    subject::{Before, Erasing, Made, export},
};
use serde_json::Value;

use crate::{
    couples::{self, OF_PERSON, OF_WEARER},
    lived::{Line, START},
};

const OTHERS: [&str; 6] = ["wearer:w-2", "wearer:w-3", "person:p-2", "case:c-2", "case:c-3", "incident:"];

pub(crate) fn whose(text: &str) -> DataSubject {
    text.parse().unwrap()
}

pub(crate) async fn rows(store: &MemoryStore) -> Vec<JournalRow> {
    store.journal(0, i64::MAX).await.unwrap()
}

/// Everything that is kept anywhere, as bytes.
async fn everything(store: &MemoryStore, access: &Access) -> Vec<u8> {
    [couples::kept(store).await, beside(access).await.into_bytes()].concat()
}

/// What the access file has.
async fn beside(access: &Access) -> String {
    let mut all = format!("{:?}", access.erasures(None, 100).await.unwrap());
    for subject in ["wearer:w-1", "person:p-1", "case:c-1", "wearer:w-2"] {
        all += &format!("{:?}", access.drafts_about(subject).await.unwrap());
    }
    for (case, wearer) in [("c-1", "w-1"), ("c-2", "w-2")] {
        let of =
            cordon::access::ZonesOf::Case { case: case.parse().unwrap(), wearer: wearer.parse().unwrap() };
        all += &format!("{:?}", access.proposals(&of).await.unwrap());
    }
    for subject in ["wearer:w-1", "person:p-1"] {
        all += &format!("{:?}", access.holds(&whose(subject)).await.unwrap());
    }
    all
}

/// Which of these stand somewhere; a place also as the snapshots write numbers.
fn found<'w>(all: &[u8], words: &[&'w str]) -> Vec<&'w str> {
    let has = |needle: &[u8]| all.windows(needle.len()).any(|piece| piece == needle);
    let number = |word: &str| word.parse::<f64>().ok().filter(|_| word.contains('.'));
    let is_there = |word: &&&str| {
        has(word.as_bytes())
            || number(word).is_some_and(|it| has(&it.to_be_bytes()) || has(&(-it).to_be_bytes()))
    };
    words.iter().filter(is_there).copied().collect()
}

pub(crate) fn assert_verifies(rows: &[JournalRow]) {
    let mut chain = Vec::new();
    for row in rows {
        assert_eq!(chain_of(&chain, row), row.chain, "row {}", row.no);
        assert!(row.payload.is_empty() || digest_of(row) == row.digest, "row {}", row.no);
        chain.clone_from(&row.chain);
    }
}

pub(crate) async fn snapshot(line: &Line<'_>, store: &MemoryStore) {
    let head = store.head().await.unwrap().unwrap();
    Taken::of(line.engine(), &head).unwrap().write(store).await.unwrap();
}

/// The couples' lives, and the row by which the engine has forgotten one of them.
async fn world<'s>(store: &'s MemoryStore, access: &Access, subject: &DataSubject) -> (Line<'s>, Before) {
    let mut line = couples::lived(store).await;
    couples::written(access).await;
    snapshot(&line, store).await;
    let no = couples::forgotten(&mut line, store, subject).await;
    let row = store.journal(no - 1, 1).await.unwrap().remove(0);
    assert_eq!(row.decision.lines().next(), Some(format!("erased {subject}").as_str()), "{row:?}");
    snapshot(&line, store).await;
    line.tell(couples::after(40_100), Told::Source { name: "lab".into(), up: false }).await;
    line.written().await;
    snapshot(&line, store).await;
    (line, Before::of(&row))
}

async fn check(subject: &str, theirs: &[&str], not_theirs: &[&str]) {
    let (store, access, subject) = (MemoryStore::new(), Access::in_memory().await.unwrap(), whose(subject));
    let (_, before) = world(&store, &access, &subject).await;
    let (was, all) = (rows(&store).await, everything(&store, &access).await);
    let missing: Vec<_> = theirs.iter().filter(|word| !found(&all, theirs).contains(word)).collect();
    assert_eq!(missing, [] as [&&str; 0], "there is something to erase");
    let others = found(&all, not_theirs);

    let mut erasing = Erasing::begin(&store, &access, subject.clone(), before).await.unwrap();
    let plan = erasing.plan().await.unwrap();
    assert_eq!(rows(&store).await, was, "a plan changes nothing");
    while erasing.bite().await.unwrap() {}
    assert_eq!(found(&everything(&store, &access).await, theirs), [] as [&str; 0]);
    assert_eq!(found(&everything(&store, &access).await, not_theirs), others, "what is others' stays");

    let now = rows(&store).await;
    assert_verifies(&now);
    let blanked: Vec<_> = was.iter().zip(&now).filter(|(was, now)| was != now).collect();
    assert_eq!(blanked.len() as u64, plan.counts.rows);
    let kinds: BTreeSet<&str> = blanked.iter().map(|(was, _)| was.kind.as_str()).collect();
    for kind in ["publish", "handle", "met", "companion"] {
        assert!(kinds.contains(kind), "{kind}: {kinds:?}");
    }
    for (was, now) in &blanked {
        assert!(was.no < before.row && was.kind != "erase", "{was:?}");
        let blank =
            JournalRow { payload: vec![], decision: String::new(), salt: vec![], ..JournalRow::clone(was) };
        assert_eq!(**now, blank);
        // The one with a fix of theirs among somebody's own.
        let is_shared = was.subject == "wearer:w-3" && was.payload.windows(9).any(|it| it == b"53.712345");
        let is_others = OTHERS[..5].contains(&was.subject.as_str());
        assert!(!is_others || is_shared, "{was:?}");
    }
    let mut again = Erasing::begin(&store, &access, subject.clone(), before).await.unwrap();
    assert_eq!(again.plan().await.unwrap().counts.rows, 0, "nothing is left to find");
    while again.bite().await.unwrap() {}
    assert_eq!(rows(&store).await, now);

    let (made, mut bytes) = (Made { installation: "test".into(), at: START }, Vec::new());
    export(&store, &access, &subject, &made, &mut bytes).await.unwrap();
    let document: Value = serde_json::from_slice(&bytes).unwrap();
    let journal = document["journal"].as_array().unwrap();
    let is_bare = |row: &Value| row["erased"] == true || row["kind"] == "erase";
    assert!(!journal.is_empty() && journal.iter().all(is_bare), "{document}");
    for list in ["records", "incidents", "drafts", "proposals", "holds"] {
        assert_eq!(document[list], serde_json::json!([]), "{list}");
    }
    assert_eq!(found(&bytes, theirs), [] as [&str; 0]);
}

#[tokio::test]
async fn nothing_of_a_wearer_is_left() {
    // Her words about where they were stand in their case and its incident, and go with them.
    check("wearer:w-1", OF_WEARER, &["447700900001", "447700900099", "umbrella", "Hale", "Theirs to keep."])
        .await;
}

#[tokio::test]
async fn nothing_of_a_protected_person_is_left() {
    check("person:p-1", OF_PERSON, &["Barry", "53.481111", "53.912345", "Hale", "Theirs to keep."]).await;
}

#[tokio::test]
async fn a_case_that_goes_on_without_them_keeps_its_open_incident_and_what_waits_for_it() {
    let (store, access) = (MemoryStore::new(), Access::in_memory().await.unwrap());
    let subject = whose("person:p-3");
    let mut line = couples::lived(&store).await;
    couples::written(&access).await;
    couples::guest(&mut line).await;
    let open: Vec<_> = line.engine().open_incidents().map(|it| it.as_ref().clone()).collect();
    assert!(open.iter().any(|it| it.case.as_ref().is_some_and(|case| case.as_str() == "c-2")), "{open:?}");
    let no = couples::forgotten(&mut line, &store, &subject).await;
    let row = store.journal(no - 1, 1).await.unwrap().remove(0);
    assert_eq!(row.decision, format!("erased {subject}"));

    let mut erasing = Erasing::begin(&store, &access, subject.clone(), Before::of(&row)).await.unwrap();
    assert!(erasing.waits_for_an_incident(), "it is the line's to write");
    let was = beside(&access).await;
    while erasing.bite().await.unwrap() {}
    assert_eq!(beside(&access).await, was, "the zone that waits for a second person, and what is drafted");
    let kept = couples::kept(&store).await;
    assert_eq!(found(&kept, &["447700900088", "Guest"]), [] as [&str; 0]);
    assert_eq!(found(&kept, &["Hale", "FERN"]), ["Hale", "FERN"]);
}

#[tokio::test]
async fn what_others_incidents_say_of_somebody_is_the_owners_to_take_out() {
    let (store, access) = (MemoryStore::new(), Access::in_memory().await.unwrap());
    let subject = whose("person:p-3");
    let mut line = couples::lived(&store).await;
    couples::guest(&mut line).await;
    let no = couples::forgotten(&mut line, &store, &subject).await;
    let before = Before::of(&store.journal(no - 1, 1).await.unwrap()[0]);
    let former = store.take_line("one").await.unwrap().unwrap();
    let epoch = store.take_line("another").await.unwrap().unwrap();
    let mut erasing = Erasing::begin(&store, &access, subject.clone(), before).await.unwrap().owned(former);
    let stopped = loop {
        match erasing.bite().await {
            Ok(more) => assert!(more, "a former owner has written an incident"),
            Err(error) => break error,
        }
    };
    assert_eq!(stopped.to_string(), "another process owns the line");
    let mut erasing = Erasing::begin(&store, &access, subject, before).await.unwrap().owned(epoch);
    while erasing.bite().await.unwrap() {}
    assert_eq!(found(&couples::kept(&store).await, &["447700900088", "Guest"]), [] as [&str; 0]);
}

#[tokio::test]
async fn killed_at_any_bite_it_comes_to_the_same_end() {
    for subject in ["wearer:w-1", "person:p-1"] {
        let subject = whose(subject);
        let (mut whole, mut bites) = (None, 0);
        loop {
            let (store, access) = (MemoryStore::new(), Access::in_memory().await.unwrap());
            let (_, before) = world(&store, &access, &subject).await;
            let mut erasing = Erasing::begin(&store, &access, subject.clone(), before).await.unwrap();
            let mut is_cut = bites > 0;
            for _ in 0..bites {
                is_cut &= erasing.bite().await.unwrap();
            }
            let mut erasing = Erasing::begin(&store, &access, subject.clone(), before).await.unwrap();
            while erasing.bite().await.unwrap() {}
            let end = everything(&store, &access).await;
            assert!(*whole.get_or_insert_with(|| end.clone()) == end, "{subject} after {bites} bites");
            if bites > 0 && !is_cut {
                break;
            }
            bites += 1;
        }
        assert!(bites > 5, "{bites}");
    }
}

#[tokio::test]
async fn what_came_late_about_a_wearers_incident_goes_with_it() {
    let (store, access) = (MemoryStore::new(), Access::in_memory().await.unwrap());
    let subject = whose("wearer:w-1");
    let mut line = couples::lived(&store).await;
    let wearer = cordon::domain::Subject::Wearer("w-1".parse().unwrap());
    let incidents = store.incidents(IncidentId(0), i64::MAX).await.unwrap();
    let theirs = incidents.iter().find(|it| it.subject == wearer).unwrap();
    let alert = store.alerts_of(theirs.id).await.unwrap().remove(0);
    let (id, raised_at) = (alert.id, alert.raised_at);
    let text = "at the back door of the shed".into();
    line.tell(couples::after(35_000), Told::Answer { alert: id, raised_at, text }).await;
    let report = DeliveryReport::Delivered;
    line.tell(couples::after(35_001), Told::Receipt { alert: id, raised_at, report }).await;
    line.written().await;
    let late = rows(&store).await.split_off(store.head().await.unwrap().unwrap().no as usize - 2);
    assert!(late.iter().all(|row| row.subject == "service" && !row.is_blank()), "{late:?}");
    let no = couples::forgotten(&mut line, &store, &subject).await;
    let before = Before::of(&store.journal(no - 1, 1).await.unwrap()[0]);
    let mut erasing = Erasing::begin(&store, &access, subject, before).await.unwrap();
    while erasing.bite().await.unwrap() {}
    for row in late {
        assert!(store.journal(row.no - 1, 1).await.unwrap()[0].is_blank(), "{row:?}");
    }
}
