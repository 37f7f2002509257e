//! Whole tables, read as they were at one instant and written into an empty database.

use std::sync::Arc;

use futures_util::TryStreamExt as _;
use sqlx::{AssertSqlSafe, Executor as _, PgConnection, Row as _, SqliteConnection};

use super::{Failure, Migrations, SchemaError, Step, Value, migrations::Link, schema::Reads as _};

/// Where the numbers that SQLite gives by itself are remembered.
const SQLITE_NEXT: &str = "SELECT seq FROM sqlite_sequence WHERE name = $1";
const SQLITE_COLUMNS: &str = "SELECT name FROM pragma_table_info($1) ORDER BY cid";
const PG_COLUMNS: &str = "SELECT column_name::text FROM information_schema.columns \
    WHERE table_schema = current_schema() AND table_name = $1 ORDER BY ordinal_position";
const PG_TYPES: &str = "SELECT column_name::text, data_type::text FROM information_schema.columns \
    WHERE table_schema = current_schema() AND table_name = $1";

/// A table by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Table {
    /// Its name.
    pub name: &'static str,
    /// The columns that its rows are read in the order of: those of its key.
    pub key: &'static str,
    /// The column whose numbers the database gives by itself, and never twice.
    pub numbered: Option<&'static str>,
}

impl Table {
    /// One whose numbers Cordon gives.
    #[must_use]
    pub const fn new(name: &'static str, key: &'static str) -> Self {
        Self { name, key, numbered: None }
    }

    /// One whose numbers the database gives.
    #[must_use]
    pub const fn numbered(name: &'static str, key: &'static str) -> Self {
        Self { name, key, numbered: Some(key) }
    }
}

/// A database and those of its tables that make it what it is.
#[derive(Debug)]
pub struct Tables {
    migrations: Migrations,
    all: &'static [Table],
}

impl Tables {
    /// In an order in which rows come before those that name them.
    #[must_use]
    pub fn new(migrations: Migrations, all: &'static [Table]) -> Self {
        Self { migrations, all }
    }

