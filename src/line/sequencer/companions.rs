//! Where protected persons were in the last minutes, by the Companions that they have agreed to.
//!
//! This is the only place that knows. It lives in memory: nothing of it is written down, logged or shown, and what is
//! lost with the process is heard again from the Companions. What is written down is how near a wearer is to a person.

use std::collections::BTreeMap;

use super::{
    guard::guarded,
    step::{Changes, Entry, Now, Sequencer, Stepped, told_entry},
};
use crate::{
    domain::{Book, Fix, PersonId, Ping, Stage, TagEventKind, TagId, Timestamp, WearerId},
    engine::{
        BoundProximity, CompanionHeard, Companionship, DeadlineKey, Decision, Engine, Meet, Place, Rulebook,
        Told,
    },
};

/// Fixes are kept for so long, milliseconds ...
const KEPT_MS: i64 = 7 * 60_000;
/// ... and looked through this often: with a clock that is two minutes ahead, none is kept for ten.
const LOOK_MS: i64 = 30_000;
/// Fixes kept of each person, the newest: one every five seconds.
const FIXES_MAX: usize = 84;

/// See the module's documentation.
#[derive(Debug, Default)]
pub(super) struct Companions {
    /// Of each person, in fix order; none without one.
    places: BTreeMap<PersonId, Vec<Place>>,
    looked_at: Option<Timestamp>,
}

/// Fixes that have just come, to be kept once what they say is decided.
pub(super) struct Carried {
    person: PersonId,
    places: Vec<Place>,
}

impl Companions {
    /// When fixes are next to be forgotten.
    pub(super) fn forgets_at(&self) -> Option<Timestamp> {
        self.looked_at.filter(|_| !self.places.is_empty()).map(|at| at.plus_ms(LOOK_MS))
    }

    fn forget_if_due(&mut self, now: Timestamp, rulebook: &Rulebook) {
        if self.looked_at.is_none_or(|at| now.ms_since(at) >= LOOK_MS) {
            self.forget(now, rulebook);
        }
    }

    /// Forgets what is old, and everything of whoever has withdrawn or need no longer be kept safe.
    fn forget(&mut self, now: Timestamp, rulebook: &Rulebook) {
        self.looked_at = Some(now);
        self.places.retain(|person, places| {
            places.retain(|place| now.ms_since(place.at()) < KEPT_MS);
            !places.is_empty() && rulebook.is_accompanied(person, now)
        });
    }

    /// Those of the fixes that are newer than all that are kept and not too old to be.
    fn news(&self, person: &PersonId, mut fixes: Vec<Fix>, now: Timestamp) -> Vec<Place> {
        fixes.sort_by_key(|fix| fix.at);
        let mut known: Vec<Place> = self.of(person).to_vec();
        let count = known.len();
        for fix in fixes {
            let is_news = known.last().is_none_or(|last| fix.at > last.at());
            if is_news && now.ms_since(fix.at) < KEPT_MS {
                let mut before = known.iter().rev();
                let place = Place::after([before.next(), before.next()], &fix);
                known.push(place);
            }
        }
        known.split_off(count)
    }

    fn keep(&mut self, carried: Carried) {
        if carried.places.is_empty() {
            return;
        }
        let places = self.places.entry(carried.person).or_default();
        places.extend(carried.places);
        places.drain(..places.len().saturating_sub(FIXES_MAX));
    }

    fn of(&self, person: &PersonId) -> &[Place] {
        self.places.get(person).map_or(&[], Vec::as_slice)
    }
}

impl Sequencer {
    /// When the sequencer should be given a step although nothing has happened, so that it forgets.
    #[must_use]
    pub fn forgets_at(&self) -> Option<Timestamp> {
        self.companions.forgets_at()
    }

    pub(super) fn forget_places(&mut self, now: Timestamp) {
        self.companions.forget_if_due(now, self.engine.rulebook());
    }

    pub(super) fn keep_places(&mut self, carried: Option<Carried>) {
        if let Some(carried) = carried {
            self.companions.keep(carried);
        }
    }

