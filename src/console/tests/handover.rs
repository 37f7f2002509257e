//! A shift that is handed over: with the engine itself behind the console, by whoever goes and whoever comes.

use serde_json::json;

use super::*;
use crate::{
    access::{Role, audit::Who},
    domain::{Attending, Book, Happening, Incident, IncidentId, Outcome, StaffId, Subject, Timestamp},
    engine::{Action, Engine, Input},
};

const UNITS: [&str; 2] = ["north", "south"];

/// Two units; Amy and Ben of the north have the desk in turns, and Kim has the south's.
fn two_desks() -> Engine {
    let unit = |id: &str, staff: &[&str], phone: &str| {
        let staff: Vec<_> = staff
            .iter()
            .map(|id| json!({"id": id, "name": format!("Name of {id}"), "contact": [{"channel": "sms", "address": phone}]}))
            .collect();
        let step = json!({"to": staff[0]["id"], "channel": "sms", "wait_s": 600});
        json!({"unit": {"id": id, "name": format!("The {id}"), "default_policy": "usual", "staff": staff,
            "area": {"south": 50, "west": -6, "north": 56, "east": 2},
            "policy": [{"id": "usual", "protected": [{"channel": "sms", "wait_s": 60}],
                "danger": [step], "device": [step], "upkeep": [step]}]}})
    };
    let soon = AT.plus_ms(3 * 3_600_000).to_string();
    let books = [
        unit("north", &["amy", "ben", "rita"], "+447700900001"),
        unit("south", &["kim"], "+447700900002"),
        json!({"wearer": {"id": "w-1", "unit": "north", "name": "Barry Stone", "tag": []}}),
        json!({"person": {"id": "p-1", "unit": "north", "name": "Ms A. Berry",
            "contact": [{"channel": "sms", "address": "+447700900009"}]}}),
        json!({"case": {"id": "case-1", "unit": "north", "wearer": "w-1", "persons": ["p-1"], "risk": "high",
            "policy": "usual", "basis": {"kind": "consent", "from": "2026-01-01T00:00:00Z", "until": soon},
            "zone": [{"id": "home", "code": "ROSE-4", "margin_m": 300.0,
                "shape": {"circle": {"lat": 53.48, "lon": -2.24, "radius_m": 200.0}}}]}}),
    ];
    let mut engine = Engine::default();
    for (after_ms, book) in (1..).zip(books) {
        let book: Book = serde_json::from_value(book).expect("a sound book");
        let decision = engine.decide(AT.plus_ms(-60_000 + after_ms), &Input::Told(Told::Publish(book)));
        assert_eq!(decision.refused, None);
        engine.apply(&decision);
    }
    engine
}

/// The control room at the end of a shift.
struct Room {
    bench: Bench,
    engine: Engine,
    at: Timestamp,
    /// So many inputs come to nothing.
    lost: usize,
}

impl Room {
    /// One in which these are open, all raised and nobody's.
    fn with(open: &[(i64, IncidentKind, Priority)]) -> Self {
        let mut room = Self { bench: Bench::new(Board::default()), engine: two_desks(), at: AT, lost: 0 };
        open.iter().for_each(|(no, kind, priority)| room.raise("north", *no, *kind, *priority));
        room
    }

    /// One more comes up.
    fn raise(&mut self, unit: &str, no: i64, kind: IncidentKind, priority: Priority) {
        let mut open = incident(no, kind, priority, Handling::Raised);
        (open.unit, open.timeline) = (fixture::id(unit), Vec::new());
        open.subject = match unit {
            "north" => Subject::Wearer(fixture::id("w-1")),
            _ => Subject::Service,
        };
        self.adopt(open);
    }

    /// The engine goes on with this beside what is open, or in place of what it was.
    fn adopt(&mut self, incident: Incident) {
        let others = self.engine.open_incidents().filter(|it| it.id != incident.id);
        let all = others.map(|it| it.as_ref().clone()).chain([incident.clone()]).collect();
        self.engine.adopt(all, vec![]);
        self.show();
    }

    /// What the console sees.
    fn show(&mut self) {
        let incidents = self.engine.open_incidents().map(|it| (it.id, Arc::clone(it))).collect();
        let rulebook = Arc::clone(self.engine.rulebook());
        self.bench.board.send_replace(Arc::new(Board {
            at: Some(self.at),
            rulebook,
            incidents,
            ..Board::default()
        }));
    }

