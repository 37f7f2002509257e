//! An MQTT broker inside the process, on the loopback only: for the demo and for tests.
//!
//! It is no durable queue and never serves production: its sessions live in memory. The crate behind it is young and
//! changes fast, so nothing else may name it, and `tests/broker_rules.rs` judges an upgrade in a minute by the rules that
//! a real Mosquitto has to follow as well.

use std::{future::Future, net::SocketAddr, pin::Pin, sync::Arc};

use async_trait::async_trait;
use mqtt5::{
    broker::{
        AuthProvider, BrokerConfig, BrokerShutdownHandle, MqttBroker,
        auth::AuthResult,
        config::{StorageBackend, StorageConfig},
    },
    error::Result as MqttResult,
    packet::connect::ConnectPacket,
    protocol::v5::reason_codes::ReasonCode,
};
use tokio::task::JoinHandle;

pub use super::accounts::{Accounts, gateway_login, tag_login};

/// The longest packet in bytes: far beyond the contract's 16 KiB, so that it is Cordon that refuses with a reason.
pub const PACKET_BYTES_MAX: usize = 64 * 1024;

/// Messages under way to one client before the broker waits for an acknowledgement; below the inbox's room.
const IN_FLIGHT_MAX: u16 = 4_000;

/// Messages and bytes kept for a client that is away.
const QUEUED_MAX: usize = 200_000;
const QUEUED_BYTES_MAX: usize = 256 * 1024 * 1024;

/// How to start a broker.
pub struct Settings {
    /// TCP port on the loopback; 0 for any that is free.
    pub port: u16,
    /// Who may connect.
    pub accounts: Accounts,
}

/// A running broker.
#[async_trait]
pub trait Broker: Send + Sync {
    /// Where clients connect to.
    fn addr(&self) -> SocketAddr;

    /// Ends all connections and waits until the port is free again.
    async fn stop(self: Box<Self>);
}

/// The broker could not be started.
#[derive(Debug, thiserror::Error)]
#[error("the embedded broker cannot use port {port}: {problem}; choose another port")]
pub struct BrokerError {
    port: u16,
    problem: String,
}

/// Starts a broker that accepts connections when this returns.
///
/// # Errors
/// [`BrokerError`] when the port is taken.
pub async fn start(settings: Settings) -> Result<Box<dyn Broker>, BrokerError> {
    let port = settings.port;
    let failed = |problem: String| BrokerError { port, problem };
    let config = BrokerConfig::new()
        .with_bind_address(SocketAddr::from(([127, 0, 0, 1], port)))
        .with_max_packet_size(PACKET_BYTES_MAX)
        .with_maximum_qos(1)
        .with_max_outbound_inflight(IN_FLIGHT_MAX)
        .with_sys_topics_enabled(false)
        .with_storage(
            StorageConfig::new()
                .with_backend(StorageBackend::Memory)
                .with_max_queued_messages_per_client(QUEUED_MAX)
                .with_max_queued_bytes_per_client(QUEUED_BYTES_MAX),
        );
    // The crate lets anybody in before the provider is set; no connection is accepted until `run`.
    let mut broker = MqttBroker::with_config(config)
        .await
        .map_err(|error| failed(error.to_string()))?
        .with_auth_provider(Arc::new(Guard(settings.accounts)));
    let addr = broker.local_addr().ok_or_else(|| failed("no address".into()))?;
    let (shutdown, mut ready) = (broker.shutdown_handle(), broker.ready_receiver());
    let running = tokio::spawn(async move {
        if let Err(error) = broker.run().await {
            tracing::error!(%error, "the embedded broker has ended");
        }
    });
    ready.wait_for(|ready| *ready).await.map_err(|_| failed("it ended at once".into()))?;
    Ok(Box::new(Embedded { addr, shutdown, running }))
}

struct Embedded {
    addr: SocketAddr,
    shutdown: BrokerShutdownHandle,
    running: JoinHandle<()>,
}

#[async_trait]
impl Broker for Embedded {
    fn addr(&self) -> SocketAddr {
        self.addr
    }

    async fn stop(mut self: Box<Self>) {
        self.shutdown.shutdown();
        if let Err(error) = (&mut self.running).await {
            tracing::error!(%error, "the embedded broker did not end well");
        }
    }
}

impl Drop for Embedded {
    fn drop(&mut self) {
        self.running.abort();
    }
}

/// Asks the accounts on behalf of the broker.
struct Guard(Accounts);

type Answer<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

impl AuthProvider for Guard {
    fn authenticate<'a>(
        &'a self,
        connect: &'a ConnectPacket,
        _: SocketAddr,
    ) -> Answer<'a, MqttResult<AuthResult>> {
        let login = connect.username.as_deref().unwrap_or_default();
        let password = connect.password.as_deref().unwrap_or_default();
        let result = if self.0.admits(login, password, &connect.client_id) {
            AuthResult::success_with_user(login)
        } else {
            AuthResult::fail(ReasonCode::BadUsernameOrPassword)
        };
        Box::pin(async { Ok(result) })
    }

    fn authorize_publish<'a>(&'a self, _: &str, login: Option<&'a str>, topic: &'a str) -> Answer<'a, bool> {
        Box::pin(async move { login.is_some_and(|login| self.0.may_publish(login, topic)) })
    }

    fn authorize_subscribe<'a>(
        &'a self,
        _: &str,
        login: Option<&'a str>,
        filter: &'a str,
    ) -> Answer<'a, bool> {
        Box::pin(async move { login.is_some_and(|login| self.0.may_subscribe(login, filter)) })
    }
}
