//! People of a simulated world: those who get alerts and answer late, never or wrongly; officers at the desk; and those who
//! change the rulebook.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    chance::Chance,
    checks::Law,
    town::{self, DESK, staff_phone},
    ways::{DURESS_KEY, DURESS_WORD, has_everything},
    world::{CALM_MS, Event, World},
    worn::Worn,
};
use crate::{
    domain::{
        Alert, AlertId, Attending, Book, Cause, Channel, Entry, Handling, Happening, Incident, IncidentId,
        Outcome, PersonId, Priority, Recipient, Scope, StaffId, Subject, Timestamp,
    },
    engine::{Action, DeliveryReport, Refused, Told},
    store::Batch,
};

/// Whoever finds nobody there tries again after this time, milliseconds, and so often.
const AGAIN_MS: i64 = 10_000;
const TIMES_MAX: u32 = 2_000;
/// So long a phone rings that nobody picks up, milliseconds.
const UNANSWERED_MS: i64 = 25_000;
/// From picking up until a key is pressed, milliseconds.
const PRESSES_MS: i64 = 2_000;
/// What confused people write.
const CONFUSED: [&str; 7] = ["1 minute, he is here", "who is this?", "2 miles away", "", "STOP", "11", "Yes"];

/// Something that somebody does.
#[derive(Debug, Clone)]
pub(super) enum Deed {
    /// A phone shows an alert.
    Gets { alert: Box<Alert> },
    /// A provider says what became of an alert.
    Receipt { alert: AlertId, raised_at: Timestamp, report: DeliveryReport, times: u32 },
    /// Somebody answers by text; the protected person, if it is one and their own phone.
    Reply { from: String, text: String, person: Option<PersonId>, times: u32 },
    /// Somebody who was called presses a key that nobody offered them.
    Presses { from: String, person: PersonId, times: u32 },
    /// The protected person answers on the page that a message opens.
    OnPage { alert: AlertId, raised_at: Timestamp, text: String, person: PersonId, times: u32 },
    /// Somebody does something on the console.
    Handles { incident: IncidentId, by: StaffId, action: Action, times: u32 },
    /// Somebody publishes a book.
    Publishes { wearer: Option<usize>, book: Box<Book>, times: u32 },
    /// Somebody changes something in a case.
    Edits { wearer: usize },
    /// Somebody swaps a wearer's tag.
    Swaps { wearer: usize },
}

/// What they have in mind.
pub(super) struct People {
    chance: Chance,
    /// What an officer has resolved to do: incident, how often it was raised, what.
    planned: BTreeSet<(IncidentId, usize, &'static str)>,
    /// Alerts that came to their phone. One that could not be written down before its process died is another one.
    got: BTreeSet<(AlertId, Timestamp)>,
    /// How many answers of each protected person were taken, and when those came that stand in a story.
    answers: BTreeMap<PersonId, (usize, BTreeSet<Timestamp>)>,
}

impl People {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            chance: Chance::of(seed, 7),
            planned: BTreeSet::new(),
            got: BTreeSet::new(),
            answers: BTreeMap::new(),
        }
    }
}

