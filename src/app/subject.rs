//! `cordon subject ...`: one person's data.

use std::path::Path;

use anyhow::{Context, bail};
use tokio::fs::{File, OpenOptions};

use super::{
    access::{self, open},
    open_store, read_config, say,
};
use crate::{
    access::audit::{About, Record},
    cli,
    clock::Clock,
    domain::DataSubject,
    subject::{self, Made},
};

/// `cordon subject export`. The audit log has it before the first byte is written.
///
/// # Errors
/// In sentences that say how to put it right. A file that was begun is taken away again.
pub async fn export_subject(args: cli::SubjectExport) -> anyhow::Result<()> {
    let config = read_config(&args.config)?;
    let store = open_store(&config).await?;
    let access = open(&config).await?;
    let at = Clock::real().wall();
    access.record(&[record(&args.subject, "export subject", &args.reason)]).await?;
    let mut file =
        new_file(&args.out).await.with_context(|| format!("cannot make {}", args.out.display()))?;
    let made = Made { installation: config.installation.clone(), at };
    let exported = subject::export(store.as_ref(), &access, &args.subject, &made, &mut file).await;
    let synced =
        async { file.sync_all().await.with_context(|| format!("cannot write {}", args.out.display())) };
    let counts = match exported {
        Ok(counts) => synced.await.map(|()| counts),
        Err(error) => Err(error.into()),
    };
    let counts = match counts {
        Ok(counts) => counts,
        Err(error) => {
            // What is cut off is nobody's answer.
            let _ = tokio::fs::remove_file(&args.out).await;
            return Err(error);
        }
    };
    say(&format!(
        "{}: {} revisions of records, {} journal rows, {} incidents, {} alerts, {} readings",
        args.out.display(),
        counts.records,
        counts.journal,
        counts.incidents,
        counts.alerts,
        counts.readers
    ))
}

/// `cordon subject hold`.
///
/// # Errors
/// In sentences that say how to put it right.
pub async fn hold_subject(args: cli::SubjectHold) -> anyhow::Result<()> {
    let access = open(&read_config(&args.config)?).await?;
    let record = record(&args.subject, "place hold", "see the holds");
    match access.place_hold(&args.subject, &args.reason, &record).await? {
        Some(no) => say(&format!("hold {no} stands: nothing of {} is erased", args.subject)),
        None => bail!("too many holds of {} stand already", args.subject),
    }
}

/// `cordon subject lift`.
///
/// # Errors
/// In sentences that say how to put it right.
pub async fn lift_hold(args: cli::SubjectLift) -> anyhow::Result<()> {
    let access = open(&read_config(&args.config)?).await?;
    let record = record(&args.subject, "lift hold", "see the holds");
    if !access.lift_hold(&args.subject, args.hold, &args.reason, &record).await? {
        bail!("no hold {} of {} stands", args.hold, args.subject);
    }
    say(&format!("hold {} is lifted", args.hold))
}

/// `cordon subject holds`.
///
/// # Errors
/// In sentences that say how to put it right.
pub async fn list_holds(args: cli::SubjectHolds) -> anyhow::Result<()> {
    let access = open(&read_config(&args.config)?).await?;
    access.record(&[record(&args.subject, "see holds", "a person at this machine")]).await?;
    let holds = access.holds(&args.subject).await?;
    if holds.is_empty() {
        return say(&format!("there is no hold of {}", args.subject));
    }
    for hold in holds {
        say(&format!("hold {}: placed by {} at {}: {}", hold.no, hold.author, hold.placed_at, hold.reason))?;
        match hold.lifted {
            Some(lifted) => say(&format!("    lifted by {} at {}: {}", lifted.by, lifted.at, lifted.why))?,
            None => say("    it stands")?,
        }
    }
    Ok(())
}

pub(super) fn record(subject: &DataSubject, what: &'static str, why: &str) -> Record {
    access::record(what, why, About::data_of(subject, None))
}

async fn new_file(path: &Path) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    options.mode(0o600);
    options.open(path).await
}
