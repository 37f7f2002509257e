//! An incident explained: what a reader must find in it, what must not be in it, and what is said of a journal that was
//! edited.

use cordon::{
    domain::{AlertState, Cause, Channel, Happening, IncidentId, IncidentKind, Outcome, Reason},
    engine::{Action, DeliveryReport, ENGINE_VERSION, Told},
    geometry::LatLon,
    lab::{ExplainError, Explanation, SOURCE, explain},
    store::{Attempt, Batch, JournalRow, MemoryStore, Store},
};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::{
    accompanied::{TAG, World, companioned, east, near_case, run},
    ward::{Ward, case, fix, person, person_phone, responder_phone, second, tag},
};

const NAME: &str = "Rosalind Quill";
const HOME: (f64, f64) = (53.431_97, -2.287_61);
const NOTE: &str = "Rosalind Quill is with her sister in Elm Street";

/// A wearer drives into the zone, leaves it, and is in it again while the tag cannot be heard. People are told, answer,
/// take it, act and close it.
fn story() -> World {
    let mut world = story_world();
    for s in (0..=120).step_by(15) {
        world.wearer_at(s, east(1_500.0 - 12.0 * f64::from(i32::try_from(s).unwrap())));
    }
    delivered(&mut world, 122);
    world.tell(150, Told::Reply { from: person_phone().into(), text: "2".into() });
    delivered(&mut world, 152);
    world.tell(160, Told::Reply { from: responder_phone().into(), text: "1".into() });
    for s in (180..=300).step_by(30) {
        world.wearer_at(s, east(50.0));
    }
    let words = "He is outside of 12 Elm Street";
    world.tell(305, Told::Reply { from: person_phone().into(), text: words.into() });
    for s in (315..=480).step_by(15) {
        world.wearer_at(s, east(50.0 + 12.0 * f64::from(i32::try_from(s - 300).unwrap())));
    }
    // The tag keeps what it cannot send.
    let kept = [600, 630, 660, 690].map(|s| (s, east(40.0), 5.0));
    let kept = kept.into_iter().chain([(780, east(1_200.0), 5.0), (895, east(1_500.0), 5.0)]);
    let ping = world.ping(TAG, 900, &kept.collect::<Vec<_>>());
    world.message(TAG, 900, ping);
    delivered(&mut world, 902);
    let (incident, desk) = (zone_incident(&world), || "desk".parse().unwrap());
    for (s, action) in
        [(930, Action::Act), (940, Action::Note(NOTE.into())), (1_000, Action::Close(Outcome::Confirmed))]
    {
        world.tell(s, Told::Handle { incident, by: desk(), action });
    }
    world.pass_to(1_100);
    world
}

fn story_world() -> World {
    let (mut person, mut case) = (person(), case());
    person["person"]["name"] = json!(NAME);
    case["case"]["zone"][0]["shape"]["circle"] = json!({"lat": HOME.0, "lon": HOME.1, "radius_m": 200.0});
    World::of(person, case)
}

fn zone_incident(world: &World) -> IncidentId {
    let is_it = |cause: &Cause| matches!(cause, Cause::Zone(_));
    world.incidents.values().find(|incident| is_it(&incident.cause)).unwrap().id
}

/// Whatever waits is tried, and reaches its phone or desk.
fn delivered(world: &mut World, s: i64) {
    world.pass_to(s);
    let waiting = world.sequencer.engine().open_alerts().filter(|alert| alert.state == AlertState::Waiting);
    for (alert, channel) in waiting.map(|alert| (alert.id, alert.channel)).collect::<Vec<_>>() {
        let (result, reason, provider_ref) = ("accepted".into(), String::new(), "ref-1".into());
        let tried = Attempt { alert, nth: 1, at: second(s), took_ms: 140, result, reason, provider_ref };
        run(world.store.record_attempt(&tried, None, false)).unwrap();
        world.tell(s, Told::Delivery { alert, report: DeliveryReport::Accepted });
        if channel == Channel::Sms {
            world.tell(s + 1, Told::Delivery { alert, report: DeliveryReport::Delivered });
        }
    }
}

