//! Zones, schedules and orders that change while the wearer is inside: no incident ends by itself, nobody inside is
//! missed, and coming back alerts again.

use std::collections::BTreeSet;

use cordon::{
    domain::{
        AlertState, Audience, Cause, EscalationState, Handling, Incident, IncidentId, IncidentKind, Outcome,
        Subject, TagId, Timestamp, WearerId,
    },
    engine::{Action, Told},
};
use firmware_sim::random::Random;
use serde_json::{Value, json};

use crate::{
    report::{is_long, seed, shown},
    ward::{self, Ward, fix, second},
};

/// Where wearers and zones may be, metres east: far enough apart that there is no doubt about inside.
const PLACES_M: [f64; 3] = [0.0, 700.0, 1_400.0];
const RADII_M: [f64; 3] = [100.0, 200.0, 300.0];
const STEPS: i64 = 60;
/// A wearer goes from any place to any other in that time.
const STEP_S: i64 = 60;

/// What the test knows of the world.
struct Town {
    ward: Ward,
    case: Value,
    /// Where each wearer was last seen to be, and when: of two wearers.
    seen: [Option<(Timestamp, f64)>; 2],
    seq: [u64; 2],
    closed: BTreeSet<IncidentId>,
    /// Incidents of violations that have been raised.
    raised: BTreeSet<IncidentId>,
    returns: u32,
    edits: u32,
}

fn wearer(i: usize) -> WearerId {
    ["w-1", "w-2"][i].parse().unwrap()
}

fn index(random: &mut Random, count: usize) -> usize {
    usize::try_from(random.bits() % count as u64).unwrap()
}

impl Town {
    fn new() -> Self {
        let mut ward = Ward::new();
        ward.line.publish(second(-30), ward::book(ward::wearer("w-2", "sim/t2"))).unwrap();
        // Another case keeps both under watch whatever happens to the first.
        for (case, wearer) in [("c-8", "w-1"), ("c-9", "w-2")] {
            let mut other = ward::case();
            other["case"]["id"] = json!(case);
            other["case"]["wearer"] = json!(wearer);
            other["case"]["zone"] = json!([]);
            ward.line.publish(second(-30), ward::book(other)).unwrap();
        }
        let (closed, raised) = (BTreeSet::new(), BTreeSet::new());
        let seen = [None, None];
        Self { ward, case: ward::case(), seen, seq: [0, 0], closed, raised, returns: 0, edits: 0 }
    }

    fn ping(&mut self, at: Timestamp, s: i64, i: usize, east_m: f64) {
        self.seq[i] += 1;
        let tag: TagId = ["sim/t1", "sim/t2"][i].parse().unwrap();
        let mut ping = self.ward.ping(s, vec![fix(s, east_m, 5.0)]);
        ping.seq = self.seq[i];
        self.ward.line.ping(at, &tag, ping);
        self.seen[i] = Some((second(s), east_m));
    }

    /// Publishes the case as it is after a change; a revision that is refused changes nothing.
    fn edit(&mut self, at: Timestamp, random: &mut Random) {
        let before = self.case.clone();
        let body = &mut self.case["case"];
        match index(random, 8) {
            0 => body["zone"] = json!([]),
            1 => body["wearer"] = json!(["w-1", "w-2"][index(random, 2)]),
            2 => body["basis"]["until"] = json!((at.plus_ms(90_000)).to_string()),
            3 => body["basis"] = json!({"kind": "order", "from": "2026-01-01T00:00:00Z"}),
            4 if body["zone"][0].is_object() => body["zone"][0]["schedule"] = schedule(random),
            5 if body["zone"][0].is_object() => {
                body["zone"][0].as_object_mut().unwrap().remove("schedule");
            }
            _ => body["zone"] = json!([zone(random)]),
        }
        let decision = self.ward.line.tell(at, Told::Publish(ward::book(self.case.clone())));
        match decision.refused {
            Some(_) => self.case = before,
            None => self.edits += 1,
        }
    }

    /// A person does something about an incident. Only what is over is closed: what is closed while it lasts is their
    /// word against the engine's.
    fn person(&mut self, at: Timestamp, random: &mut Random) {
        let open: Vec<Incident> =
            self.ward.line.engine.open_incidents().map(|incident| Incident::clone(incident)).collect();
        if open.is_empty() {
            return;
        }
        let incident = &open[index(random, open.len())];
        let by = "desk".parse().unwrap();
        let action = match index(random, 3) {
            0 => Action::Own,
            1 => Action::Act,
            _ if incident.ongoing => return,
            _ => {
                self.closed.insert(incident.id);
                Action::Close(Outcome::Confirmed)
            }
        };
        self.ward.line.tell(at, Told::Handle { incident: incident.id, by, action });
    }