    fn decide(&mut self, told: &Told) -> Result<(), Refused> {
        if self.lost > 0 {
            self.lost -= 1;
            return Err(Refused::Crashed);
        }
        self.at = self.at.plus_ms(1);
        let decision = self.engine.decide(self.at, &Input::Told(told.clone()));
        self.engine.apply(&decision);
        self.show();
        decision.refused.map_or(Ok(()), Err)
    }

    /// Somebody does something about an incident.
    fn does(&mut self, by: &str, no: i64, action: Action) {
        let told = Told::Handle { incident: IncidentId(no), by: fixture::id(by), action };
        assert_eq!(self.decide(&told), Ok(()), "{told:?}");
    }

    /// Asks, while the engine decides whatever comes of it.
    async fn ask(&mut self, request: Request<Body>) -> Answer {
        let answer = self.bench.router.clone().oneshot(request);
        tokio::pin!(answer);
        loop {
            tokio::select! {
                response = &mut answer => return Answer::of(response.expect("routers do not fail")).await,
                arrival = self.bench.arrivals.recv() => match arrival {
                    Some(Arrival::Told(told, Some(wait))) => {
                        let result = self.decide(&told);
                        wait.send(result).expect("whoever asks waits for the commit");
                    }
                    other => panic!("not something told: {other:?}"),
                }
            }
        }
    }

    async fn post(&mut self, by: &Browser, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.ask(by.post(path, fields)).await
    }

    async fn get(&self, by: &Browser, path: &str) -> Answer {
        self.bench.get_as(by, path).await
    }

    /// Somebody's browser; of an officer of a unit, or of every one.
    async fn officer(&self, id: &str, unit: Option<&str>) -> Browser {
        let unit = unit.map(fixture::id);
        let grants = vec![crate::access::Grant { role: Role::Officer, unit }];
        let new =
            crate::access::NewAccount { id: fixture::id(id), name: id.into(), grants, caseload: vec![] };
        self.bench.access.add_account(&new, &Who::Command, AT).await.expect("a new account");
        self.bench.enter(&new.id)
    }

    fn incident(&self, no: i64) -> &Incident {
        self.engine.open_incident(IncidentId(no)).expect("it is open")
    }

    fn owner(&self, no: i64) -> Option<String> {
        self.incident(no).owner().map(StaffId::to_string)
    }

    /// Somebody signs what they see; the number of the handover.
    async fn signs(&mut self, by: &Browser, says: &str) -> String {
        let draft = self.get(by, "/handover?unit=north").await;
        let fields = [("do", "sign"), ("unit", "north"), ("says", says), ("seen", &seen(&draft))];
        let signed = self.post(by, "/handover", &fields).await;
        assert_eq!(signed.status, StatusCode::SEE_OTHER, "{}", signed.text);
        signed.header(header::LOCATION).to_owned()
    }
}

/// Which picture a page shows.
fn seen(page: &Answer) -> String {
    let after = page.text.split("name=\"seen\" value=\"").nth(1).unwrap_or_else(|| panic!("{}", page.text));
    after.split('"').next().expect("a value").into()
}

/// What stands in a section of a page.
fn section<'p>(page: &'p Answer, id: &str) -> &'p str {
    let from = page.text.find(&format!("id=\"{id}\"")).unwrap_or_else(|| panic!("no {id} in {}", page.text));
    page.text[from..].split("</section>").next().expect("an end")
}

fn shelve() -> Action {
    Action::Shelve { minutes: 60, reason: "He charges it.".into() }
}

/// Amy acted on a violation and shelved a battery; Ben acted on a tag that is out of sight; nobody has a cut strap.
fn evening() -> Room {
    let mut room = Room::with(&[
        (1, IncidentKind::Violation, Priority::P1),
        (2, IncidentKind::StrapTamper, Priority::P1),
        (3, IncidentKind::LowBattery, Priority::P3),
        (4, IncidentKind::Blind, Priority::P1),
    ]);
    room.does("amy", 1, Action::Send(fixture::id("rita")));
    room.does("rita", 1, Action::Attend(Attending::EnRoute));
    room.does("amy", 1, Action::Act);
    room.does("amy", 1, Action::Note("The patrol is at the gate.".into()));
    room.does("amy", 3, shelve());
    room.does("ben", 4, Action::Act);
    room
}

