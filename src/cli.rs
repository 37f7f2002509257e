//! The command line: what can be asked of `cordon`, and nothing about how it is done.

mod backup;
mod migrate;
mod rehearse;
mod replay;
mod rulebook;
mod subject;

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use clap::{Args, Parser, Subcommand};

use crate::{
    access::{HOLD_REASON_CHARS_MAX, Permit, TOKEN_DAYS, TOKEN_DAYS_MAX},
    domain::{StaffId, Timestamp},
};

pub use backup::{BackupCommand, BackupCreate, BackupDrill, BackupRestore, BackupVerify};
pub use migrate::{Migrate, MigrateCommand};
pub use rehearse::{Rehearse, ZoneArg};
pub use replay::Replay;
pub use rulebook::{RulebookCheck, RulebookCommand, RulebookLoad};
pub use subject::{SubjectCommand, SubjectErase, SubjectExport, SubjectHold, SubjectHolds, SubjectLift};

/// Warns a person before the one they must be kept safe from is near.
#[derive(Debug, Parser)]
#[command(version, about, max_term_width = 100)]
pub struct Cli {
    /// Write log lines as JSON. CORDON_LOG chooses what is logged, as in CORDON_LOG=cordon=debug
    #[arg(long, global = true)]
    pub log_json: bool,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Show everything at work in a fictional town: tags, zones, phones, the console
    Demo(Demo),
    /// Run the service
    Serve(Serve),
    /// Make the first administrator, and the link by which they sign up
    Init(Init),
    /// Let somebody in again
    #[command(subcommand)]
    Account(AccountCommand),
    /// Prove that the audit log is what was written
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Hand one person's data out, or keep it from erasure
    #[command(subcommand)]
    Subject(SubjectCommand),
    /// Publish or try out a rulebook file: wearers, tags, people, cases, zones, policies
    #[command(subcommand)]
    Rulebook(RulebookCommand),
    /// Prove that every alert ends at a person who can be reached, at every hour of the days to come
    #[command(subcommand)]
    Policy(PolicyCommand),
    /// Judge or write a configuration file
    #[command(subcommand)]
    Config(ConfigCommand),
    /// See where the databases' schemas stand after an upgrade, and bring them up to date
    #[command(subcommand)]
    Migrate(MigrateCommand),
    /// Keep both databases in one encrypted file, prove that it is sound, and restore it
    #[command(subcommand)]
    Backup(BackupCommand),
    /// Bring a map for the console to stand on
    #[command(subcommand)]
    Map(MapCommand),
    /// Decide the whole journal again and compare with what was recorded; explain an incident
    Replay(Replay),
    /// Measure on recorded tracks with ground truth how often Cordon misses and cries wolf
    Evaluate(Evaluate),
    /// Play the last days of a wearer to a proposed zone: the alerts it would have raised, when, and by which ways
    Rehearse(Rehearse),
    /// Live whole days of faults on virtual time and check what must hold
    Simulate(Simulate),
    /// Make the key that browsers know this installation's push messages by
    PushKey {
        /// A new file, which only this account may read: its push.key_file. Keep it as long as the subscriptions
        file: PathBuf,
    },
    /// Watch a Cordon from another machine, and page people when it no longer does its work
    Watch(Watch),
    /// Run providers of simulated phones: an inbox page per phone, calls, push messages, receipts and replies
    ///
    /// The browser of a phone gives its subscription, a push address for the rulebook, at /api/subscriptions/NUMBER.
    Phones(Phones),
}

/// `cordon demo`.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct Demo {
    /// Check the scripted alerts and exit, with an error if one is missing or doubled
    #[arg(long)]
    pub headless: bool,
    /// Stop after this long: 60s, 5m, 1h. Headless runs stop after 60s unless told otherwise
    #[arg(long = "for", value_name = "DURATION", value_parser = duration)]
    pub lasts: Option<Duration>,
    /// Print one JSON object as the last line
    #[arg(long)]
    pub json: bool,
    /// The same seed makes the same town and the same walks
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Where the console listens: a loopback address; port 0 chooses a free one
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8080", value_parser = loopback)]
    pub listen: SocketAddr,
}

