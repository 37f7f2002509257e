//! Zones around a protected person: their stages, what ends them, and that nothing says where the person is.

use cordon::{
    domain::{Handling, Happening, IncidentKind, Priority, Reason, Stage, Subject},
    engine::Companionship,
    geometry::{LatLon, offset},
};
use proptest::prelude::*;
use serde_json::json;

use crate::{
    accompanied::{COMPANION, TAG, World, ZONE, acknowledged, companioned, east, near_case},
    ward::{book, second, wearer},
};

/// Both devices report every 15 s, seven seconds apart.
fn go(
    world: &mut World,
    seconds: std::ops::Range<i64>,
    person: impl Fn(i64) -> LatLon,
    wearer: impl Fn(i64) -> LatLon,
) {
    for s in seconds.step_by(15) {
        world.wearer_at(s, wearer(s));
        world.person_at(s + 7, person(s + 7));
    }
}

/// East of the person at a pace, from so far.
fn coming(from_m: f64, mps: f64) -> impl Fn(i64) -> LatLon {
    move |s| east(from_m - mps * f64::from(i32::try_from(s).unwrap()))
}

/// A hundred metres from the person, with other digits.
fn beside() -> LatLon {
    offset(east(0.0), 45.0, 100.0)
}

#[test]
fn a_wearer_who_walks_up_is_first_near_and_then_too_near() {
    let mut world = World::new();
    let mut stages = Vec::new();
    for s in (0..900).step_by(15) {
        world.wearer_at(s, coming(1_300.0, 1.4)(s));
        world.person_at(s + 7, east(0.0));
        stages.push(world.stage());
    }
    stages.dedup();
    let order = [Stage::Clear, Stage::Watch, Stage::Approach, Stage::Violation];
    assert_eq!(stages, order);
    let incident = world.incident().unwrap();
    assert_eq!((incident.kind, incident.ongoing, incident.late), (IncidentKind::Violation, true, false));
    // At 200 m after 786 s.
    let from_s = incident.episodes[0].from.ms_since(second(0)) / 1_000;
    assert!((780..820).contains(&from_s), "{from_s}");
    assert!(world.person_told().first().is_some_and(|s| (780..820).contains(s)), "{:?}", world.person_told());
    assert_eq!(world.replayed().differences, Vec::<String>::new());
}

#[test]
fn a_person_who_walks_towards_a_wearer_is_warned() {
    let mut world = World::new();
    go(&mut world, 0..900, coming(1_300.0, 1.4), |_| east(0.0));
    let incident = world.incident().unwrap();
    assert_eq!(incident.kind, IncidentKind::Violation);
    let from_s = incident.episodes[0].from.ms_since(second(0)) / 1_000;
    assert!((780..820).contains(&from_s), "{from_s}");
}

#[test]
fn who_passes_at_a_distance_and_who_leaves() {
    let mut world = World::new();
    let north = |s| offset(east(0.0), 0.0, f64::from(i32::try_from(s).unwrap()) * 5.0 - 1_000.0);
    go(&mut world, 0..400, |_| east(560.0), north);
    assert!(world.incidents.is_empty(), "{:?}", world.kinds());
    // Up to them, and away again.
    go(&mut world, 400..600, |_| east(560.0), |_| east(500.0));
    assert_eq!(world.stage(), Stage::Violation);
    go(&mut world, 600..900, |_| east(560.0), |_| east(2_500.0));
    let incident = world.incident().unwrap();
    assert_eq!(
        (world.stage(), incident.kind, incident.ongoing),
        (Stage::Clear, IncidentKind::Violation, false)
    );
    assert!(incident.is_open(), "a person must still close it");
}

#[test]
fn a_wearer_who_goes_dark_near_a_person_is_blind() {
    let mut world = World::new();
    go(&mut world, 0..300, |_| east(0.0), |_| east(400.0));
    assert_eq!(world.stage(), Stage::Approach);
    for s in (300..600).step_by(15) {
        world.person_at(s, east(0.0));
    }
    assert!(world.kinds().contains(&IncidentKind::Blind), "{:?}", world.kinds());
    assert!(!world.kinds().contains(&IncidentKind::LostContact), "{:?}", world.kinds());
}

