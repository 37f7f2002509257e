//! Who may come in: the file of accounts and audit log at work, and the commands about it.

use std::{sync::Arc, time::Duration};

use anyhow::{Context, bail};
use tokio::time::{MissedTickBehavior, interval};

use super::{read_config, say};
use crate::{
    access::{
        Access, NewToken,
        audit::{About, HeadsFile, Record, Who},
    },
    cli,
    clock::Clock,
    config::{Config, ConsoleTls},
    console::{Public, TlsFiles},
};

/// How often accounts are read anew. What was read is relied on for a minute.
const RELOAD: Duration = Duration::from_secs(10);
/// The head is written each so many times.
const HEAD_EACH: u32 = 6;
/// A head that is not written within this is not written.
const HEAD_PATIENCE: Duration = Duration::from_secs(5);

/// Who may come into the console, and by which way.
pub struct Admission {
    /// Accounts and audit log.
    pub access: Arc<Access>,
    /// Where the log's head is kept as well.
    pub heads: Option<HeadsFile>,
    /// How the console is reached from other machines.
    pub public: Option<Public>,
    /// What people know this installation by.
    pub installation: String,
}

impl Admission {
    /// For a console of this machine alone that forgets everything.
    ///
    /// # Errors
    /// If SQLite fails.
    pub async fn in_memory() -> anyhow::Result<Self> {
        let access = Arc::new(Access::in_memory().await?);
        Ok(Self { access, heads: None, public: None, installation: "test".into() })
    }

    /// As it is configured. A file that cannot be opened lets nobody in, and holds back no alert.
    ///
    /// # Errors
    /// If SQLite fails even in memory.
    pub async fn open(config: &Config) -> anyhow::Result<Self> {
        let access = match open(config).await {
            Ok(access) => access,
            Err(error) => {
                tracing::error!(
                    error = format!("{error:#}"),
                    "nobody can sign in; alerts go out all the same"
                );
                Access::closed().await?
            }
        };
        let access = Arc::new(access);
        let heads = Some(HeadsFile::new(&config.access.heads));
        Ok(Self { access, heads, public: public(config), installation: config.installation.clone() })
    }
}

/// What the audit log says of whoever runs a command on this machine.
pub(super) fn record(what: &'static str, why: &str, about: About) -> Record {
    Record { at: Clock::real().wall(), who: Who::Command, what, why: why.into(), about }
}

/// How the console is reached from other machines, if it is.
fn public(config: &Config) -> Option<Public> {
    let tls = match config.console.tls.clone()? {
        ConsoleTls::Proxy => None,
        ConsoleTls::Own { certificate, key } => Some(TlsFiles { certificate, key }),
    };
    let url = config.console.url();
    Some(Public { host: url.strip_prefix("https://").unwrap_or(&url).split('/').next()?.to_owned(), tls })
}

pub(super) async fn open(config: &Config) -> anyhow::Result<Access> {
    let file = &config.access.database;
    Access::open(file).await.with_context(|| format!("cannot use {}", file.display()))
}

/// Keeps what is known of the accounts fresh, and writes the audit log's head to its second place.
pub(super) async fn keep(
    access: Arc<Access>,
    heads: Option<HeadsFile>,
    clock: Clock,
    until: impl Future<Output = ()>,
) {
    let mut every = interval(RELOAD);
    every.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut turns = 0_u32;
    tokio::pin!(until);
    loop {
        tokio::select! {
            () = &mut until => break,
            _ = every.tick() => {}
        }
        if let Err(error) = access.reload(clock.real_us()).await {
            tracing::error!(%error, "accounts cannot be read; within a minute nobody may see anything");
        }
        if turns.is_multiple_of(HEAD_EACH) {
            write_head(&access, heads.as_ref(), &clock).await;
        }
        turns = turns.wrapping_add(1);
    }
    write_head(&access, heads.as_ref(), &clock).await;
}

/// The console and the metrics say, too, how that goes.
async fn write_head(access: &Access, heads: Option<&HeadsFile>, clock: &Clock) {
    let Some(heads) = heads else { return };
    let was_failing = access.second_place().is_failing;
    match access.keep_head(heads, clock.wall(), HEAD_PATIENCE).await {
        Ok(()) if was_failing => tracing::info!("the audit log's head is written down again"),
        Ok(()) => {}
        Err(error) => tracing::error!(%error, "the audit log's head is not written down"),
    }
}

/// `cordon init`.
///
/// # Errors
/// In sentences that say how to put it right.
pub async fn init(args: cli::Init) -> anyhow::Result<()> {
    let config = read_config(&args.config)?;
    let access = open(&config).await?;
    let at = Clock::real().wall();
    let invitation = access.first_administrator(&args.administrator, &args.name, at).await?;
    say(&format!("administrator: {}", args.administrator))?;
    say(&format!("link: {}", invitation.link(&config.console.url())))?;
    say(
        "Start `cordon serve`, then open the link: it asks for a password and sets up the app for codes. It works once, for \
         a day, and whoever opens it first is the administrator.",
    )
}

/// `cordon account link`.
///
/// # Errors
/// In sentences that say how to put it right.
pub async fn account_link(args: cli::AccountLink) -> anyhow::Result<()> {
    let config = read_config(&args.config)?;
    let access = open(&config).await?;
    let invitation = access.invite(&args.account, &Who::Command, Clock::real().wall()).await?;
    say(&format!("link: {}", invitation.link(&config.console.url())))
}

/// `cordon account token`.
///
/// # Errors
/// In sentences that say how to put it right.
pub async fn account_token(args: cli::AccountToken) -> anyhow::Result<()> {
    let config = read_config(&args.config)?;
    let access = open(&config).await?;
    let new = NewToken { name: args.name, permits: args.may, days: args.days };
    let (no, text) = access.make_token(&args.account, &new, &Who::Command, Clock::real().wall()).await?;
    say(&format!("token {no}: {}", text.expose()))?;
    say(
        "It is shown here only, and works within a minute. Its account's page in the console lists it, and revokes it.",
    )
}

/// `cordon audit verify`.
///
/// # Errors
/// If the log is not what was written, or cannot be read.
pub async fn verify_audit(args: cli::AuditVerify) -> anyhow::Result<()> {
    let config = read_config(&args.config)?;
    let access = open(&config).await?;
    let heads = HeadsFile::new(&config.access.heads).read()?;
    let verdict = access.verify(&heads).await?;
    for problem in &verdict.problems {
        say(problem)?;
    }
    if verdict.others > 0 {
        say(&format!("and {} more", verdict.others))?;
    }
    let (records, compared) = (verdict.records, verdict.heads);
    say(&format!(
        "{records} records read, compared with {compared} heads in {}",
        config.access.heads.display()
    ))?;
    if !verdict.is_sound() {
        bail!("the audit log is not what was written");
    }
    if let Some((no, chain)) = verdict.head {
        say(&format!(
            "ok: every record is what was written; the last one is {no}, and the chain there is {}",
            tag_wire::hex(&chain)
        ))?;
    }
    Ok(())
}
