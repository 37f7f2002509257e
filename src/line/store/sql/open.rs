//! The door: from an address to an open database with this version's schema.

use std::{
    fs::File,
    path::{Path, PathBuf},
    str::FromStr,
    sync::Arc,
    time::Duration,
};

use sqlx::{
    ConnectOptions, Connection, SqlitePool,
    migrate::Migrator,
    postgres::{PgConnectOptions, PgPoolOptions},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

use super::{
    Db,
    owner::{FileLock, Session},
};
use crate::{
    database::{Migrate, Migrations, Table, Tables, bring, create_private, for_owner_alone},
    store::{Store, StoreError},
};

static MIGRATIONS_SQLITE: Migrator = sqlx::migrate!("../../migrations/sqlite");
static MIGRATIONS_PG: Migrator = sqlx::migrate!("../../migrations/postgres");

/// How long a writer waits for another process's transaction, and a caller for a connection.
const BUSY_MAX: Duration = Duration::from_secs(5);
const ACQUIRE_MAX: Duration = Duration::from_secs(10);
const READERS_MAX: u32 = 4;
const PG_CONNECTIONS_MAX: u32 = 8;

/// Opens the database at `url` and brings its schema up to date.
///
/// `sqlite:PATH` is a file, which is made when it is not there (`?mode=rw` to refuse that); `sqlite::memory:` forgets
/// everything when it is dropped; `postgres://USER@HOST:PORT/NAME` is a database on a server.
///
/// # Errors
/// `Unavailable` if it cannot be reached or the address cannot be understood; `Schema` if its schema is one that this
/// version cannot live with.
pub async fn open(url: &str) -> Result<Arc<dyn Store>, StoreError> {
    open_as(url, Migrate::AtStart).await
}

/// Opens the database at `url`, and brings an older schema up to date or refuses it.
///
/// # Errors
/// As of [`open`], and `Schema` of an older one that is to be brought up to date by command.
pub async fn open_as(url: &str, migrate: Migrate) -> Result<Arc<dyn Store>, StoreError> {
    Ok(Arc::new(match Engine::of(url)? {
        Engine::Sqlite => open_sqlite(url, migrate).await?,
        Engine::Pg => open_pg(url, migrate).await?,
    }))
}

/// What is kept of a store, in an order in which rows come before those that name them.
const TABLES: &[Table] = &[
    Table::new("journal", "no"),
    Table::new("incidents", "id"),
    Table::new("alerts", "id"),
    Table::new("attempts", "alert, nth, at"),
    Table::numbered("hand_ins", "id"),
    Table::new("snapshots", "no"),
    Table::new("snapshot_parts", "snapshot, nth"),
];

/// The whole of the database at `url`, to be read or written as it is.
///
/// # Errors
/// `Unavailable` if it cannot be reached or the address cannot be understood.
pub async fn tables(url: &str) -> Result<Tables, StoreError> {
    Ok(Tables::new(migrations(url).await?, TABLES))
}

/// The migrations of the database at `url`, none of which is done by looking.
///
/// # Errors
/// `Unavailable` if it cannot be reached or the address cannot be understood.
pub async fn migrations(url: &str) -> Result<Migrations, StoreError> {
    Ok(match Engine::of(url)? {
        Engine::Sqlite => Migrations::of_file(sqlite_options(url)?, &MIGRATIONS_SQLITE).await?,
        Engine::Pg => Migrations::of_server(pg_options(url)?, &MIGRATIONS_PG).await?,
    })
}

enum Engine {
    Sqlite,
    Pg,
}

impl Engine {
    fn of(url: &str) -> Result<Self, StoreError> {
        match url.split_once(':') {
            Some(("sqlite", _)) => Ok(Self::Sqlite),
            Some(("postgres" | "postgresql", _)) => Ok(Self::Pg),
            _ => Err(not_understood()),
        }
    }
}

/// The file of the database at `url`; none if it is in memory or on a server.
#[must_use]
pub fn file_of(url: &str) -> Option<PathBuf> {
    let options =
        SqliteConnectOptions::from_str(url).ok().filter(|_| url.starts_with("sqlite:") && !in_memory(url));
    options.map(|options| options.get_filename().to_owned())
}

fn in_memory(url: &str) -> bool {
    url.contains(":memory:") || url.contains("mode=memory")
}

fn sqlite_options(url: &str) -> Result<SqliteConnectOptions, StoreError> {
    // FULL: what is acknowledged after a commit must survive a power cut, which in WAL mode NORMAL does not promise.
    // secure_delete: what is erased must not be left on the pages where it stood.
    let options = SqliteConnectOptions::from_str(url).map_err(|_| not_understood())?;
    Ok(options
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .pragma("secure_delete", "on")
        .foreign_keys(true)
        .busy_timeout(BUSY_MAX))
}

async fn open_sqlite(url: &str, migrate: Migrate) -> Result<Db, StoreError> {
    let options = sqlite_options(url)?;
    let in_memory = in_memory(url);
    if !in_memory && !url.contains("mode=") {
        create_private(options.get_filename()).map_err(not_made)?;
    }
    let lock = if in_memory { FileLock::default() } else { FileLock::beside(options.get_filename()) };
    let _alone = if in_memory { None } else { Some(opening(options.get_filename()).await?) };
    let write = writer(options.clone()).await?;
    // In one transaction that takes the write lock first: two processes may open a new file at once.
    let mut migrating = write.begin_with("BEGIN IMMEDIATE").await?;
    bring(&mut *migrating, &MIGRATIONS_SQLITE, migrate).await?;
    migrating.commit().await?;
    // Another connection would see another empty database in memory.
    let read = if in_memory {
        write.clone()
    } else {
        let pool = SqlitePoolOptions::new().max_connections(READERS_MAX).acquire_timeout(ACQUIRE_MAX);
        pool.connect_with(options.pragma("query_only", "on")).await?
    };
    Ok(Db::Sqlite { write, read, lock })
}

/// Waits until nobody else is opening the file: two that switch a new one to WAL at once are told "busy" without being
/// allowed to wait. The lock is a file of its own, since closing the database's would drop SQLite's locks on it.
async fn opening(path: &Path) -> Result<File, StoreError> {
    let mut name = path.as_os_str().to_owned();
    name.push(".opening");
    let lock = move || {
        let file = for_owner_alone().create(true).truncate(false).open(name)?;
        file.lock()?;
        Ok(file)
    };
    let locked: Result<File, std::io::Error> = tokio::task::spawn_blocking(lock)
        .await
        .map_err(|_| StoreError::Unavailable("the service is stopping".into()))?;
    locked.map_err(|error| StoreError::Unavailable(format!("the file cannot be locked ({})", error.kind())))
}

async fn writer(options: SqliteConnectOptions) -> Result<SqlitePool, StoreError> {
    let pool = SqlitePoolOptions::new()
        .max_connections(1)
        .acquire_timeout(ACQUIRE_MAX)
        .idle_timeout(None)
        .max_lifetime(None)
        // After a full disk SQLite has rolled back by itself, the driver's own roll-back fails, and it believes for ever
        // that a transaction is open: such a connection is replaced.
        .before_acquire(|connection, _| Box::pin(async move { Ok(!connection.is_in_transaction()) }));
    Ok(pool.connect_with(options).await?)
}

fn not_made(error: std::io::Error) -> StoreError {
    StoreError::Unavailable(format!("the file cannot be made ({})", error.kind()))
}

fn pg_options(url: &str) -> Result<PgConnectOptions, StoreError> {
    Ok(PgConnectOptions::from_str(url).map_err(|_| not_understood())?.application_name("cordon"))
}

async fn open_pg(url: &str, migrate: Migrate) -> Result<Db, StoreError> {
    let options = pg_options(url)?;
    // On a connection of its own: a migration may take longer than a statement is allowed to.
    let mut connection = options.connect().await?;
    bring(&mut connection, &MIGRATIONS_PG, migrate).await?;
    connection.close().await?;
    // A statement that hangs would stop the line: the sequencer repeats it instead.
    let limits = [
        ("statement_timeout", "10s"),
        ("lock_timeout", "5s"),
        ("idle_in_transaction_session_timeout", "10s"),
    ];
    let pool = PgPoolOptions::new().max_connections(PG_CONNECTIONS_MAX).acquire_timeout(ACQUIRE_MAX);
    let options = options.options(limits);
    Ok(Db::Pg { pool: pool.connect_with(options.clone()).await?, session: Box::new(Session::new(options)) })
}

fn not_understood() -> StoreError {
    let forms = "write sqlite:PATH or postgres://USER@HOST:PORT/NAME";
    StoreError::Unavailable(format!("its address is not understood; {forms}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Batch, JournalRow};

    fn batch(no: i64, bytes: usize) -> Batch {
        let row = JournalRow {
            no,
            at: crate::domain::Timestamp::from_us(no),
            wall: crate::domain::Timestamp::from_us(no),
            kind: "ping".into(),
            unit: None,
            subject: "service".into(),
            codec: 1,
            payload: vec![7; bytes],
            decision: String::new(),
            engine: 1,
            salt: vec![],
            digest: vec![],
            chain: vec![],
        };
        Batch { rows: vec![row], ..Batch::default() }
    }

    async fn pragma(db: &Db, statement: &'static str) -> i64 {
        let Db::Sqlite { write, .. } = db else { panic!("SQLite") };
        sqlx::query_scalar(statement).fetch_one(write).await.unwrap()
    }

    #[tokio::test]
    async fn a_full_disk_is_unavailable_and_over_once_there_is_room() {
        let dir = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", dir.path().join("cordon.db").display());
        let db = open_sqlite(&url, Migrate::AtStart).await.unwrap();
        assert_eq!(pragma(&db, "PRAGMA synchronous").await, 2, "FULL");
        assert_eq!(pragma(&db, "PRAGMA secure_delete").await, 1);
        db.commit(&batch(1, 10)).await.unwrap();
        // The limit belongs to the connection; that a later commit succeeds shows that the connection was replaced.
        for _ in 0..2 {
            pragma(&db, "PRAGMA max_page_count = 40").await;
            let full = db.commit(&batch(2, 1_000_000)).await;
            assert!(matches!(&full, Err(StoreError::Unavailable(text)) if text == "code 13"), "{full:?}");
        }
        assert_eq!(db.journal(0, 10).await.unwrap(), batch(1, 10).rows);
        db.commit(&batch(2, 1_000_000)).await.unwrap();
        assert_eq!(db.journal(1, 10).await.unwrap(), batch(2, 1_000_000).rows);
    }
}