fn explained(store: &dyn Store, id: IncidentId) -> Explanation {
    run(explain(store, id, false)).unwrap()
}

/// The page's words without its marks, and the file kept where it can be looked at.
fn page(name: &str, of: &Explanation) -> (String, String) {
    let html = of.html().unwrap();
    std::fs::write(format!("{}/{name}.html", env!("CARGO_TARGET_TMPDIR")), &html).unwrap();
    well_formed(&html);
    (words_of(&html), html)
}

#[test]
fn a_reader_finds_what_happened_when_why_who_was_told_and_what_proves_it() {
    let world = story();
    let explained = explained(&world.store, zone_incident(&world));
    let (page, html) = page("violation", &explained);
    let short = explained.in_short();
    let incident = &world.incidents[&zone_incident(&world)];
    let mut reasons = incident.timeline.iter().filter_map(|entry| match &entry.what {
        Happening::Raised { kind: IncidentKind::Violation, reason, .. } => Some(reason.clone()),
        _ => None,
    });
    let Some(Reason::TrustedFix { border_m, sigma_m, .. }) = reasons.next() else { panic!("one good fix") };
    for said in [
        "Violation, zone ROSE",
        "wearer w-1 was inside the exclusion zone ROSE twice",
        "By the positions' own time, on 7 March 2026 at 12:02:00, and again at 12:10:00",
        "At 12:02:00, at once; again at 12:15:00, 5 min later.",
        "Protected person p-1 by text at 12:02:00",
        "it reached them at 12:02:03",
        "they answered at 12:02:30: needs help",
        "in their own words, which are not shown here",
        "Staff responder took it at 12:02:40",
        "staff desk acted on it at 12:15:30",
        "Staff desk closed it at 12:16:40 as “Confirmed”",
        "all ",
        "rows of the journal say the same as then, and the integrity chain verifies",
    ] {
        let found = |text: &str| text.to_lowercase().contains(&said.to_lowercase());
        assert!(found(&page) && found(&short), "{said}\n{short}\n{page}");
    }
    let rows = world.rows();
    let chain = tag_wire::hex(&rows.last().unwrap().chain);
    for said in [
        "Approach → Violation (row ",
        &format!("{:.0} m inside", -border_m),
        &format!("error scale {sigma_m:.0} m"),
        "at least 84 % likely that they are inside",
        "5 min (late)",
        "Verifies from row 1 to row ",
        &chain,
        &format!("engine version {ENGINE_VERSION}"),
        "12:02:02 try 1: accepted after 140 ms",
        "delivered to the phone",
        "not the same as read",
        "wrote a note of 47 characters, not shown here",
    ] {
        assert!(page.contains(said), "{said}\n{page}");
    }
    assert!(!page.contains("Read this first"), "{page}");
    assert_eq!(html.matches("class=\"zone\"").count(), 1, "the zone is drawn");
    assert!(html.matches("class=\"dot ").count() > 40, "and the positions, twice");
}

#[test]
fn nothing_of_the_protected_person_is_in_the_page_but_their_id() {
    let world = story();
    let explained = explained(&world.store, zone_incident(&world));
    let (_, html) = page("violation", &explained);
    let latlon = [HOME.0, HOME.1.abs()].map(|degrees| format!("{degrees:.3}"));
    for text in [&html, &explained.in_short()] {
        for secret in [NAME, "Rosalind", "Quill", "Elm Street", person_phone(), responder_phone(), "4477009"]
        {
            assert!(!text.contains(secret), "{secret}");
        }
        assert!(latlon.iter().all(|degrees| !text.contains(degrees)), "coordinates");
    }
    let own_words = run(explain(&world.store, zone_incident(&world), true)).unwrap().html().unwrap();
    assert!(own_words.contains(NOTE) && own_words.contains("12 Elm Street"));
}

