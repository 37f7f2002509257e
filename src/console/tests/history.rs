//! The revisions of cases and units, read from a journal that a real sequencer wrote.

use super::*;
use crate::{
    access::{Grant, NewAccount, Role, audit::Who},
    domain::{Book, Case, Risk, Staff, Unit, Zone, ZoneShape},
    engine::{By, Rulebook},
    geometry::{Circle, LatLon},
    sequencer::{Now, Sequencer},
    store::JournalRow,
};

const HISTORY: &str = "/records/cases/case-1/history";
const COMPARE: &str = "/records/cases/case-1/history/compare";
const UNIT: &str = "/records/units/cheshire/history";

/// An installation whose journal holds what was published.
struct Written {
    sequencer: Sequencer,
    rows: Vec<JournalRow>,
}

impl Written {
    /// The usual records, from a rulebook file.
    fn begun() -> Self {
        let mut written = Self { sequencer: Sequencer::default(), rows: Vec::new() };
        let rulebook = record_forms::bench().board.borrow().rulebook.clone();
        for unit in rulebook.units() {
            written.tell(Told::Publish(Book::Unit(unit.clone())));
        }
        for wearer in rulebook.wearers() {
            written.tell(Told::Publish(Book::Wearer(wearer.clone())));
        }
        for person in rulebook.persons() {
            written.tell(Told::Publish(Book::Person(person.clone())));
        }
        for case in rulebook.cases() {
            written.tell(Told::Publish(Book::Case(case.clone())));
        }
        written
    }

    /// The number of the row that it is written in.
    fn tell(&mut self, told: Told) -> i64 {
        let at = AT.plus_ms(self.rows.len() as i64 * 60_000);
        let now = Now { steady: at, wall: at };
        let stepped = self.sequencer.step(now, vec![Arrival::Told(told, None)], &mut || [7; 16]);
        self.rows.extend(stepped.batch.rows);
        self.rows.last().expect("it is written").no
    }

    fn rulebook(&self) -> &Rulebook {
        self.sequencer.engine().rulebook()
    }

    fn case(&self) -> Case {
        self.rulebook().case(&fixture::id("case-1")).expect("a case").clone()
    }

    /// Publishes the case as it is then.
    fn revise(&mut self, from: u64, by: Box<By>, change: impl FnOnce(&mut Case)) -> i64 {
        let mut case = self.case();
        change(&mut case);
        self.tell(Told::Revise { from, book: Book::Case(case), by: Some(by) })
    }

    /// Publishes the unit as it is then.
    fn revise_unit(&mut self, from: u64, by: Option<Box<By>>, change: impl FnOnce(&mut Unit)) -> i64 {
        let mut unit = self.rulebook().unit(&fixture::id("cheshire")).expect("the unit").clone();
        change(&mut unit);
        self.tell(Told::Revise { from, book: Book::Unit(unit), by })
    }

    fn bench(self) -> Bench {
        let picture = Board { rulebook: Arc::new(self.rulebook().clone()), ..violation() };
        Bench::with(picture, Records { journal: self.rows, ..Records::default() }, None)
    }
}

fn circle(radius_m: f64) -> ZoneShape {
    let middle = LatLon::new(53.189, -2.915).expect("on earth");
    ZoneShape(Circle::new(middle, radius_m).expect("a sound circle").into())
}

/// The rows of the page's own table.
fn rows_of(page: &str) -> Vec<&str> {
    let main = page.split("<main").nth(1).and_then(|main| main.split("</main>").next()).expect("a page");
    main.split("<tr><th scope=\"row\">").skip(1).collect()
}

fn amy() -> Box<By> {
    By::one(fixture::id("amy"))
}

/// Amy has changed the risk, and then a zone with Ben; in between somebody was too late.
fn twice_changed() -> (Written, [i64; 3]) {
    let mut written = Written::begun();
    let opened = written.rows.iter().find(|row| row.subject == "case:case-1").expect("it was opened").no;
    let riskier = written.revise(1, amy(), |case| case.risk = Risk::Medium);
    written.revise(1, amy(), |case| case.plan = Some("Made from an older one.".into()));
    let (approved, why) = (Some(fixture::id("ben")), Some("The order of 3 March.".into()));
    let by = Box::new(By { approved, why, ..*amy() });
    let wider = written.revise(2, by, |case| {
        case.zones[1].shape = circle(320.0);
        case.zones.remove(0);
        let new = Zone { id: fixture::id("gym"), code: "ROWAN-9".into(), ..case.zones[0].clone() };
        case.zones.push(new);
    });
    (written, [opened, riskier, wider])
}

