//! The eraser beside the line: what it waits for, what the journal says before it takes anything, and what becomes of an
//! erasure that is held up or crashes on the way.

use std::{sync::Arc, time::Duration};

use cordon::{
    access::{Access, Asks},
    clock::Clock,
    crash::{arm_point, disarm_point},
    domain::{DataSubject, IncidentId, Outcome},
    engine::{Action, Told},
    sequencer::{self, decide_again, gone_unsaid, said_to_go},
    store::{JournalRow, MemoryStore, Store},
    subject::Eraser,
};

use crate::{
    couples::{self, after},
    lived::{Line, START},
    subject_erased::{assert_verifies, rows, snapshot, whose},
    wait::until,
};

/// An hour and more passes in a second.
const FAST: f64 = 3_000.0;
/// Between two bites a second passes.
const SLOW: f64 = 0.02;

struct Scene {
    store: Arc<MemoryStore>,
    access: Arc<Access>,
    clock: Clock,
    eraser: Eraser,
}

impl Scene {
    async fn new() -> Self {
        let (store, access) = (Arc::new(MemoryStore::new()), Arc::new(Access::in_memory().await.unwrap()));
        let clock = Clock::scaled(START, FAST);
        let eraser = Eraser::new(store.clone(), access.clone(), clock.clone(), 0);
        Self { store, access, clock, eraser }
    }

    /// Whatever waited is looked at again.
    async fn round(&mut self) {
        self.clock.wait_ms(31_000).await;
        self.eraser.round().await.unwrap();
    }

    /// The engine forgets somebody; its row.
    async fn forgotten(&self, line: &mut Line<'_>, subject: &DataSubject) -> i64 {
        couples::forgotten(line, self.store.as_ref(), subject).await
    }

    /// What it remembers is written down twice, after one row and after another.
    async fn kept_twice(&self, line: &mut Line<'_>) {
        snapshot(line, &self.store).await;
        line.tell(after(60_000), Told::Source { name: "lab".into(), up: false }).await;
        line.written().await;
        snapshot(line, &self.store).await;
    }

    /// The journal says which rows go.
    async fn said(&mut self, line: &mut Line<'_>) {
        self.round().await;
        line.take_up(after(60_400)).await;
    }

    async fn rows(&self) -> Vec<JournalRow> {
        rows(&self.store).await
    }

    async fn done(&self) -> Vec<i64> {
        self.access.erasures_done().await.unwrap().into_iter().collect()
    }

    /// How many incidents there are about somebody.
    async fn incidents_about(&self, subject: &str) -> usize {
        let all = self.store.incidents(IncidentId(0), i64::MAX).await.unwrap();
        let is_theirs = |it: &&cordon::domain::Incident| matches!(&it.subject, cordon::domain::Subject::Wearer(id) if format!("wearer:{id}") == subject);
        all.iter().filter(is_theirs).count()
    }
}

