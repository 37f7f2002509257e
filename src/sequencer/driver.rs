//! Drives the sequencer: waits for what arrives, falls due or is written, steps, hands to the writer, acknowledges what is
//! written.
//!
//! Deciding never waits for the store. While nothing can be written, what is decided gathers in memory (nothing of it is
//! acknowledged), staff are told that records cannot be written, and danger is handed to dispatch directly.

use std::{collections::BTreeMap, sync::Arc};

use tokio::sync::watch;

use super::{
    board::{Board, Dot},
    hand_ins::HandIns,
    inbox::{Arrival, Arrivals},
    meter::Meter,
    pause::Pulse,
    step::{Now, Sequencer, Stepped},
    waiting::Waiting,
    writer::{FAILING_MS, Writer},
};
use crate::{
    clock::Clock,
    domain::{Alert, AlertId, AlertState, Priority, Timestamp},
    engine::{ServiceReport, Told},
    store::{Store, StoreError},
};

/// Arrivals taken up in one step.
const STEP_ARRIVALS_MAX: usize = 1_000;
/// The board is drawn at most this often.
const BOARD_EVERY_US: i64 = 200_000;
/// While something is not written, how long that has been so is looked at this often, milliseconds.
const LOOK_MS: i64 = 1_000;

/// A line that is to end waits so long for a store that cannot be written, milliseconds.
const GIVE_UP_MS: i64 = 10_000;

/// Danger that must not wait until the store can take it: alerts that nobody has carried yet.
pub type Unwritten = Arc<BTreeMap<AlertId, Alert>>;

/// What the driver needs.
pub struct Driver {
    /// Numbers, stamps, decides and applies.
    pub sequencer: Sequencer,
    /// What arrives.
    pub arrivals: Arrivals,
    /// Where state lives.
    pub store: Arc<dyn Store>,
    /// What time it is.
    pub clock: Clock,
    /// Where the console looks.
    pub board: watch::Sender<Arc<Board>>,
    /// What is counted.
    pub meter: Arc<Meter>,
    /// Wakes dispatch when there is something to send.
    pub wake_dispatch: Arc<dyn Fn() + Send + Sync>,
    /// Where dispatch looks for danger that the store cannot take.
    pub unwritten: watch::Sender<Unwritten>,
}

/// The driver at work.
struct Line {
    parts: Driver,
    waiting: Waiting,
    writer: Writer,
    hand_ins: HandIns,
    pulse: Pulse,
    /// Whether staff have been told that records cannot be written.
    told_failing: bool,
    /// While there is no room for more, the sources that are heard all the same: whoever cannot listen must not take
    /// silence for news.
    deafened: Option<Vec<String>>,
    drawn_us: i64,
    is_over: bool,
}

impl Driver {
    /// Runs until every sender of arrivals is gone, or the journal belongs to somebody else.
    ///
    /// # Errors
    /// [`StoreError::Conflict`]: another process writes this journal.
    pub async fn run(self) -> Result<(), StoreError> {
        let mut line = Line {
            waiting: Waiting::default(),
            writer: Writer::new(Arc::clone(&self.store)),
            hand_ins: HandIns::new(Arc::clone(&self.store)),
            pulse: Pulse::new(self.clock.steady(), self.clock.real_us()),
            told_failing: false,
            deafened: None,
            drawn_us: i64::MIN,
            is_over: false,
            parts: self,
        };
        line.run().await
    }
}

impl Line {
    async fn run(&mut self) -> Result<(), StoreError> {
        loop {
            let now = self.parts.clock.steady();
            self.look_after_a_pause(now);
            self.look_after_the_store(now);
            self.take_in(now);
            self.step();
            self.writer.begin(now);
            self.draw_if(false);
            if !self.writer.holds_hand_ins() {
                self.hand_ins.begin(now);
            }
            if (self.is_over || self.parts.arrivals.is_closed()) && self.may_end(now) {
                return Ok(());
            }
            self.next_event().await?;
        }
    }

    /// Whether everything is written, or cannot be: then nothing of it was acknowledged, and it comes again.
    fn may_end(&self, now: Timestamp) -> bool {
        let behind_ms = self.writer.behind_ms(now);
        if behind_ms >= GIVE_UP_MS {
            tracing::error!(behind_ms, "stopped although not everything could be written");
        }
        let is_done = self.parts.arrivals.is_empty() && self.waiting.ready_at(now).is_none();
        behind_ms >= GIVE_UP_MS || is_done && self.writer.is_idle()
    }

