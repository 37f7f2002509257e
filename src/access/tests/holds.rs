//! Legal holds.

use crate::{
    access::{
        Access,
        audit::{About, Record, Who},
    },
    domain::{DataSubject, Timestamp},
};

fn record(what: &'static str, s: i64) -> Record {
    let at = Timestamp::from_ms(s * 1_000);
    Record { at, who: Who::Command, what, why: "a test".into(), about: About::default() }
}

#[tokio::test]
async fn a_hold_stands_until_it_is_lifted_once_and_both_are_in_the_audit_log() {
    let access = Access::in_memory().await.unwrap();
    let [one, other] = ["wearer:w-1", "person:w-1"].map(|text| text.parse::<DataSubject>().unwrap());
    let no = access.place_hold(&one, "The trial of May.", &record("place hold", 1)).await.unwrap().unwrap();
    assert!(access.holds(&other).await.unwrap().is_empty(), "somebody else of that id");
    assert!(!access.lift_hold(&other, no, "x", &record("lift hold", 2)).await.unwrap());
    let hold = access.holds(&one).await.unwrap().remove(0);
    assert_eq!((hold.no, hold.reason.as_str(), hold.author.as_str()), (no, "The trial of May.", "a command"));
    assert_eq!(hold.lifted, None);
    for (s, is_lifted) in [(3, true), (4, false)] {
        let lifted = access.lift_hold(&one, no, "It is over.", &record("lift hold", s)).await.unwrap();
        assert_eq!(lifted, is_lifted);
    }
    let lifted = access.holds(&one).await.unwrap().remove(0).lifted.unwrap();
    assert_eq!((lifted.why.as_str(), lifted.at), ("It is over.", Timestamp::from_ms(3_000)));
    let log = access.entries(i64::MAX, 10, None).await.unwrap();
    let said: Vec<&str> = log.iter().rev().map(|entry| entry.what.as_str()).collect();
    assert_eq!(said, ["place hold", "lift hold"], "what did not happen is not in it");
    assert!(access.verify(&[]).await.unwrap().is_sound());
}

#[tokio::test]
async fn no_more_stand_than_can_be_read() {
    let access = Access::in_memory().await.unwrap();
    let subject: DataSubject = "person:p-1".parse().unwrap();
    let mut placed = Vec::new();
    while let Some(no) = access.place_hold(&subject, "x", &record("place hold", 1)).await.unwrap() {
        placed.push(no);
    }
    assert_eq!(placed.len(), 20);
    assert!(access.lift_hold(&subject, placed[0], "x", &record("lift hold", 2)).await.unwrap());
    assert!(access.place_hold(&subject, "x", &record("place hold", 3)).await.unwrap().is_some());
}
