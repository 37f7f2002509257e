//! The outbound heartbeat: an outside monitor is called while all is well, and pages people when it is no longer called.
//!
//! It has a task of its own and asks nobody: whatever is stuck, the call is made or held back on time. It is held back
//! when no canary has come through for two of its intervals.

use std::{future::Future, pin::pin, sync::Arc};

use reqwest::{Client, Url};

use crate::{
    clock::Clock,
    notify::http,
    secret::Secret,
    vitals::{Beats, Vitals},
};

/// How often, milliseconds.
const EVERY_MS: i64 = 30_000;

/// Whom to call.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The monitor's address, by `GET`. It is a secret: whoever knows it can call in our place.
    pub url: Secret,
    /// The bearer token, if the monitor wants one.
    pub token: Option<Secret>,
}

/// Why there is no heartbeat.
#[derive(Debug, thiserror::Error)]
pub enum HeartbeatError {
    /// The monitor's address.
    #[error("heartbeat.url: {0}")]
    Url(#[from] http::EndpointError),
    /// The HTTP client.
    #[error("HTTP: {0}; install the system's root certificates (package ca-certificates)")]
    Client(#[from] reqwest::Error),
}

/// Calls while all is well.
pub struct Heartbeat {
    client: Client,
    url: Url,
    token: Option<Secret>,
    clock: Clock,
    vitals: Arc<Vitals>,
    beats: Beats,
}

impl Heartbeat {
    /// With these settings. The process must have installed a rustls provider before.
    ///
    /// # Errors
    /// See [`HeartbeatError`].
    pub fn new(settings: Settings, clock: Clock, vitals: Arc<Vitals>) -> Result<Self, HeartbeatError> {
        let Settings { url, token } = settings;
        let url = http::endpoint(url.expose())?;
        Ok(Self { client: http::client()?, url, token, clock, vitals, beats: Beats::default() })
    }

    /// Calls until `stop` is ready.
    pub async fn run(mut self, stop: impl Future<Output = ()>) {
        let mut stop = pin!(stop);
        let mut next = self.clock.steady();
        loop {
            tokio::select! {
                () = &mut stop => return,
                () = self.clock.wait_until(next) => {}
            }
            let now = self.clock.steady();
            if now < next {
                continue;
            }
            next = now.plus_ms(EVERY_MS);
            tokio::select! {
                () = &mut stop => return,
                () = self.beat() => {}
            }
        }
    }

    /// Once, within the 10 s of every call.
    async fn beat(&mut self) {
        let before = self.beats;
        if !self.vitals.canary().is_some_and(|canary| canary.is_fresh(self.clock.real_us())) {
            self.beats.held_back += 1;
        } else if self.call().await {
            self.beats.sent += 1;
        } else {
            self.beats.failed += 1;
        }
        if self.beats.failed > before.failed {
            tracing::warn!("the outside monitor does not take the heartbeat");
        }
        self.vitals.put_beats(self.beats);
    }

    /// Whether the monitor took it. What went wrong may name its address, so it is not told.
    async fn call(&self) -> bool {
        let mut request = self.client.get(self.url.clone());
        if let Some(token) = &self.token {
            request = request.bearer_auth(token.expose());
        }
        request.send().await.is_ok_and(|answer| answer.status().is_success())
    }
}