#[tokio::test]
async fn it_waits_for_holds_and_snapshots_and_says_that_it_is_done() {
    let (subject, mut scene) = (whose("wearer:w-1"), Scene::new().await);
    let store = scene.store.clone();
    let mut line = couples::lived(store.as_ref()).await;
    let north = "north".parse().unwrap();
    let asked = couples::record(&subject, "ask");
    let why = "A letter.";
    scene.access.ask_erasure(&subject, Some(&north), why, Asks::Alone, &asked).await.unwrap().unwrap();
    let was = scene.rows().await;
    scene.round().await;
    let no = scene.forgotten(&mut line, &subject).await;
    snapshot(&line, &store).await;
    scene.round().await;
    assert_eq!(store.handed_in(9).await.unwrap(), [], "one snapshot is not enough");
    scene.kept_twice(&mut line).await;

    // Theirs, and of whoever stands in the same rows.
    for (held, why) in [("wearer:w-1", "theirs"), ("person:p-1", "hers"), ("wearer:w-3", "of their tag")] {
        let (held, placed) = (whose(held), couples::record(&whose(held), "place hold"));
        let hold = scene.access.place_hold(&held, "The trial", &placed).await.unwrap().unwrap();
        for _ in 0..3 {
            scene.round().await;
        }
        assert_eq!(store.handed_in(9).await.unwrap(), [], "{why}");
        assert!(scene.access.lift_hold(&held, hold, "Over", &placed).await.unwrap());
    }
    scene.round().await;
    assert_eq!(scene.rows().await[..was.len()], was, "the journal has to say first which rows go");
    scene.round().await;
    assert_eq!(store.handed_in(9).await.unwrap().len(), 1, "it is handed in once");
    line.take_up(after(60_400)).await;
    scene.round().await;
    assert_eq!(scene.done().await, [no]);
    let done = scene.access.erasure_of(&subject).await.unwrap().unwrap();
    assert_eq!((done.row, &done.unit), (Some(no), &Some(north)));
    assert!(done.counts.rows > 5 && done.counts.incidents > 0 && done.counts.alerts > 1, "{done:?}");
    let log = scene.access.entries(i64::MAX, 100, None).await.unwrap();
    assert_eq!((log[0].what.as_str(), log[0].who.as_str()), ("erase subject", "the service"));
    let now = scene.rows().await;
    assert_verifies(&now);
    // Another that starts finds nothing to do.
    Eraser::new(store, scene.access.clone(), scene.clock.clone(), 0).round().await.unwrap();
    let logged = scene.access.entries(i64::MAX, 100, None).await.unwrap().len();
    assert_eq!((scene.rows().await, logged), (now, log.len()));
}

#[tokio::test]
async fn a_row_that_somebody_else_has_blanked_is_found_whatever_was_erased() {
    let (subject, mut scene) = (whose("wearer:w-1"), Scene::new().await);
    let store = scene.store.clone();
    let mut line = couples::lived(store.as_ref()).await;
    let erased = scene.forgotten(&mut line, &subject).await;
    scene.kept_twice(&mut line).await;
    scene.said(&mut line).await;
    let said = said_to_go(store.as_ref(), &subject).await.unwrap();
    assert!(said.len() > 5 && said.iter().all(|no| *no < erased), "{said:?}");
    assert_eq!(gone_unsaid(store.as_ref()).await.unwrap(), [0; 0]);
    // While it is under way, and once it is done.
    let others: Vec<i64> = (1..erased).filter(|no| !said.contains(no)).take(2).collect();
    let compared = async || {
        let again = decide_again(store.as_ref()).await.unwrap();
        sequencer::compare(store.as_ref(), again).await.unwrap().differences
    };
    for (nth, no) in others.iter().enumerate() {
        store.erase_rows(&[*no]).await.unwrap();
        assert_eq!(gone_unsaid(store.as_ref()).await.unwrap(), others[..=nth]);
        let says = format!("row {no}: its content is gone, and no erasure took it");
        assert!(compared().await.contains(&says), "{:?}", compared().await);
        scene.round().await;
    }
    assert_eq!(scene.done().await, [erased]);
    let blank = store.blank_rows(0, i64::MAX).await.unwrap();
    assert_eq!(blank.len(), said.len() + 2);
    // What is said of a row after the erasure, or of somebody who was not erased, counts for nothing.
    for (whose_name, no) in [("wearer:w-1", erased + 1), ("wearer:w-2", others[0])] {
        let rows = cordon::engine::RowNumbers::new(vec![no]).unwrap();
        line.tell(after(60_500), Told::Blank { subject: whose(whose_name), rows }).await;
        line.written().await;
    }
    store.erase_rows(&[erased + 1]).await.unwrap();
    let gone = gone_unsaid(store.as_ref()).await.unwrap();
    assert_eq!(gone, [others[0], others[1], erased + 1]);
}