    /// Which they are.
    #[must_use]
    pub fn all(&self) -> &'static [Table] {
        self.all
    }

    /// The database's migrations.
    pub fn migrations(&mut self) -> &mut Migrations {
        &mut self.migrations
    }

    /// From here on everything is read as it is now. Nobody waits for that.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub async fn begin_reading(&mut self) -> Result<(), Failure> {
        match &mut self.migrations.link {
            Link::Sqlite(file) => {
                file.execute("BEGIN").await?;
                // It is now once something is read.
                file.has_table("").await?;
            }
            Link::Pg(server) => {
                server.execute("SET statement_timeout = 0").await?;
                server.execute("SET idle_in_transaction_session_timeout = 0").await?;
                server.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?;
                server.has_table("journal").await?;
            }
            Link::NoFile(_) => return Err(no_file()),
        }
        Ok(())
    }

    /// The names of a table's columns; `None` where it is not there yet.
    ///
    /// # Errors
    /// If it cannot be read.
    pub async fn columns(&mut self, table: Table) -> Result<Option<Vec<String>>, Failure> {
        let names: Vec<String> = match &mut self.migrations.link {
            Link::Sqlite(file) => sqlx::query_scalar(SQLITE_COLUMNS).bind(table.name).fetch_all(file).await?,
            Link::Pg(server) => {
                sqlx::query_scalar(PG_COLUMNS).bind(table.name).fetch_all(server.as_mut()).await?
            }
            Link::NoFile(_) => Vec::new(),
        };
        Ok((!names.is_empty()).then_some(names))
    }

    /// Hands over the values of every row of a table, until `take` says that it has enough.
    ///
    /// # Errors
    /// If it cannot be read.
    pub async fn read(
        &mut self,
        table: Table,
        mut take: impl FnMut(Vec<Value>) -> bool,
    ) -> Result<(), Failure> {
        let columns = self.columns(table).await?.unwrap_or_default().join(", ");
        let sql = AssertSqlSafe(format!("SELECT {columns} FROM {} ORDER BY {}", table.name, table.key));
        macro_rules! each {
            ($connection:expr, $value:expr) => {{
                let mut rows = sqlx::query(sql).fetch($connection);
                while let Some(row) = rows.try_next().await? {
                    let values = (0..row.len()).map(|at| $value(&row, at)).collect::<Result<_, _>>();
                    if !take(values?) {
                        break;
                    }
                }
            }};
        }
        match &mut self.migrations.link {
            Link::Sqlite(file) => each!(file, Value::of_sqlite),
            Link::Pg(server) => each!(server.as_mut(), Value::of_pg),
            Link::NoFile(_) => return Err(no_file()),
        }
        Ok(())
    }

    /// The last number that the database has given in a table by itself.
    ///
    /// # Errors
    /// If it cannot be read.
    pub async fn last_given(&mut self, table: Table) -> Result<i64, Failure> {
        let Some(column) = table.numbered else { return Ok(0) };
        let last: Option<i64> = match &mut self.migrations.link {
            Link::Sqlite(file) => {
                sqlx::query_scalar(SQLITE_NEXT).bind(table.name).fetch_optional(file).await?
            }
            Link::Pg(server) => {
                let sequence = sequence(server, table.name, column).await?;
                let last = format!("SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM {sequence}");
                sqlx::query_scalar(AssertSqlSafe(last)).fetch_optional(server.as_mut()).await?
            }
            Link::NoFile(_) => None,
        };
        Ok(last.unwrap_or(0))
    }

    /// Whether there is no row in any of them.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub async fn are_empty(&mut self) -> Result<bool, Failure> {
        for table in self.all {
            let rows = match &mut self.migrations.link {
                Link::Sqlite(file) => rows(file, table.name).await?,
                Link::Pg(server) => rows(server.as_mut(), table.name).await?,
                Link::NoFile(_) => 0,
            };
            if rows > 0 {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Brings the schema to the migration of that number, which is where rows come from, and begins.
    ///
    /// # Errors
    /// If this program does not know it, or the schema is beyond it.
    pub async fn begin_writing(&mut self, migration: i64) -> Result<(), SchemaError> {
        let standing = self.migrations.standing().await?;
        let missing = standing.missing();
        match missing.iter().find(|step| step.no == migration) {
            Some(step) => self.migrations.up_to(step).await?,
            None if standing.last().is_some_and(|last| last.no == migration) => {}
            None => {
                return Err(SchemaError::Later(Step { no: migration, name: "of what is written".into() }));
            }
        }
        match &mut self.migrations.link {
            Link::Sqlite(file) => file.execute("BEGIN IMMEDIATE").await?.rows_affected(),
            Link::Pg(server) => server.execute("BEGIN").await?.rows_affected(),
            Link::NoFile(_) => return Err(no_file().into()),
        };
        Ok(())
    }

    /// Writes rows with these columns.
    ///
    /// # Errors
    /// If they do not fit the table.
    pub async fn write(
        &mut self,
        table: Table,
        columns: &[String],
        rows: &[Vec<Value>],
    ) -> Result<(), Failure> {
        let are_names = |names: &[String]| names.iter().all(|name| is_name(name));
        if !are_names(columns) || rows.iter().any(|row| row.len() != columns.len()) {
            return Err(Failure::Corrupt(format!("rows of {} have another shape", table.name)));
        }
        match &mut self.migrations.link {
            Link::Sqlite(file) => write_sqlite(file, table, columns, rows).await,
            Link::Pg(server) => write_pg(server, table, columns, rows).await,
            Link::NoFile(_) => Err(no_file()),
        }
    }

    /// From now on the database gives numbers after this one.
    ///
    /// # Errors
    /// If it cannot be written.
    pub async fn give_after(&mut self, table: Table, last: i64) -> Result<(), Failure> {
        let Some(column) = table.numbered.filter(|_| last > 0) else { return Ok(()) };
        match &mut self.migrations.link {
            Link::Sqlite(file) => {
                sqlx::query("DELETE FROM sqlite_sequence WHERE name = $1")
                    .bind(table.name)
                    .execute(&mut *file)
                    .await?;
                let insert = sqlx::query("INSERT INTO sqlite_sequence (name, seq) VALUES ($1, $2)");
                insert.bind(table.name).bind(last).execute(file).await?;
            }
            Link::Pg(server) => {
                let sequence = sequence(server, table.name, column).await?;
                let set = sqlx::query("SELECT setval($1::text::regclass, $2)").bind(sequence).bind(last);
                set.execute(server.as_mut()).await?;
            }
            Link::NoFile(_) => return Err(no_file()),
        }
        Ok(())
    }

    /// Keeps what was written.
    ///
    /// # Errors
    /// If it cannot be written; then nothing of it is.
    pub async fn commit(&mut self) -> Result<(), Failure> {
        match &mut self.migrations.link {
            Link::Sqlite(file) => file.execute("COMMIT").await?.rows_affected(),
            Link::Pg(server) => server.execute("COMMIT").await?.rows_affected(),
            Link::NoFile(_) => 0,
        };
        Ok(())
    }
}

fn no_file() -> Failure {
    Failure::Unavailable("there is no such file".into())
}

/// What stands in a statement as it is.
fn is_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}

