//! The line, joined: sources, sequencer, store, dispatch, console.

use std::{collections::BTreeMap, net::SocketAddr, path::PathBuf, sync::Arc};

use anyhow::Context;
use tokio::{
    net::TcpListener,
    sync::watch,
    task::{JoinError, JoinSet},
};

use super::{
    access::{self, Admission},
    standby,
};
use crate::{
    access::Access,
    canary::{self, Loopback},
    clock::Clock,
    console::{self, ConsoleState, Ground, PhoneDoor, SignIn, hooks},
    dispatch::{self, Dispatch},
    domain::Book,
    engine::{Problem, Told, not_carried},
    heartbeat::{self, Heartbeat},
    ingest, machine,
    notify::{self, Providers},
    secret::Secret,
    sequencer::{self, Board, Driver, Inbox, Kept, Meter, Sure, Unwritten},
    store::Store,
    subject::Eraser,
    vitals::Vitals,
};

/// What a line is built of.
pub struct Plan {
    /// Where state lives.
    pub store: Arc<dyn Store>,
    /// The store's file, whose disk is watched; none if it is on no disk of this machine.
    pub store_file: Option<PathBuf>,
    /// What time it is.
    pub clock: Clock,
    /// Where pings come from.
    pub sources: Vec<ingest::Source>,
    /// Who carries messages, and proves to be who they are when they report.
    pub channels: notify::Settings,
    /// Where the console listens.
    pub console: TcpListener,
    /// Who may come into it.
    pub admission: Admission,
    /// How the line is watched.
    pub watched: Watched,
    /// What the console's map stands on.
    pub ground: Ground,
}

/// How a line is watched, by itself and from outside.
#[derive(Debug, Default)]
pub struct Watched {
    /// A synthetic tag that goes through all of it.
    pub canary: Option<canary::Settings>,
    /// An outside monitor that is called while the canary comes through.
    pub heartbeat: Option<heartbeat::Settings>,
    /// What an outside watchdog shows when it asks how old everything is; without it nobody is answered.
    pub token: Option<Secret>,
    /// There is a control room: while no console in it is armed, people are phoned.
    pub consoles: bool,
}

/// A line at work.
pub struct Running {
    /// The one way in.
    pub inbox: Inbox,
    /// What the line has done.
    pub meter: Arc<Meter>,
    /// Who is in the console.
    pub sign_in: Arc<SignIn>,
    /// Who may come into it, and what they did.
    pub access: Arc<Access>,
    /// Where the console listens.
    pub address: SocketAddr,
    /// The time as the line knows it.
    pub clock: Clock,
    stop: watch::Sender<bool>,
    tasks: JoinSet<anyhow::Result<()>>,
}

