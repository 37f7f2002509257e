//! The service of a simulated world: one process after the other, each with the real line, on one disk.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use futures_util::FutureExt;
use tokio::sync::{mpsc, oneshot};

use super::{
    chance::Chance,
    checks::Law,
    courier::Courier,
    faults::Fault,
    people::Deed,
    world::{Event, World},
};
use crate::{
    domain::{TagId, Timestamp},
    engine::{Engine, Input, Refused, ServiceReport, Told},
    sequencer::{self, Again, Arrival, Done, Line, Now, Recovered, Sequencer, Stepped, Taken},
    store::{Store, StoreError},
};

/// Where its pings come from.
const SOURCE: &str = "broker";
/// A service that cannot read its store is started again after this time, milliseconds.
const AGAIN_MS: i64 = 5_000;
/// A wall clock that differs by more than this was set, milliseconds.
const SET_MS: i64 = 2_000;

/// See the module's documentation.
pub(super) struct Service {
    pub(super) process: Option<Process>,
    processes: u64,
    chance: Chance,
    /// Whether a start goes on from a snapshot.
    snapshots: Chance,
    source: Arc<str>,
    done: mpsc::UnboundedSender<Done>,
    /// The journal decided again, as far as it was read by the last start.
    journal: Recovered,
    /// Numbers of pings that stand in it.
    journalled: BTreeMap<TagId, BTreeSet<u64>>,
    /// How far the wall clock is ahead of the world's, milliseconds.
    pub(super) wall_ms: i64,
    /// The process dies when it has come to so many more places at which it may.
    pub(super) dies_after: Option<u32>,
    pub(super) starts: u64,
    pub(super) rows: u64,
}

/// A process of the service.
pub(super) struct Process {
    no: u64,
    pub(super) line: Line,
    pub(super) store: Arc<dyn Store>,
    pub(super) courier: Courier,
    pub(super) started: Timestamp,
    /// How far its steady clock is ahead of the world's, milliseconds: set at its start.
    ahead_ms: i64,
    turns_at: Option<Timestamp>,
    writes_until: Option<Timestamp>,
    /// Who waits for an answer.
    asked: Vec<(oneshot::Receiver<Result<(), Refused>>, Deed)>,
}

impl Process {
    pub(super) fn steady(&self, at: Timestamp) -> Timestamp {
        at.plus_ms(self.ahead_ms)
    }
}

impl Service {
    pub(super) fn new(seed: u64) -> Self {
        let (done, _) = mpsc::unbounded_channel();
        Self {
            process: None,
            processes: 0,
            chance: Chance::of(seed, 6),
            snapshots: Chance::of(seed, 10),
            source: SOURCE.into(),
            done,
            journal: Recovered::default(),
            journalled: BTreeMap::new(),
            wall_ms: 0,
            dies_after: None,
            starts: 0,
            rows: 0,
        }
    }

    pub(super) fn is_running(&self, process: u64) -> bool {
        self.process.as_ref().is_some_and(|running| running.no == process)
    }

    pub(super) fn source(&self) -> Arc<str> {
        Arc::clone(&self.source)
    }

    pub(super) fn done(&self) -> mpsc::UnboundedSender<Done> {
        self.done.clone()
    }

    /// How far the engine's time is ahead of the world's.
    pub(super) fn ahead_ms(&self, now: Timestamp) -> i64 {
        self.process.as_ref().map_or(0, |process| process.steady(now).ms_since(now))
    }

    pub(super) fn process_no(&self) -> u64 {
        self.processes
    }

    /// Reads what has come to the journal since it was last read.
    fn read_on(&mut self, store: &dyn Store) -> Option<Result<(), StoreError>> {
        let journalled = &mut self.journalled;
        let mut note = |again: Again<'_>| match again.input {
            Input::Ping { tag, ping, .. } => {
                journalled.entry(tag.clone()).or_default().insert(ping.seq);
            }
            Input::Told(Told::OutsideBasis { tag, seq, .. }) => {
                journalled.entry(tag.clone()).or_default().insert(*seq);
            }
            Input::Told(Told::Coalesced { tag, runs, .. }) => {
                let all = runs.iter().flat_map(|[_, first, last]| *first..=*last);
                journalled.entry(tag.clone()).or_default().extend(all);
            }
            Input::Told(_) => {}
        };
        self.journal.read_on(store, &mut note).now_or_never()
    }
}

