//! `cordon serve`.

use anyhow::Context;
use tokio::net::TcpListener;

use super::{
    access::Admission,
    line::{Plan, Watched},
    map, open_store, read_config, say,
};
use crate::{
    canary, cli,
    clock::Clock,
    config::{self, Config},
    console::Ground,
    heartbeat, ingest, store,
};

/// Runs the service until it is asked to stop.
///
/// # Errors
/// In sentences that say how to put it right.
pub async fn serve(args: cli::Serve) -> anyhow::Result<()> {
    let config = read_config(&args.config)?;
    let store = open_store(&config).await?;
    let clock = Clock::real();
    let (listen, url) = (config.console.listen, config.console.url());
    let console = TcpListener::bind(listen).await.with_context(|| {
        format!("cannot listen on {listen}; change console.listen, or stop what listens there")
    })?;
    let admission = Admission::open(&config).await?;
    let accounts = admission.access.accounts(clock.real_us());
    let is_set_up = accounts.is_none_or(|accounts| accounts.administrator_has_signed_up());
    let is_public = admission.public.is_some();
    let mut running = Plan {
        admission,
        store_file: store::file_of(config.store.url.expose()),
        store,
        sources: sources(&config),
        watched: watched(&config),
        ground: Ground::Region(map::region(&config)),
        channels: config.channels,
        clock,
        console,
    }
    .start()
    .await?;
    if is_set_up || is_public {
        say(&format!("console: {url}"))?;
    } else {
        // Whoever sits at this machine may look around before there are accounts; from elsewhere nobody gets so far.
        let token = running.sign_in.issue(running.clock.real_us())?;
        say(&format!("console: {}", token.link(running.address)))?;
    }
    tokio::select! {
        () = asked_to_stop() => running.stop().await,
        error = running.failed() => Err(error),
    }
}

/// Ready when the operator (Ctrl-C) or the service manager (SIGTERM) asks.
pub(super) async fn asked_to_stop() {
    let terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate());
    let terminated = async {
        match terminate {
            Ok(mut signal) => signal.recv().await,
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminated => {}
    }
}

fn sources(config: &Config) -> Vec<ingest::Source> {
    config.sources.iter().map(|source| source_of(config, source)).collect()
}

fn source_of(config: &Config, source: &config::Source) -> ingest::Source {
    ingest::Source {
        name: source.name.clone(),
        host: source.host.clone(),
        port: source.port,
        tls: source.tls.as_ref().map(|tls| ingest::Tls { ca_file: tls.ca_file.clone() }),
        client_id: config.mqtt_client_id(),
        login: source.login.as_ref().map(login),
        vendor: source.vendor.clone(),
    }
}

fn login(login: &config::Login) -> ingest::Login {
    ingest::Login { name: login.username.clone(), password: login.password.expose().into() }
}

fn watched(config: &Config) -> Watched {
    let canary = config.canary.as_ref().and_then(|canary| {
        let source = config.sources.iter().find(|source| source.name == canary.source)?;
        let (source, login) = (source_of(config, source), login(&canary.login));
        Some(canary::Settings { source, login, interval_s: canary.interval_s })
    });
    let heartbeat = config.heartbeat.as_ref();
    let heartbeat = heartbeat.map(|to| heartbeat::Settings { url: to.url.clone(), token: to.token.clone() });
    Watched { canary, heartbeat, token: config.watch_token.clone(), consoles: config.console.armed }
}
