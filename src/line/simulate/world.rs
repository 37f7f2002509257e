//! A world: everything in it, and its time, which jumps from one thing that happens to the next.

use std::sync::Arc;

use super::{
    broker::Broker,
    chance::Chance,
    checks::{Checks, Law},
    disk::Disk,
    faults::Fault,
    mix::Mix,
    people::People,
    phones::Phones,
    queue::Queue,
    service::Service,
    stays::Stays,
    town::{self, START, Wearer, tag_id},
    trace::Trace,
    workings::Workings,
    worn::Worn,
};
use crate::{domain::Timestamp, sequencer::TagReply};

/// After its days, nothing more goes wrong for this long, milliseconds, so that everything can come to rest.
pub(super) const CALM_MS: i64 = 60 * 60_000;
/// The running service is looked at this often, milliseconds, and where everybody is said to be every so many looks.
const LOOK_MS: i64 = 5_000;
const LOOKS_AT_WEARERS: u64 = 24;

/// Something that happens.
pub(super) enum Event {
    /// A tag wakes up.
    Wakes(usize),
    /// A tag's message reaches the broker.
    Reaches { tag: usize, seq: u64, bytes: Vec<u8>, is_whole: bool },
    /// The broker's message reaches the service, on a connection.
    Delivered { id: u64, session: u64 },
    /// An answer reaches a tag.
    Answers { tag: usize, reply: TagReply },
    /// The service connects to the broker.
    Connects { process: u64 },
    /// The line turns.
    Turns { process: u64 },
    /// A commit ends.
    Written { process: u64 },
    /// Dispatch looks at the outbox.
    Claims { process: u64 },
    /// A provider answers.
    Sent { process: u64, alert: crate::domain::AlertId },
    /// Somebody does something.
    Person(super::people::Deed),
    /// Something goes wrong, or right again.
    Befalls(Fault),
    /// The service is looked at from outside.
    Looks,
}

/// See the module's documentation.
pub(super) struct World<'w> {
    pub(super) seed: u64,
    pub(super) workings: &'w dyn Workings,
    pub(super) mix: Mix,
    pub(super) now: Timestamp,
    pub(super) queue: Queue<Event>,
    pub(super) trace: Trace,
    pub(super) radio: Chance,
    pub(super) wearers: Vec<Wearer>,
    pub(super) worn: Vec<Worn>,
    pub(super) broker: Broker,
    pub(super) disk: Arc<Disk>,
    pub(super) service: Service,
    pub(super) phones: Phones,
    pub(super) people: People,
    pub(super) checks: Checks,
    pub(super) stays: Stays,
    looks: u64,
    /// Nothing goes wrong any more.
    pub(super) calm_from: Timestamp,
}

impl<'w> World<'w> {
    pub(super) fn new(seed: u64, days: u32, tags: usize, workings: &'w dyn Workings, traced: bool) -> Self {
        let mix = Mix::of(seed);
        let wearers: Vec<Wearer> = (0..tags).map(|n| Wearer::new(n, seed, days, &mix)).collect();
        let mut chance = Chance::of(seed, 2);
        let worn = (0..tags).map(|n| {
            let from = START.plus_ms(chance.whole(0, 60_000));
            Worn::new(tag_id(n, 0), n, from, &mut chance, &mix)
        });
        let worn: Vec<Worn> = worn.collect();
        let disk = Arc::new(Disk::new(Chance::of(seed, 3), mix.answers_lost, START));
        let mut world = Self {
            seed,
            workings,
            now: START.plus_ms(-60_000),
            queue: Queue::new(),
            trace: Trace::new(traced),
            radio: Chance::of(seed, 4),
            wearers,
            worn,
            broker: Broker::default(),
            disk,
            service: Service::new(seed),
            phones: Phones::new(seed, &mix),
            people: People::new(seed),
            checks: Checks::default(),
            stays: Stays::default(),
            looks: 0,
            calm_from: START.plus_ms(i64::from(days) * 86_400_000),
            mix,
        };
        for wearer in &world.wearers {
            let quiet = wearer.agreed.quiet().map(|quiet| (town::person_id(wearer.n), quiet));
            world.checks.quiet.extend(quiet);
        }
        for tag in 0..tags {
            world.queue.put(world.worn[tag].wakes_at, Event::Wakes(tag));
        }
        world.queue.put(world.now, Event::Befalls(Fault::Starts));
        world.queue.put(world.now, Event::Looks);
        world.plan_faults(days);
        world.open_the_office();
        world
    }

    /// Lets it all happen, until `until`; returns what there is to read of it.
    pub(super) fn pass_to(&mut self, until: Timestamp) -> String {
        while let Some((at, event)) = self.queue.next_by(until) {
            self.now = at;
            self.disk.pass_to(at);
            self.happens(event);
        }
        self.now = until;
        self.trace.take()
    }

    /// The end of it: what must hold now.
    pub(super) fn ends(&mut self) {
        self.final_looks();
        self.checks.ends(self.now);
    }

    pub(super) fn in_ms(&mut self, ms: i64, event: Event) {
        self.queue.put(self.now.plus_ms(ms), event);
    }

    pub(super) fn say(&mut self, what: impl FnOnce() -> String) {
        self.trace.say(self.now, what);
    }

    pub(super) fn breaks(&mut self, law: Law, what: impl Into<String>) {
        let what = what.into();
        self.trace.say(self.now, || format!("BROKEN: {}: {what}", law.words()));
        self.checks.breaks(law, self.now, what);
    }

    fn happens(&mut self, event: Event) {
        match event {
            Event::Wakes(tag) => self.wakes(tag),
            Event::Reaches { tag, seq, bytes, is_whole } => self.reaches(tag, seq, bytes, is_whole),
            Event::Delivered { id, session } => self.delivered(id, session),
            Event::Answers { tag, reply } => self.answers(tag, &reply),
            Event::Connects { process } => self.of(process, Self::connects),
            Event::Turns { process } => self.of(process, Self::turns),
            Event::Written { process } => self.of(process, Self::written),
            Event::Claims { process } => self.of(process, Self::claims),
            Event::Sent { process, alert } => self.of(process, |world| world.sent(alert)),
            Event::Person(deed) => self.does(deed),
            Event::Befalls(fault) => self.befalls(fault),
            Event::Looks => self.looks(),
        }
    }

    /// What is for a process that is gone does not happen.
    fn of(&mut self, process: u64, what: impl FnOnce(&mut Self)) {
        if self.service.is_running(process) {
            what(self);
        }
    }

    fn looks(&mut self) {
        self.looks += 1;
        if let Some(process) = &self.service.process {
            let (engine, steady) = (process.line.engine(), process.steady(self.now));
            self.checks.look(engine, steady, process.steady(process.started), self.now);
            if self.looks.is_multiple_of(LOOKS_AT_WEARERS) {
                self.checks.look_at_wearers(engine, self.now);
            }
        }
        self.in_ms(LOOK_MS, Event::Looks);
    }
}
