//! The engine forgets somebody: not while they are needed, then whole, and nobody else is judged otherwise for it.

use cordon::{
    domain::{DataSubject, IncidentKind, Outcome},
    engine::{Action, Engine, Told},
    sequencer::erased_of,
};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::{
    accompanied::{COMPANION, TAG, World, companioned, east, near_case},
    ward::{book, case, person, second, wearer},
};

/// What the first couple's case ends with, seconds after noon, and their devices are handed back.
const ENDS_S: i64 = 7_200;
const BACK_S: i64 = 7_500;
/// When somebody of them is erased.
pub(crate) const ERASED_S: i64 = 16_000;

const OTHER_TAG: &str = "sim/t2";
const OTHER_COMPANION: &str = "sim/c2";

pub(crate) fn subject(text: &str) -> DataSubject {
    text.parse().unwrap()
}

/// With an end.
fn ended(mut case: Value) -> Value {
    case["case"]["basis"]["until"] = json!(second(ENDS_S).to_string());
    case
}

fn handed_back(mut record: Value, kind: &str, devices: &str) -> Value {
    record[kind][devices][0]["until"] = json!(second(BACK_S).to_string());
    record
}

/// Two couples; the wearer of the second also had to keep away from the person of the first, until the same time. What
/// is about the first couple ends.
pub(crate) fn world() -> World {
    let mut first = ended(near_case());
    first["case"]["zone"] = case()["case"]["zone"].clone();
    let mut world = World::of(handed_back(companioned(), "person", "companion"), first);
    let mut other = companioned();
    other["person"]["id"] = json!("p-2");
    other["person"]["contact"][0]["address"] = json!("+447700900012");
    other["person"]["companion"][0]["id"] = json!(OTHER_COMPANION);
    let couple = |id: &str, person: &str, zone: &str, code: &str| {
        let mut case = near_case();
        case["case"]["id"] = json!(id);
        case["case"]["wearer"] = json!("w-2");
        case["case"]["persons"] = json!([person]);
        let around = &mut case["case"]["proximity_zone"][0];
        (around["id"], around["person"], around["code"]) = (json!(zone), json!(person), json!(code));
        case
    };
    let across = ended(couple("c-3", "p-1", "q-3", "ASH"));
    for record in [
        handed_back(wearer("w-1", TAG), "wearer", "tag"),
        wearer("w-2", OTHER_TAG),
        other,
        couple("c-2", "p-2", "q-2", "OAK"),
        across,
    ] {
        world.publish(record);
    }
    world
}

/// The first wearer walks up to the first person and away again.
pub(crate) fn violation(world: &mut World) {
    for s in (0..1_500).step_by(15) {
        let metres = (s as f64 - 750.0).abs() * 1.4;
        world.wearer_at(s, east(metres));
        world.person_at(s + 7, east(0.0));
        world.sends(OTHER_TAG, s + 8, s + 8, east(2_500.0), 5.0);
        world.sends(OTHER_COMPANION, s + 9, s + 9, east(4_500.0), 5.0);
    }
    assert!(world.kinds().contains(&IncidentKind::Violation));
}

/// Everything that is open is closed, once nothing is in the way of that.
pub(crate) fn close_all(world: &mut World, s: i64) {
    world.pass_to(s);
    let open: Vec<_> = world.sequencer.engine().open_incidents().map(|incident| incident.id).collect();
    for incident in open {
        let (by, action) = ("desk".parse().unwrap(), Action::Close(Outcome::Confirmed));
        world.tell(s, Told::Handle { incident, by, action });
    }
}

/// Whether it was accepted.
pub(crate) fn erase(world: &mut World, s: i64, whom: &str) -> bool {
    world.tell(s, Told::Erase { subject: subject(whom) });
    let row = world.rows().pop().unwrap();
    assert_eq!((row.kind.as_str(), row.subject.as_str()), ("erase", whom));
    let erased = erased_of(&row);
    assert_eq!(row.decision.is_empty(), erased.is_none());
    assert!(erased.is_none_or(|erased| erased == subject(whom)));
    !row.decision.is_empty()
}

/// All that is remembered, as text.
fn remembered(engine: &Engine) -> String {
    engine.parts().map(|part| serde_json::to_string(&part).unwrap() + &part.subject()).collect()
}