    /// What must hold after everything that happens, and what has happened since `before`.
    fn check(&mut self, at: Timestamp, before: &[Incident], what: &str) {
        let engine = &self.ward.line.engine;
        let open: Vec<Incident> = engine.open_incidents().map(|incident| Incident::clone(incident)).collect();
        let mut causes = BTreeSet::new();
        for incident in &open {
            assert!(
                causes.insert((&incident.subject, &incident.cause)),
                "{what}: two incidents of one cause"
            );
            self.goes_on(incident, at, what);
            let was = before.iter().find(|was| was.id == incident.id);
            let begins = incident.kind == IncidentKind::Violation
                && incident.ongoing
                && !was.is_some_and(|was| was.ongoing && was.kind == IncidentKind::Violation);
            if begins {
                self.returns += u32::from(was.is_some());
                assert_eq!(incident.handling, Handling::Raised, "{what}");
                let told = engine.open_alerts().filter(|alert| alert.incident == incident.id);
                let told =
                    told.filter(|alert| alert.raised_at == at && alert.recipient.to_string() == "person p-1");
                assert_eq!(told.count(), 1, "{what}: whoever is back alerts again");
            }
            if incident.kind == IncidentKind::Violation {
                self.raised.insert(incident.id);
            }
        }
        for id in self.raised.difference(&self.closed) {
            assert!(engine.open_incident(*id).is_some(), "{what}: incident {id} was closed by nobody");
        }
        for i in 0..2 {
            self.nobody_inside_is_missed(i, at, what);
        }
    }

    /// Until a person has acted, an open incident has a deadline ahead or an alert on its way.
    fn goes_on(&self, incident: &Incident, at: Timestamp, what: &str) {
        if matches!(incident.handling, Handling::Acted { .. }) {
            return;
        }
        let staff = incident.escalations.iter().find(|e| e.audience == Audience::Staff);
        let is_ahead = staff.is_some_and(|staff| match staff.state {
            EscalationState::Running { next_at: next } | EscalationState::Paused { until: next } => {
                next > at && self.ward.line.engine.next_deadline().is_some_and(|first| first <= next)
            }
            EscalationState::Ended => false,
        });
        let mut alerts = self.ward.line.engine.open_alerts().filter(|alert| alert.incident == incident.id);
        assert!(is_ahead || alerts.any(|alert| alert.state == AlertState::Waiting), "{what}: {incident:?}");
    }

    /// Whoever was seen well inside of a zone that applies has an incident that lasts.
    fn nobody_inside_is_missed(&self, i: usize, at: Timestamp, what: &str) {
        let (Some((seen_at, east_m)), engine) = (self.seen[i], &self.ward.line.engine) else {
            return;
        };
        let here = fix(0, east_m, 5.0).position;
        for zone in engine.rulebook().zones() {
            let bound = engine.rulebook().bound_zone(&zone.id).unwrap();
            let applies = engine.rulebook().binds(bound, &wearer(i))
                && engine.rulebook().applies(bound, &wearer(i), at)
                && at.ms_since(seen_at) < 10 * 60_000;
            if !applies || zone.shape.0.signed_distance_m(here) > -60.0 {
                continue;
            }
            let cause = Cause::Zone(zone.id.clone());
            let mut open = engine.open_incidents();
            let lasts = open.any(|incident| {
                let whose = incident.subject == Subject::Wearer(wearer(i)) && incident.cause == cause;
                whose && incident.kind == IncidentKind::Violation && incident.ongoing
            });
            assert!(lasts, "{what}: {} is inside {} and nobody is alerted", wearer(i), zone.id);
        }
    }
}

/// One of two zones, somewhere, some size: moved, grown, shrunk, drawn anew.
fn zone(random: &mut Random) -> Value {
    let middle = fix(0, PLACES_M[index(random, 3)], 5.0).position;
    let id = ["z-1", "z-2"][index(random, 2)];
    json!({"id": id, "code": "ROSE", "margin_m": 100.0, "shape": {"circle": {
        "lat": middle.lat_deg(), "lon": middle.lon_deg(), "radius_m": RADII_M[index(random, 3)]}}})
}

/// In force for the whole story, for none of it, or from a moment within it.
fn schedule(random: &mut Random) -> Value {
    let (from, until) = [("08:00", "22:00"), ("02:00", "03:00"), ("12:20", "12:40")][index(random, 3)];
    json!({"time_zone": "Europe/London", "spans": [{"days": "mon-sun", "from": from, "until": until}]})
}

#[test]
fn no_change_of_zone_or_order_ends_an_incident_or_hides_a_wearer_who_is_inside() {
    let (seed, cases) = (seed(), if is_long() { 5_000 } else { 300 });
    let (mut edits, mut returns, mut raised) = (0, 0, 0);
    for case in 0..cases {
        let mut random = Random::new(seed.wrapping_add(case));
        let mut town = Town::new();
        for step in 1..=STEPS {
            let (s, what) = (step * STEP_S, format!("step {step} of case {case} of seed {seed}"));
            let open = |town: &Town| -> Vec<Incident> {
                town.ward.line.engine.open_incidents().map(|incident| Incident::clone(incident)).collect()
            };
            for i in 0..2 {
                if index(&mut random, 3) > 0 {
                    let at = second(s).plus_ms(i64::try_from(i).unwrap());
                    town.ward.line.pass_to(at);
                    let before = open(&town);
                    let place_m = PLACES_M[index(&mut random, 3)];
                    town.ping(at, s, i, place_m);
                    town.check(at, &before, &what);
                }
            }
            let at = second(s + 10);
            town.ward.line.pass_to(at);
            let before = open(&town);
            if index(&mut random, 3) > 0 {
                town.edit(at, &mut random);
            } else {
                town.person(at, &mut random);
            }
            town.check(at, &before, &what);
        }
        edits += town.edits;
        returns += town.returns;
        raised += town.raised.len();
    }
    assert!(returns > 0 && raised > 0, "the stories have violations in them");
    shown(31, "edits", json!({ "cases": cases, "edits": edits, "violations": raised, "returns": returns }));
}
