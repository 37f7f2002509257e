//! What goes for good.

use std::time::Duration;

use sqlx::{Connection, PgConnection, PgPool, SqliteConnection, SqlitePool};

use super::{Db, execute, on};
use crate::{
    domain::{AlertId, IncidentId},
    store::StoreError,
};

const BLANK: &str = "UPDATE journal SET payload = $2, decision = '', salt = $2 WHERE no = $1";
const TRIES_OF_INCIDENT: &str =
    "DELETE FROM attempts WHERE alert IN (SELECT id FROM alerts WHERE incident = $1)";
const ALERTS_OF_INCIDENT: &str = "DELETE FROM alerts WHERE incident = $1";
const INCIDENT: &str = "DELETE FROM incidents WHERE id = $1";
const TRIES: &str = "DELETE FROM attempts WHERE alert = $1";
const ALERT: &str = "DELETE FROM alerts WHERE id = $1";

const CHECKPOINT: &str = "PRAGMA wal_checkpoint(TRUNCATE)";
const PG_TABLES: &str = "journal, incidents, alerts, attempts, hand_ins, snapshots, snapshot_parts";

impl Db {
    pub(super) async fn blank_rows(&self, nos: &[i64]) -> Result<(), StoreError> {
        on!(self, write, |tx| for no in nos {
            execute!(tx, BLANK, *no, &[][..] as &[u8]);
        });
        Ok(())
    }

    pub(super) async fn delete_incidents(&self, ids: &[IncidentId]) -> Result<(), StoreError> {
        on!(self, write, |tx| for id in ids {
            execute!(tx, TRIES_OF_INCIDENT, id.0);
            execute!(tx, ALERTS_OF_INCIDENT, id.0);
            execute!(tx, INCIDENT, id.0);
        });
        Ok(())
    }

    pub(super) async fn delete_alerts(&self, ids: &[AlertId]) -> Result<(), StoreError> {
        on!(self, write, |tx| for id in ids {
            execute!(tx, TRIES, id.0);
            execute!(tx, ALERT, id.0);
        });
        Ok(())
    }

    pub(super) async fn overwrite_deleted(&self) -> Result<(), StoreError> {
        match self {
            Self::Sqlite { write, .. } => empty_wal(write).await,
            Self::Pg { pool, .. } => vacuum(pool).await,
        }
    }
}

/// What was deleted is overwritten in the file at once (`secure_delete`); older pages are left in the write-ahead log. On a
/// connection of its own that waits for nobody: the line must not wait for whoever reads.
async fn empty_wal(write: &SqlitePool) -> Result<(), StoreError> {
    let options = write.connect_options().as_ref().clone().busy_timeout(Duration::ZERO);
    let mut connection = SqliteConnection::connect_with(&options).await?;
    let (is_busy, ..): (bool, i64, i64) = sqlx::query_as(CHECKPOINT).fetch_one(&mut connection).await?;
    connection.close().await?;
    if is_busy {
        return Err(StoreError::Unavailable("somebody reads or writes; try again".into()));
    }
    Ok(())
}

/// On a connection of its own: it may take longer than a statement is allowed to.
async fn vacuum(pool: &PgPool) -> Result<(), StoreError> {
    let mut connection = PgConnection::connect_with(&pool.connect_options()).await?;
    sqlx::query("SET statement_timeout = 0").execute(&mut connection).await?;
    sqlx::query(sqlx::AssertSqlSafe(format!("VACUUM {PG_TABLES}"))).execute(&mut connection).await?;
    connection.close().await?;
    Ok(())
}
