//! An input that crashes the engine is set aside once; its tag is marked, and the next input goes on.

use cordon::{
    crash::{arm_point, disarm_point},
    domain::{IncidentKind, Subject},
    engine::{Action, DeadlineKey, Input, Refused, SetAside, Told},
    sequencer::input_of,
    store::{Batch, JournalRow, Store},
};
use serde_json::json;

use super::{corpus, steps::Steps};
use crate::{
    report::shown,
    ward::{second, tag},
};

/// Metres east of the zone's middle: inside of it, and far outside.
const INSIDE_M: f64 = 0.0;
const OUTSIDE_M: f64 = 600.0;

/// The next so many decisions crash, or all of them.
fn crashes(times: Option<u32>) {
    let action = times.map_or("panic".into(), |times| format!("{times}*panic"));
    arm_point("decide", &action).unwrap();
}

fn ping(seq: u64, s: i64, east_m: f64) -> Vec<u8> {
    corpus::ping(seq, second(s), east_m)
}

#[tokio::test]
async fn a_ping_that_crashes_the_engine_is_set_aside_once_and_the_next_is_judged() {
    let mut steps = Steps::new().await;
    steps.message(0, &ping(1, 0, OUTSIDE_M)).await;

    crashes(Some(1));
    let poison = ping(2, 10, OUTSIDE_M);
    let done = steps.message(10, &poison).await;
    disarm_point("decide");

    let [reply] = &done.replies[..] else { panic!("the tag need not send it again") };
    let ack = tag_wire::decode_ack(&reply.payload).unwrap();
    assert!(ack.covers(2), "{ack:?}");
    let incidents = steps.open(IncidentKind::NotEvaluable);
    assert_eq!(incidents.len(), 1);
    assert_eq!(incidents[0].subject, Subject::Wearer("w-1".parse().unwrap()));
    assert_eq!(incidents[0].raised_at, second(10), "in the very step");
    assert!(steps.engine().open_alerts().any(|alert| alert.incident == incidents[0].id), "somebody is told");
    let kept = steps.set_aside().await;
    assert!(kept.len() == 1 && kept[0].ends_with(&poison), "its bytes are kept");

    // The same message again, as a broker sends it: a duplicate. The next one is judged like any other.
    steps.message(11, &poison).await;
    assert_eq!(steps.set_aside().await.len(), 1);
    steps.message(20, &ping(3, 20, INSIDE_M)).await;
    assert_eq!(steps.open(IncidentKind::Violation).len(), 1);

    // A second one of the same tag is the same incident.
    crashes(Some(1));
    steps.message(25, &ping(4, 25, INSIDE_M)).await;
    disarm_point("decide");
    assert_eq!(steps.open(IncidentKind::NotEvaluable).len(), 1);

    // The journal says so, and is decided again without either of them.
    let before: Vec<_> = steps.engine().open_incidents().cloned().collect();
    assert_eq!(steps.restart().await, Vec::<String>::new());
    assert_eq!(steps.engine().open_incidents().cloned().collect::<Vec<_>>(), before);
    shown(
        23,
        "a ping that crashes the engine",
        json!({ "set_aside": 2, "incidents": 1, "raised_after_s": 0 }),
    );
}

#[tokio::test]
async fn whoever_asked_for_what_crashes_the_engine_is_told() {
    let mut steps = Steps::new().await;
    let reply = Told::Reply { from: "+447700900001".into(), text: "1".into() };
    crashes(Some(1));
    let refused = steps.tell(1, reply.clone()).await;
    disarm_point("decide");
    assert_eq!(refused, Err(Refused::Crashed));
    let kept = steps.set_aside().await;
    assert!(kept.len() == 1 && kept[0].ends_with(&serde_json::to_vec(&reply).unwrap()));
    let incidents = steps.open(IncidentKind::NotEvaluable);
    assert!(incidents.len() == 1 && incidents[0].subject == Subject::Service);

    crashes(Some(1));
    let taken = steps.hand_in(2, reply).await;
    disarm_point("decide");
    assert_eq!(taken, [7], "what another process handed in is not tried for ever");

    // The desk deals with the incident as with any other.
    let close = |id| Told::Handle { incident: id, by: "desk".parse().unwrap(), action: Action::Act };
    assert_eq!(steps.tell(3, close(incidents[0].id)).await, Ok(()));
    assert_eq!(steps.restart().await, Vec::<String>::new());
    shown(23, "another input that crashes the engine", json!({ "answer": Refused::Crashed.to_string() }));
}