async fn rows<C: super::schema::Reads>(connection: &mut C, table: &str) -> Result<i64, sqlx::Error> {
    match connection.has_table(table).await? {
        true => connection.rows_up_to(table, 1).await,
        false => Ok(0),
    }
}

async fn sequence(server: &mut PgConnection, table: &str, column: &str) -> Result<String, sqlx::Error> {
    let asked = sqlx::query_scalar("SELECT pg_get_serial_sequence($1, $2)").bind(table).bind(column);
    asked.fetch_one(server).await
}

async fn write_sqlite(
    file: &mut SqliteConnection,
    table: Table,
    columns: &[String],
    rows: &[Vec<Value>],
) -> Result<(), Failure> {
    let places = vec!["?"; columns.len()].join(", ");
    let insert: Arc<str> =
        format!("INSERT INTO {} ({}) VALUES ({places})", table.name, columns.join(", ")).into();
    for row in rows {
        let query = sqlx::query(AssertSqlSafe(Arc::clone(&insert)));
        row.iter().fold(query, |query, value| value.bind(query)).execute(&mut *file).await?;
    }
    Ok(())
}

/// All rows in one statement, column by column.
async fn write_pg(
    server: &mut PgConnection,
    table: Table,
    columns: &[String],
    rows: &[Vec<Value>],
) -> Result<(), Failure> {
    let types: Vec<(String, String)> =
        sqlx::query_as(PG_TYPES).bind(table.name).fetch_all(&mut *server).await?;
    let is_of = |column: &str| types.iter().find(|(name, _)| name == column).map(|(_, sort)| sort.as_str());
    let other = || Failure::Corrupt(format!("rows of {} have another shape", table.name));
    let sorts: Vec<&str> = columns.iter().map(|name| is_of(name)).collect::<Option<_>>().ok_or_else(other)?;
    let places: Vec<String> = (1..).zip(&sorts).map(|(at, sort)| format!("${at}::{sort}[]")).collect();
    let insert = format!(
        "INSERT INTO {} ({}) OVERRIDING SYSTEM VALUE SELECT * FROM UNNEST({})",
        table.name,
        columns.join(", "),
        places.join(", ")
    );
    let mut query = sqlx::query(AssertSqlSafe(insert));
    for (at, sort) in sorts.iter().enumerate() {
        let column = rows.iter().map(|row| &row[at]);
        if !column.clone().all(|value| value.is_of(sort)) {
            return Err(other());
        }
        query = match *sort {
            "bigint" => query.bind(column.map(Value::int).collect::<Vec<_>>()),
            "boolean" => query.bind(column.map(|value| value.int().map(|it| it != 0)).collect::<Vec<_>>()),
            "text" => query.bind(column.map(Value::text).collect::<Vec<_>>()),
            "bytea" => query.bind(column.map(Value::bytes).collect::<Vec<_>>()),
            _ => return Err(other()),
        };
    }
    query.execute(server).await?;
    Ok(())
}
