//! The line between what arrives and what is written: whose turn it is, one step after the other, and what becomes of
//! danger while nothing can be written.
//!
//! It is told what time it is and never waits: the driver turns it in live service, the simulator on virtual time.

use std::{collections::BTreeMap, sync::Arc};

use super::{
    inbox::Arrival,
    pause::Pause,
    step::{Now, Sequencer, Stepped},
    waiting::Waiting,
    writer::{FAILING_MS, Writer},
};
use crate::{
    domain::{Alert, AlertId, AlertState, Priority, Timestamp},
    engine::{Engine, ServiceReport, Told},
    store::{JournalHead, Store, StoreError},
};

/// Arrivals taken up in one step.
const STEP_ARRIVALS_MAX: usize = 1_000;
/// While something is not written, how long that has been so is looked at this often, milliseconds.
const LOOK_MS: i64 = 1_000;

/// Danger that must not wait until the store can take it: alerts that nobody has carried yet.
pub type Unwritten = Arc<BTreeMap<AlertId, Alert>>;

/// See the module's documentation.
pub struct Line {
    sequencer: Sequencer,
    waiting: Waiting,
    writer: Writer,
    /// Whether staff have been told that records cannot be written.
    told_failing: bool,
    /// While there is no room for more, the sources that are heard all the same: whoever cannot listen must not take
    /// silence for news.
    deafened: Option<Vec<String>>,
}

impl Line {
    /// Carries on with what a sequencer knows, and writes to this store under this ownership of the line.
    #[must_use]
    pub fn new(sequencer: Sequencer, store: Arc<dyn Store>, epoch: i64) -> Self {
        Self {
            sequencer,
            waiting: Waiting::default(),
            writer: Writer::new(store, epoch),
            told_failing: false,
            deafened: None,
        }
    }

    /// The engine as it is after the last step.
    #[must_use]
    pub fn engine(&self) -> &Engine {
        self.sequencer.engine()
    }

    /// The engine, and the row that it is after, which may not be written yet.
    pub(super) fn memory(&self) -> Option<(Engine, JournalHead)> {
        self.sequencer.memory()
    }

    /// Whether staff have been told that records cannot be written.
    #[must_use]
    pub fn is_failing(&self) -> bool {
        self.told_failing
    }

    /// Whether there is room for more messages. What comes then stays in the inbox, and behind it in the broker.
    #[must_use]
    pub fn has_room(&self) -> bool {
        self.waiting.has_room()
    }

    /// Takes an arrival in. That a source is heard is kept back while there is no room for what it says.
    pub fn put(&mut self, arrival: Arrival, now: Timestamp) {
        if let Arrival::Told(Told::Source { name, up }, None) = &arrival
            && let Some(deafened) = &mut self.deafened
        {
            deafened.retain(|known| known != name);
            if *up {
                return deafened.push(name.clone());
            }
        }
        self.waiting.put(arrival, now, self.sequencer.engine());
    }

    /// If the line stood still, nothing was heard meanwhile: the engine knows that before deadlines are taken up.
    pub(super) fn stood_still(&mut self, pause: Pause, now: Now, salt: &mut dyn FnMut() -> [u8; 16]) {
        let then = Now { steady: pause.since, ..now };
        let stepped = self.sequencer.step(then, pause.unheard, salt);
        self.writer.put(stepped, now.steady);
        // What a source has said of itself since then is news.
        if self.deafened.is_none() {
            self.waiting.put_first(pause.heard);
        }
    }

    /// Decides what has arrived and what is due, and begins to write it down if nothing else is being written. Returns how
    /// many messages were judged.
    pub fn turn(&mut self, now: Now, salt: &mut dyn FnMut() -> [u8; 16]) -> usize {
        let max = if self.writer.has_room() { STEP_ARRIVALS_MAX } else { 0 };
        let arrivals = self.waiting.take(now.steady, self.sequencer.engine(), max);
        let stepped = self.sequencer.step(now, arrivals, salt);
        let judged = stepped.tickets.len();
        if !stepped.is_empty() {
            self.writer.put(stepped, now.steady);
        }
        self.writer.begin(now.steady);
        judged
    }

    /// Says when records cannot be written, and returns the danger that must not wait for it: alerts that nobody has
    /// carried yet.
    pub fn look_after_the_store(&mut self, now: Timestamp) -> Unwritten {
        let (behind_ms, is_slow) = (self.writer.behind_ms(now), self.writer.is_slow(now));
        let failing = behind_ms >= FAILING_MS || self.told_failing && is_slow;
        if failing != self.told_failing {
            self.told_failing = failing;
            let report = ServiceReport::Store { up: !failing };
            self.waiting.put_told(Told::Service(report));
        }
        self.listen_only_with_room();
        match (failing, is_slow) {
            (true, _) => self.danger_raised_by(now),
            (false, true) => self.danger_raised_by(now.plus_ms(-FAILING_MS)),
            (false, false) => Unwritten::default(),
        }
    }

    fn danger_raised_by(&self, at: Timestamp) -> Unwritten {
        let alerts = self.engine().open_alerts().filter(|alert| {
            alert.state == AlertState::Waiting && alert.priority == Priority::P1 && alert.raised_at <= at
        });
        Arc::new(alerts.map(|alert| (alert.id, alert.clone())).collect::<BTreeMap<_, _>>())
    }

    /// With no room for what tags say, their silence means nothing.
    fn listen_only_with_room(&mut self) {
        let (names, up) = match (self.writer.has_room(), self.deafened.take()) {
            (true, Some(names)) => (names, true),
            (false, None) => {
                let names: Vec<String> = self.engine().heard_sources().map(str::to_owned).collect();
                self.deafened = Some(names.clone());
                (names, false)
            }
            (_, deafened) => return self.deafened = deafened,
        };
        for name in names {
            self.waiting.put_told(Told::Source { name, up });
        }
    }

    /// When there is something to do that no event announces; [`Timestamp::MAX`] for never.
    #[must_use]
    pub fn wake_at(&self, now: Timestamp) -> Timestamp {
        let deadline = self.engine().next_deadline();
        let waiting = self.waiting.ready_at(now).filter(|_| self.writer.has_room());
        let look = (!self.writer.is_idle() || self.told_failing).then(|| now.plus_ms(LOOK_MS));
        let times = [deadline, waiting, look, self.sequencer.forgets_at(), Some(self.writer.next_at())];
        times.into_iter().flatten().min().unwrap_or(Timestamp::MAX)
    }

    /// Waits for the end of what is being written (for ever if nothing is), and returns it once it is written. What could
    /// not be written will be tried again.
    ///
    /// # Errors
    /// `Conflict` or `Corrupt`: trying again does not help.
    pub async fn written(&mut self, now: impl Fn() -> Timestamp) -> Result<Option<Stepped>, StoreError> {
        self.writer.written(now).await
    }

    /// Whether nothing waits to be decided or written.
    #[must_use]
    pub fn is_idle(&self, now: Timestamp) -> bool {
        self.waiting.ready_at(now).is_none() && self.writer.is_idle()
    }

    /// Milliseconds since the oldest of what is not written was decided.
    #[must_use]
    pub fn behind_ms(&self, now: Timestamp) -> i64 {
        self.writer.behind_ms(now)
    }

    /// Whether hand-ins were taken up and that is not written yet.
    pub(super) fn holds_hand_ins(&self) -> bool {
        self.writer.holds_hand_ins()
    }
}
