//! Drives the sequencer: wait, step, commit, acknowledge.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use tokio::{
    sync::{mpsc, watch},
    time::timeout,
};

use super::{
    board::{Board, Dot},
    inbox::Arrival,
    meter::Meter,
    record::place_of,
    step::{Now, Sequencer, Stepped},
};
use crate::{
    clock::Clock,
    domain::Timestamp,
    engine::Told,
    store::{Store, StoreError},
};

/// Arrivals taken up in one transaction.
const BATCH_ARRIVALS_MAX: usize = 1_000;
/// Hand-ins of other processes are looked for this often.
const HAND_IN_MS: i64 = 500;
/// Hand-ins that take longer to read wait for the next time.
const HAND_IN_MAX: Duration = Duration::from_secs(2);
/// How long after a failed commit the same rows are tried again.
const RETRY_MS: i64 = 200;
/// A commit that takes longer is tried again.
const COMMIT_MAX: Duration = Duration::from_secs(15);
/// The board is drawn at most this often.
const BOARD_EVERY_US: i64 = 200_000;

/// What the driver needs.
pub struct Driver {
    /// Numbers, stamps, decides and applies.
    pub sequencer: Sequencer,
    /// What arrives.
    pub arrivals: mpsc::Receiver<Arrival>,
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
}

impl Driver {
    /// Runs until every sender of arrivals is gone, or the journal belongs to somebody else.
    ///
    /// # Errors
    /// [`StoreError::Conflict`]: another process writes this journal.
    pub async fn run(mut self) -> Result<(), StoreError> {
        let mut next_hand_in = self.clock.steady();
        let mut drawn_us = i64::MIN;
        loop {
            let mut arrivals = Vec::new();
            let deadline = self.sequencer.engine().next_deadline().unwrap_or(Timestamp::MAX);
            tokio::select! {
                count = self.arrivals.recv_many(&mut arrivals, BATCH_ARRIVALS_MAX) => {
                    if count == 0 {
                        return Ok(());
                    }
                }
                () = self.clock.wait_until(deadline.min(next_hand_in)) => {}
            }
            if self.clock.steady() >= next_hand_in {
                self.hand_ins(&mut arrivals).await;
                next_hand_in = self.clock.steady().plus_ms(HAND_IN_MS);
            }
            let now = Now { steady: self.clock.steady(), wall: self.clock.wall() };
            let stepped = self.sequencer.step(now, arrivals, &mut salt);
            if !stepped.batch.is_empty() {
                self.commit(&stepped).await?;
            }
            // Whoever gets an answer sees on the board what came of it.
            let since_us = self.clock.real_us().saturating_sub(drawn_us);
            if since_us >= BOARD_EVERY_US || !stepped.answers.is_empty() {
                self.draw(now.steady);
                drawn_us = self.clock.real_us();
            }
            self.after_commit(stepped);
        }
    }

    /// The same rows are tried until they are in: their numbers make that safe.
    async fn commit(&self, stepped: &Stepped) -> Result<(), StoreError> {
        loop {
            // A database that neither answers nor fails would otherwise hold the line for ever.
            let reason = match timeout(COMMIT_MAX, self.store.commit(&stepped.batch)).await {
                Ok(Ok(())) => return Ok(()),
                Ok(Err(StoreError::Unavailable(reason))) => reason,
                Ok(Err(error)) => return Err(error),
                Err(_) => "no answer".into(),
            };
            let rows = stepped.batch.rows.len();
            tracing::error!(reason, rows, "commit failed, trying again");
            self.clock.wait_ms(RETRY_MS).await;
        }
    }

    fn after_commit(&self, stepped: Stepped) {
        self.meter.committed(&stepped);
        if !stepped.batch.alerts.is_empty() {
            (self.wake_dispatch)();
        }
        stepped.acknowledge();
    }

    async fn hand_ins(&self, arrivals: &mut Vec<Arrival>) {
        // What hangs here would hold every deadline and every ping up.
        let handed_in = match timeout(HAND_IN_MAX, self.store.handed_in(256)).await {
            Ok(Ok(handed_in)) => handed_in,
            Err(_) => return tracing::warn!("hand-ins cannot be read: no answer"),
            Ok(Err(error)) => return tracing::warn!(%error, "hand-ins cannot be read"),
        };
        for hand_in in handed_in {
            let told = serde_json::from_str::<Told>(&hand_in.payload);
            if let Err(error) = &told {
                let error = place_of(error);
                tracing::error!(id = hand_in.id, error, "a hand-in cannot be read; it is dropped");
            }
            arrivals.push(Arrival::HandIn(hand_in.id, told.ok()));
        }
    }

    fn draw(&self, at: Timestamp) {
        let engine = self.sequencer.engine();
        let rulebook = Arc::clone(engine.rulebook());
        let worn = |tag| rulebook.wearer_of(tag, at).is_some();
        let strays = engine.tags().filter(|(tag, _)| !worn(tag));
        let board = Board {
            at: Some(at),
            wearers: engine.sightings().map(|(id, seen)| (id.clone(), Dot::from(seen))).collect(),
            strays: strays.filter_map(|(tag, state)| Some((tag.clone(), state.heard_at?))).collect(),
            incidents: engine
                .open_incidents()
                .map(|incident| (incident.id, Arc::clone(incident)))
                .collect::<BTreeMap<_, _>>(),
            deaf: engine.silent_sources().map(str::to_owned).collect(),
            gaps: engine.source_gaps().map(|(name, gaps)| (name.to_owned(), gaps)).collect(),
            rulebook,
        };
        self.board.send_replace(Arc::new(board));
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