    /// Waits until there is something to do.
    async fn next_event(&mut self) -> Result<(), StoreError> {
        let clock = self.parts.clock.clone();
        let now = clock.steady();
        let wake_at = self.wake_at(now);
        let room = self.waiting.has_room();
        let mut arrivals = Vec::new();
        tokio::select! {
            biased;
            written = self.writer.written(|| clock.steady()) => {
                if let Some(stepped) = written? {
                    self.after_commit(stepped);
                }
            }
            handed_in = self.hand_ins.read() => arrivals = handed_in,
            arrival = self.parts.arrivals.recv_with(room), if !self.is_over => match arrival {
                Some(arrival) => arrivals = vec![arrival],
                None => self.is_over = true,
            },
            () = reached(&clock, wake_at, now) => {}
        }
        let now = clock.steady();
        for arrival in arrivals {
            self.put(arrival, now);
        }
        Ok(())
    }

    /// When there is something to do that no event announces.
    fn wake_at(&self, now: Timestamp) -> Timestamp {
        let deadline = self.parts.sequencer.engine().next_deadline().unwrap_or(Timestamp::MAX);
        let hand_ins = if self.writer.holds_hand_ins() { Timestamp::MAX } else { self.hand_ins.next_at() };
        let waiting = self.waiting.ready_at(now).filter(|_| self.writer.has_room());
        let look =
            if self.writer.is_idle() && !self.told_failing { Timestamp::MAX } else { now.plus_ms(LOOK_MS) };
        let forget = self.parts.sequencer.forgets_at().unwrap_or(Timestamp::MAX);
        let waiting = waiting.unwrap_or(Timestamp::MAX);
        let others = [deadline, hand_ins, waiting, self.writer.next_at(), look, forget];
        others.into_iter().min().unwrap_or(look)
    }

    /// If the line stood still, nothing was heard meanwhile: the engine knows that before deadlines are taken up.
    fn look_after_a_pause(&mut self, now: Timestamp) {
        let engine = self.parts.sequencer.engine();
        let Some(pause) = self.pulse.beat(engine, now, self.parts.clock.real_us()) else {
            return;
        };
        let then = Now { steady: pause.since, wall: self.parts.clock.wall() };
        let stepped = self.parts.sequencer.step(then, pause.unheard, &mut salt);
        self.writer.put(stepped, now);
        // What a source has said of itself since then is news.
        if self.deafened.is_none() {
            self.waiting.put_first(pause.heard);
        }
    }

    /// Takes an arrival in. That a source is heard is kept back while there is no room for what it says.
    fn put(&mut self, arrival: Arrival, now: Timestamp) {
        if let Arrival::Told(Told::Source { name, up }, None) = &arrival
            && let Some(deafened) = &mut self.deafened
        {
            deafened.retain(|known| known != name);
            if *up {
                return deafened.push(name.clone());
            }
        }
        self.waiting.put(arrival, now, self.parts.sequencer.engine());
    }

    /// Takes in all that has arrived: whose turn it is can only be said of what is here.
    fn take_in(&mut self, now: Timestamp) {
        while let Some(arrival) = self.parts.arrivals.try_recv(self.waiting.has_room()) {
            self.put(arrival, now);
        }
    }

    /// Decides what has arrived and what is due.
    fn step(&mut self) {
        let now = Now { steady: self.parts.clock.steady(), wall: self.parts.clock.wall() };
        let max = if self.writer.has_room() { STEP_ARRIVALS_MAX } else { 0 };
        let arrivals = self.waiting.take(now.steady, self.parts.sequencer.engine(), max);
        let stepped = self.parts.sequencer.step(now, arrivals, &mut salt);
        if !stepped.is_empty() {
            self.writer.put(stepped, now.steady);
        }
    }

    fn after_commit(&mut self, stepped: Stepped) {
        self.parts.meter.committed(&stepped);
        if !stepped.batch.alerts.is_empty() {
            (self.parts.wake_dispatch)();
        }
        // Whoever gets an answer sees on the board what came of it.
        self.draw_if(!stepped.answers.is_empty());
        stepped.acknowledge();
    }

