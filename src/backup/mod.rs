//! Both databases in one encrypted file: made while the service runs, checked, and restored into empty ones.
//!
//! A backup holds rows, not pages of a file or a server's own dump: so it is made in one reading that nobody waits for, it
//! never lies on a disk unencrypted, each row of the journal and of the audit log is checked on its way, and what was SQLite
//! may be restored as PostgreSQL, or the reverse. Both databases are read as they were within the same moment.

mod checks;
mod create;
mod form;
mod restore;

pub use checks::Checked;
pub use create::create;
pub use form::Origin;
pub use restore::{Held, restore, verify};

use crate::database::{Failure, SchemaError};

/// Why a backup was not made, read or restored.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The file cannot be read or written, is not whole, or is for another key.
    #[error(transparent)]
    File(#[from] std::io::Error),
    /// It was opened, and it is not what this version writes.
    #[error("{0}")]
    Form(String),
    /// A database cannot be read or written.
    #[error("{0}: {1}")]
    Database(&'static str, Failure),
    /// A database's schema is not one that this version can do it with.
    #[error("{0}: {1}")]
    Schema(&'static str, SchemaError),
    /// A later version of Cordon has put into a database what this one knows nothing of.
    #[error("{0}: a later version of Cordon has changed its schema; make the backup with that version")]
    Later(&'static str),
    /// What was to be restored would be mixed with what is there.
    #[error("{0}: there are rows in it; a backup is restored into an empty database")]
    NotEmpty(&'static str),
}