#[tokio::test]
async fn the_draft_says_what_the_next_officer_must_know() {
    let mut room = evening();
    let amy = room.officer("amy", Some("north")).await;
    room.officer("ben", Some("north")).await;
    room.does("ben", 2, Action::Act);
    // She asks to be called: that is somebody's work anew.
    let call = Told::Reply { from: "+447700900009".into(), text: "3".into() };
    assert_eq!(room.decide(&call), Ok(()));
    let page = room.get(&amy, "/handover").await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.text);
    for (id, words) in [
        (
            "open-theirs",
            &["Violation, Barry Stone", "Acted on by Name of amy", "The patrol is at the gate."][..],
        ),
        ("open-nobodys", &["/incidents/4", "Nobody has it"]),
        ("open-others", &["/incidents/2", "Acted on by Name of ben"]),
        ("open-shelved", &["He charges it.", "Comes back at", "02:54:07 UTC"]),
        ("calls", &["Ms A. Berry", "3: call me", "Name of rita", "on the way"]),
        ("unseen", &["Barry Stone", "/incidents/4"]),
        ("ends", &["case-1", "its basis ends", "04:54:07 UTC"]),
        ("itself", &["Nothing is wrong with it."]),
    ] {
        let section = section(&page, id);
        words.iter().for_each(|word| assert!(section.contains(word), "{id}: {word}: {section}"));
    }
    // She has been called, and somebody wrote so.
    room.does("ben", 4, Action::Note("Called her: she is at work.".into()));
    let page = room.get(&amy, "/handover").await;
    assert!(!section(&page, "calls").contains("call me"));
}