#[test]
fn a_tag_that_was_not_heard_is_explained_by_what_was_heard_before() {
    let world = story();
    let lost = world.incidents.values().find(|incident| incident.cause == Cause::Contact).unwrap();
    let (page, html) = page("contact", &explained(&world.store, lost.id));
    for said in [
        "What Cordon heard",
        "A message of the tag: 1 position, moving, battery 80 %, the next one promised within 60 s.",
        "A time that Cordon had set itself passed",
        "At 12:11:00, at once; again at 12:18:00",
        "No trustworthy fix for 3 min; the last one was 2.0 km outside the zone's border.",
        "This is about wearer w-1.",
    ] {
        assert!(page.contains(said), "{said}\n{page}");
    }
    assert!(!html.contains("<svg"));
}

#[test]
fn a_zone_around_a_person_is_explained_by_distances_alone() {
    let mut world = World::of(companioned(), near_case());
    for s in (0..900).step_by(15) {
        world.wearer_at(s, east(1_300.0 - 1.4 * f64::from(i32::try_from(s).unwrap())));
        world.person_at(s + 7, east(0.0));
    }
    let (page, html) = page("around", &explained(&world.store, zone_incident(&world)));
    for said in ["zone ELM", "goes with a protected person", "both", "Approach → Violation", "still lasts"]
    {
        assert!(page.contains(said), "{said}\n{page}");
    }
    assert!(html.contains("class=\"border\"") && !html.contains("class=\"zone\""), "a chart and no map");
}

#[test]
fn a_stay_that_late_positions_bring_to_light_is_told_with_its_rule() {
    let mut world = story_world();
    for s in (0..=300).step_by(60) {
        world.wearer_at(s, east(2_000.0));
    }
    // The newest first, then what the tag had kept.
    world.wearer_at(1_400, east(2_500.0));
    world.wearer_at(1_500, east(2_500.0));
    let kept = world.ping(TAG, 1_505, &[400, 430, 460].map(|s| (s, east(30.0), 5.0)));
    world.message(TAG, 1_505, kept);
    let (page, _) = page("late", &explained(&world.store, zone_incident(&world)));
    for said in [
        "At 12:25:05, 18 min later. The positions came late",
        "Clear as of the newest position",
        "Found late: Violation, true since 12:06:40 (row ",
        "One good position: ",
        "It was over already when it was found.",
        "18 min (late)",
    ] {
        assert!(page.contains(said), "{said}\n{page}");
    }
}

#[test]
fn thousands_of_positions_are_listed_in_part_and_the_page_says_so() {
    let (person, case) = (person(), case());
    let mut world = World::of(person, case);
    let middle = LatLon::new(53.48, -2.24).unwrap();
    for s in (0..9_000).step_by(5) {
        world.sends(TAG, s, s, middle, 8.0);
    }
    let (page, html) = page("long", &explained(&world.store, zone_incident(&world)));
    assert!(page.contains("60 of 1800 positions are listed"), "{page}");
    assert!(html.len() < 200_000, "{} bytes", html.len());
}

#[test]
fn what_there_is_not_is_said() {
    let world = story();
    let error = run(explain(&world.store, IncidentId(99), false)).err().unwrap();
    let last = world.incidents.keys().next_back().unwrap();
    assert_eq!(error.to_string(), format!("there is no incident 99; the last one is {last}"));
    let nothing = run(explain(&MemoryStore::new(), IncidentId(1), false)).err().unwrap();
    assert_eq!(nothing.to_string(), "there is no incident 1; there has been none yet");
}

