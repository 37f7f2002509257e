//! `cordon migrate ...`: where the schemas stand, what an upgrade would do to them, and doing it.

use anyhow::Context;

use super::{read_config, say};
use crate::{access, cli, config::Config, database::Migrations, store};

/// `cordon migrate status`.
///
/// # Errors
/// In sentences that say how to put it right, also if this version cannot serve what is there.
pub async fn migrate_status(args: cli::Migrate) -> anyhow::Result<()> {
    for (name, mut database) in both(&read_config(&args.config)?).await? {
        let standing = database.standing().await.context(name)?;
        let at = standing.last().map_or("empty".into(), |last| format!("at migration {last}"));
        let missing = match standing.missing().len() {
            0 => "nothing to do".to_owned(),
            1 => "1 to do".into(),
            more => format!("{more} to do"),
        };
        say(&format!("{name} ({}): {at}; {missing}", database.engine()))?;
        for later in standing.later() {
            say(&format!("  {later} was done by a later version of Cordon"))?;
        }
        standing.judge().context(name)?;
    }
    Ok(())
}

/// `cordon migrate plan`.
///
/// # Errors
/// In sentences that say how to put it right.
pub async fn migrate_plan(args: cli::Migrate) -> anyhow::Result<()> {
    for (name, mut database) in both(&read_config(&args.config)?).await? {
        let planned = database.plan().await.context(name)?;
        if planned.is_empty() {
            say(&format!("{name} ({}): nothing to do", database.engine()))?;
        }
        for migration in planned {
            say(&format!("{name} ({}): {}", database.engine(), migration.step))?;
            if migration.works.is_empty() {
                say("  done in a moment")?;
            }
            for work in migration.works {
                say(&format!("  {work}"))?;
            }
        }
    }
    Ok(())
}

/// `cordon migrate up`.
///
/// # Errors
/// In sentences that say how to put it right. What was done before an error stays done.
pub async fn migrate_up(args: cli::Migrate) -> anyhow::Result<()> {
    for (name, mut database) in both(&read_config(&args.config)?).await? {
        let standing = database.standing().await.context(name)?;
        standing.judge().context(name)?;
        for step in standing.missing() {
            database.up_to(&step).await.with_context(|| format!("{name}: migration {step} was not done"))?;
            say(&format!("{name} ({}): {step} is done", database.engine()))?;
        }
        if standing.missing().is_empty() {
            say(&format!("{name} ({}): nothing to do", database.engine()))?;
        }
    }
    Ok(())
}

/// The store's, and that of accounts and audit log.
async fn both(config: &Config) -> anyhow::Result<[(&'static str, Migrations); 2]> {
    let store = store::migrations(config.store.url.expose()).await.context("cannot open the store")?;
    let file = &config.access.database;
    let access = access::migrations(file).await.with_context(|| format!("cannot use {}", file.display()))?;
    Ok([("store", store), ("access", access)])
}
