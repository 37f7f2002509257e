//! Walks: books, publishes, listens, and says how it goes.

use std::{future::Future, sync::Arc, time::Duration};

use tokio::{
    sync::{mpsc, watch},
    time::timeout,
};

use super::{
    Messages, Settings,
    books::{books, ended, zone_id},
    course::Course,
    link::{Link, News, Outlet},
};
use crate::{
    clock::Clock,
    domain::{Book, CANARY, Cause, Hop, Incident, Outcome, TagId},
    engine::{Action, Rulebook, ServiceReport, Told},
    ingest::SourceError,
    sequencer::{Board, Inbox, SubmitError},
    vitals::{Canary, Vitals},
};

/// An incident that is over is closed after so many crossings: not with each, since incidents are numbered for ever.
const CROSSINGS_MAX: usize = 8;
/// With an inbox that takes nothing the walk goes on.
const TELL_MAX: Duration = Duration::from_secs(1);
/// How long a canary that is no longer wanted waits before it looks whether all is closed, milliseconds.
const RETIRE_MS: i64 = 1_000;

/// What the walk works with.
pub struct Parts {
    /// Where it goes.
    pub settings: Settings,
    /// What is sent to it.
    pub messages: Messages,
    /// What is in force when it starts.
    pub rulebook: Arc<Rulebook>,
    /// Its own incidents stand there.
    pub board: watch::Receiver<Arc<Board>>,
    /// Where it publishes its rulebook, closes its incidents and says when it did not come through.
    pub inbox: Inbox,
    /// What time it is.
    pub clock: Clock,
    /// Where it says how it does.
    pub vitals: Arc<Vitals>,
}

/// Walks until `stop` is ready.
///
/// # Errors
/// If the source's settings can never work.
pub async fn run(parts: Parts, stop: impl Future<Output = ()>) -> Result<(), SourceError> {
    let Parts { settings, messages, rulebook, board, inbox, clock, vitals } = parts;
    let tag = TagId::canary(settings.source.vendor.as_ref());
    let (link, outlet, news) = Link::new(&settings, &tag)?;
    // Counted from here on, whatever becomes of the rest.
    vitals.put_canary(Canary { interval_ms: i64::from(settings.interval_s) * 1_000, ..Canary::default() });
    let teller = inbox.clone();
    let walking = async {
        publish(&inbox, books(&rulebook, &tag, settings.interval_s)).await?;
        // The zones must be in force before the first fix in them.
        let course = Course::new(settings.interval_s, clock.steady());
        let walk =
            Walk { course, outlet, board, inbox, clock: clock.clone(), vitals, up: false, unsent: None };
        walk.walk(messages.0, news).await
    };
    tokio::select! {
        () = stop => {}
        () = link.drive(clock.clone()) => {}
        Err(SubmitError::Refused(refused)) = walking => {
            tracing::error!(%refused, "the canary does not walk: its rulebook was refused");
            // An error says that the service is stopping.
            let _ = teller.tell(Told::Service(ServiceReport::Canary { stuck_at: Some(Hop::Line) })).await;
        }
    }
    Ok(())
}

/// Ends what an earlier configuration's canary has left behind.
pub async fn retire(
    rulebook: Arc<Rulebook>,
    mut board: watch::Receiver<Arc<Board>>,
    inbox: Inbox,
    clock: Clock,
    stop: impl Future<Output = ()>,
) {
    let retiring = async {
        publish(&inbox, ended(&rulebook, clock.steady())).await?;
        loop {
            let own = Arc::clone(&board.borrow_and_update());
            for incident in own.canary.values().filter(|incident| !incident.ongoing) {
                inbox.tell(closing(incident)).await?;
            }
            if own.at.is_some() && own.canary.is_empty() {
                return Ok::<(), SubmitError>(());
            }
            clock.wait_ms(RETIRE_MS).await;
        }
    };
    tokio::select! {
        () = stop => {}
        Err(SubmitError::Refused(refused)) = retiring => {
            tracing::error!(%refused, "the former canary was not ended");
        }
    }
}

