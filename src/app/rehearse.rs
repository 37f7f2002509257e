//! `cordon rehearse`.

use anyhow::Context;

use super::{access, open_store, read_config, say};
use crate::{
    access::audit::{About, Whom},
    cli::{self, ZoneArg},
    domain::Subject,
    lab::rehearse::{Proposal, recorded, rehearse as play, rulebook},
    rulebook_file,
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
    let store = open_store(&config).await?;
    let in_force = rulebook(store.as_ref(), &args.wearer).await.context("cannot read the journal")?;
    let zone = proposed.or_else(|id| Proposal::zone_in_force(&in_force, &id))?;
    let proposal = Proposal::new(&in_force, &args.wearer, zone, args.time_zone.as_deref())?;
    let unit = in_force.wearer(&args.wearer).map(|wearer| wearer.unit.clone());
    let subject = Some(Whom::Subject(Subject::Wearer(args.wearer.clone())));
    let about = About { subject, unit, ..About::default() };
    // It says where somebody was.
    let access = access::open(&config).await?;
    access.record(&[access::record("rehearse zone", &args.reason, about)]).await?;
    let recorded =
        recorded(store.as_ref(), &args.wearer, args.days).await.context("cannot read the journal")?;
    let rehearsal = play(&proposal, &recorded).context("the zone could not be published")?;
    if args.json { say(&serde_json::to_string(&rehearsal)?) } else { say(&rehearsal.summary()) }
}