#[tokio::test]
async fn a_deadline_that_crashes_the_engine_comes_again_a_minute_later() {
    let mut steps = Steps::new().await;
    // A violation: its escalation has a deadline, and so has the wearer's silence.
    steps.message(0, &ping(1, 0, INSIDE_M)).await;
    let violation = steps.open(IncidentKind::Violation)[0].clone();
    let alerts = |steps: &Steps| steps.engine().open_alerts().filter(|a| a.incident == violation.id).count();
    let before = alerts(&steps);
    let due = steps.engine().next_deadline().unwrap();
    let due_s = due.ms_since(second(0)) / 1_000 + 1;
    assert_eq!(steps.engine().due(second(due_s)), Some(DeadlineKey::Incident(violation.id)));

    crashes(Some(1));
    steps.pass_to(due_s).await;
    disarm_point("decide");
    assert_eq!(steps.open(IncidentKind::NotEvaluable).len(), 1);
    assert_eq!(alerts(&steps), before, "nothing came of it");
    let rows = steps.journal().await;
    let Input::Told(Told::SetAside(what)) = input_of(rows.last().unwrap()).unwrap() else {
        panic!("the last row sets the deadline aside");
    };
    assert_eq!(what, SetAside::Deadline(DeadlineKey::Incident(violation.id)));
    // Also in what a service that starts anew makes of the store.
    assert_eq!(steps.restart().await, Vec::<String>::new());
    for s in due_s + 1..=due_s + 61 {
        steps.pass_to(s).await;
    }
    let of_violation = |row: &&JournalRow| {
        input_of(row).unwrap() == Input::Told(Told::Deadline(DeadlineKey::Incident(violation.id)))
    };
    let rows = steps.journal().await;
    let again_ms: Vec<i64> = rows.iter().filter(of_violation).map(|row| row.at.ms_since(due)).collect();
    assert!(again_ms.len() <= 10, "it does not come again and again: {again_ms:?}");
    assert!(again_ms.iter().any(|ms| (60_000..61_100).contains(ms)), "it comes again: {again_ms:?}");
    assert!(alerts(&steps) > before, "the escalation goes on");
    shown(23, "a deadline that crashes the engine", json!({ "again_after_s": 60, "incidents": 1 }));
}

#[tokio::test]
async fn nothing_loops_when_every_decision_crashes() {
    let mut steps = Steps::new().await;
    steps.message(0, &ping(1, 0, INSIDE_M)).await;
    let rows = steps.journal().await.len();
    crashes(None);
    // Each of the deadlines passes once: those of the incident, and of the wearer.
    steps.pass_to(200).await;
    let done = steps.message(201, &ping(2, 201, INSIDE_M)).await;
    disarm_point("decide");
    let ack = tag_wire::decode_ack(&done.replies[0].payload).unwrap();
    assert!(ack.covers(2));
    let crashed = steps.journal().await.len() - rows;
    assert!((2..=3).contains(&crashed), "{crashed} rows");
    assert_eq!(steps.set_aside().await.len(), crashed);

    steps.message(210, &ping(3, 210, INSIDE_M)).await;
    assert_eq!(steps.open(IncidentKind::Violation).len(), 1);
    steps.pass_to(300).await;
    let told = steps.engine().open_alerts().filter(|alert| alert.raised_at > second(210)).count();
    assert!(told > 0, "once it decides again, the escalation goes on");
    shown(23, "every decision crashes", json!({ "rows": crashed }));
}

#[tokio::test]
async fn a_row_that_cannot_be_read_or_crashes_the_engine_does_not_stop_a_start() {
    let mut steps = Steps::new().await;
    for seq in 1..=3 {
        steps.message(seq, &ping(seq.unsigned_abs(), seq, OUTSIDE_M)).await;
    }
    // Every decision but the last row's crashes.
    let rows = i64::try_from(steps.journal().await.len()).unwrap();
    arm_point("decide", &format!("{}*off->1*panic", rows - 1)).unwrap();
    let differences = steps.restart().await;
    disarm_point("decide");
    assert_eq!(differences.len(), 1, "{differences:?}");
    assert!(differences[0].contains(&format!("row {rows}: skipped")), "{differences:?}");

    // A row that this version cannot read, behind it one that it can.
    let mut row = steps.journal().await.last().unwrap().clone();
    (row.no, row.at, row.codec) = (row.no + 1, row.at.plus_ms(1), 99);
    steps.store.commit(&Batch { rows: vec![row], ..Batch::default() }).await.unwrap();
    let differences = steps.restart().await;
    assert!(
        differences.iter().any(|what| what.contains("skipped") && what.contains("codec 99")),
        "{differences:?}"
    );
    steps.message(60, &ping(9, 60, INSIDE_M)).await;
    assert_eq!(steps.open(IncidentKind::Violation).len(), 1, "alerting goes on");
    assert!(steps.engine().tags().any(|(known, _)| *known == tag()));
    shown(23, "rows that cannot be decided again", json!({ "skipped": 2 }));
}
