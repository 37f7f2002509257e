//! A database whose schema is looked at and brought up to date by command.

use sqlx::{
    Connection, PgConnection, SqliteConnection, migrate::Migrator, postgres::PgConnectOptions,
    sqlite::SqliteConnectOptions,
};

use super::{
    Failure, Planned, SchemaError, Standing, Step, create_private,
    plan::{COUNTED_MAX, works},
    schema::{Reads, run},
};

/// A migration waits so long for a table that somebody else holds: whoever comes after it waits behind it.
const LOCK_MAX: &str = "5s";

/// An open database and the migrations that this program has for it.
#[derive(Debug)]
pub struct Migrations {
    migrator: &'static Migrator,
    pub(super) link: Link,
}

#[derive(Debug)]
pub(super) enum Link {
    Sqlite(SqliteConnection),
    Pg(Box<PgConnection>),
    /// A file that is still to be made.
    NoFile(Box<SqliteConnectOptions>),
}

impl Migrations {
    /// Of a SQLite file, which need not be there.
    ///
    /// # Errors
    /// If it cannot be opened.
    pub async fn of_file(
        options: SqliteConnectOptions,
        migrator: &'static Migrator,
    ) -> Result<Self, SchemaError> {
        let link = if options.get_filename().exists() {
            Link::Sqlite(SqliteConnection::connect_with(&options).await?)
        } else {
            Link::NoFile(Box::new(options))
        };
        Ok(Self { migrator, link })
    }

    /// Of a database on a server.
    ///
    /// # Errors
    /// If it cannot be reached.
    pub async fn of_server(
        options: PgConnectOptions,
        migrator: &'static Migrator,
    ) -> Result<Self, SchemaError> {
        let options = options.options([("lock_timeout", LOCK_MAX)]);
        let link = Link::Pg(Box::new(PgConnection::connect_with(&options).await?));
        Ok(Self { migrator, link })
    }

    /// On which engine it is.
    #[must_use]
    pub fn engine(&self) -> &'static str {
        match self.link {
            Link::Sqlite(_) | Link::NoFile(_) => "SQLite",
            Link::Pg(_) => "PostgreSQL",
        }
    }

    /// Where it stands.
    ///
    /// # Errors
    /// If it cannot be read.
    pub async fn standing(&mut self) -> Result<Standing, SchemaError> {
        Ok(match &mut self.link {
            Link::Sqlite(connection) => Standing::read(connection, self.migrator).await?,
            Link::Pg(connection) => Standing::read(connection.as_mut(), self.migrator).await?,
            Link::NoFile(_) => Standing::none(self.migrator),
        })
    }

    /// What is to be done, and who has to wait for it.
    ///
    /// # Errors
    /// If it cannot be read, or this program cannot serve it at all.
    pub async fn plan(&mut self) -> Result<Vec<Planned>, SchemaError> {
        let standing = self.standing().await?;
        standing.judge()?;
        let mut planned = Vec::new();
        for migration in standing.to_do() {
            let step = Step { no: migration.version, name: migration.description.to_string() };
            let mut works = works(migration.sql.as_str());
            for work in &mut works {
                work.rows = match &mut self.link {
                    Link::Sqlite(connection) => rows(connection, work.table()).await?,
                    Link::Pg(connection) => rows(connection.as_mut(), work.table()).await?,
                    Link::NoFile(_) => 0,
                };
            }
            works.retain(|work| work.rows > 0);
            planned.push(Planned { step, works });
        }
        Ok(planned)
    }

    /// Does what is to be done up to this one.
    ///
    /// # Errors
    /// If it cannot be done; then nothing of it is, and what was done before it stays.
    pub async fn up_to(&mut self, step: &Step) -> Result<(), SchemaError> {
        self.standing().await?.judge()?;
        if let Link::NoFile(options) = &self.link {
            create_private(options.get_filename()).map_err(|error| {
                Failure::Unavailable(format!("the file cannot be made ({})", error.kind()))
            })?;
            self.link = Link::Sqlite(SqliteConnection::connect_with(options).await?);
        }
        match &mut self.link {
            Link::Sqlite(connection) => {
                let mut tx = connection.begin_with("BEGIN IMMEDIATE").await?;
                run(&mut *tx, self.migrator, Some(step.no)).await?;
                Ok(tx.commit().await?)
            }
            Link::Pg(connection) => run(connection.as_mut(), self.migrator, Some(step.no)).await,
            Link::NoFile(_) => Err(SchemaError::Empty),
        }
    }
}

/// None of a table that an earlier migration is still to make.
async fn rows<C: Reads>(connection: &mut C, table: &str) -> Result<i64, sqlx::Error> {
    match connection.has_table(table).await? {
        true => connection.rows_up_to(table, COUNTED_MAX).await,
        false => Ok(0),
    }
}