impl World<'_> {
    pub(super) fn starts(&mut self) {
        if self.service.process.is_some() {
            return;
        }
        let store = self.workings.store(Arc::clone(&self.disk) as Arc<dyn Store>);
        let read = self.service.read_on(store.as_ref());
        let open = sequencer::open_in(store.as_ref()).now_or_never();
        let taken = store.take_line("").now_or_never();
        let (Some(Ok(())), Some(Ok((open, alerts))), Some(Ok(Some(epoch)))) = (read, open, taken) else {
            self.say(|| "the service cannot start: its store does not answer".into());
            return self.in_ms(AGAIN_MS, Event::Befalls(Fault::Starts));
        };
        let from_snapshot = self.goes_on_from_snapshot();
        self.look_at_snapshot();
        self.service.journal.compare_open(&open);
        let mut engine = from_snapshot.unwrap_or_else(|| self.service.journal.engine.clone());
        self.workings.remembers(&mut engine, open, alerts);
        self.checks.started(&engine, self.now);
        let head = self.service.journal.head.clone();
        let wall = self.now.plus_ms(self.service.wall_ms);
        let starts_at = head.as_ref().map_or(wall, |head| head.at.max(wall));
        let _ = store.end_leases().now_or_never();
        self.service.processes += 1;
        self.service.starts += 1;
        let no = self.service.processes;
        self.service.process = Some(Process {
            no,
            line: Line::new(Sequencer::after(engine, head), Arc::clone(&store), epoch),
            store,
            courier: Courier::new(no),
            started: self.now,
            // To the next whole millisecond: stamps rise over a start.
            ahead_ms: (starts_at.as_us() - self.now.as_us() + 999).div_euclid(1_000),
            turns_at: None,
            writes_until: None,
            asked: Vec::new(),
        });
        self.say(|| format!("process {no} starts"));
        self.tells(Told::Started { sources: vec![SOURCE.into()] });
        let ahead_ms = wall.ms_since(self.now) - self.service.ahead_ms(self.now);
        if ahead_ms.abs() > SET_MS {
            self.tells(Told::Service(ServiceReport::ClockSet { by_ms: ahead_ms }));
        }
        let after_ms = self.service.chance.ms(0.1, 3.0);
        self.in_ms(after_ms, Event::Connects { process: no });
        self.in_ms(1, Event::Claims { process: no });
    }

    /// Every other start goes on from the snapshot of an earlier one, as a process does that has not decided everything.
    fn goes_on_from_snapshot(&mut self) -> Option<Engine> {
        if !self.service.snapshots.happens(0.5) {
            return None;
        }
        let Some(Ok(caught_up)) = sequencer::catch_up(self.disk.kept()).now_or_never() else {
            self.breaks(Law::SnapshotIsMemory, "what was kept cannot be read");
            return None;
        };
        if caught_up.engine != self.service.journal.engine {
            self.breaks(Law::SnapshotIsMemory, "a start from a snapshot leads elsewhere");
        }
        Some(caught_up.engine)
    }

    /// A snapshot is taken of what is remembered, and read again.
    fn look_at_snapshot(&mut self) {
        let Some(head) = &self.service.journal.head else { return };
        let engine = &self.service.journal.engine;
        let store = self.disk.kept();
        let written = Taken::of(engine, head).and_then(|taken| taken.write(store).now_or_never());
        let recalled = Recovered::from_snapshot(store).now_or_never();
        let is_same = matches!((written, recalled), (Some(Ok(())), Some(Ok(recalled)))
            if recalled.head.as_ref() == Some(head) && recalled.engine == *engine);
        if !is_same {
            self.breaks(Law::SnapshotIsMemory, "what was read is not what was remembered");
        }
    }

    pub(super) fn connects(&mut self) {
        if self.broker.is_down || self.broker.session().is_some() {
            return;
        }
        let (session, has_forgotten) = self.broker.connect();
        self.tells(Told::Source { name: SOURCE.into(), up: true });
        if has_forgotten {
            self.tells(Told::Service(ServiceReport::SessionLost { source: SOURCE.into() }));
        }
        for id in self.broker.numbers() {
            self.hands_over(id, session);
        }
    }

    /// The broker is gone.
    pub(super) fn loses_broker(&mut self) {
        self.broker.disconnect();
        if self.service.process.is_some() {
            self.tells(Told::Source { name: SOURCE.into(), up: false });
        }
    }

    /// The process is killed.
    pub(super) fn dies(&mut self) {
        self.service.dies_after = None;
        let Some(mut process) = self.service.process.take() else { return };
        // What was being written may be written, or not.
        if self.service.chance.happens(0.5) {
            self.disk.settle();
            let at = process.steady(self.now);
            if let Some(Ok(Some(stepped))) = process.line.written(|| at).now_or_never() {
                self.checks.committed(&stepped.batch, self.now);
            }
        }
        drop(process);
        self.disk.forget_writer();
        self.broker.disconnect();
        self.say(|| "the service dies".into());
        let away_ms = self.service.chance.ms(0.5, self.mix.away_s);
        self.in_ms(away_ms, Event::Befalls(Fault::Starts));
    }

    /// A place at which the process may die; whether it does.
    pub(super) fn may_die(&mut self) -> bool {
        let Some(left) = &mut self.service.dies_after else { return false };
        if *left > 0 {
            *left -= 1;
            return false;
        }
        self.dies();
        true
    }

    /// Something is told to the line that nobody waits for.
    pub(super) fn tells(&mut self, told: Told) {
        self.arrives(Arrival::Told(told, None));
    }

    /// Somebody asks for something and waits; whether anybody is there to hear it.
    pub(super) fn asks(&mut self, told: Told, deed: Deed) -> bool {
        let (answer, answered) = oneshot::channel();
        let Some(process) = &mut self.service.process else { return false };
        process.asked.push((answered, deed));
        self.arrives(Arrival::Told(told, Some(answer)));
        true
    }

    pub(super) fn arrives(&mut self, arrival: Arrival) {
        let Some(process) = &mut self.service.process else { return };
        let at = process.steady(self.now);
        if let Some(arrival) = self.workings.arrives(arrival) {
            process.line.put(arrival, at);
        }
        self.turns();
    }

    pub(super) fn turns(&mut self) {
        if self.may_die() {
            return;
        }
        let now = self.now;
        let wall = now.plus_ms(self.service.wall_ms);
        let Some(process) = &mut self.service.process else { return };
        let steady = process.steady(now);
        let urgent = process.line.look_after_the_store(steady);
        let chance = &mut self.service.chance;
        process.line.turn(Now { steady, wall }, &mut || chance.bytes());
        // What is to be written is begun by the first look at it.
        self.written();
        self.sends_urgent(&urgent);
    }

    /// When there is something to do next.
    fn plan_next(&mut self) {
        let Some(process) = &mut self.service.process else { return };
        let (no, steady) = (process.no, process.steady(self.now));
        let writes_until = self.disk.ends_at();
        if let Some(ends_at) =
            writes_until.filter(|ends_at| *ends_at < Timestamp::MAX && process.writes_until != Some(*ends_at))
        {
            self.queue.put(ends_at, Event::Written { process: no });
        }
        process.writes_until = writes_until;
        let wake = self.workings.wakes(process.line.wake_at(steady));
        if wake < Timestamp::MAX {
            let at = wake.plus_ms(-process.ahead_ms).max(self.now.plus_ms(1));
            if process.turns_at.is_none_or(|turns_at| turns_at > at || turns_at <= self.now) {
                process.turns_at = Some(at);
                self.queue.put(at, Event::Turns { process: no });
            }
        }
    }

    pub(super) fn written(&mut self) {
        let now = self.now;
        let Some(process) = &mut self.service.process else { return };
        let steady = process.steady(now);
        match process.line.written(|| steady).now_or_never() {
            None => self.plan_next(),
            Some(Ok(None)) => self.turns(),
            Some(Ok(Some(stepped))) => self.committed(stepped),
            Some(Err(error)) => {
                self.breaks(Law::TheLineGoesOn, format!("the line stops: {error}"));
                self.dies();
            }
        }
    }

    fn committed(&mut self, stepped: Stepped) {
        self.service.rows += stepped.batch.rows.len() as u64;
        self.checks.committed(&stepped.batch, self.now);
        self.checks.alerts_committed(&stepped.batch.alerts, self.phones.taken(), self.now);
        self.say(|| committed_in_words(&stepped));
        if self.may_die() {
            return;
        }
        let Stepped { batch, tickets, answers, .. } = stepped;
        for (ticket, replies) in tickets {
            self.acknowledged(ticket.id, replies);
        }
        for (answer, result) in answers {
            // Whoever asked may be gone.
            let _ = answer.send(result);
        }
        self.hear_answers();
        self.notice(&batch);
        if self.may_die() {
            return;
        }
        if !batch.alerts.is_empty() {
            self.claims();
        }
        self.turns();
    }

    fn hear_answers(&mut self) {
        let Some(process) = &mut self.service.process else { return };
        let mut heard = Vec::new();
        process.asked.retain_mut(|(answered, deed)| match answered.try_recv() {
            Ok(result) => {
                heard.push((deed.clone(), Some(result)));
                false
            }
            Err(oneshot::error::TryRecvError::Closed) => {
                heard.push((deed.clone(), None));
                false
            }
            Err(oneshot::error::TryRecvError::Empty) => true,
        });
        for (deed, result) in heard {
            self.answered(deed, result);
        }
    }

    /// The wall clock is set by so many milliseconds.
    pub(super) fn sets_wall(&mut self, by_ms: i64) {
        self.service.wall_ms += by_ms;
        if self.service.process.is_some() && by_ms.abs() > SET_MS {
            self.tells(Told::Service(ServiceReport::ClockSet { by_ms }));
        }
    }

    /// What must hold of the records in the end.
    pub(super) fn final_looks(&mut self) {
        let disk = Arc::clone(&self.disk);
        let (store, now) = (disk.kept(), self.now);
        let read = self.service.read_on(store);
        let compared = sequencer::compare(store, self.service.journal.clone()).now_or_never();
        let difference = match (read, compared) {
            (Some(Ok(())), Some(Ok(findings))) => findings.differences.into_iter().next(),
            _ => Some("the journal cannot be read".into()),
        };
        if let Some(difference) = difference {
            self.checks.breaks(Law::ReplayEqualsRecord, now, difference);
        }
        for worn in &mut self.worn {
            let journalled = self.service.journalled.get(&worn.id);
            let lost = worn.acknowledged.iter().find(|seq| !journalled.is_some_and(|all| all.contains(seq)));
            if let Some(seq) = lost {
                let what = format!("ping {seq} of tag {} was acknowledged and is not there", worn.id);
                self.checks.breaks(Law::AcknowledgedIsKept, now, what);
            }
            let left = worn.tag.kept().numbers().count();
            if left > 3 {
                let what = format!("tag {} still keeps {left} pings", worn.id);
                self.checks.breaks(Law::NothingIsLeft, now, what);
            }
        }
        if self.service.process.is_none() {
            self.checks.breaks(Law::TheLineGoesOn, now, "the service is not running");
        }
    }
}

fn committed_in_words(stepped: &Stepped) -> String {
    let batch = &stepped.batch;
    let rows =
        batch.rows.iter().map(|row| format!("{} {} {}", row.no, row.kind, row.decision.replace('\n', "; ")));
    format!("committed {}", rows.collect::<Vec<_>>().join(" | "))
}