#[test]
fn a_companion_that_is_not_heard_ends_the_stage_and_raises_it_again_when_it_is() {
    let mut world = World::new();
    go(&mut world, 0..120, |_| east(0.0), |_| east(100.0));
    assert_eq!(world.stage(), Stage::Violation);
    let told = world.person_told().len();
    for s in (120..400).step_by(15) {
        world.wearer_at(s, east(100.0));
    }
    // Last heard at 112 s.
    let Companionship::Stale { heard_at, fix_at } = world.companionship() else { panic!("it is stale") };
    assert_eq!((heard_at, fix_at), (heard_at.max(second(112)), Some(second(112))));
    let incident = world.incident().unwrap();
    assert_eq!((world.stage(), incident.ongoing, incident.is_open()), (Stage::Clear, false, true));
    let over = incident.timeline.iter().find_map(|entry| match &entry.what {
        Happening::Over { reason } => Some((entry.at.ms_since(second(0)) / 1_000, reason.clone())),
        _ => None,
    });
    assert_eq!(over, Some((292, Reason::CompanionStale { for_s: 180.0 })));
    world.pass_to(500);
    let told_again = world.person_told().len();
    world.person_at(500, east(0.0));
    world.wearer_at(502, east(100.0));
    let incident = world.incident().unwrap();
    assert_eq!((world.stage(), incident.ongoing), (Stage::Violation, true));
    assert_eq!(incident.handling, Handling::Raised);
    assert_eq!(incident.episodes.len(), 2);
    assert!(told > 0 && world.person_told().len() > told_again, "{:?}", world.person_told());
    assert_eq!(world.replayed().differences, Vec::<String>::new());
}

#[test]
fn a_companion_that_says_nothing_of_where_it_is_does_not_keep_the_zone_on() {
    let mut world = World::new();
    go(&mut world, 0..60, |_| east(0.0), |_| east(100.0));
    for s in (60..400).step_by(15) {
        let nowhere = world.ping(COMPANION, s, &[]);
        world.message(COMPANION, s, nowhere);
    }
    assert_eq!(world.stage(), Stage::Clear);
    let known = world.companionship();
    let Companionship::Stale { heard_at, fix_at } = known else { panic!("{known:?}") };
    assert_eq!((heard_at.ms_since(second(0)) / 1_000, fix_at), (390, Some(second(52))));
}

#[test]
fn her_companion_s_button_is_danger_wherever_the_wearer_is_and_stays_so_over_a_restart() {
    let mut world = World::new();
    let pressed = world.call(5, true);
    world.message(COMPANION, 5, pressed.clone());
    assert_eq!(world.kinds(), [IncidentKind::CallForHelp]);
    let incident = world.incidents.values().next().unwrap().clone();
    assert_eq!(
        (incident.priority, incident.subject),
        (Priority::P1, Subject::Person("p-1".parse().unwrap()))
    );
    let told = world.alerts.len();
    world.message(COMPANION, 6, pressed);
    assert_eq!(world.alerts.len(), told, "the same ping again");
    world.restart();
    let released = world.call(8, false);
    world.message(COMPANION, 8, released);
    assert_eq!(world.alerts.len(), told);
    let again = world.call(9, true);
    world.message(COMPANION, 9, again);
    assert!(world.alerts.len() > told, "whoever calls again has not been helped");
    assert_eq!(world.kinds(), [IncidentKind::CallForHelp]);
}

#[test]
fn no_companion_or_one_that_is_never_heard_is_shown() {
    let mut world = World::of(crate::ward::person(), near_case());
    assert_eq!(world.companionship(), Companionship::Missing);
    world.publish(companioned());
    assert_eq!(world.companionship(), Companionship::NeverHeard);
    go(&mut world, 0..60, |_| east(5_000.0), |_| east(0.0));
    assert!(matches!(world.companionship(), Companionship::Fresh { .. }));
    // Another device is another Companion.
    let mut person = companioned();
    person["person"]["companion"] = json!([{"id": "sim/c2", "from": "2026-01-01T00:00:00Z"}]);
    world.publish(person);
    assert_eq!(world.companionship(), Companionship::NeverHeard);
}