impl Plan {
    /// Carries on where the journal ends, and starts every part.
    ///
    /// # Errors
    /// If the journal cannot be read, a provider cannot be built or the console cannot listen.
    pub async fn start(self) -> anyhow::Result<Running> {
        let (ownership, standby) =
            standby::stand_by(&self.store, &self.clock, &self.console, self.admission.public.as_ref())
                .await
                .context("cannot own the line")?;
        let (epoch, sure) = (ownership.epoch(), ownership.sure());
        let (mut tasks, (over, ended)) = (JoinSet::new(), watch::channel(false));
        tasks.spawn(async { ownership.keep(when(ended)).await.context("the line is not ours any more") });
        let (sequencer, findings) = standby.carry_on().await.context("cannot carry on from the journal")?;
        let kept =
            Kept::read(self.store.as_ref(), findings.from).await.context("cannot look for snapshots")?;
        for difference in &findings.differences {
            tracing::error!(difference, "the journal is not what was recorded; run `cordon replay`");
        }
        match sequencer::gone_unsaid(self.store.as_ref()).await {
            Ok(gone) => gone.into_iter().for_each(|no| {
                tracing::error!(
                    no,
                    "a journal row's content is gone, and no erasure took it; run `cordon replay`"
                );
            }),
            // Nothing follows from it for those who are to be warned.
            Err(error) => {
                tracing::error!(%error, "whether content of the journal is gone cannot be looked up");
            }
        }
        for snapshot in &findings.passed_over {
            tracing::warn!(snapshot, "a start takes longer");
        }
        tracing::info!(from = findings.from, rows = findings.rows, "the journal is read");
        let channels = self.channels.channels();
        // The canary brings its own.
        for unit in sequencer.engine().rulebook().without_canary().units() {
            for Problem { says, .. } in not_carried(&Book::Unit(unit.clone()), &channels) {
                tracing::error!(problem = says, "the rulebook in force relies on a channel that is gone");
            }
        }
        if let Err(error) = self.store.end_leases().await {
            tracing::error!(%error, "alerts that were on their way at the last stop wait until their leases run out");
        }
        let clock = match sequencer.last_at() {
            Some(last) => self.clock.not_before(last),
            None => self.clock,
        };
        let (inbox, arrivals) = Inbox::new();
        // Before anything is heard, the engine knows that it hears nothing.
        let names = self.sources.iter().map(|source| source.name.clone()).collect();
        inbox.tell(Told::Started { sources: names }).await.context("the inbox is closed")?;

        let (meter, vitals) = (Arc::new(Meter::default()), Arc::new(Vitals::new(clock.real_us())));
        let (stop, stopped) = watch::channel(false);
        let (loopback, messages) = Loopback::new();
        let providers = notify::providers(&self.channels, &clock)?.with(Arc::new(loopback));
        let dispatch = dispatch(&self.store, providers, &inbox, &clock, &sure, &meter, &vitals)?;
        let waker = dispatch.waker();
        let (unwritten, danger) = watch::channel(Unwritten::default());
        let emergency = dispatch.emergency(danger);
        let (board, picture) = watch::channel(Arc::new(Board::default()));
        let rulebook = Arc::clone(sequencer.engine().rulebook());
        let mut links = Vec::new();
        let mut counts = BTreeMap::new();
        for source in self.sources {
            let counted = counts.entry(source.name.clone()).or_insert_with(Arc::<ingest::Counts>::default);
            links.push((sequencer.engine().has_heard(&source.name), Arc::clone(counted), source));
        }
        let driver = Driver {
            sequencer,
            arrivals,
            store: Arc::clone(&self.store),
            epoch,
            clock: clock.clone(),
            board,
            meter: Arc::clone(&meter),
            vitals: Arc::clone(&vitals),
            wake_dispatch: Arc::new(move || waker.wake()),
            unwritten,
            // What a start has skipped must not be forgotten for good: the next one decides it again.
            snapshot_every_rows: findings.differences.is_empty().then_some(sequencer::SNAPSHOT_EVERY_ROWS),
            kept,
        };
        tasks.spawn(async move {
            let ended = driver.run().await.context("the sequencer stopped");
            over.send_replace(true);
            ended
        });
        let told_to_stop = when(stopped.clone());
        tasks.spawn(async {
            dispatch.run(told_to_stop).await;
            Ok(())
        });
        let told_to_stop = when(stopped.clone());
        tasks.spawn(async {
            emergency.run(told_to_stop).await;
            Ok(())
        });
        let (told, looking, until) = (inbox.clone(), clock.clone(), when(stopped.clone()));
        tasks.spawn(async {
            machine::watch_wall_clock(told, looking, until).await;
            Ok(())
        });
        for (had_session, counts, source) in links {
            let (inbox, clock, until) = (inbox.clone(), clock.clone(), when(stopped.clone()));
            let sure = sure.clone();
            tasks.spawn(async move {
                ingest::run(source, inbox, clock, counts, had_session, sure, until)
                    .await
                    .context("a source stopped")
            });
        }
        let (disk_pct, disk) = watch::channel(None);
        if let Some(file) = self.store_file {
            let (inbox, clock, until) = (inbox.clone(), clock.clone(), when(stopped.clone()));
            tasks.spawn(async {
                machine::watch_disk(file, inbox, clock, disk_pct, until).await;
                Ok(())
            });
        }
        let (board, told, looking, until) =
            (picture.clone(), inbox.clone(), clock.clone(), when(stopped.clone()));
        match self.watched.canary {
            Some(settings) => {
                let (inbox, clock, vitals) = (told, looking, Arc::clone(&vitals));
                let parts = canary::Parts { settings, messages, rulebook, board, inbox, clock, vitals };
                tasks.spawn(async { canary::run(parts, until).await.context("the canary stopped") });
            }
            None => {
                tasks.spawn(async {
                    canary::retire(rulebook, board, told, looking, until).await;
                    Ok(())
                });
            }
        }
        if let Some(settings) = self.watched.heartbeat {
            let heartbeat = Heartbeat::new(settings, clock.clone(), Arc::clone(&vitals))?;
            let until = when(stopped.clone());
            tasks.spawn(async {
                heartbeat.run(until).await;
                Ok(())
            });
        }
        let Admission { access, heads, public, installation } = self.admission;
        let (kept, ticking, until) = (Arc::clone(&access), clock.clone(), when(stopped.clone()));
        tasks.spawn(async {
            access::keep(kept, heads, ticking, until).await;
            Ok(())
        });
        let eraser = Eraser::new(Arc::clone(&self.store), Arc::clone(&access), clock.clone(), epoch);
        let until = when(stopped.clone());
        tasks.spawn(async {
            eraser.run(until).await;
            Ok(())
        });
        let sign_in = Arc::new(SignIn::new());
        let address = self.console.local_addr()?;
        let hooks = Some(hooks::routes(inbox.clone(), clock.clone(), &self.channels));
        let state = ConsoleState {
            board: picture,
            disk,
            inbox: inbox.clone(),
            store: self.store,
            clock: clock.clone(),
            sign_in: Arc::clone(&sign_in),
            access: Arc::clone(&access),
            public,
            installation,
            source_counts: Arc::new(move || {
                counts.iter().map(|(name, counts)| (name.clone(), counts.read().named())).collect()
            }),
            hooks,
            phones: self.channels.push.as_ref().map(PhoneDoor::new).transpose()?,
            vitals,
            meter: Arc::clone(&meter),
            watch_token: self.watched.token,
            wants_armed: self.watched.consoles,
            channels: Arc::new(channels),
            ground: self.ground,
        };
        let until = when(stopped);
        tasks
            .spawn(async { console::serve(self.console, state, until).await.context("the console stopped") });
        Ok(Running { inbox, meter, sign_in, access, address, clock, stop, tasks })
    }
}

