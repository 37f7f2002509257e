//! The script against the pure engine, in virtual time.

use std::collections::BTreeMap;

use firmware_sim::source::PingSource as _;

use super::*;
use crate::{
    domain::{Alert, AlertId, AlertState, Incident, IncidentId, Ping, Timestamp},
    engine::{DeliveryReport, Engine, Input, Told},
};

const START_MS: i64 = 1_767_225_600_000;
const SOURCE: &str = "demo";

/// What a run has left behind.
#[derive(Default)]
struct Run {
    engine: Engine,
    at_us: i64,
    incidents: BTreeMap<IncidentId, Incident>,
    alerts: BTreeMap<AlertId, Alert>,
    pings: usize,
}

impl Run {
    /// The town's script, its tags woken from `late_ms` after its start, until `for_ms` after it.
    fn of(town: &Town, late_ms: i64, for_ms: i64) -> (Self, Vec<Expected>) {
        let Script { mut tags, expected } = Script::new(town, START_MS).unwrap();
        let mut run = Self::default();
        run.begin(town);
        let mut now_ms = START_MS + late_ms;
        while now_ms <= START_MS + for_ms {
            run.deadlines(now_ms);
            for tag in &mut tags {
                run.wake(tag, now_ms);
            }
            let wakes = tags.iter().filter_map(|tag| tag.world.next_wake_ms());
            let deadline = run.engine.next_deadline().map(|at| at.plus_ms(1).as_ms());
            let next_ms = wakes.chain(deadline).min().unwrap();
            now_ms = next_ms.max(now_ms + 1);
        }
        (run, expected)
    }

    fn begin(&mut self, town: &Town) {
        let sources = vec![SOURCE.into()];
        self.told(START_MS - 2_000, Told::Started { sources });
        for book in town.books("http://127.0.0.1:8090") {
            self.told(START_MS - 2_000, Told::Publish(book));
        }
        let (name, up) = (SOURCE.into(), true);
        self.told(START_MS - 1_000, Told::Source { name, up });
    }

    fn deadlines(&mut self, now_ms: i64) {
        while let Some(key) = self.engine.due(Timestamp::from_ms(now_ms)) {
            self.told(now_ms, Told::Deadline(key));
        }
    }

    fn wake(&mut self, tag: &mut ScriptedTag, now_ms: i64) {
        let world = &mut tag.world;
        if world.next_wake_ms().is_none_or(|wake_ms| wake_ms > now_ms) {
            return;
        }
        world.wake(now_ms);
        while world.radio_on()
            && let Some(bytes) = world.kept().poll_publish(now_ms)
        {
            self.pings += 1;
            let ping = Ping::from(tag_wire::decode_ping(&bytes).unwrap());
            let (source, tag) = (SOURCE.into(), tag.tag.clone());
            let ack = self.input(now_ms, &Input::Ping { tag, source, ping });
            world.kept().on_ack(&ack.unwrap());
        }
    }

    fn told(&mut self, now_ms: i64, told: Told) {
        self.input(now_ms, &Input::Told(told));
    }

    /// Decides, applies, and lets a provider take every new alert at once.
    fn input(&mut self, now_ms: i64, input: &Input) -> Option<tag_wire::Ack> {
        self.at_us = (self.at_us + 1).max(now_ms * 1_000);
        let decision = self.engine.decide(Timestamp::from_us(self.at_us), input);
        assert_eq!(decision.refused, None);
        self.engine.apply(&decision);
        for incident in decision.incidents {
            self.incidents.insert(incident.id, incident);
        }
        for alert in decision.alerts {
            let new = !self.alerts.contains_key(&alert.id);
            let (id, waiting) = (alert.id, alert.state == AlertState::Waiting);
            self.alerts.insert(id, alert);
            if new && waiting {
                let report = DeliveryReport::Accepted;
                self.told(now_ms, Told::Delivery { alert: id, report });
            }
        }
        decision.receipt
    }

    fn verdict(&self, expected: &[Expected], after_ms: i64) -> Verdict {
        let (incidents, alerts) = (self.incidents.values(), self.alerts.values());
        Verdict::of(expected, incidents, alerts, START_MS + after_ms)
    }
}

fn town(seed: u64) -> Town {
    Town::new(seed, Timestamp::from_ms(START_MS))
}

/// The first towns in which everybody finds a way.
fn towns(count: usize) -> impl Iterator<Item = (u64, Town)> {
    let all = (1..).map(|seed| (seed, town(seed)));
    all.filter(|(_, town)| Script::new(town, START_MS).is_ok()).take(count)
}