#[test]
fn who_withdraws_is_forgotten_at_once_and_never_kept_again() {
    let mut world = World::new();
    go(&mut world, 0..60, |_| east(0.0), |_| beside());
    assert_eq!((world.stage(), world.sequencer.forgets_at().is_some()), (Stage::Violation, true));
    world.publish(crate::ward::person());
    assert_eq!((world.stage(), world.companionship()), (Stage::Clear, Companionship::Missing));
    assert_eq!(world.sequencer.forgets_at(), None, "no fix is kept");
    // Its device is in no book any more, and what it goes on to send is nobody's business.
    let answers = world.person_at(70, east(0.0));
    assert_eq!(acknowledged(&answers, COMPANION), Some(5));
    assert_eq!(world.kinds_written("outside_basis"), 1);
    assert_eq!(world.sequencer.forgets_at(), None);
    unwritten(&world, &[east(0.0)]);
}

#[test]
fn nobody_who_need_not_be_kept_safe_is_judged_or_stored() {
    let (mut over, mut drawn, mut later) = (near_case(), near_case(), companioned());
    over["case"]["basis"]["until"] = json!("2026-02-01T00:00:00Z");
    drawn["case"]["proximity_zone"] = json!([]);
    later["person"]["companion"][0]["from"] = json!("2026-06-01T00:00:00Z");
    for (person, case) in [(companioned(), over), (companioned(), drawn), (later, near_case())] {
        let mut world = World::of(person, case);
        go(&mut world, 0..120, |_| east(0.0), |_| beside());
        assert_eq!(world.kinds_written("companion"), 0);
        assert_eq!(world.kinds_written("met"), 0);
        assert!(world.incident().is_none() && world.sequencer.forgets_at().is_none());
        unwritten(&world, &[east(0.0)]);
    }
}

#[test]
fn a_schedule_that_begins_and_a_zone_that_is_published_find_who_is_already_near() {
    let mut case = near_case();
    // From a minute and a half after noon on.
    case["case"]["proximity_zone"][0]["schedule"] =
        json!({"time_zone": "Europe/London", "spans": [{"days": "sat", "from": "12:02", "until": "18:00"}]});
    let mut world = World::of(companioned(), case);
    go(&mut world, 0..105, |_| east(0.0), |_| east(60.0));
    assert_eq!((world.stage(), world.kinds_written("met")), (Stage::Clear, 0), "not in its hours");
    world.pass_to(121);
    let incident = world.incident().unwrap();
    let late_ms = incident.episodes[0].from.ms_since(second(120));
    assert_eq!((incident.kind, late_ms), (IncidentKind::Violation, 0));
    assert_eq!(world.kinds_written("met"), 1);
    // A second zone around the same person, drawn when the wearer is already in it.
    let mut wider = near_case();
    let zones = &mut wider["case"]["proximity_zone"];
    zones[0]["radius_m"] = json!(50.0);
    zones
        .as_array_mut()
        .unwrap()
        .push(json!({"id": "q-2", "code": "YEW", "person": "p-1", "radius_m": 900.0}));
    world.publish(wider);
    let codes: Vec<String> = world.alerts.values().map(|alert| alert.summary.clone()).collect();
    assert!(codes.iter().any(|summary| summary == "violation at YEW"), "{codes:?}");
    assert_eq!(world.replayed().differences, Vec::<String>::new());
}

#[test]
fn hours_that_end_end_the_stage() {
    let mut case = near_case();
    case["case"]["proximity_zone"][0]["schedule"] =
        json!({"time_zone": "Europe/London", "spans": [{"days": "sat", "from": "09:00", "until": "12:05"}]});
    let mut world = World::of(companioned(), case);
    go(&mut world, 0..330, |_| east(0.0), |_| east(60.0));
    let incident = world.incident().unwrap();
    assert_eq!((world.stage(), incident.ongoing, incident.is_open()), (Stage::Clear, false, true));
}

