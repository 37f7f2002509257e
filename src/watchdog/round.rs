//! Polls, judges and pages, round after round.

use std::{future::Future, pin::pin, sync::Arc, time::Duration};

use super::{
    pager::{Pager, longest_texts},
    poll::Poll,
    watch::{Limits, Watch},
};
use crate::{
    clock::Clock,
    domain::discreet::{self, Indiscreet},
    notify::{Provider, http},
    secret::Secret,
};

/// What a watchdog needs to know.
#[derive(Clone)]
pub struct Settings {
    /// Where the service answers: its `/watch`.
    pub url: String,
    /// What it wants to be shown.
    pub token: Secret,
    /// Seconds between two polls, 1 to 10.
    pub poll_s: u32,
    /// What pages call the service.
    pub name: String,
    /// Phone numbers, step by step.
    pub steps: Vec<Vec<String>>,
    /// Who carries the pages.
    pub provider: Arc<dyn Provider>,
}

/// Why there is no watchdog.
#[derive(Debug, thiserror::Error)]
pub enum WatchdogError {
    /// The service's address.
    #[error("service.url: {0}")]
    Url(#[from] http::EndpointError),
    /// The HTTP client.
    #[error("HTTP: {0}; install the system's root certificates (package ca-certificates)")]
    Client(#[from] reqwest::Error),
    /// A page would betray something, or be longer than one text.
    #[error("service.name: a page under this name must not be sent: {0}; choose another")]
    Name(Indiscreet),
}

/// Watches until `stop` is ready. The process must have installed a rustls provider before.
///
/// # Errors
/// See [`WatchdogError`].
pub async fn run(
    settings: Settings,
    clock: Clock,
    stop: impl Future<Output = ()>,
) -> Result<(), WatchdogError> {
    let poll_ms = i64::from(settings.poll_s) * 1_000;
    let poll = Poll {
        client: http::client()?,
        url: http::endpoint(&settings.url)?,
        token: settings.token.clone(),
        patience: Duration::from_secs(u64::from(settings.poll_s)) / 2,
    };
    let mut pager = pager(settings, &clock)?;
    let mut watch = Watch::new(Limits { poll_ms });
    let mut stop = pin!(stop);
    let mut next = clock.steady();
    loop {
        tokio::select! {
            () = &mut stop => return Ok(()),
            () = clock.wait_until(next) => {}
        }
        let began = clock.steady();
        if began < next {
            continue;
        }
        // On time by the plan, so that a millisecond more or less decides nothing; after a pause a new plan.
        let at = if began.ms_since(next) < poll_ms { next } else { began };
        next = at.plus_ms(poll_ms);
        let seen = tokio::select! {
            () = &mut stop => return Ok(()),
            seen = poll.ask(&clock) => seen,
        };
        for act in watch.step(at, &seen) {
            pager.act(act);
        }
    }
}

/// Sends one page to everybody that says it is a test; how many of them a provider took, of how many.
///
/// # Errors
/// See [`WatchdogError`].
pub async fn test(settings: Settings, clock: Clock) -> Result<(usize, usize), WatchdogError> {
    Ok(pager(settings, &clock)?.test().await)
}

fn pager(settings: Settings, clock: &Clock) -> Result<Pager, WatchdogError> {
    let Settings { name, steps, provider, .. } = settings;
    for text in longest_texts(&name) {
        discreet::check(&text).map_err(WatchdogError::Name)?;
    }
    Ok(Pager::new(provider, clock.clone(), name, steps))
}