#[tokio::test]
async fn with_the_second_signature_what_was_the_firsts_is_the_seconds_and_never_nobodys() {
    let mut room = evening();
    let (amy, ben) = (room.officer("amy", Some("north")).await, room.officer("ben", Some("north")).await);
    let acted = room.incident(1).handling.clone();

    // What was begun is kept, and nobody else sees it.
    let kept = [("do", "keep"), ("unit", "north"), ("says", "Sam Rivers phones at ten.")];
    assert_eq!(room.post(&amy, "/handover", &kept).await.status, StatusCode::SEE_OTHER);
    assert!(room.get(&amy, "/handover").await.text.contains("Sam Rivers phones at ten."));
    assert!(!room.get(&ben, "/handover").await.text.contains("Sam Rivers"));

    // Signed is what was seen.
    let draft = room.get(&amy, "/handover").await;
    room.does("ben", 2, Action::Note("Looking.".into()));
    let stale = seen(&draft);
    let fields = [("do", "sign"), ("unit", "north"), ("says", "Sam phones at ten."), ("seen", &stale)];
    let changed = room.post(&amy, "/handover", &fields).await;
    assert_eq!(changed.status, StatusCode::CONFLICT);
    assert!(changed.text.contains("The picture has changed") && changed.text.contains("Sam phones at ten."));
    let at = room.signs(&amy, "Sam phones at ten.").await;
    assert_eq!(at, "/handover/1");
    assert!(!room.get(&amy, "/handover").await.text.contains("Sam Rivers"), "the draft is done with");
    let again = room.get(&amy, "/handover").await;
    let fields = [("do", "sign"), ("unit", "north"), ("says", ""), ("seen", &seen(&again))];
    assert_eq!(room.post(&amy, "/handover", &fields).await.status, StatusCode::CONFLICT, "one waits");
    assert_eq!([1, 2, 3, 4].map(|no| room.owner(no)), ["amy", "", "amy", "ben"].map(some));

    // Her own second signature is none.
    let own = room.post(&amy, &at, &[("do", "sign"), ("seen", &seen(&again))]).await;
    assert_eq!(own.status, StatusCode::UNPROCESSABLE_ENTITY);

    // Something comes up before Ben has signed, and after he has begun to read.
    assert!(room.get(&ben, "/handover").await.text.contains(&format!("href=\"{at}\"")));
    let page = room.get(&ben, &at).await;
    assert!(section(&page, "new").contains("Nothing."), "{}", page.text);
    let before = seen(&page);
    room.raise("north", 5, IncidentKind::CaseTamper, Priority::P2);
    room.does("amy", 5, Action::Act);
    room.does("amy", 1, Action::Note("He was sent home.".into()));
    room.does("ben", 4, Action::Close(Outcome::Technical));
    let stale = room.post(&ben, &at, &[("do", "sign"), ("says", "When did he go?"), ("seen", &before)]).await;
    assert_eq!(stale.status, StatusCode::CONFLICT);
    assert!(stale.text.contains("When did he go?") && stale.text.contains("The picture has changed"));
    let new = section(&stale, "new").to_owned();
    for words in ["mark-new", "Case", "mark-changed", "He was sent home.", "mark-gone", "It is closed."] {
        assert!(new.contains(words), "{words}: {new}");
    }
    assert!(!new.contains("The patrol is at the gate."), "that was signed: {new}");
    assert!(stale.text.contains("3 incidents become yours at once."), "{}", stale.text);
    assert_eq!([1, 2, 3, 5].map(|no| room.owner(no)), ["amy", "", "amy", "amy"].map(some));

    let signed =
        room.post(&ben, &at, &[("do", "sign"), ("says", "When did he go?"), ("seen", &seen(&stale))]).await;
    assert_eq!((signed.status, signed.header(header::LOCATION)), (StatusCode::SEE_OTHER, at.as_str()));
    assert_eq!([1, 2, 3, 5].map(|no| room.owner(no)), ["ben", "", "ben", "ben"].map(some));
    // It goes on as it was: who acted is not forgotten, and what is put aside stays so.
    assert_eq!(room.incident(1).handling, acted);
    assert!(room.incident(3).shelf.is_some());
    let to_ben = Happening::HandedOver { from: fixture::id("amy"), to: fixture::id("ben") };
    assert!(room.incident(1).timeline.iter().any(|entry| entry.what == to_ben));
    let shown = room.get(&ben, "/incidents/1").await.text;
    assert!(shown.contains("Acted on by Name of amy, now with Name of ben"), "{shown}");

    // It is kept, and can be read later as it was signed.
    room.does("ben", 3, Action::Close(Outcome::Technical));
    let kept = room.get(&amy, &at).await;
    assert_eq!(section(&kept, "new").matches("<li").count(), new.matches("<li").count());
    for words in ["Signed by both", "Sam phones at ten.", "When did he go?", "The patrol is at the gate."] {
        assert!(kept.text.contains(words), "{words}");
    }
    assert!(!kept.text.contains("name=\"do\""), "nothing of it can be changed");
    let listed = room.get(&amy, "/handover").await;
    assert!(section(&listed, "signed").contains("Name of amy to Name of ben"));

    let log = room.bench.access.entries(i64::MAX, 1_000, None).await.expect("a log");
    let done: Vec<_> = log.iter().rev().map(|it| (it.who.as_str(), it.what.as_str(), it.incident)).collect();
    for entry in [
        ("amy", "see handover", 0),
        ("amy", "sign handover", 0),
        ("ben", "see handover", 0),
        ("ben", "sign handover", 0),
        ("ben", "take over incident", 1),
        ("ben", "take over incident", 3),
        ("ben", "take over incident", 5),
    ] {
        assert!(done.contains(&entry), "{entry:?}: {done:?}");
    }
    assert!(
        log.iter().any(|it| it.what == "sign handover" && it.unit == "north" && it.subject == "staff:amy")
    );
}

fn some(id: &str) -> Option<String> {
    (!id.is_empty()).then(|| id.to_owned())
}

#[tokio::test]
async fn one_takes_over_whoever_is_second_changes_nothing() {
    let mut room = evening();
    let (amy, ben) = (room.officer("amy", Some("north")).await, room.officer("ben", Some("north")).await);
    let rita = room.officer("rita", Some("north")).await;
    let at = room.signs(&amy, "").await;
    let seen = seen(&room.get(&ben, &at).await);
    room.post(&ben, &at, &[("do", "sign"), ("seen", &seen)]).await;
    let late = room.post(&rita, &at, &[("do", "sign"), ("seen", &seen)]).await;
    assert_eq!(late.header(header::LOCATION), at);
    assert_eq!([1, 3].map(|no| room.owner(no)), ["ben", "ben"].map(some));
    assert!(room.get(&rita, &at).await.text.contains("Signed by Name of ben"));
    let back = room.post(&amy, &at, &[("do", "withdraw")]).await;
    assert_eq!(back.header(header::LOCATION), at, "it is too late");
}