#[test]
fn what_comes_late_or_twice_changes_nothing_and_is_acknowledged() {
    let mut world = World::new();
    go(&mut world, 0..60, |_| east(3_000.0), |_| east(0.0));
    let late = world.ping(COMPANION, 61, &[(30, east(0.0), 5.0)]);
    let present = world.ping(COMPANION, 65, &[(65, east(3_000.0), 5.0)]);
    world.message(COMPANION, 65, present.clone());
    let rows = world.kinds_written("companion");
    // An old fix of a ping that was overtaken, and the same ping again and again.
    for s in [70, 80, 90] {
        let answers = world.message(COMPANION, s, late.clone());
        assert_eq!(acknowledged(&answers, COMPANION), Some(6));
        assert_eq!(acknowledged(&world.message(COMPANION, s, present.clone()), COMPANION), Some(6));
    }
    assert_eq!(world.kinds_written("companion"), rows + 6);
    world.wearer_at(95, east(10.0));
    assert!(world.incident().is_none());
    let known = world.companionship();
    assert!(matches!(known, Companionship::Fresh { until, .. } if until == second(65 + 180)), "{known:?}");
}

#[test]
fn a_restart_forgets_where_the_person_is_and_nothing_else() {
    let mut world = World::new();
    go(&mut world, 0..120, |_| east(0.0), |_| east(100.0));
    world.restart();
    assert_eq!((world.stage(), world.sequencer.forgets_at()), (Stage::Violation, None));
    // The wearer's fixes are compared with nothing until the Companion is heard.
    world.wearer_at(135, east(2_000.0));
    assert_eq!(world.kinds_written("met"), 7);
    go(&mut world, 150..400, |_| east(0.0), |_| east(2_000.0));
    assert!(!world.incident().unwrap().ongoing);
    // And never heard again after a restart, it is stale as ever.
    go(&mut world, 400..500, |_| east(0.0), |_| east(100.0));
    world.restart();
    world.pass_to(900);
    assert_eq!((world.stage(), world.incident().unwrap().ongoing), (Stage::Clear, false));
    assert_eq!(world.replayed().differences, Vec::<String>::new());
}

#[test]
fn fixes_are_forgotten_although_nothing_comes() {
    let mut world = World::new();
    world.person_at(0, east(0.0));
    let mut forgets_at = world.sequencer.forgets_at();
    let mut last_s = 0;
    while let Some(at) = forgets_at {
        last_s = at.ms_since(second(0)) / 1_000;
        world.pass_to(last_s);
        world.step_idle();
        forgets_at = world.sequencer.forgets_at();
    }
    assert!((400..600).contains(&last_s), "{last_s}");
}

#[test]
fn a_companion_s_jump_is_not_believed() {
    let mut world = World::new();
    go(&mut world, 0..120, |_| east(6_000.0), |_| east(0.0));
    world.person_at(121, east(50.0));
    world.wearer_at(122, east(0.0));
    assert!(!world.kinds().contains(&IncidentKind::Violation));
    go(&mut world, 130..180, |_| east(50.0), |_| east(0.0));
    assert_eq!(world.stage(), Stage::Violation, "until it says so again");
}

#[test]
fn a_fix_on_the_way_is_not_passed_over_because_a_newer_one_is_in_the_same_ping() {
    let mut world = World::new();
    go(&mut world, 0..60, |_| east(0.0), |_| east(1_000.0));
    let fixes: Vec<_> = [(75, 400.0), (90, 60.0), (105, 60.0), (120, 1_000.0)]
        .map(|(s, metres)| (s, east(metres), 5.0))
        .into_iter()
        .collect();
    for s in [67, 82, 97, 112] {
        world.person_at(s, east(0.0));
    }
    let ping = world.ping(TAG, 121, &fixes);
    world.message(TAG, 121, ping);
    let incident = world.incident().unwrap();
    // The Companion's fix that is nearest to it was taken at 97 s.
    assert_eq!((incident.kind, incident.episodes[0].from), (IncidentKind::Violation, second(97)));
}

