//! `cordon migrate ...`: the databases' schemas.

use clap::{Args, Subcommand};

use super::ConfigFile;

/// `cordon migrate ...`.
#[derive(Debug, Subcommand)]
pub enum MigrateCommand {
    /// Say what would be done, and who would have to wait for it
    Plan(Migrate),
    /// Do it, one migration after the other
    Up(Migrate),
    /// Say where each database stands; an error if this version cannot serve it
    Status(Migrate),
}

/// `cordon migrate plan`, `up`, `status`.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct Migrate {
    /// Which installation.
    #[command(flatten)]
    pub config: ConfigFile,
}
