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

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use axum::{
        Router,
        extract::State,
        http::{HeaderMap, StatusCode},
        routing::get,
    };
    use tokio::net::TcpListener;

    use super::*;
    use crate::{domain::Timestamp, sandbox::phones::testing, vitals::Canary};

    /// A monitor: what it was shown, and what it answers.
    #[derive(Default)]
    struct Monitor {
        shown: Mutex<Vec<String>>,
        refuses: Mutex<bool>,
    }

    async fn called(State(monitor): State<Arc<Monitor>>, headers: HeaderMap) -> StatusCode {
        let shown = headers.get("authorization").and_then(|value| value.to_str().ok()).unwrap_or_default();
        monitor.shown.lock().unwrap().push(shown.to_owned());
        if *monitor.refuses.lock().unwrap() { StatusCode::BAD_GATEWAY } else { StatusCode::OK }
    }

    #[tokio::test]
    async fn it_calls_every_half_minute_while_canaries_come_through_and_at_no_other_time() {
        let _ = testing::client();
        let monitor = Arc::new(Monitor::default());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/beat/7", listener.local_addr().unwrap());
        let routes = Router::new().route("/beat/7", get(called)).with_state(Arc::clone(&monitor));
        tokio::spawn(async move { axum::serve(listener, routes).await });

        // A minute passes in a quarter of a second.
        let clock = Clock::scaled(Timestamp::from_ms(0), 240.0);
        let vitals = Arc::new(Vitals::new(0));
        let settings = Settings { url: Secret::new(url), token: Some(Secret::new("hunter2")) };
        let heartbeat = Heartbeat::new(settings, clock.clone(), Arc::clone(&vitals)).unwrap();
        let until = async |wanted: &dyn Fn(Beats) -> bool| {
            while !wanted(vitals.beats()) {
                clock.wait_ms(1_000).await;
            }
        };
        let (start, beating) = (clock.steady(), heartbeat.run(std::future::pending()));
        let story = async {
            until(&|beats| beats.held_back >= 2).await;
            assert_eq!(*monitor.shown.lock().unwrap(), Vec::<String>::new(), "there is no canary");
            let came_us = Some(clock.real_us());
            vitals.put_canary(Canary { interval_ms: 600_000, came_us, ..Canary::default() });
            until(&|beats| beats.sent >= 3).await;
            assert!(monitor.shown.lock().unwrap().iter().all(|shown| shown == "Bearer hunter2"));
            *monitor.refuses.lock().unwrap() = true;
            until(&|beats| beats.failed >= 1).await;
            vitals.put_canary(Canary { interval_ms: 60_000, came_us: None, ..Canary::default() });
            let calls = monitor.shown.lock().unwrap().len();
            until(&|beats| beats.held_back >= 5).await;
            assert_eq!(monitor.shown.lock().unwrap().len(), calls);
            let beats = vitals.beats();
            beats.sent + beats.failed + beats.held_back
        };
        let beats = tokio::select! {
            () = beating => panic!("it goes on for ever"),
            beats = story => beats,
        };
        let (passed_ms, beats) = (clock.steady().ms_since(start), i64::try_from(beats).unwrap());
        assert!((beats - 1) * EVERY_MS <= passed_ms, "{beats} in {passed_ms} ms");
    }

    #[test]
    fn plain_http_is_for_this_machine_only() {
        let _ = testing::client();
        let settings = Settings { url: Secret::new("http://monitor.example/beat"), token: None };
        let refused = Heartbeat::new(settings, Clock::real(), Arc::new(Vitals::new(0)));
        assert!(matches!(refused, Err(HeartbeatError::Url(http::EndpointError::NotHttps))));
    }
}
