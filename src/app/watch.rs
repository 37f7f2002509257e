//! `cordon watch`.

use std::sync::Arc;

use anyhow::{Context, bail};

use super::{say, serve::asked_to_stop};
use crate::{cli, clock::Clock, config, domain::Channel, notify, watchdog};

/// Watches until it is asked to stop, or sends one test page.
///
/// # Errors
/// In sentences that say how to put it right; also if a test page was not taken.
pub async fn watch(args: cli::Watch) -> anyhow::Result<()> {
    let (config, warnings) = config::load_watchdog(&args.config)?;
    for warning in &warnings {
        tracing::warn!("{warning}");
    }
    let clock = Clock::real();
    let channels = notify::Settings { sms: Some(config.sms), ..notify::Settings::default() };
    let providers = notify::providers(&channels, &clock)?;
    let provider = providers.get(Channel::Sms).context("there is no provider of texts")?;
    let settings = watchdog::Settings {
        url: config.url,
        token: config.token,
        poll_s: config.poll_s,
        name: config.name,
        steps: config.steps,
        provider: Arc::clone(provider),
    };
    if args.test {
        let (taken, all) = watchdog::test(settings, clock).await?;
        say(&format!("the provider took {taken} of {all} test pages"))?;
        if taken < all {
            bail!("not everybody can be paged; check [sms] and the numbers");
        }
        return Ok(());
    }
    say(&format!("watching, every {} s; stop with Ctrl-C", settings.poll_s))?;
    Ok(watchdog::run(settings, clock, asked_to_stop()).await?)
}