impl World<'_> {
    /// Before the first day everything is written into the rulebook, and changes are planned.
    pub(super) fn open_the_office(&mut self) {
        let mut books = vec![(None, town::unit(self.seed))];
        for wearer in &self.wearers {
            let n = Some(wearer.n);
            books.extend([(n, wearer.book()), (n, wearer.person()), (n, wearer.case())]);
        }
        for (nth, (wearer, book)) in (0_i64..).zip(books) {
            let deed = Deed::Publishes { wearer, book: Box::new(book), times: 0 };
            self.in_ms(2 + nth, Event::Person(deed));
        }
        let days_ms = self.calm_from.ms_since(town::START);
        let wearers = self.wearers.len() as i64;
        for (per_day, is_swap) in [(self.mix.edits, false), (self.mix.swaps, true)] {
            for at_ms in self.times(per_day, days_ms) {
                let wearer = self.people.chance.whole(0, wearers) as usize;
                let deed = if is_swap { Deed::Swaps { wearer } } else { Deed::Edits { wearer } };
                self.queue.put(town::START.plus_ms(at_ms), Event::Person(deed));
            }
        }
    }

    /// When something happens that happens so often a day.
    fn times(&mut self, per_day: f64, span_ms: i64) -> Vec<i64> {
        let chance = &mut self.people.chance;
        #[expect(clippy::cast_precision_loss, reason = "days of milliseconds")]
        let days = span_ms as f64 / 86_400_000.0;
        #[expect(clippy::cast_possible_truncation, reason = "some dozens")]
        let count = (per_day * days + chance.between(0.0, 1.0)).floor() as i64;
        (0..count).map(|_| chance.whole(0, span_ms)).collect()
    }

    pub(super) fn does(&mut self, deed: Deed) {
        let told = match &deed {
            Deed::Gets { alert } => return self.gets(alert),
            Deed::Edits { wearer } => return self.edits(*wearer),
            Deed::Swaps { wearer } => return self.swaps(*wearer),
            Deed::Receipt { alert, raised_at, report, .. } => {
                Told::Receipt { alert: *alert, raised_at: *raised_at, report: report.clone() }
            }
            Deed::Presses { from, .. } => Told::Pressed { from: from.clone(), key: DURESS_KEY.into() },
            Deed::OnPage { alert, raised_at, text, .. } => {
                Told::Answer { alert: *alert, raised_at: *raised_at, text: text.clone() }
            }
            Deed::Reply { from, text, .. } => Told::Reply { from: from.clone(), text: text.clone() },
            Deed::Handles { incident, by, action, .. } => {
                Told::Handle { incident: *incident, by: by.clone(), action: action.clone() }
            }
            Deed::Publishes { book, .. } => Told::Publish(book.as_ref().clone()),
        };
        if !self.asks(told, deed.clone()) {
            self.does_again(deed);
        }
    }

    /// Nobody was there, or the answer never came.
    fn does_again(&mut self, mut deed: Deed) {
        match &mut deed {
            Deed::Receipt { times, .. }
            | Deed::Reply { times, .. }
            | Deed::Presses { times, .. }
            | Deed::OnPage { times, .. }
            | Deed::Handles { times, .. }
            | Deed::Publishes { times, .. } => {
                *times += 1;
                if *times > TIMES_MAX {
                    return;
                }
            }
            Deed::Gets { .. } | Deed::Edits { .. } | Deed::Swaps { .. } => return,
        }
        self.in_ms(AGAIN_MS, Event::Person(deed));
    }

    /// Somebody knows what became of what they asked for; `None` if they never will.
    pub(super) fn answered(&mut self, deed: Deed, result: Option<Result<(), Refused>>) {
        match (deed, result) {
            (deed, None) => self.does_again(deed),
            (Deed::Publishes { wearer, book, .. }, Some(result)) => {
                if let Err(refused) = result {
                    return self.breaks(Law::TakenIsTaken, format!("a book was refused: {refused}"));
                }
                if let (Some(wearer), Scope::Case(_)) = (wearer, book.scope()) {
                    self.zone_is_in_force(wearer, &book);
                }
            }
            (Deed::Reply { person: Some(person), text, .. }, Some(Ok(()))) if text == DURESS_WORD => {
                self.must_be_helped(&person);
            }
            (Deed::OnPage { person, text, .. }, Some(Ok(()))) => {
                if text == DURESS_WORD {
                    self.must_be_helped(&person);
                }
                self.must_be_answered(person);
            }
            (Deed::Presses { person, .. }, Some(Ok(()))) => self.must_be_helped(&person),
            (Deed::Reply { person: Some(person), .. }, Some(Ok(()))) => self.must_be_answered(person),
            (Deed::Handles { incident, action, .. }, Some(Ok(()))) => self.must_be_done(incident, &action),
            _ => {}
        }
    }

    /// Every answer that was taken stands in the story of an incident.
    fn must_be_answered(&mut self, person: PersonId) {
        let by_them =
            |entry: &&Entry| matches!(&entry.what, Happening::Answered { person: by, .. } if *by == person);
        let stories = self.checks.incidents.values().flat_map(|incident| &incident.timeline);
        let (taken, written) = self.people.answers.entry(person.clone()).or_default();
        *taken += 1;
        // A long story loses its oldest entries.
        written.extend(stories.filter(by_them).map(|entry| entry.at));
        if written.len() < *taken {
            let what =
                format!("{taken} answers of person {person} were taken, {} are in force", written.len());
            self.breaks(Law::TakenIsTaken, what);
        }
    }

    /// Their duress word or key was taken: somebody is to know.
    fn must_be_helped(&mut self, person: &PersonId) {
        let subject = Subject::Person(person.clone());
        let mut incidents = self.checks.incidents.values();
        if !incidents.any(|incident| incident.cause == Cause::Duress && incident.subject == subject) {
            self.breaks(Law::TakenIsTaken, format!("person {person} is under duress, and nobody knows"));
        }
    }

    fn must_be_done(&mut self, id: IncidentId, action: &Action) {
        let incident = self.checks.incidents.get(&id);
        let has = |done: fn(&Happening) -> bool| {
            incident.is_some_and(|incident| incident.timeline.iter().any(|entry| done(&entry.what)))
        };
        let is_done = match action {
            Action::Own => has(|what| matches!(what, Happening::Owned { .. } | Happening::Acted { .. })),
            Action::TakeOver { .. } => has(|what| matches!(what, Happening::HandedOver { .. })),
            Action::Act => has(|what| matches!(what, Happening::Acted { .. })),
            Action::Note(_) => has(|what| matches!(what, Happening::Noted { .. })),
            Action::Send(_) => has(|what| matches!(what, Happening::Sent { .. })),
            Action::Attend(_) => has(|what| matches!(what, Happening::Attends { .. })),
            Action::Shelve { .. } => has(|what| matches!(what, Happening::Shelved { .. })),
            Action::Close(_) => incident.is_some_and(|incident| !incident.is_open()),
        };
        if !is_done {
            self.breaks(Law::TakenIsTaken, format!("{action:?} of incident {id} was taken and is not so"));
        }
    }

    fn gets(&mut self, alert: &Alert) {
        if !self.people.got.insert((alert.id, alert.raised_at)) {
            return self.breaks(Law::NothingIsDoubled, format!("alert {} came to its phone again", alert.id));
        }
        let calm = self.now.plus_ms(CALM_MS / 4) >= self.calm_from;
        let (silent, confused, lost) = (self.mix.silent, self.mix.confused, self.mix.receipts_lost);
        let hers = match &alert.recipient {
            Recipient::Person(person) => Some(person.clone()),
            Recipient::Staff(_) => None,
        };
        let chance = &mut self.people.chance;
        let mut deeds = Vec::new();
        let (id, raised_at) = (alert.id, alert.raised_at);
        if alert.channel == Channel::Voice && !calm && chance.happens(silent) {
            let report = DeliveryReport::Refused("no-answer".into());
            let receipt = Deed::Receipt { alert: id, raised_at, report, times: 0 };
            return self.in_ms(UNANSWERED_MS, Event::Person(receipt));
        }
        if let (Channel::Push, Some(person)) = (alert.channel, hers.clone())
            && (calm || !chance.happens(silent))
        {
            let text = (*chance.one_of(&["1", "2", "3", DURESS_WORD])).to_owned();
            let deed = Deed::OnPage { alert: id, raised_at, text, person, times: 0 };
            deeds.push((chance.ms(4.0, 1_200.0), deed));
        }
        if let (Channel::Voice | Channel::Sms, Some(person)) = (alert.channel, hers.clone())
            && has_everything(self.seed)
            && chance.happens(0.03)
        {
            let (from, text) = (alert.address.clone(), DURESS_WORD.into());
            let deed = match alert.channel {
                Channel::Voice => Deed::Presses { from, person, times: 0 },
                _ => Deed::Reply { from, text, person: Some(person), times: 0 },
            };
            deeds.push((chance.ms(4.0, 1_200.0), deed));
        }
        if alert.channel.gives_receipts() && !chance.happens(lost) {
            let report = DeliveryReport::Delivered;
            let receipt = Deed::Receipt { alert: id, raised_at, report, times: 0 };
            deeds.push((chance.ms(0.2, 120.0), receipt.clone()));
            if chance.happens(0.1) {
                deeds.push((chance.ms(60.0, 3_600.0), receipt));
            }
        }
        if alert.channel.gives_receipts() && (calm || !chance.happens(silent)) {
            let is_confused = !calm && chance.happens(confused);
            let text = if is_confused { *chance.one_of(&CONFUSED) } else { *chance.one_of(&["1", "2", "3"]) };
            let from = if chance.happens(0.02) { staff_phone(9) } else { alert.address.clone() };
            let person = hers.filter(|_| from == alert.address);
            let reply = Deed::Reply { from, text: text.into(), person, times: 0 };
            let after_ms = chance.ms(8.0, 1_200.0);
            deeds.push((after_ms, reply));
            if alert.channel == Channel::Voice {
                // It may be that nobody has said that it rang, or that this says so later.
                let report = DeliveryReport::PickedUp;
                let receipt = Deed::Receipt { alert: id, raised_at, report, times: 0 };
                deeds.push((after_ms - PRESSES_MS, receipt));
            }
        }
        for (after_ms, deed) in deeds {
            self.in_ms(after_ms, Event::Person(deed));
        }
    }

    /// Officers see what was committed.
    pub(super) fn notice(&mut self, batch: &Batch) {
        let seen = |incident: &&Incident| incident.is_open() && incident.concerns_staff();
        for incident in batch.incidents.iter().filter(seen) {
            let raises = incident.episodes.len();
            let careless = self.mix.careless;
            let chance = &mut self.people.chance;
            let late = if chance.happens(careless) { 20.0 } else { 1.0 };
            let desk = || -> StaffId { DESK.parse().expect("letters") };
            let mut plans: Vec<(&'static str, i64, StaffId, Action)> = Vec::new();
            if matches!(incident.handling, Handling::Raised) {
                plans.push(("own", chance.ms(15.0, 300.0 * late), desk(), Action::Own));
                plans.push(("act", chance.ms(40.0, 600.0 * late), desk(), Action::Act));
            }
            if !incident.ongoing {
                let outcome = *chance.one_of(&Outcome::ALL);
                plans.push(("close", chance.ms(120.0, 3_600.0), desk(), Action::Close(outcome)));
            }
            if has_everything(self.seed) {
                plans.extend(responders(incident, chance));
                plans.extend(
                    shelving(incident, chance).map(|(after_ms, action)| ("shelve", after_ms, desk(), action)),
                );
            }
            for (name, after_ms, by, action) in plans {
                if self.people.planned.insert((incident.id, raises, name)) {
                    let deed = Deed::Handles { incident: incident.id, by, action, times: 0 };
                    self.in_ms(after_ms, Event::Person(deed));
                }
            }
        }
    }

    /// A case is changed, often in the middle of something.
    fn edits(&mut self, wearer: usize) {
        let truth = self.truth(wearer, self.now.as_ms());
        let chance = &mut self.people.chance;
        let what = chance.whole(0, 7);
        let radius_m = chance.between(120.0, 400.0);
        let this = &mut self.wearers[wearer];
        // What is in force changes when it is published.
        let mut other = this.zone.clone();
        let book = match what {
            0 => {
                this.phone = town::phone(wearer, chance.whole(1, 99) as usize);
                this.person()
            }
            1 => {
                this.policy = if this.policy == "usual" { "quick" } else { "usual" };
                this.case()
            }
            what => {
                match what {
                    2 => (other.centre, other.radius_m) = ((truth.lat, truth.lon), radius_m),
                    3 => other.radius_m = radius_m,
                    4 => other.margin_m = radius_m,
                    5 => other.at_night = !other.at_night,
                    _ => {}
                }
                let before = std::mem::replace(&mut this.zone, other);
                let book = this.case();
                this.zone = before;
                book
            }
        };
        if what > 1 {
            self.stays.zone_changes(wearer);
        }
        self.say(|| format!("a book of wearer {wearer} is edited ({what})"));
        self.does(Deed::Publishes { wearer: Some(wearer), book: Box::new(book), times: 0 });
    }

    /// The zone of a case is another one now.
    fn zone_is_in_force(&mut self, wearer: usize, book: &Book) {
        let Book::Case(case) = book else { return };
        let before = self.wearers[wearer].zone.clone();
        if let Some(zone) = case.zones.first() {
            self.wearers[wearer].zone.take_over(zone);
        }
        if self.wearers[wearer].zone != before {
            self.stays.zone_changes(wearer);
        }
    }

    /// The wearer gets another tag; the old one is switched off and still sends what it keeps.
    fn swaps(&mut self, wearer: usize) {
        let nth = self.wearers[wearer].tags.len();
        let id = town::tag_id(wearer, nth);
        for old in 0..self.worn.len() {
            if self.worn[old].wearer == wearer && !self.worn[old].is_off {
                self.worn[old].is_off = true;
                self.worn[old].tag.power_off(self.now.as_ms());
                self.stirs(old);
            }
        }
        self.wearers[wearer].tags.push((id.clone(), self.now));
        let mut chance = Chance::of(self.seed, 10_000 + self.worn.len() as u64);
        self.worn.push(Worn::new(id, wearer, self.now, &mut chance, &self.mix));
        self.stays.zone_changes(wearer);
        self.stirs(self.worn.len() - 1);
        self.say(|| format!("wearer {wearer} gets another tag"));
        let book = self.wearers[wearer].book();
        self.does(Deed::Publishes { wearer: Some(wearer), book: Box::new(book), times: 0 });
    }
}