    /// What becomes of a ping of a Companion: neither it nor its fixes are written down.
    pub(super) fn companion_entry(
        &self,
        at: Timestamp,
        tag: &TagId,
        source: &str,
        ping: &Ping,
    ) -> (Entry, Option<Carried>) {
        let (boot, seq, oldest_kept) = (ping.boot, ping.seq, ping.oldest_kept);
        let tag = tag.clone();
        let Some((person, fixes)) = self.engine.accompanied(at, &tag, ping) else {
            return (
                told_entry(Told::OutsideBasis { tag, boot, seq, oldest_kept, sent: Some(ping.sent) }),
                None,
            );
        };
        let fix_at = fixes.iter().map(|fix| fix.at).max();
        let places = self.companions.news(&person, fixes, at);
        let heard = CompanionHeard {
            meets: meets_around(&self.engine, at, &person, &places),
            person: person.clone(),
            tag,
            source: source.into(),
            boot,
            seq,
            oldest_kept,
            sent: ping.sent,
            next_within_s: ping.next_within_s,
            fix_at,
            sos: ping.events.iter().any(|event| event.kind == TagEventKind::Sos && !event.restored),
        };
        (told_entry(Told::Companion(heard)), Some(Carried { person, places }))
    }

    /// A wearer's ping has been decided: how near its fixes after a time are to persons.
    pub(super) fn take_meets(
        &mut self,
        now: Now,
        wearer: &WearerId,
        after: Option<Timestamp>,
        salt: &mut dyn FnMut() -> [u8; 16],
        stepped: &mut Stepped,
        changes: &mut Changes,
    ) -> Option<Decision> {
        let at = self.next_at(now);
        let meets = guarded(|| self.companions.meets_of(&self.engine, at, wearer, after)).unwrap_or_default();
        (!meets.is_empty()).then(|| self.take(now, told_entry(Told::Met { meets }), salt, stepped, changes))
    }

    /// Takes up what was told, and what it means for wearers and persons who are already near each other: a zone may have
    /// been published around them, or its hours have begun.
    pub(super) fn take_told(
        &mut self,
        now: Now,
        told: Told,
        salt: &mut dyn FnMut() -> [u8; 16],
        stepped: &mut Stepped,
        changes: &mut Changes,
    ) -> Decision {
        let wearers = concerned(self.engine.rulebook(), &told);
        let is_news = matches!(told, Told::Publish(_) | Told::Revise { .. });
        let decision = self.take(now, told_entry(told), salt, stepped, changes);
        if is_news {
            self.companions.forget(now.steady, self.engine.rulebook());
        }
        for wearer in wearers {
            let at = self.next_at(now);
            let meets = guarded(|| self.companions.meets_at(&self.engine, at, &wearer)).unwrap_or_default();
            if !meets.is_empty() {
                self.take(now, told_entry(Told::Met { meets }), salt, stepped, changes);
            }
        }
        decision
    }
}

impl Companions {
    /// The newest fixes of a wearer, each with the person's nearest in time.
    fn meets_of(
        &self,
        engine: &Engine,
        at: Timestamp,
        wearer: &WearerId,
        after: Option<Timestamp>,
    ) -> Vec<Meet> {
        if self.places.is_empty() {
            return Vec::new();
        }
        let is_new = |place: &Place| after.is_none_or(|after| place.at() > after);
        let mut theirs: Vec<Place> = engine.places(wearer).take_while(is_new).collect();
        theirs.reverse();
        let meets = in_force(engine, wearer, at).flat_map(|bound| {
            let theirs = theirs.iter();
            theirs.filter_map(move |place| {
                let nearest = nearest(self.of(&bound.zone.person), place)?;
                told(engine, bound, Meet::between(wearer, bound, place, nearest)?)
            })
        });
        meets.collect()
    }

