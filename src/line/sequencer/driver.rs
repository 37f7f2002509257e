//! Drives the sequencer: waits for what arrives, falls due or is written, steps, hands to the writer, acknowledges what is
//! written.
//!
//! Deciding never waits for the store. While nothing can be written, what is decided gathers in memory (nothing of it is
//! acknowledged), staff are told that records cannot be written, and danger is handed to dispatch directly.

use std::{collections::BTreeMap, sync::Arc};

use tokio::sync::watch;

use super::{
    board::{Board, Dot, is_notice},
    hand_ins::HandIns,
    inbox::Arrivals,
    keeper::{Keeper, Kept},
    line::{Line, Unwritten},
    meter::Meter,
    pause::Pulse,
    step::{Now, Sequencer, Stepped},
};
use crate::{
    clock::Clock,
    domain::{AlertState, Incident, IncidentId, MINUTE_MS, TagId, Timestamp},
    engine::Rulebook,
    store::{Store, StoreError},
    vitals::Vitals,
};

/// The board is drawn at most this often.
const BOARD_EVERY_US: i64 = 200_000;
/// What was closed stays on the board for so long.
const CLOSED_SHOWN_MS: i64 = 10 * MINUTE_MS;
/// A line that is to end waits so long for a store that cannot be written, milliseconds.
const GIVE_UP_MS: i64 = 10_000;

/// What the driver needs.
pub struct Driver {
    /// Numbers, stamps, decides and applies.
    pub sequencer: Sequencer,
    /// What arrives.
    pub arrivals: Arrivals,
    /// Where state lives.
    pub store: Arc<dyn Store>,
    /// Under which ownership of the line it is written.
    pub epoch: i64,
    /// What time it is.
    pub clock: Clock,
    /// Where the console looks.
    pub board: watch::Sender<Arc<Board>>,
    /// What is counted.
    pub meter: Arc<Meter>,
    /// Where it says that it is well.
    pub vitals: Arc<Vitals>,
    /// Wakes dispatch when there is something to send.
    pub wake_dispatch: Arc<dyn Fn() + Send + Sync>,
    /// Where dispatch looks for danger that the store cannot take.
    pub unwritten: watch::Sender<Unwritten>,
    /// So many rows are between two snapshots; `None`: none is taken.
    pub snapshot_every_rows: Option<i64>,
    /// What of them there is.
    pub kept: Kept,
}

/// The driver at work.
struct Work {
    parts: Parts,
    line: Line,
    hand_ins: HandIns,
    keeper: Keeper,
    pulse: Pulse,
    drawn_us: i64,
    /// What the board shows of incidents that were closed a moment ago.
    closed: BTreeMap<IncidentId, Arc<Incident>>,
    is_over: bool,
}

/// What is left of a driver beside the line.
struct Parts {
    arrivals: Arrivals,
    clock: Clock,
    board: watch::Sender<Arc<Board>>,
    meter: Arc<Meter>,
    vitals: Arc<Vitals>,
    wake_dispatch: Arc<dyn Fn() + Send + Sync>,
    unwritten: watch::Sender<Unwritten>,
    shown: Option<Shown>,
}

/// A rulebook, and what of it the console shows.
struct Shown {
    of: Arc<Rulebook>,
    shown: Arc<Rulebook>,
}

impl Driver {
    /// Runs until every sender of arrivals is gone, or the journal belongs to somebody else.
    ///
    /// # Errors
    /// [`StoreError::NotOwner`] or [`StoreError::Conflict`]: another process writes this journal.
    pub async fn run(self) -> Result<(), StoreError> {
        let Self {
            sequencer, arrivals, store, clock, board, meter, vitals, wake_dispatch, unwritten, ..
        } = self;
        let mut work = Work {
            line: Line::new(sequencer, Arc::clone(&store), self.epoch),
            keeper: Keeper::new(Arc::clone(&store), clock.clone(), self.snapshot_every_rows, self.kept),
            hand_ins: HandIns::new(store),
            pulse: Pulse::new(clock.steady(), clock.real_us()),
            drawn_us: i64::MIN,
            closed: BTreeMap::new(),
            is_over: false,
            parts: Parts { arrivals, clock, board, meter, vitals, wake_dispatch, unwritten, shown: None },
        };
        work.run().await
    }
}

impl Work {
    async fn run(&mut self) -> Result<(), StoreError> {
        loop {
            let now = self.now();
            if let Some(pause) = self.pulse.beat(self.line.engine(), now.steady, self.parts.clock.real_us()) {
                self.line.stood_still(pause, now, &mut salt);
            }
            self.hand_on(now.steady);
            self.take_in(now.steady);
            let judged = self.line.turn(self.now(), &mut salt);
            self.parts.meter.decided(judged);
            self.parts.vitals.turned(self.parts.clock.real_us(), self.line.behind_ms(now.steady));
            self.draw_if(false);
            if !self.line.holds_hand_ins() {
                self.hand_ins.begin(now.steady);
            }
            if (self.is_over || self.parts.arrivals.is_closed()) && self.may_end(now.steady) {
                return Ok(());
            }
            self.next_event().await?;
        }
    }

    fn now(&self) -> Now {
        Now { steady: self.parts.clock.steady(), wall: self.parts.clock.wall() }
    }

