//! The database of accounts and audit: one SQLite file with one writer.

use std::{path::Path, time::Duration};

use sqlx::{
    Connection as _, SqlitePool,
    migrate::Migrator,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

use super::AccessError;
use crate::database::{Failure, Migrate, Migrations, SchemaError, Table, Tables, bring, create_private};

static MIGRATIONS: Migrator = sqlx::migrate!("migrations/access");

/// How long a writer waits for another process, and a caller for a connection. Somebody waits for the page.
const BUSY_MAX: Duration = Duration::from_secs(3);
const ACQUIRE_MAX: Duration = Duration::from_secs(5);
const READERS_MAX: u32 = 4;

/// Both ends of the open file.
#[derive(Debug)]
pub(super) struct Db {
    pub(super) write: SqlitePool,
    pub(super) read: SqlitePool,
}

impl Db {
    /// Opens the file, which is made for its owner alone if it is not there.
    pub(super) async fn open(path: &Path) -> Result<Self, AccessError> {
        create_private(path).map_err(|error| {
            AccessError::Unavailable(format!("the file cannot be made ({})", error.kind()))
        })?;
        let options = options(SqliteConnectOptions::new().filename(path));
        let write = writer(options.clone()).await?;
        let readers = SqlitePoolOptions::new().max_connections(READERS_MAX).acquire_timeout(ACQUIRE_MAX);
        let read = readers.connect_with(options.pragma("query_only", "on")).await?;
        Ok(Self { write, read })
    }

    /// Opens an empty one in memory.
    pub(super) async fn in_memory() -> Result<Self, AccessError> {
        // Another connection would see another empty database.
        let write = writer(options(SqliteConnectOptions::new().in_memory(true))).await?;
        Ok(Self { read: write.clone(), write })
    }
}

/// What is kept of the file, in an order in which rows come before those that name them.
const TABLES: &[Table] = &[
    Table::new("audit", "no"),
    Table::new("accounts", "id"),
    Table::new("grants", "account, role, unit"),
    Table::new("caseload", "account, case_id"),
    Table::new("credentials", "account, kind, no"),
    Table::new("invitations", "account"),
    Table::new("keys", "name"),
    Table::numbered("tokens", "no"),
    Table::new("drafts", "author, subject"),
    Table::numbered("proposals", "no"),
    Table::numbered("handovers", "no"),
    Table::new("handover_points", "handover, place"),
    Table::numbered("holds", "no"),
    Table::new("erasures", "no"),
];

/// The whole of the file at `path`, to be read or written as it is.
///
/// # Errors
/// If it cannot be opened.
pub async fn tables(path: &Path) -> Result<Tables, AccessError> {
    Ok(Tables::new(migrations(path).await?, TABLES))
}

/// The migrations of the file at `path`, none of which is done by looking.
///
/// # Errors
/// If it cannot be opened.
pub async fn migrations(path: &Path) -> Result<Migrations, AccessError> {
    Ok(Migrations::of_file(options(SqliteConnectOptions::new().filename(path)), &MIGRATIONS).await?)
}

fn options(options: SqliteConnectOptions) -> SqliteConnectOptions {
    // FULL: a record that a page waited for survives a power cut, which in WAL mode NORMAL does not promise.
    // secure_delete: what is erased must not be left on the pages where it stood.
    options
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .pragma("secure_delete", "on")
        .foreign_keys(true)
        .busy_timeout(BUSY_MAX)
}

async fn writer(options: SqliteConnectOptions) -> Result<SqlitePool, AccessError> {
    let pool = SqlitePoolOptions::new()
        .max_connections(1)
        .acquire_timeout(ACQUIRE_MAX)
        .idle_timeout(None)
        .max_lifetime(None)
        // After a full disk the driver believes for ever that a transaction is open: such a connection is replaced.
        .before_acquire(|connection, _| Box::pin(async move { Ok(!connection.is_in_transaction()) }));
    let pool = pool.connect_with(options).await?;
    // Takes the write lock first: the service and a command may open a new file at once.
    let mut migrating = pool.begin_with("BEGIN IMMEDIATE").await?;
    bring(&mut *migrating, &MIGRATIONS, Migrate::AtStart).await?;
    migrating.commit().await?;
    Ok(pool)
}

/// The texts hold a code at most: what a database says may quote a row.
impl From<sqlx::Error> for AccessError {
    fn from(error: sqlx::Error) -> Self {
        match error {
            sqlx::Error::Database(error) => {
                Self::Unavailable(format!("code {}", error.code().unwrap_or_default()))
            }
            sqlx::Error::Io(error) => Self::Unavailable(format!("{}", error.kind())),
            sqlx::Error::PoolTimedOut => Self::Unavailable("no free connection in time".into()),
            sqlx::Error::ColumnDecode { index, .. } => Self::Corrupt(format!("column {index}")),
            sqlx::Error::Decode(_) | sqlx::Error::ColumnNotFound(_) => {
                Self::Corrupt("a row of another shape".into())
            }
            _ => Self::Unavailable("the connection broke".into()),
        }
    }
}

impl From<SchemaError> for AccessError {
    fn from(error: SchemaError) -> Self {
        match error {
            SchemaError::Failed(Failure::Unavailable(text)) => Self::Unavailable(text),
            SchemaError::Failed(Failure::Corrupt(text)) => Self::Corrupt(text),
            error => Self::Schema(error),
        }
    }
}
