//! `cordon backup ...`: both databases in one file.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::ConfigFile;
use crate::sealed::Recipient;

/// `cordon backup ...`.
#[derive(Debug, Subcommand)]
pub enum BackupCommand {
    /// Make the key that opens backups, and print whom to make them for
    Key {
        /// A new file, which only this account may read. Keep it, and a copy of it, away from this machine
        file: PathBuf,
    },
    /// Write both databases as they are now into one encrypted file, while the service runs
    Create(BackupCreate),
    /// Read a backup from its beginning to its end: that it is whole, and that both chains verify
    Verify(BackupVerify),
    /// Restore a backup into the empty databases of an installation
    Restore(BackupRestore),
    /// Restore a backup somewhere for a moment, start the engine from it, and say how long that took
    Drill(BackupDrill),
}

/// `cordon backup create`.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct BackupCreate {
    /// A new file
    pub file: PathBuf,
    /// Whom it is for, age1..., as `cordon backup key` or age-keygen prints it; once for each who may open it
    #[arg(long = "for", value_name = "RECIPIENT", required = true)]
    pub recipients: Vec<Recipient>,
    /// Which installation.
    #[command(flatten)]
    pub config: ConfigFile,
}

/// `cordon backup verify`.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct BackupVerify {
    /// The backup
    pub file: PathBuf,
    /// The file of the key that opens it
    #[arg(long, value_name = "FILE")]
    pub key: PathBuf,
}

/// `cordon backup restore`.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct BackupRestore {
    /// The backup
    pub file: PathBuf,
    /// The file of the key that opens it
    #[arg(long, value_name = "FILE")]
    pub key: PathBuf,
    /// Which installation: its store and its accounts, of which nothing may be there
    #[command(flatten)]
    pub config: ConfigFile,
}

/// `cordon backup drill`.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct BackupDrill {
    /// The backup
    pub file: PathBuf,
    /// The file of the key that opens it
    #[arg(long, value_name = "FILE")]
    pub key: PathBuf,
    /// An empty database on a server to restore the store into; without it a file that is removed again
    #[arg(long, value_name = "URL")]
    pub into: Option<String>,
}
