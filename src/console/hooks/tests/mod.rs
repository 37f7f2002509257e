//! The doors at their HTTP edge: what the engine is told, and what is counted.

mod notify;
mod plain;
mod twilio;

use std::sync::{Arc, atomic::Ordering};

use tokio::{net::TcpListener, sync::mpsc};

use super::{Counts, routes};
use crate::{
    clock::Clock,
    domain::{AlertId, Timestamp},
    engine::{DeliveryReport, Refused, Told},
    notify::{Message, Settings, testing},
    sequencer::{Arrival, Arrivals, Inbox},
};

const ADA: &str = "+447700900001";

/// The doors of these settings on a port of their own.
struct House {
    url: String,
    /// What the engine is told.
    told: mpsc::UnboundedReceiver<Told>,
    counts: Arc<Counts>,
}

impl House {
    /// An engine answers everything with `answer`.
    async fn start(settings: &Settings, clock: Clock, answer: Result<(), Refused>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        Self::behind(listener, settings, clock, answer).await
    }

    /// By settings that name the house's own address, as what providers are told to report to.
    async fn reporting(settings: impl FnOnce(&str) -> Settings) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let settings = settings(&format!("http://{}", listener.local_addr().unwrap()));
        Self::behind(listener, &settings, Clock::real(), Ok(())).await
    }

    async fn behind(
        listener: TcpListener,
        settings: &Settings,
        clock: Clock,
        answer: Result<(), Refused>,
    ) -> Self {
        let (inbox, mut arrivals) = Inbox::new();
        let (sender, told) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            while let Some(Arrival::Told(told, Some(asked))) = arrivals.recv().await {
                sender.send(told).unwrap();
                asked.send(answer.clone()).unwrap();
            }
        });
        let (url, counts) = serve(listener, settings, clock, inbox);
        Self { url, told, counts }
    }

    /// What was refused, replayed, unknown.
    fn counted(&self) -> [u64; 3] {
        let Counts { refused, replayed, unknown } = self.counts.as_ref();
        [refused, replayed, unknown].map(|count| count.load(Ordering::Relaxed))
    }

    /// Nothing has come to the engine.
    fn is_silent(&mut self) -> bool {
        self.told.try_recv().is_err()
    }
}

/// The doors before an inbox whose other end is the test's own.
async fn asking(settings: &Settings) -> (String, Arrivals) {
    asking_by(Clock::real(), settings).await
}

async fn asking_by(clock: Clock, settings: &Settings) -> (String, Arrivals) {
    let (inbox, arrivals) = Inbox::new();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    (serve(listener, settings, clock, inbox).0, arrivals)
}

fn serve(listener: TcpListener, settings: &Settings, clock: Clock, inbox: Inbox) -> (String, Arc<Counts>) {
    let url = format!("http://{}", listener.local_addr().unwrap());
    let hooks = routes(inbox, clock, settings);
    tokio::spawn(async move { axum::serve(listener, hooks.router).await });
    (url, hooks.counts)
}

/// What the engine is told of alert 7, raised at a microsecond.
fn told(report: DeliveryReport) -> Told {
    Told::Receipt { alert: AlertId(7), raised_at: Timestamp::from_us(1), report }
}

fn delivered() -> Told {
    told(DeliveryReport::Delivered)
}

/// Somebody, or a mailbox, has taken the call.
fn picked_up() -> Told {
    told(DeliveryReport::PickedUp)
}

/// It has not reached anybody.
fn receipt(reason: &str) -> Told {
    told(DeliveryReport::Refused(reason.into()))
}

/// Alert 7 as a provider is given it.
fn message(to: &str) -> Message {
    let message = testing::message();
    Message {
        idempotency_key: "alert-7-1".into(),
        to: to.into(),
        body: "Plan A now. Press 1.".into(),
        ..message
    }
}