#[tokio::test]
async fn every_revision_says_who_published_and_approved_it_and_what_it_changed() {
    let (written, [opened, riskier, wider]) = twice_changed();
    let bench = written.bench();
    let browser = bench.browser().await;
    let page = bench.get_as(&browser, HISTORY).await.text;
    let rows = rows_of(&page);
    assert_eq!(rows.len(), 3, "what was refused is no revision: {page}");
    for (row, words) in rows.iter().zip([
        &["3</th>", "Sgt Amy Okafor, approved by ben", "The order of 3 March.", "Zone ROWAN-4 was taken out"]
            [..],
        &["2</th>", "Sgt Amy Okafor<", ">Risk"],
        &["1</th>", "A rulebook file", "The case was opened"],
    ]) {
        for word in words {
            assert!(row.contains(word), "{word}: {row}");
        }
    }
    assert!(rows[0].contains("Zone ROWAN-5 was changed; Zone ROWAN-9 is new"), "{}", rows[0]);
    assert!(rows[0].contains(&format!("compare?new={wider}")) && !rows[2].contains("compare?new="));

    let page = bench.get_as(&browser, &format!("{COMPARE}?new={riskier}")).await.text;
    let risk = page.split("<th scope=\"row\">Risk</th>").nth(1).expect("the risk has changed");
    assert!(risk.contains("High") && risk.contains("Medium") && page.contains("They are the same in both."));

    // Whatever the order in which they are named.
    let asked = format!("{COMPARE}?new={opened}&old={wider}");
    let page = bench.get_as(&browser, &asked).await.text;
    for words in [
        "Case case-1: revisions 1 and 3",
        "Circle of 200 m",
        "Circle of 320 m",
        "0.13 km²",
        "0.32 km²",
        "It reaches 120 m further than before on all sides.",
        "Zone ROWAN-4 was taken out",
        "Zone ROWAN-9 is new",
        "mask=\"url(#new-1)\"",
        "Why: The order of 3 March.",
        "<th scope=\"row\">Risk</th>",
    ] {
        assert!(page.contains(words), "{words}: {page}");
    }
    let log = bench.access.entries(i64::MAX, 100, None).await.expect("the log");
    assert!(log.iter().any(|it| it.what == "see zones") && log.iter().any(|it| it.what == "see case"));
}

#[tokio::test]
async fn nothing_but_revisions_of_the_case_is_shown_and_zones_only_to_those_who_see_zones() {
    let (written, [_, riskier, wider]) = twice_changed();
    let refused = riskier + 1;
    let others = written.rows.iter().find(|row| row.subject == "unit:cheshire").expect("a unit").no;
    let bench = written.bench();
    let browser = bench.browser().await;
    for no in [others, refused, wider + 1, 0, -1, i64::MAX, i64::MIN] {
        for query in [format!("new={no}"), format!("old={no}")] {
            let answer = bench.get_as(&browser, &format!("{COMPARE}?{query}")).await;
            assert_eq!(answer.status, StatusCode::NOT_FOUND, "{query}");
        }
    }
    let grants = vec![Grant { role: Role::CaseWorker, unit: Some(fixture::id("cheshire")) }];
    let new = NewAccount {
        id: fixture::id("cleo"),
        name: "Cleo".into(),
        grants,
        caseload: vec![fixture::id("case-1")],
    };
    bench.access.add_account(&new, &Who::Command, AT).await.expect("a new account");
    let cleo = bench.enter(&new.id);
    let page = bench.get_as(&cleo, &format!("{COMPARE}?new={wider}")).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.text.contains("Your role does not see where zones are."), "{}", page.text);
    // Why a zone was changed may say where it is.
    let list = bench.get_as(&cleo, HISTORY).await.text;
    for text in [&page.text, &list] {
        assert!(text.contains("approved by ben") && !text.contains("The order of 3 March."), "{text}");
    }
    assert!(!page.text.contains("Circle of") && !page.text.contains("<path class=\"kept\""));
}