/// `cordon serve`.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct Serve {
    /// Which installation.
    #[command(flatten)]
    pub config: ConfigFile,
}

/// `cordon init`.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct Init {
    /// What the administrator signs in as: a-z, 0-9 and '-'
    #[arg(long, value_name = "ID", default_value = "administrator")]
    pub administrator: StaffId,
    /// Their name
    #[arg(long, default_value = "First administrator")]
    pub name: String,
    /// Which installation.
    #[command(flatten)]
    pub config: ConfigFile,
}

/// `cordon account ...`.
#[derive(Debug, Subcommand)]
pub enum AccountCommand {
    /// Make a new link for whoever has lost password, phone or codes
    Link(AccountLink),
    /// Make an API token for an account, such as a machine's that nobody signs in with, and print it
    Token(AccountToken),
}

/// `cordon account link`.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct AccountLink {
    /// What they sign in as
    #[arg(value_name = "ID")]
    pub account: StaffId,
    /// Which installation.
    #[command(flatten)]
    pub config: ConfigFile,
}

/// `cordon account token`.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct AccountToken {
    /// As whom it acts: it may do no more than this account
    #[arg(value_name = "ID")]
    pub account: StaffId,
    /// What it is for
    #[arg(long)]
    pub name: String,
    /// What it may do, with commas between: read_incidents, read_wearers, read_numbers, handle_incidents, close_incidents,
    /// read_devices, read_readers, read_audit, read_accounts
    #[arg(long, value_name = "LIST", required = true, value_delimiter = ',', value_parser = permit)]
    pub may: Vec<Permit>,
    /// For how many days it works
    #[arg(long, default_value_t = TOKEN_DAYS, value_parser = clap::value_parser!(i64).range(1..=TOKEN_DAYS_MAX))]
    pub days: i64,
    /// Which installation.
    #[command(flatten)]
    pub config: ConfigFile,
}

/// `cordon audit ...`.
#[derive(Debug, Subcommand)]
pub enum AuditCommand {
    /// Read all of it and compare it with the heads kept elsewhere; an error if anything was changed, taken out or cut off
    Verify(AuditVerify),
}

/// `cordon audit verify`.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct AuditVerify {
    /// Which installation.
    #[command(flatten)]
    pub config: ConfigFile,
}

/// `cordon evaluate`.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct Evaluate {
    /// Folder with *_fixes.csv, *_truth.csv, scenarios.csv, sim_home_*.csv
    #[arg(long, value_name = "DIR")]
    pub data: PathBuf,
    /// Seconds between pings
    #[arg(long, default_value_t = 15, value_parser = clap::value_parser!(u32).range(1..=300))]
    pub interval: u32,
    /// Print one JSON object as the last line
    #[arg(long)]
    pub json: bool,
    /// Write a report with confidence limits, operating curve and the worst cases drawn
    #[arg(long, value_name = "FILE.html")]
    pub report: Option<PathBuf>,
}

/// `cordon simulate`.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct Simulate {
    /// How many worlds, each from a seed of its own
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    pub seeds: u64,
    /// The first seed, or the only one with --trace
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Days in each world, and an hour of calm
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=365))]
    pub days: u32,
    /// Tags in each world
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u16).range(1..=10_000))]
    pub tags: u16,
    /// Print all that happens in one world: the same bytes every time
    #[arg(long, conflicts_with = "seeds")]
    pub trace: bool,
    /// Print one JSON object as the last line
    #[arg(long)]
    pub json: bool,
}

/// `cordon watch`.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct Watch {
    /// What to watch, and whom to page; deploy/watch.example.toml shows one
    #[arg(long, value_name = "FILE")]
    pub config: PathBuf,
    /// Send everybody one page that says it is a test, and exit
    #[arg(long)]
    pub test: bool,
}