impl Running {
    /// Waits until a part fails, which none does while it can go on.
    ///
    /// # Errors
    /// Always: why it stopped.
    pub async fn failed(&mut self) -> anyhow::Error {
        loop {
            match self.tasks.join_next().await {
                Some(Ok(Ok(()))) => {}
                Some(Ok(Err(error))) => return error,
                Some(Err(error)) => return broke_down(&error),
                None => return anyhow::anyhow!("every part of the line has stopped"),
            }
        }
    }

    /// Takes nothing in any more, finishes what was begun, and stops.
    ///
    /// # Errors
    /// Why a part could not finish.
    pub async fn stop(self) -> anyhow::Result<()> {
        let Self { inbox, stop, mut tasks, .. } = self;
        stop.send_replace(true);
        // The sequencer ends when nobody can put anything in.
        drop(inbox);
        while let Some(ended) = tasks.join_next().await {
            ended.map_err(|error| broke_down(&error))??;
        }
        Ok(())
    }
}

/// Without what it said when it crashed: that may hold a name or a position.
fn broke_down(part: &JoinError) -> anyhow::Error {
    let how = if part.is_panic() { "crashed; the log says where" } else { "was cancelled" };
    anyhow::anyhow!("a part of the line {how}")
}

fn dispatch(
    store: &Arc<dyn Store>,
    providers: Providers,
    inbox: &Inbox,
    clock: &Clock,
    sure: &Sure,
    meter: &Arc<Meter>,
    vitals: &Arc<Vitals>,
) -> anyhow::Result<Dispatch> {
    let mut owner = [0; 8];
    getrandom::fill(&mut owner).map_err(|error| anyhow::anyhow!("no random bytes: {error}"))?;
    let (meter, timer) = (Arc::clone(meter), clock.clone());
    Ok(Dispatch::new(dispatch::Parts {
        store: Arc::clone(store),
        providers,
        inbox: inbox.clone(),
        clock: clock.clone(),
        owner: tag_wire::hex(&owner),
        sure: sure.clone(),
        on_accepted: Some(Arc::new(move |alert| {
            meter.accepted(alert, timer.real_us());
        })),
        vitals: Arc::clone(vitals),
    }))
}

/// Ready when everything is to stop.
async fn when(mut stopped: watch::Receiver<bool>) {
    // An error says that whoever could stop us is gone: time to stop, too.
    let _ = stopped.wait_for(|stop| *stop).await;
}