#[tokio::test]
async fn a_hold_that_is_placed_on_the_way_keeps_what_is_left() {
    let (subject, mut scene) = (whose("wearer:w-1"), Scene::new().await);
    let store = scene.store.clone();
    let mut line = couples::lived(store.as_ref()).await;
    couples::written(&scene.access).await;
    let no = scene.forgotten(&mut line, &subject).await;
    scene.kept_twice(&mut line).await;
    scene.said(&mut line).await;
    let incidents = scene.incidents_about("wearer:w-1").await;
    assert!(incidents > 0);
    let placed = couples::record(&subject, "place hold");
    let mut slow = Eraser::new(store.clone(), scene.access.clone(), Clock::scaled(START, SLOW), 0);
    let holds = async {
        until("the first bite", Duration::from_secs(30), async || {
            (!store.blank_rows(0, 1).await.unwrap().is_empty()).then_some(())
        })
        .await;
        scene.access.place_hold(&subject, "The trial", &placed).await.unwrap().unwrap()
    };
    let (round, hold) = tokio::join!(slow.round(), holds);
    round.unwrap();
    assert_eq!(scene.done().await, [0; 0]);
    assert_eq!(scene.incidents_about("wearer:w-1").await, incidents);
    assert_eq!(scene.access.drafts_about("wearer:w-1").await.unwrap().len(), 1);
    let records =
        scene.rows().await.into_iter().filter(|row| row.kind == "publish" && row.subject == "wearer:w-1");
    assert!(records.clone().count() > 0 && records.clone().all(|row| !row.is_blank()));
    scene.round().await;
    assert_eq!(scene.done().await, [0; 0], "as long as it stands");
    assert!(scene.access.lift_hold(&subject, hold, "Over", &placed).await.unwrap());
    scene.round().await;
    assert_eq!(scene.done().await, [no]);
    assert_eq!(scene.incidents_about("wearer:w-1").await, 0);
}

#[tokio::test]
async fn one_that_crashes_holds_up_no_other_and_is_begun_again() {
    let mut scene = Scene::new().await;
    let store = scene.store.clone();
    let mut line = couples::lived(store.as_ref()).await;
    let mut nos = Vec::new();
    for subject in ["wearer:w-1", "person:p-1"] {
        nos.push(scene.forgotten(&mut line, &whose(subject)).await);
    }
    scene.kept_twice(&mut line).await;
    scene.said(&mut line).await;
    arm_point("erase", "1*panic").unwrap();
    scene.round().await;
    assert_eq!(scene.done().await, nos[1..], "the first crashed, the second did not");
    scene.round().await;
    disarm_point("erase");
    assert_eq!(scene.done().await, nos);
    assert_eq!(gone_unsaid(store.as_ref()).await.unwrap(), [0; 0]);
}

#[tokio::test]
async fn while_an_incident_of_a_case_that_goes_on_is_open_nothing_goes() {
    let (subject, mut scene) = (whose("person:p-3"), Scene::new().await);
    let store = scene.store.clone();
    let mut line = couples::lived(store.as_ref()).await;
    couples::guest(&mut line).await;
    let no = scene.forgotten(&mut line, &subject).await;
    scene.kept_twice(&mut line).await;
    for _ in 0..2 {
        scene.round().await;
    }
    assert_eq!(store.handed_in(9).await.unwrap(), []);
    // They leave, and it is closed.
    for (seq, s) in [(2, 60_010), (3, 60_110), (4, 60_210)] {
        line.hear(after(s), "sim/t2", &couples::ping(seq, s, &[(s, (54.95, -2.95))])).await;
    }
    let open: Vec<_> = line.engine().open_incidents().map(|it| (it.id, it.case.clone())).collect();
    for (incident, case) in open {
        if case.is_some_and(|case| case.as_str() == "c-2") {
            let (by, action) = ("desk".parse().unwrap(), Action::Close(Outcome::Confirmed));
            line.tell(after(60_300), Told::Handle { incident, by, action }).await;
        }
    }
    line.written().await;
    scene.said(&mut line).await;
    scene.round().await;
    assert_eq!(scene.done().await, [no]);
}
