//! What an operator decides: one TOML file, environment overrides, secrets from files.
//!
//! Every mistake is found in one go and told with its fix. There is no key for the speed of the clock: the service
//! runs on the real one.

mod channels;
mod judge;
mod overrides;
mod raw;
mod show;
mod watchdog;
mod watched;

use std::{
    ffi::OsString,
    fmt,
    net::SocketAddr,
    path::{Path, PathBuf},
};

use tag_wire::VendorName;

use crate::{
    database::Migrate,
    document::{self, Misfit},
    notify::Settings,
    secret::Secret,
};
use raw::Raw;
pub use watchdog::{Watchdog, load_watchdog};

/// A full example with comments; `cordon config template` prints it.
pub const TEMPLATE: &str = include_str!("../../deploy/cordon.example.toml");

/// The largest configuration file, in bytes.
const FILE_BYTES_MAX: u64 = 1 << 20;

/// A sound configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// Names this installation: made of a-z, 0-9 and '-'.
    pub installation: String,
    /// Where state lives.
    pub store: Store,
    /// The officers' pages.
    pub console: Console,
    /// Accounts and audit log.
    pub access: Access,
    /// Where pings come from, at least one, each with its own name.
    pub sources: Vec<Source>,
    /// How people are reached.
    pub channels: Settings,
    /// Cordon's own test of the whole way; without it none is made.
    pub canary: Option<Canary>,
    /// The outside monitor that is called while all is well.
    pub heartbeat: Option<Heartbeat>,
    /// What an outside watchdog shows; without it none is answered.
    pub watch_token: Option<Secret>,
}

/// Where state lives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Store {
    /// The database.
    pub url: StoreUrl,
    /// When an older schema in it is brought up to date.
    pub migrate: Migrate,
}

/// A database: `sqlite:PATH` or `postgres://...`. Shown without its password.
#[derive(Clone, PartialEq, Eq)]
pub struct StoreUrl {
    full: Secret,
    shown: String,
}

/// The officers' pages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Console {
    /// A loopback address, unless there is TLS.
    pub listen: SocketAddr,
    /// The address that officers type, without a slash at its end, where it is another than `listen`.
    pub public_url: Option<String>,
    /// What encrypts it; without it the console answers this machine alone.
    pub tls: Option<ConsoleTls>,
    /// There is a control room: while no console in it is armed, people are phoned.
    pub armed: bool,
}

/// What encrypts the officers' pages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConsoleTls {
    /// Cordon itself.
    Own {
        /// PEM file of the certificate and those above it.
        certificate: PathBuf,
        /// PEM file of its private key.
        key: PathBuf,
    },
    /// A proxy in front of it.
    Proxy,
}

impl Console {
    /// The address of its pages, without a slash at its end.
    #[must_use]
    pub fn url(&self) -> String {
        self.public_url.clone().unwrap_or_else(|| format!("http://{}", self.listen))
    }
}

/// Where accounts and audit log are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Access {
    /// A SQLite file.
    pub database: PathBuf,
    /// Where the audit log's head is written every minute.
    pub heads: PathBuf,
}

/// An MQTT broker that pings come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// Its name in logs, on the console and in the journal.
    pub name: String,
    /// Host name or address.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// How the connection is protected; `None` for a plain one.
    pub tls: Option<Tls>,
    /// Who Cordon is to the broker.
    pub login: Option<Login>,
    /// The only vendor whose tags this source may speak for; any vendor's, if absent.
    pub vendor: Option<VendorName>,
    /// What the messages look like.
    pub format: Format,
}

/// How a TLS connection is judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tls {
    /// PEM file of the authorities to trust; the usual public ones, if absent.
    pub ca_file: Option<PathBuf>,
}

/// A name and a password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Login {
    /// The name.
    pub username: String,
    /// The password.
    pub password: Secret,
}

/// What a source's messages look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Wire contract v1.
    Native,
}

/// Cordon's own test of the whole way: a synthetic tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Canary {
    /// Through which of the sources it goes, by name.
    pub source: String,
    /// Who it is to the broker.
    pub login: Login,
    /// Seconds between two of its pings, 6 to 60.
    pub interval_s: u32,
}

/// The outside monitor that is called while all is well.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heartbeat {
    /// Its address. Whoever knows it can call in our place.
    pub url: Secret,
    /// Who Cordon is to it, if it asks.
    pub token: Option<Secret>,
}

/// A configuration, and what its operator should know about it.
#[derive(Debug)]
pub struct Loaded {
    /// The settings.
    pub config: Config,
    /// Sentences that are worth reading although the settings are sound.
    pub warnings: Vec<String>,
}

/// Everything that is wrong with a configuration: sentences that say where and how to put it right.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.join("\n"))]
pub struct ConfigErrors(pub Vec<String>);

/// Reads the file and the environment of this process.
///
/// # Errors
/// Every mistake at once.
pub fn load(path: &Path) -> Result<Loaded, ConfigErrors> {
    load_with(path, std::env::vars_os())
}

/// Reads the file and the given environment. `CORDON_CONSOLE__LISTEN` stands for `console.listen`,
/// `CORDON_SOURCE__0__PASSWORD` for the password of the first source; names without `__` are not settings, apart from
/// `CORDON_INSTALLATION`.
///
/// # Errors
/// See [`load`].
pub fn load_with(
    path: &Path,
    environment: impl IntoIterator<Item = (OsString, OsString)>,
) -> Result<Loaded, ConfigErrors> {
    let one = |problem: String| ConfigErrors(vec![problem]);
    let in_file = |misfit: Misfit| one(format!("{}: {misfit}", path.display()));
    let text = document::read_text(path, FILE_BYTES_MAX).map_err(one)?;
    // First the file alone, so that a mistake in it is told with its line; then with the overrides laid over it.
    document::from_toml::<Raw>(&text).map_err(in_file)?;
    let mut table = document::from_toml(&text).map_err(in_file)?;
    overrides::lay_over(&mut table, environment).map_err(ConfigErrors)?;
    let raw = document::from_table(table).map_err(|misfit| one(overrides::explain(&misfit)))?;
    judge::judge(raw, path.parent().unwrap_or(Path::new("")))
}

impl Config {
    /// The one MQTT client id of this installation, so that the broker cuts off a former owner.
    #[must_use]
    pub fn mqtt_client_id(&self) -> String {
        format!("cordon-{}", self.installation)
    }
}

impl StoreUrl {
    /// The URL with its password.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.full.expose()
    }
}

impl fmt::Display for StoreUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

impl fmt::Debug for StoreUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

#[cfg(test)]
mod tests;