fn names(text: &str, id: &str) -> bool {
    [format!("\"{id}\""), format!(":{id}")].iter().any(|name| text.contains(name.as_str()))
}

#[test]
fn nobody_is_erased_who_is_needed() {
    let mut world = world();
    let why = |world: &World, s: i64, whom: &str| {
        world.sequencer.engine().stands_in_the_way(second(s), &subject(whom)).join("; ")
    };
    assert_eq!(why(&world, 0, "wearer:w-9"), "there is no record of wearer:w-9");
    assert_eq!(why(&world, 0, "person:w-1"), "there is no record of person:w-1");
    assert_eq!(
        why(&world, 0, "wearer:w-1"),
        "case c-1 has not ended: end its basis first; tag sim/t1 is still assigned to them: write down when it was removed"
    );
    assert_eq!(
        why(&world, 0, "person:p-1"),
        "case c-1 has not ended: end its basis first; case c-3 has not ended: end its basis first; Companion sim/c1 is \
         still assigned to them: write down until when"
    );
    violation(&mut world);
    let before = world.sequencer.engine().clone();
    world.pass_to(BACK_S);
    for whom in ["wearer:w-1", "person:p-1"] {
        assert!(
            why(&world, BACK_S, whom).contains(" is open: close it first"),
            "{}",
            why(&world, BACK_S, whom)
        );
        assert!(!erase(&mut world, BACK_S, whom));
    }
    assert!(before.rulebook().knows(&subject("wearer:w-1")));
    let engine = world.sequencer.engine();
    assert!(engine.rulebook() == before.rulebook() && engine.open_incidents().count() > 0);
    close_all(&mut world, ERASED_S);
    assert_eq!(why(&world, ERASED_S, "wearer:w-1"), "");
    assert_eq!(why(&world, ERASED_S, "person:p-1"), "");
    assert_ne!(why(&world, ERASED_S, "wearer:w-2"), "");
    assert!(erase(&mut world, ERASED_S, "wearer:w-1"));
    assert!(!erase(&mut world, ERASED_S, "wearer:w-1"), "there is no record any more");
    world.restart();
    assert_eq!(world.replayed().differences, Vec::<String>::new());
}

#[test]
fn nothing_of_them_is_remembered() {
    let mut world = world();
    violation(&mut world);
    close_all(&mut world, ERASED_S);
    let before = remembered(world.sequencer.engine());
    assert!(["w-1", "p-1", "c-1", "c-3"].iter().all(|id| names(&before, id)));
    assert!(erase(&mut world, ERASED_S, "person:p-1"));
    let after = remembered(world.sequencer.engine());
    assert!(!names(&after, "p-1") && names(&after, "w-1"), "{after}");
    assert!(!["c-1", "c-3", "q-1", "q-3"].iter().any(|id| names(&after, id)), "their cases are gone");
    assert!(erase(&mut world, ERASED_S + 1, "wearer:w-1"));
    let after = remembered(world.sequencer.engine());
    assert!(!names(&after, "w-1"), "{after}");
    assert!(["w-2", "p-2", "c-2", "q-2", COMPANION, TAG].iter().all(|id| names(&after, id)), "{after}");
    world.restart();

    // The ids are free.
    world.publish(wearer("w-1", "sim/t9"));
    world.publish(person());
    let rulebook = world.sequencer.engine().rulebook();
    assert!(rulebook.knows(&subject("wearer:w-1")) && rulebook.knows(&subject("person:p-1")));
    assert_eq!(rulebook.revision(&book(person()).scope()), 1);
    world.restart();
}

