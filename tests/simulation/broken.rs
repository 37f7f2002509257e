//! Services with a mistake in them, each of a kind that has been made in systems like this one. A simulator that finds
//! nothing in any of them would prove nothing.

use std::sync::Arc;

use cordon::{
    domain::{Alert, AlertState, Audience, EscalationState, Incident, Timestamp},
    engine::{Engine, Told},
    notify::Sent,
    sequencer::Arrival,
    simulate::{Law, Plan, Workings, one},
    store::{Batch, Store, StoreError},
};
use tag_wire::decode_ping;

use crate::tampered::{Tamper, Tampered};

const PLAN: Plan = Plan { first_seed: 1, seeds: 60, days: 1, tags: 20 };
/// Later than this, a ping is late; microseconds.
const LATE_US: i64 = 10 * 60_000_000;

/// In how many seeds it took to be found, and by which law; `None` if it was not.
fn found(workings: &dyn Workings) -> Option<(u64, Vec<Law>)> {
    (1..=PLAN.seeds).find_map(|seed| {
        let broken = one(PLAN, seed, workings).broken;
        (!broken.is_empty()).then(|| (seed, broken.iter().map(|broken| broken.law).collect()))
    })
}

/// It is found, by one of these laws among others.
fn is_found(name: &str, workings: &dyn Workings, by: &[Law]) {
    let (seeds, laws) =
        found(workings).unwrap_or_else(|| panic!("{name}: not found in {} seeds", PLAN.seeds));
    println!("{name}: found in seed {seeds}: {laws:?}");
    assert!(by.iter().any(|law| laws.contains(law)), "{name}: {laws:?}");
}

/// A service whose store is tampered with.
struct With<T>(fn() -> T);

impl<T: Tamper + 'static> Workings for With<T> {
    fn store(&self, disk: Arc<dyn Store>) -> Arc<dyn Store> {
        Arc::new(Tampered::new(disk, (self.0)()))
    }
}

#[test]
fn a_line_that_skips_its_deadlines() {
    struct Sleeps;
    impl Workings for Sleeps {
        fn wakes(&self, _: Timestamp) -> Timestamp {
            Timestamp::MAX
        }
    }
    is_found("skips deadlines", &Sleeps, &[Law::DeadlinesAreKept]);
}

#[test]
fn one_that_forgets_late_fixes() {
    struct Forgets;
    impl Workings for Forgets {
        fn arrives(&self, arrival: Arrival) -> Option<Arrival> {
            let Arrival::Message(mut message) = arrival else { return Some(arrival) };
            if let Ok(mut ping) = decode_ping(&message.payload)
                && message.received_real_us - ping.sent_ms * 1_000 > LATE_US
            {
                ping.fixes.clear();
                message.payload = ping.encode();
            }
            Some(Arrival::Message(message))
        }
    }
    is_found("forgets late fixes", &Forgets, &[Law::StaysAreFound]);
}

#[test]
fn one_that_acknowledges_before_it_has_committed() {
    struct Volatile;
    impl Tamper for Volatile {
        fn is_volatile(&self) -> bool {
            true
        }
    }
    let by = [Law::AcknowledgedIsKept, Law::DangerIsPrompt, Law::StartsKeepDeadlines, Law::TheLineGoesOn];
    is_found("acknowledges before commit", &With(|| Volatile), &by);
}

#[test]
fn one_that_takes_a_failed_commit_for_done() {
    struct Optimist;
    impl Tamper for Optimist {
        fn answers(&self, _: Result<(), StoreError>) -> Result<(), StoreError> {
            Ok(())
        }
    }
    let by = [Law::AcknowledgedIsKept, Law::TheLineGoesOn, Law::StartsKeepDeadlines];
    is_found("takes a failed commit for done", &With(|| Optimist), &by);
}

#[test]
fn one_that_opens_incidents_again_after_a_start() {
    struct Amnesiac;
    impl Workings for Amnesiac {
        fn remembers(&self, engine: &mut Engine, _: Vec<Incident>, _: Vec<Alert>) {
            engine.adopt(Vec::new(), Vec::new());
        }
    }
    let by = [Law::StartsKeepDeadlines, Law::OneIncidentPerCause];
    is_found("opens incidents again", &Amnesiac, &by);
}

#[test]
fn one_that_grants_a_fresh_allowance_after_a_start() {
    struct Generous;
    impl Workings for Generous {
        fn remembers(&self, engine: &mut Engine, mut open: Vec<Incident>, alerts: Vec<Alert>) {
            for escalation in open.iter_mut().flat_map(|incident| &mut incident.escalations) {
                if let EscalationState::Running { next_at } = &mut escalation.state {
                    *next_at = next_at.plus_ms(60_000);
                }
            }
            engine.adopt(open, alerts);
        }
    }
    is_found("grants a fresh allowance", &Generous, &[Law::StartsKeepDeadlines]);
}