/// No stored row, incident or alert has the digits of these positions, to about a metre.
fn unwritten(world: &World, places: &[LatLon]) {
    let written = world.written();
    for place in places {
        for degrees in [place.lat_deg(), place.lon_deg()] {
            let digits = format!("{degrees:.5}");
            assert!(!written.contains(&digits[..digits.len() - 1]), "{digits} is written down");
        }
    }
}

#[test]
fn nothing_that_is_written_down_or_logged_says_where_the_person_is() {
    let (log, guard) = logged();
    let mut world = World::new();
    // The wearer comes from the north-east, so that no digits are shared.
    let person = |s: i64| offset(east(0.0), 200.0, f64::from(i32::try_from(s).unwrap()) * 0.05);
    let wearer = |s: i64| offset(east(0.0), 45.0, 1_000.0 - 1.1 * f64::from(i32::try_from(s).unwrap()));
    go(&mut world, 0..870, person, wearer);
    assert_eq!(world.incident().unwrap().kind, IncidentKind::Violation);
    // Bytes that cannot be read hold a position all the same.
    let place = person(900);
    let broken = world.ping(COMPANION, 900, &[(900, place, 5.0)]);
    let answers = world.message(COMPANION, 900, broken[..broken.len() - 1].to_vec());
    assert!(answers[0].replies.iter().any(|reply| reply.topic == tag_wire::TopicKind::Reject));
    assert_eq!(world.kinds_written("unreadable"), 1);
    let tags_broken = world.ping(TAG, 901, &[(901, wearer(901), 5.0)]);
    world.message(TAG, 901, tags_broken[..tags_broken.len() - 1].to_vec());
    let places: Vec<LatLon> = (0..870).step_by(15).map(|s| person(s + 7)).chain([place]).collect();
    unwritten(&world, &places);
    assert!(world.written().contains(&format!("{:.4}", wearer(901).lat_deg())), "a tag's bytes are kept");
    drop(guard);
    let log = log.text();
    for place in places {
        for degrees in [place.lat_deg(), place.lon_deg()] {
            assert!(!log.contains(&format!("{degrees:.4}")), "{log}");
        }
    }
    assert_eq!(world.replayed().differences, Vec::<String>::new());
}

#[test]
fn a_book_that_contradicts_itself_is_refused() {
    let (mut stranger, mut twice, mut taken) = (near_case(), near_case(), near_case());
    stranger["case"]["proximity_zone"][0]["person"] = json!("p-9");
    let zone = twice["case"]["proximity_zone"][0].clone();
    twice["case"]["proximity_zone"].as_array_mut().unwrap().push(zone);
    taken["case"]["id"] = json!("c-2");
    let mut worn = companioned();
    worn["person"]["companion"][0]["id"] = json!(TAG);
    let mut backwards = companioned();
    backwards["person"]["companion"][0]["until"] = json!("2025-01-01T00:00:00Z");
    let mut two = companioned();
    two["person"]["companion"]
        .as_array_mut()
        .unwrap()
        .push(json!({"id": "sim/c2", "from": "2026-02-01T00:00:00Z"}));
    let mut theirs = companioned();
    theirs["person"]["id"] = json!("p-2");
    let world = World::new();
    let rulebook = world.sequencer.engine().rulebook();
    for (value, words) in [
        (stranger, "does not protect 'p-9'"),
        (twice, "another zone of that id"),
        (taken, "another case or unit has a zone of that id"),
        (worn, "a wearer's tag; take another device"),
        (backwards, "ends before it begins"),
        (two, "another goes on"),
        (theirs, "another person's during that time"),
        (wearer("w-2", COMPANION), "is or was a protected person's companion"),
    ] {
        let problems = rulebook.check(&book(value));
        assert!(problems.len() == 1 && problems[0].contains(words), "{words}: {problems:?}");
    }
    let mut small = near_case();
    small["case"]["proximity_zone"][0]["radius_m"] = json!(49.0);
    let error = serde_json::from_value::<cordon::domain::Book>(small).unwrap_err();
    assert!(error.to_string().contains("50 to 5000 m"), "{error}");
    assert!(rulebook.check(&book(near_case())).is_empty());
    assert_eq!(rulebook.zone_code(&ZONE.parse().unwrap()), Some("ELM"));
}

