//! Who owns the line: one process at a time, under an epoch that rises with every take-over and that every commit names.
//!
//! On a server the owner has a lease, by the server's clock, and holds a lock for its epoch in a session of its own, which
//! ends with it: whoever finds the lock free need not wait for the lease to run out. The lock is a convenience; what keeps a
//! former owner from writing is the epoch. A SQLite file belongs to the process that holds the lock of the file beside it.

use std::{
    fs::{File, TryLockError},
    path::PathBuf,
    sync::{Mutex, PoisonError},
};

use sqlx::{ConnectOptions, Connection, PgConnection, postgres::PgConnectOptions};
use tokio::sync::Mutex as Waiting;

use super::{Db, on};
use crate::{
    database::for_owner_alone,
    store::{LEASE_MS, StoreError},
};

/// The server's time, microseconds.
macro_rules! server_us {
    () => {
        "(extract(epoch FROM clock_timestamp()) * 1000000)::bigint"
    };
}

const LOOK: &str = concat!("SELECT epoch, until > ", server_us!(), " FROM owner");
const TAKE: &str = concat!(
    "UPDATE owner SET epoch = epoch + 1, process = $2, until = $3 + ",
    server_us!(),
    " WHERE epoch = $1 RETURNING epoch"
);
const KEEP: &str = concat!("UPDATE owner SET until = $2 + ", server_us!(), " WHERE epoch = $1");
const LEAVE: &str = "UPDATE owner SET until = 0 WHERE epoch = $1";
const TAKE_FILE: &str = "UPDATE owner SET epoch = epoch + 1, process = $1 RETURNING epoch";
const EPOCH: &str = "SELECT epoch FROM owner";
/// Nobody takes the line over until the transaction that has read this has ended.
const EPOCH_HELD: &str = "SELECT epoch FROM owner FOR SHARE";

/// One number for each epoch, far from any that others may lock in the same database: the bytes of "cordon".
const LOCK: &str = "SELECT pg_try_advisory_lock($1 + 109330311704430)";
const UNLOCK_ALL: &str = "SELECT pg_advisory_unlock_all()";

const LEASE_US: i64 = LEASE_MS * 1_000;

/// The lock of a SQLite file, which ends with the process.
#[derive(Debug, Default)]
pub(super) struct FileLock {
    /// None for a database in memory, which nobody else can have.
    path: Option<PathBuf>,
    held: Mutex<Option<File>>,
}

/// A session that ends with the process.
#[derive(Debug)]
pub(super) struct Session {
    options: PgConnectOptions,
    /// Taken out while it is used: one that was given up half-way is not used again.
    open: Waiting<Option<Open>>,
}

#[derive(Debug)]
struct Open {
    connection: PgConnection,
    /// Whether it holds the lock of the owner's epoch.
    is_locked: bool,
}

impl FileLock {
    /// Beside this database.
    pub(super) fn beside(database: &std::path::Path) -> Self {
        let mut name = database.as_os_str().to_owned();
        name.push(".line");
        Self { path: Some(name.into()), held: Mutex::default() }
    }