/// Whom an officer sends, and what they say on the console; some say nothing at all.
fn responders(incident: &Incident, chance: &mut Chance) -> Vec<(&'static str, i64, StaffId, Action)> {
    let mut plans = Vec::new();
    if matches!(incident.handling, Handling::Raised) && chance.happens(0.3) {
        let who = chance.one_of(&["day", "night"]).parse().expect("letters");
        let desk = DESK.parse().expect("letters");
        plans.push(("send", chance.ms(20.0, 600.0), desk, Action::Send(who)));
    }
    for attendance in &incident.attendances {
        let (name, next) = match attendance.stage() {
            _ if chance.happens(0.2) => continue,
            Attending::Sent | Attending::NoAnswer if chance.happens(0.3) => ("declines", Attending::Declined),
            Attending::Sent | Attending::NoAnswer => ("goes", Attending::Accepted),
            Attending::Accepted => ("is on the way", Attending::EnRoute),
            Attending::EnRoute => ("is there", Attending::OnScene),
            Attending::OnScene => ("is done", Attending::Done),
            Attending::Done | Attending::Declined => continue,
        };
        plans.push((name, chance.ms(20.0, 900.0), attendance.responder.clone(), Action::Attend(next)));
    }
    plans
}

fn shelving(incident: &Incident, chance: &mut Chance) -> Option<(i64, Action)> {
    let minutes = u16::try_from(chance.whole(1, 240)).unwrap_or(1);
    let is_shelved = incident.priority != Priority::P1 && chance.happens(0.2);
    let shelve = || Action::Shelve { minutes, reason: "the battery is being brought".into() };
    is_shelved.then(|| (chance.ms(20.0, 900.0), shelve()))
}