    /// A wearer and persons who were near each other before a zone began to apply, as they may be now.
    fn meets_at(&self, engine: &Engine, at: Timestamp, wearer: &WearerId) -> Vec<Meet> {
        if self.places.is_empty() {
            return Vec::new();
        }
        let Some(theirs) = engine.places(wearer).next() else {
            return Vec::new();
        };
        let meets = in_force(engine, wearer, at).filter_map(|bound| {
            let person_s = self.of(&bound.zone.person).last()?;
            let meet = Meet::between(wearer, bound, &theirs, person_s)?;
            let was_judged = applies(engine, bound, wearer, meet.at)
                || engine.meeting(wearer, &bound.zone.id).is_some_and(|(_, met_at)| met_at > meet.at);
            (!was_judged).then(|| told(engine, bound, meet.lasting_until(at)))?
        });
        meets.collect()
    }
}

/// The wearers near a person by the person's new fixes.
fn meets_around(engine: &Engine, at: Timestamp, person: &PersonId, places: &[Place]) -> Vec<Meet> {
    if places.is_empty() {
        return Vec::new();
    }
    let around = engine.rulebook().proximity_around(person);
    let mut meets = Vec::new();
    for (wearer, bound) in around.filter(|(wearer, bound)| applies(engine, bound, wearer, at)) {
        let theirs: Vec<Place> = engine.places(wearer).collect();
        for place in places {
            let meet = nearest(&theirs, place).and_then(|near| Meet::between(wearer, bound, near, place));
            meets.extend(meet.and_then(|meet| told(engine, bound, meet)));
        }
    }
    meets
}

/// The meet, if it is near enough to matter, or the wearer is still believed to be near.
fn told(engine: &Engine, bound: &BoundProximity, meet: Meet) -> Option<Meet> {
    let stage = engine.meeting(&meet.wearer, &meet.zone).map_or(Stage::Clear, |(stage, _)| stage);
    let matters = meet.matters(bound) || stage != Stage::Clear;
    matters.then_some(meet)
}

fn nearest<'p>(places: &'p [Place], place: &Place) -> Option<&'p Place> {
    places.iter().min_by_key(|other| other.at().ms_since(place.at()).abs())
}

/// A wearer's zones that apply, around persons of whom it is known where they are.
fn in_force<'e>(
    engine: &'e Engine,
    wearer: &'e WearerId,
    at: Timestamp,
) -> impl Iterator<Item = &'e BoundProximity> {
    let is_known = move |person| matches!(engine.companionship(person, at), Companionship::Fresh { .. });
    let zones = engine.rulebook().proximity_of(wearer);
    zones.filter(move |bound| applies(engine, bound, wearer, at) && is_known(&bound.zone.person))
}

fn applies(engine: &Engine, bound: &BoundProximity, wearer: &WearerId, at: Timestamp) -> bool {
    engine.rulebook().proximity_applies(bound, wearer, at)
}