    /// Whether this process holds it, now or already.
    fn take(&self) -> Result<bool, StoreError> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(path) = self.path.as_ref().filter(|_| held.is_none()) else { return Ok(true) };
        let failed = |error: std::io::Error| {
            StoreError::Unavailable(format!("no lock of the line ({})", error.kind()))
        };
        let file = for_owner_alone().create(true).truncate(false).open(path).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => *held = Some(file),
            Err(TryLockError::WouldBlock) => return Ok(false),
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
        Ok(true)
    }

    fn leave(&self) {
        *self.held.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

impl Session {
    pub(super) fn new(options: PgConnectOptions) -> Self {
        // A host that is gone says no goodbye: the server asks for it.
        let alive =
            [("tcp_keepalives_idle", "3"), ("tcp_keepalives_interval", "2"), ("tcp_keepalives_count", "3")];
        Self { options: options.options(alive), open: Waiting::default() }
    }

    async fn take(&self, process: &str) -> Result<Option<i64>, StoreError> {
        let mut open = self.open.lock().await;
        let mut session = self.session(open.take()).await?;
        let (epoch, is_held): (i64, bool) = sqlx::query_as(LOOK).fetch_one(&mut session.connection).await?;
        let is_free = !is_held || session.lock(epoch).await?;
        let mut taken = None;
        if is_free {
            let take = sqlx::query_scalar(TAKE).bind(epoch).bind(process).bind(LEASE_US);
            let mut tx = session.connection.begin().await?;
            taken = take.fetch_optional(&mut *tx).await?;
            tx.commit().await?;
            sqlx::query(UNLOCK_ALL).execute(&mut session.connection).await?;
        }
        session.is_locked = match taken {
            Some(epoch) => session.lock(epoch).await?,
            None => false,
        };
        *open = Some(session);
        Ok(taken)
    }

    async fn keep(&self, epoch: i64) -> Result<bool, StoreError> {
        let mut open = self.open.lock().await;
        let mut session = self.session(open.take()).await?;
        let kept = sqlx::query(KEEP).bind(epoch).bind(LEASE_US).execute(&mut session.connection).await?;
        let is_ours = kept.rows_affected() == 1;
        if is_ours && !session.is_locked {
            session.is_locked = session.lock(epoch).await?;
        }
        *open = Some(session);
        Ok(is_ours)
    }

    async fn leave(&self, epoch: i64) -> Result<(), StoreError> {
        let mut open = self.open.lock().await;
        let mut session = self.session(open.take()).await?;
        sqlx::query(LEAVE).bind(epoch).execute(&mut session.connection).await?;
        // Its lock goes with it.
        Ok(())
    }

    async fn session(&self, open: Option<Open>) -> Result<Open, sqlx::Error> {
        match open {
            Some(open) => Ok(open),
            None => Ok(Open { connection: self.options.connect().await?, is_locked: false }),
        }
    }
}

impl Open {
    /// Whether it now holds the lock of this epoch.
    async fn lock(&mut self, epoch: i64) -> Result<bool, sqlx::Error> {
        sqlx::query_scalar(LOCK).bind(epoch).fetch_one(&mut self.connection).await
    }
}

impl Db {
    pub(super) async fn take_ownership(&self, process: &str) -> Result<Option<i64>, StoreError> {
        match self {
            Self::Pg { session, .. } => session.take(process).await,
            Self::Sqlite { lock, .. } if !lock.take()? => Ok(None),
            // Outside of a transaction a row would be given out before it is known that the change holds.
            Self::Sqlite { .. } => Ok(Some(on!(self, write, |tx| {
                sqlx::query_scalar(TAKE_FILE).bind(process).fetch_one(&mut *tx).await?
            }))),
        }
    }

    pub(super) async fn keep_ownership(&self, epoch: i64) -> Result<bool, StoreError> {
        match self {
            Self::Pg { session, .. } => session.keep(epoch).await,
            Self::Sqlite { read, .. } => {
                Ok(sqlx::query_scalar::<_, i64>(EPOCH).fetch_one(read).await? == epoch)
            }
        }
    }

    pub(super) async fn leave_ownership(&self, epoch: i64) -> Result<(), StoreError> {
        match self {
            Self::Pg { session, .. } => session.leave(epoch).await,
            Self::Sqlite { lock, .. } => {
                lock.leave();
                Ok(())
            }
        }
    }

    /// How a transaction asks for the epoch and keeps it as it is.
    pub(super) fn epoch(&self) -> &'static str {
        match self {
            // Its transactions keep everybody else from writing anyhow.
            Self::Sqlite { .. } => EPOCH,
            Self::Pg { .. } => EPOCH_HELD,
        }
    }
}
