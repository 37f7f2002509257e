//! The only place that builds and joins everything: each command of `cordon`, from its arguments to its end.

mod access;
mod backup;
mod demo;
mod erase;
mod line;
mod map;
mod migrate;
mod policy;
mod rehearse;
mod serve;
mod simulate;
mod standby;
mod subject;
mod watch;

use std::{
    io::{IsTerminal, Write},
    sync::Arc,
};

use anyhow::{Context, bail};

pub use access::{Admission, account_link, account_token, init, verify_audit};
pub use backup::{backup_key, create_backup, drill_backup, restore_backup, verify_backup};
pub use demo::demo;
pub use erase::erase_subject;
pub use line::{Plan, Running, Watched};
pub use map::import_map;
pub use migrate::{migrate_plan, migrate_status, migrate_up};
pub use policy::check_policies;
pub use rehearse::rehearse;
pub use serve::serve;
pub use simulate::simulate;
pub use subject::{export_subject, hold_subject, lift_hold, list_holds};
pub use watch::watch;

use crate::{
    access::audit::About,
    cli,
    clock::Clock,
    config::{self, Config},
    domain::{Book, IncidentId},
    engine::Rulebook,
    lab::{self, evaluate::Study},
    notify::push::PushKey,
    rulebook_file::{self, Published},
    sandbox::phones,
    sequencer::{Findings, Otherwise, catch_up, compare, decide_again},
    store::{self, JournalHead, Store},
};

/// Simulated phones have a text for so long before that is reported, milliseconds.
const RECEIPT_AFTER_MS: u32 = 500;

/// Installs what every TLS connection needs. Twice is once.
pub fn install_tls() {
    // An error says that a provider is installed already.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// `cordon rulebook load`: tries the file out on what is in force, then publishes all of it or nothing.
///
/// # Errors
/// In sentences that say how to put it right.
pub async fn load_rulebook(args: cli::RulebookLoad) -> anyhow::Result<()> {
    let config = read_config(&args.config)?;
    let books = rulebook_file::read(&args.file)?;
    rulebook_file::carried(&books, &config.channels.channels())?;
    let store = open_store(&config).await?;
    let in_force = catch_up(store.as_ref()).await.context("cannot read the journal")?;
    rulebook_file::try_out(in_force.engine.rulebook(), &books)?;
    let summary = rulebook_file::summary(&books);
    let access = access::open(&config).await?;
    let record = |book| access::record(changes(book), &args.reason, About::book(book));
    access.record(&books.iter().map(record).collect::<Vec<_>>()).await?;
    match rulebook_file::publish(store.as_ref(), &Clock::real(), books).await? {
        Published::Live => say(&format!("live: {summary}")),
        Published::Stored => say(&format!("stored: {summary}; the service takes it up when it starts")),
    }
}

/// As the audit log says it of whoever does the same on the console.
fn changes(book: &Book) -> &'static str {
    match book {
        Book::Unit(_) => "change unit",
        Book::Wearer(_) => "change wearer",
        Book::Person(_) => "change person",
        Book::Case(_) => "change case",
    }
}

/// `cordon rulebook check`: tries a file out on its own.
///
/// # Errors
/// In sentences that say how to put it right.
pub fn check_rulebook(args: cli::RulebookCheck) -> anyhow::Result<()> {
    let books = rulebook_file::read(&args.file)?;
    rulebook_file::try_out(&Rulebook::default(), &books)?;
    if let Some(path) = args.config {
        let config = read_config(&cli::ConfigFile { path })?;
        rulebook_file::carried(&books, &config.channels.channels())?;
    }
    say(&format!("ok: {}", rulebook_file::summary(&books)))
}

/// `cordon config check`.
///
/// # Errors
/// Every mistake at once.
pub fn check_config(file: &std::path::Path) -> anyhow::Result<()> {
    let loaded = config::load(file)?;
    for warning in &loaded.warnings {
        say(&format!("warning: {warning}"))?;
    }
    say(&format!("ok\n{:#?}", loaded.config))
}

/// `cordon config template`.
///
/// # Errors
/// If it cannot be written.
pub fn print_template() -> anyhow::Result<()> {
    say(config::TEMPLATE.trim_end())
}

/// `cordon replay`: decides the journal again and compares with what was recorded, then with the store's incidents
/// and alerts. With an incident, explains it first.
///
/// # Errors
/// If there is a difference, no such incident, or the journal cannot be read.
pub async fn replay(args: cli::Replay) -> anyhow::Result<()> {
    let config = read_config(&args.config)?;
    let store = open_store(&config).await?;
    if let Some(incident) = args.incident {
        let explained = lab::explain(store.as_ref(), IncidentId(incident), args.own_words).await?;
        let access = access::open(&config).await?;
        let record = access::record("see explanation", &args.reason, About::incident(explained.incident()));
        access.record(&[record]).await?;
        say(explained.in_short().trim_end())?;
        if let Some(file) = &args.html {
            std::fs::write(file, explained.html()?)
                .with_context(|| format!("cannot write {}", file.display()))?;
            say(&format!("\npage: {}", file.display()))?;
            say(
                "It shows where the zone lies beside the wearer's way. Where that is secret, keep the page so.",
            )?;
        }
        say("")?;
        return compared(explained.findings(), explained.head());
    }
    let recovered = decide_again(store.as_ref()).await.context("cannot read the journal")?;
    let head = recovered.head.clone();
    let findings = compare(store.as_ref(), recovered).await?;
    compared(&findings, head.as_ref())
}