/// Whose zones may begin to apply by this.
fn concerned(rulebook: &Rulebook, told: &Told) -> Vec<WearerId> {
    match told {
        Told::Deadline(DeadlineKey::Wearer(wearer)) => vec![wearer.clone()],
        Told::Publish(Book::Case(case)) | Told::Revise { book: Book::Case(case), .. } => {
            vec![case.wearer.clone()]
        }
        Told::Publish(Book::Person(person)) | Told::Revise { book: Book::Person(person), .. } => {
            rulebook.proximity_around(&person.id).map(|(wearer, _)| wearer.clone()).collect()
        }
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use tokio::sync::mpsc;

    use super::*;
    use crate::sequencer::{Arrival, Message, MessageKind, Ticket, look::Crowded};

    const NOON: Timestamp = Timestamp::from_ms(1_772_884_800_000);

    fn sequencer() -> Sequencer {
        let contact = json!([{"channel": "sms", "address": "+447700900001"}]);
        let step = json!([{"to": "desk", "channel": "sms", "wait_s": 60}]);
        let since = "2026-01-01T00:00:00Z";
        let books = [
            json!({"unit": {"id": "u", "name": "U", "default_policy": "p",
                "area": {"south": 50, "west": -6, "north": 56, "east": 2},
                "staff": [{"id": "desk", "name": "Desk", "contact": contact}],
                "policy": [{"id": "p", "protected": [{"channel": "sms", "wait_s": 60}],
                    "danger": step, "device": step, "upkeep": step}]}}),
            json!({"wearer": {"id": "w", "unit": "u", "name": "W", "tag": [{"id": "sim/t", "from": since}]}}),
            json!({"person": {"id": "p", "unit": "u", "name": "P", "contact": contact,
                "companion": [{"id": "sim/c", "from": since}]}}),
            json!({"case": {"id": "c", "unit": "u", "wearer": "w", "persons": ["p"], "risk": "high",
                "policy": "p", "basis": {"kind": "order", "from": since},
                "proximity_zone": [{"id": "z", "code": "ELM", "person": "p", "radius_m": 200.0}]}}),
        ];
        let mut sequencer = Sequencer::default();
        for value in books {
            let told = Told::Publish(serde_json::from_value(value).unwrap());
            let (answer, mut answered) = tokio::sync::oneshot::channel();
            let stepped = step_at(&mut sequencer, vec![Arrival::Told(told, Some(answer))]);
            stepped.acknowledge();
            answered.try_recv().unwrap().unwrap();
        }
        sequencer
    }

    fn step_at(sequencer: &mut Sequencer, arrivals: Vec<Arrival>) -> Stepped {
        sequencer.step(Now { steady: NOON, wall: NOON }, arrivals, &mut || [7; 16])
    }

    fn message(seq: u64, payload: Vec<u8>) -> Message {
        let (done, _) = mpsc::unbounded_channel();
        Message {
            tag: "sim/c".parse().unwrap(),
            source: "lab".into(),
            kind: MessageKind::Ping,
            payload,
            received_real_us: 0,
            ticket: Ticket { id: seq, done },
        }
    }

    fn ping(seq: u64) -> Vec<u8> {
        let t_ms = NOON.as_ms() - 1_000 * i64::try_from(300 - seq).unwrap();
        let fix = tag_wire::Fix {
            t_ms,
            lat: 53.431_97,
            lon: -2.287_61,
            acc_m: Some(5.0),
            hdop: None,
            source: tag_wire::Source::Gnss,
            speed_mps: None,
            course_deg: None,
            sats: None,
        };
        let ping = tag_wire::Ping {
            boot: 1,
            seq,
            oldest_kept: 1,
            next_within_s: 60,
            sent_ms: t_ms,
            battery_pct: 80,
            charging: false,
            motion: tag_wire::Motion::Moving,
            fixes: vec![fix],
            events: Vec::new(),
        };
        ping.encode()
    }

    /// What of it all is to be written, and whether a position is in it.
    fn written(stepped: &Stepped) -> (Vec<&str>, bool) {
        let rows = &stepped.batch.rows;
        let holds = rows.iter().any(|row| {
            let text = format!("{}{}", String::from_utf8_lossy(&row.payload), row.decision);
            text.contains("53.43") || text.contains("2.287")
        });
        (rows.iter().map(|row| row.kind.as_str()).collect(), holds)
    }

    #[test]
    fn of_a_companion_that_sends_too_much_nothing_is_written_either() {
        let mut sequencer = sequencer();
        let mut crowd: Vec<Crowded> = (1..=200).map(|seq| Crowded::new(message(seq, ping(seq)))).collect();
        crowd.push(Crowded::new(message(201, b"{\"lat\": 53.43197".to_vec())));
        let stepped = step_at(&mut sequencer, vec![Arrival::Excess(crowd)]);
        let (kinds, holds) = written(&stepped);
        assert_eq!(kinds, ["companion", "unreadable", "coalesced"]);
        assert!(!holds);
        assert_eq!(sequencer.companions.places.values().map(Vec::len).sum::<usize>(), 1);
    }

    #[test]
    fn neither_what_is_written_nor_what_is_printed_holds_a_position() {
        let mut sequencer = sequencer();
        // Were it to crash the engine, it would be set aside with what was to be written of it.
        let stepped = step_at(&mut sequencer, vec![Arrival::Message(message(1, ping(1)))]);
        assert_eq!(written(&stepped), (vec!["companion"], false));
        let printed = format!("{:?}", sequencer.companions);
        assert!(printed.contains("withheld") && !printed.contains("53.4"), "{printed}");
    }
}