async fn publish(inbox: &Inbox, books: impl IntoIterator<Item = Book>) -> Result<(), SubmitError> {
    for book in books {
        inbox.submit(Told::Publish(book)).await?;
    }
    Ok(())
}

fn closing(incident: &Incident) -> Told {
    let by = CANARY.parse().expect("small letters and a '-'");
    Told::Handle { incident: incident.id, by, action: Action::Close(Outcome::Test) }
}

struct Walk {
    course: Course,
    outlet: Outlet,
    board: watch::Receiver<Arc<Board>>,
    inbox: Inbox,
    clock: Clock,
    vitals: Arc<Vitals>,
    up: bool,
    /// The last ping, until the broker has taken it.
    unsent: Option<Vec<u8>>,
}

impl Walk {
    /// Ends only when the service does.
    async fn walk(
        mut self,
        mut messages: mpsc::Receiver<String>,
        mut news: mpsc::Receiver<News>,
    ) -> Result<(), SubmitError> {
        loop {
            let next_at = self.course.next_at();
            tokio::select! {
                Some(body) = messages.recv() => {
                    let is_news = self.course.heard(&body, self.clock.real_us());
                    let told = Told::Service(ServiceReport::Canary { stuck_at: None });
                    if is_news && !self.tell(told).await {
                        self.course.not_told();
                    }
                }
                Some(news) = news.recv() => self.take(&news),
                () = self.clock.wait_until(next_at) => self.book().await,
            }
            self.vitals.put_canary(self.course.did());
        }
    }

    fn take(&mut self, news: &News) {
        let now_us = self.clock.real_us();
        match news {
            News::Up => {
                self.up = true;
                self.send();
            }
            News::Down => self.up = false,
            News::Taken => {
                self.unsent = None;
                self.course.taken(now_us);
            }
            News::Written(boot) => self.course.written(*boot, now_us),
        }
    }

    async fn book(&mut self) {
        let own = Arc::clone(&self.board.borrow());
        let (now, now_us) = (self.clock.steady(), self.clock.real_us());
        let Some(booking) = self.course.book(now, now_us, |zone| is_in(&own, zone)) else {
            return;
        };
        self.unsent = Some(booking.ping.encode());
        self.send();
        if let Some(hop) = booking.missed {
            tracing::error!(stuck_at = hop.as_str(), "the canary has not come through");
            self.tell(Told::Service(ServiceReport::Canary { stuck_at: Some(hop) })).await;
        }
        for incident in own.canary.values().filter(|incident| is_done(incident)) {
            self.tell(closing(incident)).await;
        }
    }

    fn send(&self) {
        if let Some(ping) = self.unsent.as_ref().filter(|_| self.up)
            && !self.outlet.publish(ping)
        {
            tracing::debug!("the canary's client is full");
        }
    }

    /// Whether the inbox has taken it. What it does not take now is told with the next booking, if it is still so.
    async fn tell(&self, told: Told) -> bool {
        let told = timeout(TELL_MAX, self.inbox.tell(told)).await;
        if told.is_err() {
            tracing::warn!("the inbox takes nothing from the canary");
        }
        told.is_ok()
    }
}

/// Whether the engine believes the canary in a zone, as far as is known.
fn is_in(board: &Board, zone: u32) -> bool {
    let id = zone_id(zone);
    let is_there = |incident: &&Arc<Incident>| {
        incident.ongoing && matches!(&incident.cause, Cause::Zone(zone) if zone.as_str() == id)
    };
    board.canary.values().any(|incident| is_there(&incident))
}

/// Whether an incident has served its time.
fn is_done(incident: &Incident) -> bool {
    let walks_on = matches!(incident.cause, Cause::Zone(_)) && incident.episodes.len() < CROSSINGS_MAX;
    !incident.ongoing && !walks_on
}