#[test]
fn in_ten_minutes_the_script_raises_what_it_says_and_nothing_else() {
    for (seed, town) in towns(5) {
        let (run, expected) = Run::of(&town, 0, 600_000);
        assert_eq!(run.verdict(&expected, 600_000), Verdict::default(), "seed {seed}");
        assert!(run.pings > 40 * 110, "seed {seed}: {} pings", run.pings);
        let out = |incident: &&Incident| !incident.episodes.is_empty() && !incident.ongoing;
        assert!(run.incidents.values().any(|i| out(&i)), "seed {seed}: nobody leaves");
    }
}

#[test]
fn within_a_minute_all_of_it_is_told() {
    for (seed, town) in towns(20) {
        let (run, expected) = Run::of(&town, 0, 60_000);
        assert_eq!(run.verdict(&expected, 60_000), Verdict::default(), "seed {seed}");
        let told_by_ms = |e: &Expected| e.by_ms + Expected::TOLD_WITHIN_MS - START_MS;
        assert!(expected.iter().all(|e| told_by_ms(e) <= 60_000));
    }
}

#[test]
fn tags_that_start_late_keep_to_the_script() {
    let (run, expected) = Run::of(&town(1), 6_500, 60_000);
    assert_eq!(run.verdict(&expected, 60_000), Verdict::default());
    // Ten seconds later the moments before are late, and yet everything happens.
    let (run, expected) = Run::of(&town(1), 16_500, 90_000);
    let verdict = run.verdict(&expected, 90_000);
    assert!(verdict.missing.iter().all(|line| line.contains("too late")), "{verdict:?}");
    assert!(verdict.doubled.is_empty() && verdict.unexpected.is_empty(), "{verdict:?}");
}

#[test]
fn the_same_town_and_start_give_the_same_pings() {
    let pings = |seed| {
        let mut tags = Script::new(&town(seed), START_MS).unwrap().tags;
        let sent = |tag: &mut ScriptedTag| {
            (0..20_i64)
                .filter_map(|s| {
                    tag.world.wake(START_MS + s * 5_000);
                    tag.world.kept().poll_publish(START_MS + s * 5_000)
                })
                .collect::<Vec<_>>()
        };
        tags.iter_mut().map(sent).collect::<Vec<_>>()
    };
    assert!(pings(1) == pings(1) && pings(1) != pings(2));
}

#[test]
fn few_towns_leave_somebody_no_way() {
    let stuck: Vec<_> =
        (0..100).filter_map(|seed| Some((seed, Script::new(&town(seed), START_MS).err()?))).collect();
    assert!(stuck.len() <= 2, "{stuck:?}");
}

#[test]
fn the_verdict_names_what_is_missing_doubled_or_not_expected() {
    let (run, expected) = Run::of(&town(1), 0, 60_000);
    let violation = |e: &&Expected| e.kind == IncidentKind::Violation;
    let expected_one = expected.iter().find(violation).unwrap();
    let of_wearer = |i: &&Incident| raised(i, expected_one);
    let incident = run.incidents.values().find(of_wearer).unwrap().clone();
    let verdict = |incidents: Vec<&Incident>, alerts: Vec<&Alert>, now_ms| {
        Verdict::of(&expected, incidents, alerts, START_MS + now_ms)
    };
    let all = || run.incidents.values();
    let alerts = || run.alerts.values();

    let without = all().filter(|i| i.id != incident.id).collect();
    let found = verdict(without, alerts().collect(), 60_000);
    assert_eq!(found.missing.len(), 2, "{found:?}");
    assert!(!found.is_sound());
    let nothing_yet = verdict(vec![], vec![], 5_000);
    assert!(nothing_yet.is_sound());

    let twin = Incident { id: IncidentId(999), ..incident.clone() };
    let found = verdict(all().chain([&twin]).collect(), alerts().collect(), 60_000);
    assert_eq!((found.missing.len(), found.doubled.len()), (0, 2), "{found:?}");

    let mut untold = incident.clone();
    untold.timeline.retain(|entry| !matches!(entry.what, crate::domain::Happening::Alert { .. }));
    let with_untold = all().filter(|i| i.id != incident.id).chain([&untold]);
    let found = verdict(with_untold.collect(), alerts().collect(), 60_000);
    assert_eq!(found.missing.len(), expected_one.told.len(), "{found:?}");

    let first = alerts().next().unwrap();
    let again = Alert { id: AlertId(999), ..first.clone() };
    let found = verdict(all().collect(), alerts().chain([&again]).collect(), 60_000);
    assert_eq!(found.doubled.len(), 1, "{found:?}");

    let stranger = Incident { subject: crate::domain::Subject::Wearer(town(1).wearer_of(0)), ..incident };
    let found = verdict(all().chain([&stranger]).collect(), alerts().collect(), 60_000);
    assert!(!found.unexpected.is_empty() && found.is_sound(), "{found:?}");
}

fn raised(incident: &Incident, expected: &Expected) -> bool {
    incident.subject == crate::domain::Subject::Wearer(expected.wearer.clone())
        && incident.kind == expected.kind
}