#[tokio::test]
async fn what_did_not_change_hands_with_the_signature_does_so_later() {
    let mut room = evening();
    let (amy, ben) = (room.officer("amy", Some("north")).await, room.officer("ben", Some("north")).await);
    let at = room.signs(&amy, "").await;
    let seen = seen(&room.get(&ben, &at).await);
    room.lost = 1;
    let failed = room.post(&ben, &at, &[("do", "sign"), ("seen", &seen)]).await;
    assert_eq!(failed.status, StatusCode::UNPROCESSABLE_ENTITY);
    let mut owners = [1, 3].map(|no| room.owner(no));
    owners.sort();
    assert_eq!(owners, ["amy", "ben"].map(some), "nobody's at no time");
    let page = room.get(&ben, &at).await;
    assert!(page.text.contains("One incident of it is still Name of amy"), "{}", page.text);
    assert!(!room.get(&amy, &at).await.text.contains("is still Name of amy"), "it is for Ben to do");
    room.post(&amy, &at, &[("do", "rest")]).await;
    assert_eq!([1, 3].map(|no| room.owner(no)).iter().flatten().filter(|by| *by == "amy").count(), 1);
    room.post(&ben, &at, &[("do", "rest")]).await;
    assert_eq!([1, 3].map(|no| room.owner(no)), ["ben", "ben"].map(some));
    assert!(!room.get(&ben, &at).await.text.contains("is still Name of amy"));
}

#[tokio::test]
async fn until_it_is_taken_over_its_own_officer_alone_takes_it_back() {
    let mut room = evening();
    let (amy, ben) = (room.officer("amy", Some("north")).await, room.officer("ben", Some("north")).await);
    let at = room.signs(&amy, "").await;
    room.post(&ben, &at, &[("do", "withdraw")]).await;
    assert_eq!(room.get(&ben, &at).await.status, StatusCode::OK);
    assert!(room.get(&amy, &at).await.text.contains("Take it back"));
    room.post(&amy, &at, &[("do", "withdraw")]).await;
    assert_eq!(room.get(&amy, &at).await.status, StatusCode::NOT_FOUND);
    assert_eq!(room.signs(&amy, "").await, "/handover/2", "no number is given twice");
}