    /// Says when records cannot be written, and hands on the danger that would have to wait for it.
    fn look_after_the_store(&mut self, now: Timestamp) {
        let (behind_ms, is_slow) = (self.writer.behind_ms(now), self.writer.is_slow(now));
        let failing = behind_ms >= FAILING_MS || self.told_failing && is_slow;
        if failing != self.told_failing {
            self.told_failing = failing;
            let report = ServiceReport::Store { up: !failing };
            self.waiting.put_told(Told::Service(report));
        }
        self.listen_only_with_room();
        let urgent = match (failing, is_slow) {
            (true, _) => self.danger_raised_by(now),
            (false, true) => self.danger_raised_by(now.plus_ms(-FAILING_MS)),
            (false, false) => BTreeMap::new(),
        };
        self.parts.unwritten.send_if_modified(|known| {
            let is_news = !known.keys().eq(urgent.keys());
            if is_news {
                *known = Arc::new(urgent);
            }
            is_news
        });
    }

    /// Alerts of danger that nobody has carried yet.
    fn danger_raised_by(&self, at: Timestamp) -> BTreeMap<AlertId, Alert> {
        let waits = |alert: &&Alert| {
            alert.state == AlertState::Waiting && alert.priority == Priority::P1 && alert.raised_at <= at
        };
        let alerts = self.parts.sequencer.engine().open_alerts();
        alerts.filter(waits).map(|alert| (alert.id, alert.clone())).collect()
    }

    /// With no room for what tags say, their silence means nothing.
    fn listen_only_with_room(&mut self) {
        let (names, up) = match (self.writer.has_room(), self.deafened.take()) {
            (true, Some(names)) => (names, true),
            (false, None) => {
                let heard = self.parts.sequencer.engine().heard_sources();
                let names: Vec<String> = heard.map(str::to_owned).collect();
                self.deafened = Some(names.clone());
                (names, false)
            }
            (_, deafened) => return self.deafened = deafened,
        };
        for name in names {
            self.waiting.put_told(Told::Source { name, up });
        }
    }

    fn draw_if(&mut self, at_once: bool) {
        let real_us = self.parts.clock.real_us();
        if at_once || real_us.saturating_sub(self.drawn_us) >= BOARD_EVERY_US {
            self.draw(self.parts.clock.steady());
            self.drawn_us = real_us;
        }
    }

    fn draw(&self, at: Timestamp) {
        let engine = self.parts.sequencer.engine();
        let rulebook = Arc::clone(engine.rulebook());
        let is_known = |tag| rulebook.wearer_of(tag, at).is_some() || rulebook.is_companion(tag);
        let strays = engine.tags().filter(|(tag, _)| !is_known(tag));
        let board = Board {
            at: Some(at),
            wearers: engine
                .sightings()
                .map(|(id, seen)| (id.clone(), Dot::of(engine, id, seen, at)))
                .collect(),
            companions: rulebook
                .proximity_zones()
                .map(|bound| &bound.zone.person)
                .map(|person| (person.clone(), engine.companionship(person, at)))
                .collect(),
            strays: strays.filter_map(|(tag, state)| Some((tag.clone(), state.heard_at?))).collect(),
            incidents: engine
                .open_incidents()
                .map(|incident| (incident.id, Arc::clone(incident)))
                .collect::<BTreeMap<_, _>>(),
            deaf: engine.silent_sources().map(str::to_owned).collect(),
            store_fails: self.told_failing,
            gaps: engine.source_gaps().map(|(name, gaps)| (name.to_owned(), gaps)).collect(),
            rulebook,
        };
        self.parts.board.send_replace(Arc::new(board));
    }
}

/// Waits for a time; not at all for one that has come.
async fn reached(clock: &Clock, at: Timestamp, now: Timestamp) {
    if at > now {
        clock.wait_until(at).await;
    }
}

/// Random bytes for a row's digest. Without randomness the payload is still kept and chained; only a guess at an
/// erased short payload could then be confirmed.
fn salt() -> [u8; 16] {
    let mut bytes = [0; 16];
    if let Err(error) = getrandom::fill(&mut bytes) {
        tracing::error!(%error, "no random bytes for the journal's salt");
    }
    bytes
}
