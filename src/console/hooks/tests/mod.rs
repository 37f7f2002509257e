//! The doors at their HTTP edge: what the engine is told, and what is counted.

mod plain;

use std::sync::{Arc, atomic::Ordering};

use tokio::{net::TcpListener, sync::mpsc};

use super::{Counts, routes};
use crate::{
    clock::Clock,
    engine::{Refused, Told},
    notify::Settings,
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
        let (inbox, mut arrivals) = Inbox::new();
        let (sender, told) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            while let Some(Arrival::Told(told, Some(asked))) = arrivals.recv().await {
                sender.send(told).unwrap();
                asked.send(answer.clone()).unwrap();
            }
        });
        let (url, counts) = serve(settings, clock, inbox).await;
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
    let (inbox, arrivals) = Inbox::new();
    (serve(settings, Clock::real(), inbox).await.0, arrivals)
}

async fn serve(settings: &Settings, clock: Clock, inbox: Inbox) -> (String, Arc<Counts>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let hooks = routes(inbox, clock, settings);
    tokio::spawn(async move { axum::serve(listener, hooks.router).await });
    (url, hooks.counts)
}
