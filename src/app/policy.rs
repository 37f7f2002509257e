//! `cordon policy check`.

use anyhow::{Context, bail};

use super::{open_store, read_config, say};
use crate::{
    cli,
    clock::Clock,
    config::Config,
    domain::{Channel, SenderLabel},
    engine::Rulebook,
    lab::policy::{Asked, Grade, check},
    notify::Settings,
    rulebook_file,
    sequencer::catch_up,
};

/// `cordon policy check`: says for whom at which hours an alert would end at nobody, and changes nothing.
///
/// # Errors
/// If there is a hole, or in sentences that say how to put it right.
pub async fn check_policies(args: cli::PolicyCheck) -> anyhow::Result<()> {
    // A mistake in the file is told before anything is read.
    let books = args.file.as_deref().map(rulebook_file::read).transpose()?.unwrap_or_default();
    let config = args.config.map(|path| read_config(&cli::ConfigFile { path })).transpose()?;
    let mut rulebook = match &config {
        Some(config) => in_force(config).await?,
        None => Rulebook::default(),
    };
    let from = args.from.unwrap_or_else(|| Clock::real().steady());
    rulebook_file::try_out(&rulebook, &books)?;
    for book in books {
        rulebook = rulebook.published(book, from);
    }
    if rulebook.units().next().is_none() {
        bail!("nothing is in force yet; load a rulebook, or name a file");
    }
    let settings = config.map(|config| config.channels);
    let unknown_senders = settings.iter().flat_map(|settings| unknown_senders(&rulebook, settings)).collect();
    let carried = settings.map(|settings| settings.channels());
    let report = check(&rulebook, &Asked { from, days: args.days, carried, unknown_senders });
    say(&if args.json { serde_json::to_string(&report)? } else { report.summary() })?;
    match report.count(Grade::Hole) {
        0 => Ok(()),
        1 => bail!("there is 1 hole"),
        holes => bail!("there are {holes} holes"),
    }
}

fn unknown_senders(rulebook: &Rulebook, settings: &Settings) -> Vec<(Channel, SenderLabel)> {
    let labels = rulebook.persons().filter_map(|person| person.plan.sender.as_ref());
    let on_each = labels.flat_map(|label| Channel::ALL.map(|channel| (channel, label)));
    let lacks =
        |(channel, label): &(Channel, &SenderLabel)| settings.has_sender(*channel, label) == Some(false);
    on_each.filter(lacks).map(|(channel, label)| (channel, label.clone())).collect()
}

async fn in_force(config: &Config) -> anyhow::Result<Rulebook> {
    let store = open_store(config).await?;
    let recovered = catch_up(store.as_ref()).await.context("cannot read the journal")?;
    Ok(recovered.engine.rulebook().as_ref().clone())
}