/// An error of a receiver with this scale, in each direction.
fn error(scale_m: f64) -> impl Strategy<Value = (f64, f64)> {
    // Sum of uniform numbers: as good as normal.
    let one =
        || prop::collection::vec(-1.0..1.0_f64, 12).prop_map(move |u| u.iter().sum::<f64>() / 2.0 * scale_m);
    (one(), one())
}

fn astray(place: LatLon, (east_m, north_m): (f64, f64)) -> LatLon {
    offset(offset(place, 90.0, east_m), 0.0, north_m)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn poor_fixes_at_twice_the_radius_raise_no_violation(
        errors in prop::collection::vec((error(30.0), error(30.0)), 60),
    ) {
        let mut world = World::new();
        for (i, (of_wearer, of_person)) in errors.into_iter().enumerate() {
            let s = i64::try_from(i).unwrap() * 15;
            world.sends(TAG, s, s, astray(east(400.0), of_wearer), 20.0);
            world.sends(COMPANION, s + 7, s + 7, astray(east(0.0), of_person), 20.0);
        }
        prop_assert!(!world.kinds().contains(&IncidentKind::Violation));
    }

    #[test]
    fn pings_that_come_again_wherever_change_nothing(
        again in prop::collection::vec((0..80_usize, 0..80_usize), 0..40),
        disordered in any::<bool>(),
    ) {
        // Both walk up to each other; the Companion falls silent for a while and comes back.
        let mut script = World::new();
        let mut pings: Vec<(i64, &str, Vec<u8>)> = Vec::new();
        for s in (0..1_200).step_by(30) {
            let metres = 900.0 - f64::from(i32::try_from(s).unwrap());
            let wearer = script.ping(TAG, s, &[(s, east(metres), 5.0)]);
            pings.push((s, TAG, wearer));
            if !(400..800).contains(&s) {
                let person = script.ping(COMPANION, s + 7, &[(s + 7, east(0.0), 5.0)]);
                pings.push((s + 7, COMPANION, person));
            }
        }
        let mut once = World::new();
        for (s, tag, payload) in &pings {
            once.message(tag, *s, payload.clone());
        }
        let mut twice = World::new();
        for (i, (s, tag, payload)) in pings.iter().enumerate() {
            twice.message(tag, *s, payload.clone());
            for (first, _) in again.iter().filter(|(first, at)| *at == i && *first <= i) {
                let (_, tag, payload) = &pings[*first];
                twice.message(tag, *s, payload.clone());
            }
            if disordered && i > 2 {
                let (_, tag, payload) = &pings[i - 2];
                twice.message(tag, *s, payload.clone());
            }
        }
        let seen = |world: &World| {
            let incidents = world.incidents.values();
            let of = incidents.map(|one| (one.kind, one.ongoing, one.episodes.clone())).collect::<Vec<_>>();
            (of, world.stage(), world.companionship_until())
        };
        prop_assert_eq!(seen(&once), seen(&twice));
        prop_assert!(once.kinds().contains(&IncidentKind::Violation));
        prop_assert_eq!(twice.replayed().differences, Vec::<String>::new());
    }
}

/// What is logged while the guard lives.
fn logged() -> (Log, tracing::subscriber::DefaultGuard) {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(move || writer.clone())
        .finish();
    (log, tracing::subscriber::set_default(subscriber))
}

#[derive(Clone, Default)]
struct Log(std::sync::Arc<std::sync::Mutex<Vec<u8>>>);

impl Log {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap()).into_owned()
    }
}

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