/// Says whether the journal, decided again, is what was recorded: the first difference, then the others.
fn compared(findings: &Findings, head: Option<&JournalHead>) -> anyhow::Result<()> {
    if let Some((first, others)) = findings.differences.split_first() {
        say(&format!("first difference: {first}"))?;
        for difference in others {
            say(difference)?;
        }
        if let Some(Otherwise { no, recorded, decided }) = &findings.otherwise {
            say(&format!("row {no} was recorded: {recorded}\nrow {no} is decided now: {decided}"))?;
        }
    } else {
        say(&format!("no difference in {} rows", findings.decided()))?;
    }
    for undecided in &findings.undecided {
        say(&undecided.to_string())?;
    }
    if findings.other_versions > 0 {
        say(&format!("{} rows were decided by another version and not compared", findings.other_versions))?;
    }
    match head {
        None => say("integrity chain: the journal is empty")?,
        Some(head) if findings.broken == 0 => say(&format!(
            "integrity chain: verifies from row 1 to row {}; its last value is {}",
            head.no,
            tag_wire::hex(&head.chain)
        ))?,
        Some(head) => {
            say(&format!("integrity chain: broken at {} of {} rows", findings.broken, head.no))?;
        }
    }
    if !findings.differences.is_empty() {
        bail!("the journal and what it leads to are not what was recorded");
    }
    Ok(())
}

/// `cordon evaluate`.
///
/// # Errors
/// What in the folder cannot be read, and where.
pub fn evaluate(args: &cli::Evaluate) -> anyhow::Result<()> {
    let study = Study::read(&args.data, args.interval)?;
    let evaluation = study.evaluate(&progress)?;
    if let Some(file) = &args.report {
        let report = study.report(&evaluation, &progress)?;
        std::fs::write(file, report).with_context(|| format!("cannot write {}", file.display()))?;
        say(&format!("report: {}", file.display()))?;
    }
    if args.json { say(&serde_json::to_string(&evaluation)?) } else { say(&evaluation.summary()) }
}

/// Says how far a long piece of work is, on a terminal only.
fn progress(done: usize, all: usize) {
    let mut terminal = std::io::stderr();
    if terminal.is_terminal() {
        let end = if done == all { "\r\x1b[K" } else { "" };
        // Whoever closed the terminal does not look.
        let _ = write!(terminal, "\r{done} of {all}{end}");
    }
}

/// `cordon push-key`.
///
/// # Errors
/// If the file is there already or cannot be written.
pub fn push_key(file: &std::path::Path) -> anyhow::Result<()> {
    let key = PushKey::generate().map_err(|error| anyhow::anyhow!("no random bytes: {error}"))?;
    key.secret().write_new(file).map_err(anyhow::Error::msg)?;
    say(&format!("push key: {}\npublic half: {}", file.display(), key.public()))
}

/// `cordon phones`.
///
/// # Errors
/// If it cannot listen.
pub async fn phones(args: cli::Phones) -> anyhow::Result<()> {
    let config = read_config(&args.config)?;
    let settings = phones::Settings {
        channels: config.channels,
        cordon: Some(format!("http://{}", config.console.listen)),
        receipt_after_ms: Some(RECEIPT_AFTER_MS),
        clock: Clock::real(),
    };
    let listener = tokio::net::TcpListener::bind(args.listen)
        .await
        .with_context(|| format!("cannot listen on {}; choose another port with --listen", args.listen))?;
    say(&format!("phones: http://{}", listener.local_addr()?))?;
    tokio::select! {
        ended = phones::serve(listener, settings) => ended.context("the phones stopped"),
        () = serve::asked_to_stop() => Ok(()),
    }
}

async fn open_store(config: &Config) -> anyhow::Result<Arc<dyn Store>> {
    let opened = store::open_as(config.store.url.expose(), config.store.migrate).await;
    opened.context("cannot open the store")
}

fn read_config(file: &cli::ConfigFile) -> anyhow::Result<Config> {
    let loaded = config::load(&file.path)?;
    for warning in &loaded.warnings {
        tracing::warn!("{warning}");
    }
    Ok(loaded.config)
}

/// Writes a line for the person at the terminal.
fn say(text: &str) -> anyhow::Result<()> {
    writeln!(std::io::stdout(), "{text}").context("cannot write to the terminal")
}