#[tokio::test]
async fn whoever_was_of_a_case_before_stands_in_the_log_when_its_revisions_are_compared() {
    let mut written = Written::begun();
    let person = serde_json::json!({"id": "p-2", "unit": "cheshire", "name": "Ms D. Hale",
        "contact": [{"channel": "sms", "address": "+447700900077"}]});
    written.tell(Told::Publish(Book::Person(told(person))));
    let moved = written.revise(1, amy(), |case| {
        case.wearer = fixture::id("w-3");
        case.persons = vec![fixture::id("p-2")];
    });
    let bench = written.bench();
    let [browser, other] =
        [bench.one_of("cheshire", Role::Supervisor).await, bench.one_of("cheshire", Role::Officer).await];
    let page = bench.get_as(&browser, &format!("{COMPARE}?new={moved}")).await;
    let names = ["Barry Stone", "Ms A. Berry"];
    assert!(names.iter().all(|name| page.text.contains(name)), "{}", page.text);
    let mut log = bench.access.entries(i64::MAX, 100, None).await.expect("the log");
    log.retain(|it| it.what == "see zones");
    let mut whom: Vec<_> = log.iter().map(|it| it.subject.as_str()).collect();
    whom.sort_unstable();
    assert_eq!(whom, ["person:p-1", "wearer:w-1", "wearer:w-3"]);
    let is_theirs = |it: &crate::access::audit::Entry| {
        (it.who.as_str(), it.unit.as_str(), it.case_id.as_str())
            == ("supervisor-of-cheshire", "cheshire", "case-1")
    };
    assert!(log.iter().all(is_theirs), "{log:?}");
    assert!(log.iter().all(|it| it.why.contains("supervisor")), "{log:?}");
    bench.access.lose().await;
    let page = bench.get_as(&other, &format!("{COMPARE}?new={moved}")).await;
    assert_eq!(page.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(!names.iter().any(|name| page.text.contains(name)), "{}", page.text);
}

#[tokio::test]
async fn what_another_unit_did_with_the_case_before_is_not_told() {
    let mut written = Written::begun();
    let elsewhere = Box::new(By { why: Some("Moved to her mother's.".into()), ..*amy() });
    let mut row =
        written.rows.iter().find(|row| row.subject == "case:case-1").expect("it was opened").clone();
    let case = Case { unit: fixture::id("wirral"), ..written.case() };
    let told = Told::Revise { from: 1, book: Book::Case(case), by: Some(elsewhere) };
    (row.no, row.payload) = (written.rows.len() as i64 + 1, serde_json::to_vec(&told).expect("JSON"));
    row.decision = row.decision.replace("revision 1", "revision 2");
    written.rows.push(row);
    let bench = written.bench();
    let browser = bench.browser().await;
    let page = bench.get_as(&browser, HISTORY).await.text;
    let rows = rows_of(&page);
    assert!(rows[0].contains("Another unit"), "{}", rows[0]);
    assert!(!rows[0].contains("Okafor") && !page.contains("her mother"), "{page}");
}

#[tokio::test]
async fn a_revision_of_an_older_journal_says_that_nobody_recorded_whose_it_is() {
    let mut written = Written::begun();
    let case = Case { risk: Risk::Medium, ..written.case() };
    // As it was written before revisions said who made them.
    let told = serde_json::json!({"revise": {"from": 1, "book": {"case": case}}});
    written.tell(serde_json::from_value(told).expect("it is still read"));
    let bench = written.bench();
    let browser = bench.browser().await;
    let page = bench.get_as(&browser, HISTORY).await.text;
    let rows = rows_of(&page);
    assert!(rows[0].contains("Not recorded") && rows[0].contains(">Risk"), "{}", rows[0]);
    assert!(rows[1].contains("A rulebook file"), "{}", rows[1]);
}

#[tokio::test]
async fn a_long_history_is_read_a_page_at_a_time() {
    let mut written = Written::begun();
    for nth in 1..=44 {
        written.revise(nth, amy(), |case| case.plan = Some(format!("Plan {nth}.")));
    }
    let bench = written.bench();
    let browser = bench.browser().await;
    let (mut at, mut seen) = (HISTORY.to_owned(), Vec::new());
    let mut pages = 0;
    loop {
        let page = bench.get_as(&browser, &at).await.text;
        let number = |row: &str| row.split('<').next().unwrap_or_default().parse::<u64>().expect("a number");
        seen.extend(rows_of(&page).into_iter().map(number));
        pages += 1;
        let Some(older) = page.split(&format!("href=\"{HISTORY}?before=")).nth(1) else { break };
        at = format!("{HISTORY}?before={}", older.split('"').next().unwrap_or_default());
    }
    assert_eq!((pages, seen), (3, (1..=45).rev().collect::<Vec<u64>>()));
    let empty = Bench::new(violation());
    let browser = empty.browser().await;
    assert!(
        empty.get_as(&browser, HISTORY).await.text.contains("No revision of this case is in the journal.")
    );
    let answer = empty.get_as(&browser, COMPARE).await;
    assert_eq!((answer.status, answer.header(header::LOCATION)), (StatusCode::SEE_OTHER, HISTORY));
}

fn told<T: serde::de::DeserializeOwned>(value: serde_json::Value) -> T {
    serde_json::from_value(value).expect("it is sound")
}

/// A unit whose staff change, who get a rota, and whose zone grows; the rows of these.
fn a_unit_changed() -> (Written, [i64; 4]) {
    let mut written = Written::begun();
    let ben: Staff = told(serde_json::json!({"id": "ben", "name": "Ben Lloyd", "contact": [
        {"channel": "push", "address": r#"{"endpoint":"https://push.example/1","keys":{"p256dh":"BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4","auth":"BTBZMqHH6r4Tts7J_aSIgg"}}"#},
        {"channel": "voice", "address": "+447700900012"}]}));
    let school: Zone = told(serde_json::json!({"id": "school", "code": "HAZEL-1",
        "shape": {"circle": {"lat": 53.189, "lon": -2.915, "radius_m": 300.0}}}));
    let staffed = written.revise_unit(1, Some(amy()), |unit| {
        unit.staff[0].contacts[0].address = "+447700900099".into();
        unit.staff.insert(0, ben);
    });
    let enrolled = written.revise_unit(2, None, |unit| {
        let device = &mut unit.staff[0].contacts[0];
        device.address = device.address.replace("example/1", "example/2");
    });
    // One who is of another unit, and reaches this one.
    let zoned = written.revise_unit(3, Some(By::one(fixture::id("zoe"))), |unit| unit.zones = vec![school]);
    let by = By { approved: Some(fixture::id("ben")), why: Some("It was too small.".into()), ..*amy() };
    let wider = written.revise_unit(4, Some(Box::new(by)), |unit| {
        unit.zones[0].shape = circle(420.0);
        unit.policies[0]
            .danger
            .push(told(serde_json::json!({"to": "ben", "channel": "voice", "wait_s": 120})));
        unit.rotas =
            vec![told(serde_json::json!({"id": "nights", "name": "Nights", "time_zone": "Europe/London",
            "else": "amy", "shift": [{"who": "ben", "days": "mon", "from": "20:00", "until": "08:00"}]}))];
    });
    written.tell(Told::Publish(told(serde_json::json!({"unit": {"id": "kent", "name": "Kent",
        "area": {"south": 51.0, "west": 0.0, "north": 52.0, "east": 1.0}, "default_policy": "usual",
        "staff": [{"id": "zoe", "name": "Zoe Farr", "contact": [{"channel": "sms", "address": "+447700900031"}]}],
        "policy": [{"id": "usual", "protected": [{"channel": "sms", "wait_s": 30}],
            "danger": [{"to": "zoe", "channel": "sms", "wait_s": 30}],
            "device": [{"to": "zoe", "channel": "sms", "wait_s": 30}],
            "upkeep": [{"to": "zoe", "channel": "sms", "wait_s": 30}]}]}}))));
    assert!(written.rulebook().unit(&fixture::id("kent")).is_some(), "all of it was accepted");
    (written, [staffed, enrolled, zoned, wider])
}

impl Bench {
    /// Somebody with one role in one unit.
    async fn one_of(&self, unit: &str, role: Role) -> Browser {
        let grants = vec![Grant { role, unit: Some(fixture::id(unit)) }];
        let id = fixture::id(&format!("{}-of-{unit}", role.as_str().replace('_', "-")));
        let new = NewAccount { id, name: "One of them".into(), grants, caseload: vec![] };
        self.access.add_account(&new, &Who::Command, AT).await.expect("a new account");
        self.enter(&new.id)
    }
}

#[tokio::test]
async fn the_revisions_of_a_unit_say_whom_and_what_they_changed() {
    let (written, [staffed, enrolled, _, wider]) = a_unit_changed();
    let bench = written.bench();
    let browser = bench.one_of("cheshire", Role::Supervisor).await;
    let page = bench.get_as(&browser, "/records/units/cheshire").await.text;
    assert!(page.contains(&format!("href=\"{UNIT}\"")), "{page}");
    let page = bench.get_as(&browser, UNIT).await.text;
    let rows = rows_of(&page);
    let said = [
        &[
            "5</th>",
            "Sgt Amy Okafor, approved by Ben Lloyd",
            "It was too small.",
            "Policy usual: danger, staff; Rota nights; Zone HAZEL-1 was changed",
        ][..],
        &["4</th>", ">zoe<", "Zone HAZEL-1 is new"],
        &["3</th>", "Not recorded", "Device of ben"],
        &["2</th>", "Sgt Amy Okafor<", "Staff amy; Staff ben"],
        &["1</th>", "A rulebook file", "The unit was made"],
    ];
    assert_eq!(rows.len(), said.len(), "{page}");
    for (row, words) in rows.iter().zip(said) {
        words.iter().for_each(|words| assert!(row.contains(words), "{words}: {row}"));
    }
    assert!(!page.contains("Zoe Farr"), "of another unit: {page}");

    let compare = async |query: String| bench.get_as(&browser, &format!("{UNIT}/compare?{query}")).await.text;
    let page = compare(format!("new={staffed}")).await;
    for words in [
        "Sgt Amy Okafor; text +447700900011",
        "Sgt Amy Okafor; text +447700900099",
        "Ben Lloyd; an enrolled device; call +447700900012",
    ] {
        assert!(page.contains(words), "{words}: {page}");
    }
    let page = compare(format!("new={enrolled}")).await;
    assert!(page.contains("Enrolled anew") && !page.contains("push.example"), "{page}");
    let page = compare(format!("new={wider}")).await;
    for words in [
        "Unit Cheshire: revisions 4 and 5",
        "amy by text, after 30 s ben by call, and the last again every 120 s",
        "ben mon 20:00-08:00",
        "It reaches 120 m further than before on all sides.",
        "mask=\"url(#new-0)\"",
    ] {
        assert!(page.contains(words), "{words}: {page}");
    }
    let log = bench.access.entries(i64::MAX, 100, None).await.expect("the log");
    let of_unit =
        |what: &str| log.iter().any(|it| it.what == what && it.unit == "cheshire" && it.case_id.is_empty());
    assert!(of_unit("see unit") && of_unit("see zones"), "{log:?}");
}

#[tokio::test]
async fn the_history_of_a_unit_is_for_those_who_see_the_unit_and_its_zones_for_those_who_see_zones() {
    let (written, [.., wider]) = a_unit_changed();
    let others = written.rows.iter().find(|row| row.subject == "unit:kent").expect("another unit").no;
    let case = written.rows.iter().find(|row| row.subject == "case:case-1").expect("a case").no;
    let bench = written.bench();
    let compare = format!("{UNIT}/compare?new={wider}");
    let root = bench.one_of("cheshire", Role::Administrator).await;
    let page = bench.get_as(&root, &compare).await;
    assert!(page.status == StatusCode::OK && page.text.contains("Rota nights"), "{}", page.text);
    assert!(page.text.contains("Your role does not see where zones are."), "{}", page.text);
    assert!(!page.text.contains("Circle of") && !page.text.contains("<path class=\"kept\""));
    for no in [others, case, 0] {
        let answer = bench.get_as(&root, &format!("{UNIT}/compare?old={no}&new={wider}")).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{no}");
    }
    let officer = bench.one_of("cheshire", Role::Officer).await;
    let stranger = bench.one_of("kent", Role::Supervisor).await;
    for path in [UNIT, &compare] {
        assert_eq!(bench.get_as(&officer, path).await.status, StatusCode::FORBIDDEN, "{path}");
        assert_eq!(bench.get_as(&stranger, path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
}
