//! Where a schema stands, whether this program can serve it, and how it gets where this program wants it.
//!
//! A migration's name says what an earlier version may go on doing: one whose name begins with "expand" leaves it able to
//! read and write, any other may not. `migrations/README.md` has the rule.

use std::fmt;

use sqlx::{
    PgConnection, SqliteConnection,
    migrate::{Migrate as Runs, Migration, Migrator},
};

use super::Failure;

/// What the names of migrations begin with that earlier versions can live with.
const EXPAND: &str = "expand ";

/// When a schema that is older than the program is brought up to date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Migrate {
    /// Whenever it is opened.
    AtStart,
    /// By `cordon migrate up` alone; until then it is refused.
    ByCommand,
}

/// One migration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Its number.
    pub no: i64,
    /// Its name, with spaces.
    pub name: String,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.no, self.name)
    }
}

/// Why a schema is not served.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SchemaError {
    /// It is an empty database, and may be the wrong one.
    #[error("there is no schema in it; if this is the right database, run `cordon migrate up`")]
    Empty,
    /// It is older than this program wants it.
    #[error(
        "its schema ends at migration {at}, and this version of Cordon needs {needs}; `cordon migrate plan` says what that \
         takes, `cordon migrate up` does it"
    )]
    Earlier {
        /// Its last migration.
        at: i64,
        /// This program's last one.
        needs: i64,
    },
    /// It has migrations that this program knows nothing of, and that are not such as it can live with.
    #[error(
        "its schema has migration {0}, which this version of Cordon does not know and cannot live with: run the version that \
         made it, or a later one"
    )]
    Later(Step),
    /// A migration was another text when it was run.
    #[error("migration {0} of its schema is not the one that this version of Cordon has")]
    Altered(Step),
    /// A migration was begun and not finished.
    #[error("migration {0} of its schema was not finished")]
    Unfinished(Step),
    /// It cannot be read or written.
    #[error(transparent)]
    Failed(#[from] Failure),
}

impl From<sqlx::Error> for SchemaError {
    fn from(error: sqlx::Error) -> Self {
        Self::Failed(error.into())
    }
}

/// What has been done to a schema, beside what this program knows.
#[derive(Debug, Clone)]
pub struct Standing {
    migrator: &'static Migrator,
    recorded: Vec<Recorded>,
}

/// A migration as the database remembers it: number, name, whether it was finished, and the digest of its text.
pub type Recorded = (i64, String, bool, Vec<u8>);

impl Standing {
    /// The last migration that was done.
    #[must_use]
    pub fn last(&self) -> Option<Step> {
        self.recorded.last().map(step)
    }

    /// Those that are still to be done, in order.
    #[must_use]
    pub fn missing(&self) -> Vec<Step> {
        self.to_do().map(|one| Step { no: one.version, name: one.description.to_string() }).collect()
    }

    /// Those that a later version has done.
    #[must_use]
    pub fn later(&self) -> Vec<Step> {
        self.recorded.iter().filter(|one| !self.migrator.version_exists(one.0)).map(step).collect()
    }

    /// Whether this program can serve it, once what is missing is done.
    ///
    /// # Errors
    /// Why not.
    pub fn judge(&self) -> Result<(), SchemaError> {
        for one in &self.recorded {
            let known = self.migrator.iter().find(|known| known.version == one.0);
            if !one.2 {
                return Err(SchemaError::Unfinished(step(one)));
            }
            match known {
                None if !one.1.starts_with(EXPAND) => return Err(SchemaError::Later(step(one))),
                Some(known) if *known.checksum != *one.3 => return Err(SchemaError::Altered(step(one))),
                _ => {}
            }
        }
        Ok(())
    }

    pub(super) fn none(migrator: &'static Migrator) -> Self {
        Self { migrator, recorded: Vec::new() }
    }

    pub(super) async fn read<C: Reads>(
        connection: &mut C,
        migrator: &'static Migrator,
    ) -> Result<Self, sqlx::Error> {
        let is_new = !connection.has_table("_sqlx_migrations").await?;
        let recorded = if is_new { Vec::new() } else { connection.recorded().await? };
        Ok(Self { migrator, recorded })
    }

    pub(super) fn to_do(&self) -> impl Iterator<Item = &'static Migration> {
        self.migrator.iter().filter(|one| self.recorded.iter().all(|done| done.0 != one.version))
    }

    fn refuse_if_missing(&self) -> Result<(), SchemaError> {
        match (self.to_do().last(), self.last()) {
            (None, _) => Ok(()),
            (Some(_), None) => Err(SchemaError::Empty),
            (Some(needed), Some(last)) => Err(SchemaError::Earlier { at: last.no, needs: needed.version }),
        }
    }
}

fn step((no, name, ..): &Recorded) -> Step {
    Step { no: *no, name: name.clone() }
}

/// Sees to it that the schema is one that this program can serve. On SQLite `connection` is in a transaction.
///
/// # Errors
/// Why this program cannot.
pub async fn bring<C: Reads>(
    connection: &mut C,
    migrator: &'static Migrator,
    migrate: Migrate,
) -> Result<(), SchemaError> {
    let standing = Standing::read(connection, migrator).await?;
    standing.judge()?;
    match migrate {
        Migrate::ByCommand => standing.refuse_if_missing(),
        Migrate::AtStart => run(connection, migrator, None).await,
    }
}

/// Does what is missing, up to a number or all of it. What later versions have done was judged before.
pub(super) async fn run<C: Reads>(
    connection: &mut C,
    migrator: &'static Migrator,
    up_to: Option<i64>,
) -> Result<(), SchemaError> {
    let mut migrator = Migrator::with_migrations(migrator.iter().cloned().collect());
    migrator.set_ignore_missing(true);
    migrator.run_direct(up_to, connection, false).await.map_err(|error| SchemaError::Failed(error.into()))
}

/// What is asked before a migration is run.
#[expect(async_fn_in_trait, reason = "only the two engines are asked")]
pub trait Reads: Runs {
    /// Whether there is such a table.
    async fn has_table(&mut self, table: &str) -> Result<bool, sqlx::Error>;
    /// What was done so far.
    async fn recorded(&mut self) -> Result<Vec<Recorded>, sqlx::Error>;
    /// Rows of one of our tables, counted up to `most`.
    async fn rows_up_to(&mut self, table: &str, most: i64) -> Result<i64, sqlx::Error>;
}

macro_rules! reads {
    ($connection:ty, $has_table:literal) => {
        impl Reads for $connection {
            async fn has_table(&mut self, table: &str) -> Result<bool, sqlx::Error> {
                sqlx::query_scalar($has_table).bind(table).fetch_one(self).await
            }

            async fn recorded(&mut self) -> Result<Vec<Recorded>, sqlx::Error> {
                const SELECT: &str =
                    "SELECT version, description, success, checksum FROM _sqlx_migrations ORDER BY version";
                sqlx::query_as(SELECT).fetch_all(self).await
            }

            async fn rows_up_to(&mut self, table: &str, most: i64) -> Result<i64, sqlx::Error> {
                let count = format!("SELECT count(*) FROM (SELECT 1 FROM {table} LIMIT $1) AS few");
                sqlx::query_scalar(sqlx::AssertSqlSafe(count)).bind(most).fetch_one(self).await
            }
        }
    };
}

reads!(SqliteConnection, "SELECT count(*) > 0 FROM sqlite_schema WHERE type = 'table' AND name = $1");
reads!(PgConnection, "SELECT to_regclass($1) IS NOT NULL");