/// `cordon phones`.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct Phones {
    /// Where to take messages and show the phones: a loopback address
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8090", value_parser = loopback)]
    pub listen: SocketAddr,
    /// Whose providers are played: those of this installation, which name the phones' address as their url. Receipts and
    /// replies go to its console
    #[command(flatten)]
    pub config: ConfigFile,
}

/// `cordon policy ...`.
#[derive(Debug, Subcommand)]
pub enum PolicyCommand {
    /// Take the steps of every policy at every change of shift; an error if there is a hole
    Check(PolicyCheck),
}

/// `cordon policy check`.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct PolicyCheck {
    /// A rulebook file to look at: on its own or, with --config, as if it had been loaded
    #[arg(required_unless_present = "config")]
    pub file: Option<PathBuf>,
    /// Which installation: what is in force there, and the channels that have a provider
    #[arg(long, value_name = "FILE", env = "CORDON_CONFIG")]
    pub config: Option<PathBuf>,
    /// How many days on
    #[arg(long, default_value_t = 28, value_parser = clap::value_parser!(u32).range(1..=366))]
    pub days: u32,
    /// From when, as in 2026-03-01T09:00:00Z; from now on, if absent
    #[arg(long, value_name = "INSTANT", value_parser = instant)]
    pub from: Option<Timestamp>,
    /// Print one JSON object instead
    #[arg(long)]
    pub json: bool,
}

/// `cordon map ...`.
#[derive(Debug, Subcommand)]
pub enum MapCommand {
    /// Judge a region's vector tiles and take a copy, which the service shows from then on
    Import(MapImport),
}

/// `cordon map import`.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct MapImport {
    /// A PMTiles file of the Protomaps basemap schema
    pub file: PathBuf,
    /// Which installation.
    #[command(flatten)]
    pub config: ConfigFile,
}

/// `cordon config ...`.
#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    /// Print every mistake, or "ok" and the settings in force without their secrets
    Check {
        /// The configuration file
        file: PathBuf,
    },
    /// Print a full example with comments
    Template,
}

/// The file that describes an installation.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct ConfigFile {
    /// The configuration file; `cordon config template` prints one
    #[arg(long = "config", value_name = "FILE", env = "CORDON_CONFIG")]
    pub path: PathBuf,
}

/// A whole number and a unit: 500ms, 60s, 5m, 2h.
fn duration(text: &str) -> Result<Duration, String> {
    const WRITE: &str = "write a number and ms, s, m or h, as in 60s; more than nothing, at most a year";
    const YEAR_MS: u64 = 365 * 24 * 3_600_000;
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let unit_ms = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => return Err(WRITE.into()),
    };
    let ms = number.parse::<u64>().ok().and_then(|number| number.checked_mul(unit_ms));
    ms.filter(|ms| (1..=YEAR_MS).contains(ms)).map(Duration::from_millis).ok_or_else(|| WRITE.into())
}

/// Why something is done, as the audit log keeps it.
fn reason(text: &str) -> Result<String, String> {
    let text = text.trim();
    let fits =
        (1..=HOLD_REASON_CHARS_MAX).contains(&text.chars().count()) && !text.chars().any(char::is_control);
    if fits {
        Ok(text.into())
    } else {
        Err(format!("write 1 to {HOLD_REASON_CHARS_MAX} characters on one line"))
    }
}

fn permit(text: &str) -> Result<Permit, String> {
    let known = || Permit::ALL.map(Permit::as_str).join(", ");
    Permit::parse(text).ok_or_else(|| format!("write some of {}", known()))
}

fn instant(text: &str) -> Result<Timestamp, String> {
    let instant: jiff::Timestamp =
        text.parse().map_err(|_| "write an instant with its offset, as in 2026-03-01T09:00:00Z")?;
    Ok(Timestamp::from_ms(instant.as_millisecond()))
}

