//! `cordon backup ...`.

use std::{
    fs::{self, File},
    io::{BufReader, BufWriter},
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};

use super::{read_config, say};
use crate::{
    access,
    backup::{self, Checked, Held},
    cli,
    clock::Clock,
    database::{Tables, for_owner_alone},
    domain::Timestamp,
    sealed::Key,
    sequencer::recover,
    store,
};

const DAY_S: i64 = 86_400;

/// `cordon backup key`.
///
/// # Errors
/// If the file is there already or cannot be written.
pub fn backup_key(file: &Path) -> anyhow::Result<()> {
    let key = Key::generate()?;
    key.secret().write_new(file).map_err(anyhow::Error::msg)?;
    say(&format!("backup key: {}\nfor: {}", file.display(), key.recipient()))?;
    say(
        "Whoever has the file can read every backup; without it nobody can. Keep it away from this machine, twice.",
    )
}

/// `cordon backup create`.
///
/// # Errors
/// In sentences that say how to put it right; also if the backup was made of records that are not what was written.
pub async fn create_backup(args: cli::BackupCreate) -> anyhow::Result<()> {
    let config = read_config(&args.config)?;
    let (store, access) =
        both(config.store.url.expose(), &config.access.database).await.context("cannot make a backup")?;
    let (begun, file) = Part::of(&args.file)?;
    let at = Clock::real().wall();
    let file = BufWriter::new(file);
    let made = backup::create(store, access, (&config.installation, at), file, &args.recipients).await;
    let (file, checked) = made.context("the backup was not made")?;
    file.into_inner().map_err(std::io::IntoInnerError::into_error)?.sync_all()?;
    begun.keep(&args.file)?;
    say(&format!("{}: {}", args.file.display(), ends(&checked)))?;
    judged(&checked)
}

/// `cordon backup verify`.
///
/// # Errors
/// In sentences that say how to put it right.
pub async fn verify_backup(args: cli::BackupVerify) -> anyhow::Result<()> {
    let (file, key) = opened(&args.file, &args.key)?;
    let held = backup::verify(file, &key).await.with_context(|| refused(&args.file))?;
    told(&held)?;
    judged(&held.checked)
}

/// `cordon backup restore`.
///
/// # Errors
/// In sentences that say how to put it right; also if what was restored is not what was written.
pub async fn restore_backup(args: cli::BackupRestore) -> anyhow::Result<()> {
    let config = read_config(&args.config)?;
    let (file, key) = opened(&args.file, &args.key)?;
    let (store, access) = both(config.store.url.expose(), &config.access.database).await?;
    let held = backup::restore(file, &key, store, access).await;
    let held = held.with_context(|| format!("nothing was restored from {}", args.file.display()))?;
    told(&held)?;
    say("restored; alerts that waited then are sent when the service starts, some perhaps again")?;
    judged(&held.checked)
}

/// `cordon backup drill`.
///
/// # Errors
/// In sentences that say how to put it right.
pub async fn drill_backup(args: cli::BackupDrill) -> anyhow::Result<()> {
    let folder = tempfile::tempdir().context("there is no place to restore it to")?;
    let url = match args.into {
        Some(url) => url,
        None => format!("sqlite:{}", folder.path().join("cordon.db").display()),
    };
    let accounts = folder.path().join("cordon-access.db");
    let (file, key) = opened(&args.file, &args.key)?;
    let clock = Clock::real();
    let mut timer = Timer { since: clock.steady(), clock };
    let (store, access) = both(&url, &accounts).await?;
    let held = backup::restore(file, &key, store, access).await.with_context(|| refused(&args.file))?;
    told(&held)?;
    say(&format!("decrypted, checked and restored in {}", timer.lap()))?;
    let store = store::open(&url).await.context("cannot open what was restored")?;
    let (sequencer, findings) = recover(store.as_ref()).await.context("the engine cannot go on from it")?;
    let open = sequencer.engine().open_incidents().count();
    say(&format!("the engine goes on from it after {}, with {open} open incidents", timer.lap()))?;
    let access = access::Access::open(&accounts).await.context("accounts cannot be opened")?;
    let log = access.verify(&[]).await?;
    say(&format!("the audit log is read again in {}", timer.lap()))?;
    if let Some(newest) = held.checked.newest {
        say(&format!("its newest row is {} old", age_in_words(timer.clock.wall().ms_since(newest) / 1_000)))?;
    }
    if let Some(first) = findings.differences.first() {
        bail!("what the engine makes of it is not what was recorded: {first}");
    }
    if !log.is_sound() {
        bail!("the audit log that was restored is not what was written");
    }
    judged(&held.checked)
}