/// The same store with rows that somebody has changed.
fn edited(world: &World, edit: impl FnMut(&mut JournalRow)) -> MemoryStore {
    let mut rows = world.rows();
    rows.iter_mut().for_each(edit);
    let copy = MemoryStore::new();
    let (incidents, alerts) = (world.incidents.values().cloned(), world.alerts.values().cloned());
    let batch = Batch { rows, incidents: incidents.collect(), alerts: alerts.collect(), ..Batch::default() };
    run(copy.commit(&batch)).unwrap();
    copy
}

fn blank(row: &mut JournalRow) {
    row.payload.clear();
    row.decision.clear();
    row.salt.clear();
}

#[test]
fn an_edited_row_is_named_with_what_was_recorded_and_what_is_decided() {
    let world = story();
    let id = zone_incident(&world);
    let proof = world.rows().into_iter().find(|row| row.decision.contains("Approach -> Violation")).unwrap();
    let store = edited(&world, |row| {
        if row.no == proof.no {
            row.decision = row.decision.replace("Violation", "Watch");
        }
    });
    let explained = explained(&store, id);
    let findings = explained.findings();
    let otherwise = findings.otherwise.as_ref().unwrap();
    assert_eq!((otherwise.no, findings.broken), (proof.no, 1));
    assert!(otherwise.recorded.contains("-> Watch") && otherwise.decided.contains("-> Violation"));
    let (page, _) = page("edited", &explained);
    for said in [
        "Read this first".into(),
        format!("decided otherwise now than was recorded: {}.", proof.no),
        format!("row {}: its content is not what was digested (ping)", proof.no),
        format!("In row {} was recorded: ", proof.no),
        "Does not verify: broken at 1 row of ".into(),
    ] {
        assert!(page.contains(&said), "{said}\n{page}");
    }

    let answered = world.rows().into_iter().find(|row| row.decision.contains("Elm Street")).unwrap();
    let store = edited(&world, |row| {
        if row.no == answered.no {
            row.decision = row.decision.replace("12 Elm", "13 Elm");
        }
    });
    let explained = run(explain(&store, id, false)).unwrap();
    let otherwise = format!("{:?}", explained.findings().otherwise);
    assert!(otherwise.contains("not shown") && !otherwise.contains("Elm"), "{otherwise}");
    assert!(!explained.html().unwrap().contains("Elm Street"));
}

#[test]
fn content_that_is_gone_and_another_version_are_said() {
    let world = story();
    let id = zone_incident(&world);
    let gone = world.rows().into_iter().rfind(|row| row.kind == "ping").unwrap();
    let store = edited(&world, |row| {
        if row.no == gone.no {
            blank(row);
        }
    });
    let (page_of_gone, _) = page("gone", &explained(&store, id));
    assert!(page_of_gone.contains("The content of 1 row of the journal is gone."), "{page_of_gone}");
    assert!(page_of_gone.contains("Verifies from row 1 to row "), "{page_of_gone}");

    let store = edited(&world, |row| row.engine = ENGINE_VERSION - 1);
    let (page, _) = page("version", &explained(&store, id));
    let said = format!(
        "another version of the engine ({}) and cannot be compared by this one ({ENGINE_VERSION})",
        ENGINE_VERSION - 1
    );
    assert!(page.contains(&said), "{said}\n{page}");

    let store = edited(&world, |row| {
        if row.kind == "ping" {
            blank(row);
        }
    });
    let error = run(explain(&store, id, false)).err().unwrap();
    assert!(matches!(error, ExplainError::NotLedTo { .. }), "{error}");
}