    /// Whether everything is written, or cannot be: then nothing of it was acknowledged, and it comes again.
    fn may_end(&self, now: Timestamp) -> bool {
        let behind_ms = self.line.behind_ms(now);
        if behind_ms >= GIVE_UP_MS {
            tracing::error!(behind_ms, "stopped although not everything could be written");
        }
        behind_ms >= GIVE_UP_MS || self.parts.arrivals.is_empty() && self.line.is_idle(now)
    }

    /// Waits until there is something to do.
    async fn next_event(&mut self) -> Result<(), StoreError> {
        let clock = self.parts.clock.clone();
        let now = clock.steady();
        let hand_ins = if self.line.holds_hand_ins() { Timestamp::MAX } else { self.hand_ins.next_at() };
        let wake_at = self.line.wake_at(now).min(hand_ins);
        let room = self.line.has_room();
        let mut arrivals = Vec::new();
        tokio::select! {
            biased;
            written = self.line.written(|| clock.steady()) => {
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
            self.line.put(arrival, now);
        }
        Ok(())
    }

    /// Takes in all that has arrived: whose turn it is can only be said of what is here.
    fn take_in(&mut self, now: Timestamp) {
        while let Some(arrival) = self.parts.arrivals.try_recv(self.line.has_room()) {
            self.line.put(arrival, now);
        }
    }

    fn after_commit(&mut self, stepped: Stepped) {
        self.parts.meter.committed(&stepped);
        self.parts.vitals.committed(self.parts.clock.real_us());
        let closed = stepped.batch.incidents.iter().filter(|incident| !incident.is_open());
        let closed = closed.filter(|incident| !incident.unit.is_canary() && incident.concerns_staff());
        self.closed.extend(closed.map(|incident| (incident.id, Arc::new(incident.clone()))));
        if !stepped.batch.alerts.is_empty() {
            (self.parts.wake_dispatch)();
        }
        self.keeper.after_commit(&stepped.batch.rows, || self.line.memory());
        // Whoever gets an answer sees on the board what came of it.
        self.draw_if(!stepped.answers.is_empty());
        stepped.acknowledge();
    }

    /// Hands on the danger that would have to wait for the store.
    fn hand_on(&mut self, now: Timestamp) {
        let urgent = self.line.look_after_the_store(now);
        self.parts.unwritten.send_if_modified(|known| {
            let is_news = !known.keys().eq(urgent.keys());
            if is_news {
                *known = urgent;
            }
            is_news
        });
    }

    fn draw_if(&mut self, at_once: bool) {
        let real_us = self.parts.clock.real_us();
        if at_once || real_us.saturating_sub(self.drawn_us) >= BOARD_EVERY_US {
            self.draw(self.parts.clock.steady());
            self.drawn_us = real_us;
        }
    }

    fn draw(&mut self, at: Timestamp) {
        let rulebook = self.shown();
        let is_late = |incident: &Incident| {
            incident.timeline.last().is_some_and(|last| at.ms_since(last.at) <= CLOSED_SHOWN_MS)
        };
        self.closed.retain(|_, incident| is_late(incident));
        let engine = self.line.engine();
        let waiting = engine.open_alerts().filter(|alert| alert.state == AlertState::Waiting);
        let waits_ms = waiting.map(|alert| at.ms_since(alert.raised_at)).max().unwrap_or(0);
        self.parts.vitals.alert_waits(self.parts.clock.real_us(), waits_ms);
        let is_known = |tag: &TagId| {
            tag.is_canary() || rulebook.wearer_of(tag, at).is_some() || rulebook.is_companion(tag)
        };
        let strays = engine.tags().filter(|(tag, _)| !is_known(tag));
        let (canary, incidents): (Vec<_>, Vec<_>) =
            engine.open_incidents().partition(|incident| incident.unit.is_canary());
        let notices = incidents.iter().filter(|incident| is_notice(incident));
        let concerning_staff = incidents.iter().filter(|incident| incident.concerns_staff());
        let before = Arc::clone(&self.parts.board.borrow());
        let by_number = |incident: &Arc<Incident>| (incident.id, Arc::clone(incident));
        let board = Board {
            at: Some(at),
            wearers: engine
                .sightings()
                .filter(|(id, _)| !id.is_canary())
                .map(|(id, seen)| (id.clone(), Dot::of(engine, id, seen, at, before.wearers.get(id))))
                .collect(),
            companions: rulebook
                .proximity_zones()
                .map(|bound| &bound.zone.person)
                .map(|person| (person.clone(), engine.companionship(person, at)))
                .collect(),
            strays: strays.filter_map(|(tag, state)| Some((tag.clone(), state.heard_at?))).collect(),
            incidents: concerning_staff.copied().map(by_number).collect(),
            closed: self.closed.clone(),
            notices: notices.copied().map(by_number).collect(),
            canary: canary.into_iter().map(by_number).collect(),
            deaf: engine.silent_sources().map(str::to_owned).collect(),
            store_fails: self.line.is_failing(),
            gaps: engine.source_gaps().map(|(name, gaps)| (name.to_owned(), gaps)).collect(),
            rulebook,
        };
        self.parts.board.send_replace(Arc::new(board));
    }

    /// What the console shows of the rulebook: made anew only when that has changed.
    fn shown(&mut self) -> Arc<Rulebook> {
        let of = self.line.engine().rulebook();
        match &self.parts.shown {
            Some(known) if Arc::ptr_eq(&known.of, of) => Arc::clone(&known.shown),
            _ => {
                let shown = Arc::new(of.without_canary());
                self.parts.shown = Some(Shown { of: Arc::clone(of), shown: Arc::clone(&shown) });
                shown
            }
        }
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