async fn both(url: &str, accounts: &Path) -> anyhow::Result<(Tables, Tables)> {
    let store = store::tables(url).await.context("cannot open the store")?;
    let access =
        access::tables(accounts).await.with_context(|| format!("cannot use {}", accounts.display()))?;
    Ok((store, access))
}

fn opened(file: &Path, key: &Path) -> anyhow::Result<(BufReader<File>, Key)> {
    let key = Key::read(key)?;
    let file = File::open(file).with_context(|| format!("cannot read {}", file.display()))?;
    Ok((BufReader::new(file), key))
}

fn refused(file: &Path) -> String {
    format!("{} is no sound backup", file.display())
}

fn told(held: &Held) -> anyhow::Result<()> {
    let origin = &held.origin;
    say(&format!(
        "backup of {} at {}, by Cordon {}, store on {}",
        origin.installation, origin.at, origin.cordon, origin.engine
    ))?;
    say("rows in each table:")?;
    for (table, rows) in &held.tables {
        say(&format!("  {table}: {rows}"))?;
    }
    say(&ends(&held.checked))
}

/// Where both chains end: whoever knows that from elsewhere can compare.
fn ends(checked: &Checked) -> String {
    let journal = match &checked.journal {
        Some(head) => format!("the journal ends at row {}, chain {}", head.no, tag_wire::hex(&head.chain)),
        None => "the journal is empty".into(),
    };
    let audit = match &checked.audit.head {
        Some((no, chain)) => format!("the audit log at record {no}, chain {}", tag_wire::hex(chain)),
        None => "the audit log is empty".into(),
    };
    format!("{journal}; {audit}")
}

fn judged(checked: &Checked) -> anyhow::Result<()> {
    for problem in &checked.problems {
        say(problem)?;
    }
    if checked.others > 0 {
        say(&format!("and {} more", checked.others))?;
    }
    if !checked.problems.is_empty() {
        bail!("what it holds is not what was written");
    }
    say("ok: every row of both chains is what was written")
}

/// A file that is not called a backup before it is one; it goes if it never is.
struct Part(PathBuf);

impl Part {
    fn of(file: &Path) -> anyhow::Result<(Self, File)> {
        if file.exists() {
            bail!("{} is there already and is left as it is; name another file", file.display());
        }
        let mut name = file.as_os_str().to_owned();
        name.push(".part");
        let path = PathBuf::from(name);
        let made = for_owner_alone().create_new(true).open(&path);
        let made = made.with_context(|| format!("cannot make {}", path.display()))?;
        Ok((Self(path), made))
    }

    fn keep(self, file: &Path) -> anyhow::Result<()> {
        fs::rename(&self.0, file).with_context(|| format!("cannot make {}", file.display()))
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        // Gone already, if it has become the backup.
        let _ = fs::remove_file(&self.0);
    }
}

struct Timer {
    clock: Clock,
    since: Timestamp,
}

impl Timer {
    /// How long it took since the last.
    fn lap(&mut self) -> String {
        let now = self.clock.steady();
        let took_ms = now.ms_since(self.since);
        self.since = now;
        format!("{}.{:03} s", took_ms / 1_000, took_ms % 1_000)
    }
}

fn age_in_words(s: i64) -> String {
    match s {
        ..60 => format!("{s} s"),
        60..3_600 => format!("{} min", s / 60),
        3_600..DAY_S => format!("{} h {} min", s / 3_600, s % 3_600 / 60),
        _ => format!("{} days", s / DAY_S),
    }
}