/// A record that somebody has turned into another wearer's is explained as the journal has it, and said to differ.
#[test]
fn the_journal_is_believed_and_not_the_record() {
    let world = story();
    let id = zone_incident(&world);
    let mut forged: Value = serde_json::to_value(&world.incidents[&id]).unwrap();
    forged["subject"] = json!({"wearer": "w-9"});
    let store = edited(&world, |_| {});
    let incidents = vec![serde_json::from_value(forged).unwrap()];
    run(store.commit(&Batch { incidents, ..Batch::default() })).unwrap();
    let (page, _) = page("forged", &explained(&store, id));
    assert!(page.contains("wearer w-1 was inside") && !page.contains("w-9"), "{page}");
    assert!(page.contains(&format!("incident {id}: not what the journal leads to")), "{page}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    /// What is shown of a position is what the judge went by, whatever the tag's clock says.
    #[test]
    fn what_is_shown_is_what_the_judge_saw(
        clock_off_s in prop_oneof![Just(0_i64), Just(7_200), Just(-7_200)],
        pings in prop::collection::vec((5_i64..60, -900.0..900.0_f64, 3.0..40.0_f64), 1..40),
    ) {
        let (mut ward, mut s) = (Ward::new(), 0);
        let (wearer, zone) = ("w-1".parse().unwrap(), "z-1".parse().unwrap());
        for (gap_s, east_m, accuracy_m) in pings {
            s += gap_s;
            ward.line.pass_to(second(s));
            let before = ward.line.engine.clone();
            let ping = ward.ping(s + clock_off_s, vec![fix(s + clock_off_s, east_m, accuracy_m)]);
            let shown = before.fixes_of(&wearer, second(s), &tag(), SOURCE, &ping);
            let decision = ward.line.ping(second(s), &tag(), ping);
            let after = &ward.line.engine;
            let newest = after.seen_at(&wearer).unwrap();
            let [shown] = shown.as_slice() else { panic!("one fix: {shown:?}") };
            prop_assert!(shown.at == newest || Some(newest) == before.seen_at(&wearer));
            let sight = before.sight(&zone, shown).unwrap();
            for change in decision.changes {
                match change.reason {
                    Reason::TrustedFix { p, border_m, sigma_m } => {
                        let numbers = (sight.p_inside, sight.border_m, sight.sigma_m);
                        prop_assert_eq!((p, border_m, sigma_m), numbers);
                        prop_assert_eq!(change.true_time, shown.at);
                    }
                    Reason::Agreeing { p, border_m, .. } => {
                        prop_assert_eq!((p, border_m), (sight.p_inside, sight.border_m));
                    }
                    Reason::NearZone { border_m, .. } => prop_assert_eq!(border_m, sight.border_m),
                    Reason::TwoFixesOutside { p, .. } => prop_assert_eq!(p, sight.p_inside),
                    _ => {}
                }
                prop_assert_eq!(change.to, after.stage(&wearer, &zone));
            }
        }
    }
}

/// Text between marks, with single spaces.
fn words_of(html: &str) -> String {
    let body = html.split_once("</style>").unwrap().1;
    let text: String = body
        .split('<')
        .map(|part| part.split_once('>').map_or(part, |(_, text)| text))
        .collect::<Vec<_>>()
        .join(" ");
    let text = text.replace("&#39;", "'").replace("&#34;", "\"").replace("&#62;", ">").replace("&#38;", "&");
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    text.replace(" .", ".").replace(" ,", ",")
}

/// Every mark is closed in its place. The style is passed over.
fn well_formed(html: &str) {
    let (head, rest) = html.split_once("<style>").unwrap();
    let (_, rest) = rest.split_once("</style>").unwrap();
    let mut open: Vec<&str> = Vec::new();
    for part in head.split('<').chain(rest.split('<').skip(1)).skip(1) {
        let (mark, text) = part.split_once('>').unwrap_or_else(|| panic!("no end: {part}"));
        assert!(!text.contains('>'), "a stray mark: {part}");
        assert_eq!(mark.matches('"').count() % 2, 0, "{mark}");
        let name = mark.split([' ', '/']).find(|word| !word.is_empty()).unwrap();
        if mark.starts_with('/') {
            assert_eq!(open.pop(), Some(name), "{mark}");
        } else if !(mark.ends_with('/') || ["!doctype", "meta", "br"].contains(&name)) {
            open.push(name);
        }
    }
    assert_eq!(open, Vec::<&str>::new());
}