#[test]
fn one_that_starts_without_the_last_row() {
    struct Hides;
    impl Tamper for Hides {
        fn hides(&self) -> usize {
            1
        }
    }
    let by = [Law::TheLineGoesOn, Law::StartsKeepDeadlines];
    is_found("starts without the last row", &With(|| Hides), &by);
}

#[test]
fn one_that_loses_a_return() {
    // Whoever is in the zone for a second time is written down, and nobody is told.
    struct Once;
    impl Tamper for Once {
        fn commits(&self, mut batch: Batch) -> Batch {
            let again: Vec<_> =
                batch.incidents.iter().filter(|i| i.episodes.len() > 1).map(|i| i.id).collect();
            batch
                .alerts
                .retain(|alert| alert.state != AlertState::Waiting || !again.contains(&alert.incident));
            batch
        }
    }
    is_found("loses a return", &With(|| Once), &[Law::DangerIsPrompt]);
}

#[test]
fn one_that_loses_its_outbox() {
    struct Leaks;
    impl Tamper for Leaks {
        fn commits(&self, mut batch: Batch) -> Batch {
            let leaks = batch.rows.first().is_some_and(|row| row.no % 5 == 0);
            batch.alerts.retain(|alert| !leaks || alert.state != AlertState::Waiting);
            batch
        }
    }
    let by = [Law::DangerIsPrompt, Law::ReplayEqualsRecord];
    is_found("loses its outbox", &With(|| Leaks), &by);
}

#[test]
fn one_that_goes_on_telling_whoever_has_answered() {
    struct Nags;
    impl Tamper for Nags {
        fn commits(&self, mut batch: Batch) -> Batch {
            let ended = [AlertState::Withdrawn, AlertState::Acknowledged];
            batch.alerts.retain(|alert| !ended.contains(&alert.state));
            batch
        }
    }
    let by = [Law::EndedIsEnded, Law::ReplayEqualsRecord];
    is_found("goes on telling", &With(|| Nags), &by);
}

#[test]
fn one_that_drops_replies() {
    struct Deaf;
    impl Workings for Deaf {
        fn arrives(&self, arrival: Arrival) -> Option<Arrival> {
            match arrival {
                Arrival::Told(Told::Reply { .. }, Some(answer)) => {
                    answer.send(Ok(())).unwrap();
                    None
                }
                arrival => Some(arrival),
            }
        }
    }
    is_found("drops replies", &Deaf, &[Law::TakenIsTaken]);
}

#[test]
fn one_that_drops_what_officers_do() {
    struct Deaf;
    impl Workings for Deaf {
        fn arrives(&self, arrival: Arrival) -> Option<Arrival> {
            match arrival {
                Arrival::Told(Told::Handle { .. }, Some(answer)) => {
                    answer.send(Ok(())).unwrap();
                    None
                }
                arrival => Some(arrival),
            }
        }
    }
    is_found("drops what officers do", &Deaf, &[Law::TakenIsTaken]);
}

#[test]
fn one_that_gives_every_try_a_key_of_its_own() {
    struct Repeats;
    impl Workings for Repeats {
        fn key(&self, alert: &Alert, nth: u32) -> String {
            format!("{}-{nth}", alert.id)
        }
    }
    is_found("gives every try its own key", &Repeats, &[Law::NothingIsDoubled]);
}

#[test]
fn one_that_takes_a_refusal_for_success() {
    struct Optimist;
    impl Workings for Optimist {
        fn understands(&self, sent: Sent) -> Sent {
            match sent {
                Sent::Refused { .. } | Sent::NoSuchAddress { .. } => Sent::Accepted { provider_ref: None },
                sent => sent,
            }
        }
    }
    is_found("takes a refusal for success", &Optimist, &[Law::SentIsTaken]);
}

#[test]
fn one_whose_disk_turns_a_bit() {
    struct Rots;
    impl Tamper for Rots {
        fn commits(&self, mut batch: Batch) -> Batch {
            for row in batch.rows.iter_mut().filter(|row| row.no % 1_000 == 0) {
                row.payload[0] ^= 1;
            }
            batch
        }
    }
    is_found("a disk turns a bit", &With(|| Rots), &[Law::ReplayEqualsRecord]);
}

#[test]
fn one_that_ends_the_staffs_escalation_before_anybody_has_acted() {
    struct Hasty;
    impl Workings for Hasty {
        fn remembers(&self, engine: &mut Engine, mut open: Vec<Incident>, alerts: Vec<Alert>) {
            let staff = open.iter_mut().flat_map(|incident| &mut incident.escalations);
            for escalation in staff.filter(|escalation| escalation.audience == Audience::Staff) {
                escalation.state = EscalationState::Ended;
            }
            engine.adopt(open, alerts);
        }
    }
    let by = [Law::SomebodyIsNext, Law::StartsKeepDeadlines];
    is_found("ends an escalation too early", &Hasty, &by);
}