fn loopback(text: &str) -> Result<SocketAddr, String> {
    let address: SocketAddr =
        text.parse().map_err(|_| "write an address and a port, as in 127.0.0.1:8080")?;
    if !address.ip().is_loopback() {
        return Err("only this machine may be answered: listen on 127.0.0.1 or [::1]".into());
    }
    Ok(address)
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory as _, error::ErrorKind};

    use super::*;

    fn parse(line: &str) -> Result<Command, clap::Error> {
        Cli::try_parse_from(line.split_whitespace()).map(|cli| cli.command)
    }

    #[test]
    fn the_commands_are_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_demo_is_told_how_to_run() {
        let Ok(Command::Demo(demo)) =
            parse("cordon demo --headless --for 90s --json --seed 7 --listen [::1]:0")
        else {
            panic!("a demo");
        };
        let expected = Demo {
            headless: true,
            lasts: Some(Duration::from_secs(90)),
            json: true,
            seed: 7,
            listen: "[::1]:0".parse().unwrap(),
        };
        assert_eq!(demo, expected);
    }

    #[test]
    fn durations_have_a_unit_and_a_bound() {
        for (text, ms) in [("500ms", 500), ("60s", 60_000), ("5m", 300_000), ("2h", 7_200_000)] {
            assert_eq!(duration(text), Ok(Duration::from_millis(ms)), "{text}");
        }
        for text in [
            "",
            "60",
            "s",
            "0s",
            "-1s",
            "1.5s",
            "1d",
            "9000h",
            "99999999999999999999s",
            "18446744073709551615h",
        ] {
            assert!(duration(text).unwrap_err().contains("as in 60s"), "{text}");
        }
    }

    #[test]
    fn a_token_is_made_for_something_and_for_a_time() {
        let token = |arguments: &str| match parse(&format!("cordon account token amy --config c {arguments}"))
        {
            Ok(Command::Account(AccountCommand::Token(token))) => Ok(token),
            Ok(_) => panic!("a token"),
            Err(error) => Err(error.kind()),
        };
        let made = token("--name board --may read_incidents,read_wearers").unwrap();
        assert_eq!((made.may, made.days), (vec![Permit::ReadIncidents, Permit::ReadWearers], 90));
        assert_eq!(token("--name board"), Err(ErrorKind::MissingRequiredArgument));
        for bad in [
            "--name x --may all",
            "--name x --may read_audit --days 366",
            "--name x --may read_audit --days 0",
        ] {
            assert_eq!(token(bad), Err(ErrorKind::ValueValidation), "{bad}");
        }
    }

    #[test]
    fn only_this_machine_is_answered() {
        for line in [
            "cordon demo --listen 0.0.0.0:80",
            "cordon demo --listen 80",
            "cordon phones --listen 10.0.0.1:1 --config x",
        ] {
            assert_eq!(parse(line).unwrap_err().kind(), ErrorKind::ValueValidation, "{line}");
        }
    }

    #[test]
    fn policies_are_those_of_a_file_or_an_installation() {
        let check = |arguments: &str| match parse(&format!("cordon policy check {arguments}")) {
            Ok(Command::Policy(PolicyCommand::Check(check))) => Ok(check),
            Ok(_) => panic!("a check"),
            Err(error) => Err(error.kind()),
        };
        let file = check("r.toml --from 2026-03-01T09:00:00+01:00").unwrap();
        let from = Some(Timestamp::from_ms(1_772_352_000_000));
        assert_eq!((file.file, file.config, file.days, file.from), (Some("r.toml".into()), None, 28, from));
        assert_eq!(check("--config c --days 7 --json").unwrap().config, Some("c".into()));
        assert_eq!(check("--days 7"), Err(ErrorKind::MissingRequiredArgument));
        assert_eq!(check("r.toml --days 0"), Err(ErrorKind::ValueValidation));
        assert_eq!(check("r.toml --from today"), Err(ErrorKind::ValueValidation));
    }

    #[test]
    fn a_scaled_clock_cannot_be_asked_for() {
        assert_eq!(
            parse("cordon serve --config x --speed 20").unwrap_err().kind(),
            ErrorKind::UnknownArgument
        );
    }
}