#[tokio::test]
async fn only_accounts_of_staff_sign_and_only_what_they_have_read() {
    let mut room = evening();
    let amy = room.officer("amy", Some("north")).await;
    let at = room.signs(&amy, "").await;
    // A one-time link is nobody's signature.
    let link = room.bench.nameless().await;
    room.bench.post_as(&link, "/who", &[("staff", "ben")]).await;
    let page = room.get(&link, &at).await;
    assert!(page.text.contains("no account, and so no signature"), "{}", page.text);
    for path in [at.as_str(), "/handover"] {
        let refused = room.post(&link, path, &[("do", "sign"), ("unit", "north")]).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{path}");
    }
    // Nothing could become theirs.
    let stranger = room.officer("temp", Some("north")).await;
    let page = room.get(&stranger, &at).await;
    assert!(page.text.contains("none of the staff"), "{}", page.text);
    let refused = room.post(&stranger, &at, &[("do", "sign")]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);

    let ben = room.officer("ben", Some("north")).await;
    let seen = seen(&room.get(&ben, &at).await);
    let long = "x".repeat(4_001);
    let refused = room.post(&ben, &at, &[("do", "sign"), ("seen", &seen), ("says", &long)]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.text.contains("at most 4,000 characters; this has 4001"));
    assert_eq!(room.post(&ben, &at, &[("do", "sign")]).await.status, StatusCode::CONFLICT);
    // What cannot be written down is not signed.
    room.bench.access.lose().await;
    let refused = room.post(&ben, &at, &[("do", "sign"), ("seen", &seen)]).await;
    assert_eq!(refused.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(room.owner(1), some("amy"));
}

#[tokio::test]
async fn a_unit_hands_over_to_itself() {
    let mut room = evening();
    room.raise("south", 9, IncidentKind::DiskFull, Priority::P2);
    room.does("kim", 9, Action::Act);
    let (amy, kim) = (room.officer("amy", Some("north")).await, room.officer("kim", Some("south")).await);
    let at = room.signs(&amy, "").await;
    for path in
        [at.as_str(), "/handover/999", "/handover/x", "/handover?unit=north", "/handover?unit=nowhere"]
    {
        let answer = room.get(&kim, path).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
        assert!(!answer.text.contains("Barry Stone"), "{path}");
    }
    for fields in [[("do", "sign"), ("unit", "north")], [("do", "sign"), ("unit", "nowhere")]] {
        assert_eq!(room.post(&kim, "/handover", &fields).await.status, StatusCode::NOT_FOUND);
    }
    assert_eq!(room.post(&kim, &at, &[("do", "sign")]).await.status, StatusCode::NOT_FOUND);
    let south = room.get(&kim, "/handover").await.text;
    assert!(south.contains("The south") && !south.contains("Barry Stone") && !south.contains("The north"));
    // Whoever has several is shown the one in which they have most, and chooses.
    let ben = room.officer("ben", None).await;
    let page = room.get(&ben, "/handover").await.text;
    for unit in UNITS {
        assert!(page.contains(&format!("<option value=\"{unit}\"")), "{page}");
    }
    assert!(page.contains("<option value=\"north\" selected>"), "{page}");
    assert!(room.get(&ben, "/handover?unit=south").await.text.contains("Name of kim"));
}

#[tokio::test]
async fn whoever_leaves_without_a_handover_is_told_and_everybody_sees_what_they_left() {
    const LEFT: &str = "owned by somebody who is no longer here";
    let mut room = evening();
    let (amy, ben) = (room.officer("amy", Some("north")).await, room.officer("ben", Some("north")).await);
    // Whoever has no account answers by phone, and never was here.
    room.does("rita", 2, Action::Act);
    let queue = room.get(&ben, "/").await.text;
    assert!(!queue.contains(LEFT), "{queue}");

    // Signing out of one of two browsers leaves nobody behind.
    let second = room.bench.enter(&fixture::id("amy"));
    assert!(room.post(&second, "/sign-out", &[]).await.status.is_redirection());
    let told = room.post(&amy, "/sign-out", &[]).await;
    assert_eq!(told.status, StatusCode::OK);
    assert!(
        told.text.contains("2 open incidents are yours") && told.text.contains("/handover"),
        "{}",
        told.text
    );
    assert_eq!(room.get(&amy, "/").await.status, StatusCode::OK, "they are still here");
    assert!(room.post(&amy, "/sign-out", &[("anyway", "yes")]).await.status.is_redirection());

    // The shelved one comes back by itself.
    for path in ["/", "/fragments/queue"] {
        let queue = room.get(&ben, path).await.text;
        assert!(queue.contains("An open incident is ") && queue.contains(LEFT), "{path}: {queue}");
        assert!(queue.contains("Name of amy: 1"));
    }
    let page = room.get(&ben, "/handover").await;
    assert!(page.text.contains("Name of amy is no longer here, and has an open incident"), "{}", page.text);
    let taken = room.post(&ben, "/handover/left", &[("from", "amy")]).await;
    assert_eq!(taken.header(header::LOCATION), "/");
    assert_eq!([1, 3].map(|no| room.owner(no)), ["ben", "amy"].map(some));
    assert!(!room.get(&ben, "/").await.text.contains(LEFT));

    // Whoever is here loses nothing to anybody.
    let rita = room.officer("rita", Some("north")).await;
    room.post(&rita, "/handover/left", &[("from", "ben")]).await;
    assert_eq!(room.owner(1), some("ben"));
    // A session that nobody has touched for a quarter of an hour is nobody at the desk; unless they are on their way.
    room.bench.door.let_pass(16 * 60 * 1_000_000);
    let rita = room.bench.enter(&fixture::id("rita"));
    let queue = room.get(&rita, "/").await.text;
    assert!(queue.contains("2 open incidents are ") && queue.contains("Name of ben: 2"), "{queue}");
    assert!(!queue.contains("Name of rita: "), "she is here: {queue}");
    room.does("ben", 1, Action::Attend(Attending::EnRoute));
    let queue = room.get(&rita, "/").await.text;
    assert!(queue.contains("Name of ben: 1"), "{queue}");
}
