//! The whole line inside the test, with the real phones as its providers.
#![allow(dead_code, reason = "no suite uses all of it")]

use std::{net::SocketAddr, sync::Arc, time::Duration};

use cordon::{
    app::{Admission, Plan, Running, Watched},
    basemap::Region,
    clock::Clock,
    console::Ground,
    domain::Book,
    engine::Told,
    ingest,
    store::Store,
};
use tempfile::TempDir;
use tokio::net::TcpListener;

use crate::{
    phones::{self, Channels, Phones},
    wait::until,
};

/// Cordon's login and client id on a broker, and its password.
pub(crate) const SERVICE: (&str, &str) = ("cordon-e2e", "secret-of-cordon");

/// A line at work.
pub(crate) struct House {
    pub(crate) running: Running,
    pub(crate) phones: Phones,
    pub(crate) store: Arc<dyn Store>,
    /// Where it looks for an imported map.
    pub(crate) folder: TempDir,
}

impl House {
    /// Starts one and waits until it hears the broker.
    pub(crate) async fn start(store: Arc<dyn Store>, broker: SocketAddr, clock: Clock) -> Self {
        Self::fed_by(source(broker), store, clock).await
    }

    /// The same with a source of a test's own.
    pub(crate) async fn fed_by(source: ingest::Source, store: Arc<dyn Store>, clock: Clock) -> Self {
        let plain = |phones: &str, _: &str| phones::plain(format!("{phones}/sms"));
        Self::reaching(plain, source, store, clock).await
    }

    /// The same with providers at the phones' address, which report to the house's.
    pub(crate) async fn reaching(
        channels: Channels,
        source: ingest::Source,
        store: Arc<dyn Store>,
        clock: Clock,
    ) -> Self {
        Self::with(channels, source, store, clock, Watched::default()).await
    }

    /// The same as `fed_by`, watched.
    pub(crate) async fn watched(
        source: ingest::Source,
        store: Arc<dyn Store>,
        clock: Clock,
        watched: Watched,
    ) -> Self {
        let plain = |phones: &str, _: &str| phones::plain(format!("{phones}/sms"));
        Self::with(plain, source, store, clock, watched).await
    }

    /// The same with providers of a test's own, watched.
    pub(crate) async fn with(
        channels: Channels,
        source: ingest::Source,
        store: Arc<dyn Store>,
        clock: Clock,
        watched: Watched,
    ) -> Self {
        let console = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = console.local_addr().unwrap();
        let cordon = format!("http://{address}");
        let phones = Phones::serving(channels("", &cordon), cordon.clone(), clock.clone()).await;
        let folder = tempfile::tempdir().unwrap();
        let plan = Plan {
            store: Arc::clone(&store),
            store_file: None,
            sources: vec![source],
            channels: channels(&phones.url, &cordon),
            watched,
            clock,
            console,
            admission: Admission::in_memory().await.unwrap(),
            ground: Ground::Region(Region::in_folder(folder.path())),
        };
        let running = plan.start().await.unwrap();
        until("the broker is heard", Duration::from_secs(20), async || {
            phones::health(address).await.filter(|h| h.status == "ok")
        })
        .await;
        Self { running, phones, store, folder }
    }

    /// Publishes books that must be accepted, in this order.
    pub(crate) async fn publish(&self, books: Vec<Book>) {
        for book in books {
            self.running.inbox.submit(Told::Publish(book)).await.unwrap();
        }
    }
}

/// Where its pings come from.
pub(crate) fn source(broker: SocketAddr) -> ingest::Source {
    ingest::Source {
        name: "tags".into(),
        host: broker.ip().to_string(),
        port: broker.port(),
        tls: None,
        client_id: SERVICE.0.into(),
        login: Some(ingest::Login { name: SERVICE.0.into(), password: SERVICE.1.into() }),
        vendor: None,
    }
}
