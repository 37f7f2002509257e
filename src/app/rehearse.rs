//! `cordon rehearse`.

use anyhow::Context;

use super::{read_config, say};
use crate::{
    cli::{self, ZoneArg},
    lab::rehearse::{Proposal, recorded, rehearse as play, rulebook},
    rulebook_file, store,
};

/// `cordon rehearse`: plays a wearer's last days to a zone, and changes nothing.
///
/// # Errors
/// In sentences that say how to put it right.
pub async fn rehearse(args: cli::Rehearse) -> anyhow::Result<()> {
    let config = read_config(&args.config)?;
    // A mistake in the file is told before anything is read.
    let proposed = match args.zone {
        ZoneArg::File(path) => Ok(rulebook_file::read_zone(&path)?),
        ZoneArg::InForce(id) => Err(id),
    };
    let store = store::open(config.store.expose()).await.context("cannot open the store")?;
    let in_force = rulebook(store.as_ref(), &args.wearer).await.context("cannot read the journal")?;
    let zone = proposed.or_else(|id| Proposal::zone_in_force(&in_force, &id))?;
    let proposal = Proposal::new(&in_force, &args.wearer, zone, args.time_zone.as_deref())?;
    let recorded =
        recorded(store.as_ref(), &args.wearer, args.days).await.context("cannot read the journal")?;
    let rehearsal = play(&proposal, &recorded).context("the zone could not be published")?;
    if args.json { say(&serde_json::to_string(&rehearsal)?) } else { say(&rehearsal.summary()) }
}
