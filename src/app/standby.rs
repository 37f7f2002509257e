//! A process that waits for the line: the console's door says so meanwhile.

use std::sync::Arc;

use anyhow::Context;
use tokio::net::TcpListener;

use crate::{
    clock::Clock,
    console::{self, Public},
    sequencer::{Ownership, Standby},
    store::Store,
};

/// The line's owner: at once if it is free, else after having followed its journal until it is.
///
/// # Errors
/// If the store cannot be reached, or what the journal holds cannot be decided again.
pub(super) async fn stand_by(
    store: &Arc<dyn Store>,
    clock: &Clock,
    door: &TcpListener,
    public: Option<&Public>,
) -> anyhow::Result<(Ownership, Standby)> {
    let mut standby = Standby::new(Arc::clone(store), clock.clone());
    if let Some(ownership) = standby.take().await? {
        return Ok((ownership, standby));
    }
    tracing::info!("another process owns the line; standing by");
    let (door, public, answering_by) = (second(door)?, public.cloned(), clock.clone());
    let answering = tokio::spawn(async {
        if let Err(error) = console::stand_by(door, public, answering_by).await {
            tracing::error!(%error, "nobody is told that this process stands by");
        }
    });
    let ownership = standby.wait().await;
    // Whoever is just being answered holds nothing up.
    answering.abort();
    Ok((ownership.context("cannot follow the journal")?, standby))
}

/// The same door in another hand.
fn second(door: &TcpListener) -> anyhow::Result<TcpListener> {
    use std::os::fd::AsFd;
    let same = door.as_fd().try_clone_to_owned().context("cannot answer while standing by")?;
    let listener = std::net::TcpListener::from(same);
    Ok(TcpListener::from_std(listener)?)
}