#[test]
fn what_their_devices_still_send_is_not_kept() {
    let mut world = world();
    violation(&mut world);
    close_all(&mut world, ERASED_S);
    assert!(erase(&mut world, ERASED_S, "person:p-1") && erase(&mut world, ERASED_S, "wearer:w-1"));
    let written = world.rows().len();
    // What a tag had kept since it was worn, a Companion that is still switched on, and the tag in somebody's drawer.
    world.sends(TAG, ERASED_S + 60, 900, east(0.0), 5.0);
    world.sends(COMPANION, ERASED_S + 70, ERASED_S + 70, east(0.0), 5.0);
    world.sends(TAG, ERASED_S + 80, ERASED_S + 80, east(0.0), 5.0);
    let mut rows = world.rows().split_off(written);
    rows.retain(|row| row.kind != "deadline");
    let came: Vec<_> = rows.iter().map(|row| (row.kind.as_str(), row.subject.as_str())).collect();
    let (tag, companion) = (format!("tag:{TAG}"), format!("tag:{COMPANION}"));
    let expected = [("outside_basis", tag.as_str()), ("outside_basis", &companion), ("ping", &tag)];
    assert_eq!(came, expected);

    // Nobody else is taken for them.
    let knows = |world: &World, whom: &str| world.sequencer.engine().rulebook().knows(&subject(whom));
    let mut next = wearer("w-8", TAG);
    world.publish(next.clone());
    assert!(!knows(&world, "wearer:w-8"), "it would be theirs from before");
    next["wearer"]["tag"][0]["from"] = json!(second(BACK_S).to_string());
    world.publish(next);
    assert!(knows(&world, "wearer:w-8"));
    let mut carrier = companioned();
    carrier["person"]["id"] = json!("p-8");
    world.publish(wearer("w-7", COMPANION));
    world.publish(carrier);
    assert!(knows(&world, "person:p-8") && !knows(&world, "wearer:w-7"), "a Companion stays one");
    world.restart();
}

#[derive(Debug, Clone)]
struct Move {
    after_s: i64,
    device: usize,
    east_m: f64,
}

fn moves(count: std::ops::Range<usize>) -> impl Strategy<Value = Vec<Move>> {
    let east_m = prop_oneof![Just(0.0), Just(150.0), Just(400.0), -1_500.0..1_500.0_f64];
    let one = (5..90_i64, 0..4_usize, east_m);
    prop::collection::vec(one.prop_map(|(after_s, device, east_m)| Move { after_s, device, east_m }), count)
}

/// Devices move, the last two of them alone once the others are handed back. When the last of it was.
fn play(world: &mut World, from_s: i64, moves: &[Move], first: usize) -> i64 {
    let mut s = from_s;
    for Move { after_s, device, east_m } in moves {
        s += after_s;
        let device = first + device % (4 - first);
        world.sends([TAG, COMPANION, OTHER_TAG, OTHER_COMPANION][device], s, s, east(*east_m), 5.0);
    }
    s
}

/// What was decided of everybody else since then.
fn decided(world: &World, of: &str) -> Vec<(String, String, String)> {
    let theirs = [of, "case:c-1", "case:c-3"];
    let rows = world.rows().into_iter().filter(|row| row.at > second(ERASED_S + 1) && row.kind != "erase");
    let others = rows.filter(|row| !theirs.contains(&row.subject.as_str()));
    others.map(|row| (row.at.to_string(), row.subject, row.decision)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Whatever came before and comes after, and whoever is forgotten.
    #[test]
    fn others_are_judged_as_if_nobody_had_been_erased(
        before in moves(10..60), after in moves(10..60), person in any::<bool>(),
    ) {
        let whom = if person { "person:p-1" } else { "wearer:w-1" };
        let lived = |is_erased: bool| {
            let mut world = world();
            play(&mut world, 0, &before, 0);
            close_all(&mut world, ERASED_S);
            if is_erased {
                assert!(erase(&mut world, ERASED_S + 1, whom));
                let engine = world.sequencer.engine();
                assert!(Engine::recalled(engine.parts()).as_ref() == Some(engine), "the same from its parts");
                assert!(!names(&remembered(engine), &whom[7..]));
            }
            let end_s = play(&mut world, ERASED_S + 2, &after, 2);
            world.pass_to(end_s + 20_000);
            world
        };
        let (erased, twin) = (lived(true), lived(false));
        let (decided, as_decided) = (decided(&erased, whom), decided(&twin, whom));
        prop_assert!(decided.len() > 10);
        prop_assert_eq!(decided, as_decided);
        prop_assert_eq!(erased.replayed().differences, Vec::<String>::new());
        let told = |world: &World| {
            let later = world.alerts.values().filter(|alert| alert.raised_at > second(ERASED_S + 1));
            later.map(|alert| (alert.raised_at, alert.recipient.clone(), alert.id)).collect::<Vec<_>>()
        };
        prop_assert_eq!(told(&erased), told(&twin));
    }
}
