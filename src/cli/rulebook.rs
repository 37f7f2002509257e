//! `cordon rulebook ...`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{ConfigFile, reason};

/// `cordon rulebook ...`.
#[derive(Debug, Subcommand)]
pub enum RulebookCommand {
    /// Try a file out and publish it, all or nothing
    Load(RulebookLoad),
    /// Try a file out on its own
    Check(RulebookCheck),
}

/// `cordon rulebook check`.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct RulebookCheck {
    /// TOML, or JSON if its name ends so
    pub file: PathBuf,
    /// Check as well that this installation has a provider for every channel that the file relies on
    #[arg(long = "config", value_name = "FILE")]
    pub config: Option<PathBuf>,
}

/// `cordon rulebook load`.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct RulebookLoad {
    /// TOML, or JSON if its name ends so
    pub file: PathBuf,
    /// Why, for the audit log; no name and no address
    #[arg(long, value_parser = reason, default_value = "a person at this machine")]
    pub reason: String,
    /// Which installation.
    #[command(flatten)]
    pub config: ConfigFile,
}
