//! Migrations on what is there already: each is run on rows of the one before it, and every row is still what it was.

use std::collections::BTreeMap;

use cordon::{
    access,
    database::{Migrate, Migrations, SchemaError},
    store::{self, StoreError},
};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, SqliteConnection, migrate::Migrator};

use crate::postgres;

/// Rows that are put in after the migration of that number; `BYTES` stands for some bytes.
const STORE: &[(i64, &str)] = &[
    (
        1,
        "INSERT INTO journal VALUES (1, 2, 3, 'ping', NULL, 'wearer:w-1', 1, BYTES, 'd', 1, BYTES, BYTES, BYTES)",
    ),
    (
        1,
        "INSERT INTO incidents VALUES (4294967297, 'u', 'wearer:w-1', 'zone:z', 'c-1', 'violation', 1, 'raised', \
        1=1, 5, 1, '{}')",
    ),
    (
        1,
        "INSERT INTO alerts VALUES (7, 4294967297, 'u', 'person:p-1', 'sms', 1, 5, 'waiting', 1, '{}', 5, 'o', 9, 1, \
        6, 1=0)",
    ),
    (1, "INSERT INTO attempts VALUES (7, 1, 6, 'u', 'person:p-1', 20, 'retry', 'http_503', '')"),
    (1, "INSERT INTO hand_ins (payload) VALUES ('{}')"),
    (
        2,
        "INSERT INTO incidents VALUES (9, 'u', 'person:p-1', 'notice:x', NULL, 'notice', 3, 'told', 1=0, 5, 1, '{}')",
    ),
    (4, "INSERT INTO snapshots VALUES (1, BYTES, 1, 1, BYTES)"),
    (4, "INSERT INTO snapshot_parts VALUES (1, 0, 'service', BYTES)"),
];
const ACCESS: &[(i64, &str)] = &[
    (1, "INSERT INTO audit VALUES (1, 2, 'amy', 'see case', 'why', 'wearer:w-1', 'u', 'c-1', 7, BYTES)"),
    (1, "INSERT INTO accounts VALUES ('amy', 'Amy', 1, NULL, 1)"),
    (1, "INSERT INTO grants VALUES ('amy', 'officer', 'u')"),
    (1, "INSERT INTO caseload VALUES ('amy', 'c-1')"),
    (1, "INSERT INTO credentials VALUES ('amy', 'totp', 1, BYTES, 1, 0)"),
    (1, "INSERT INTO invitations VALUES ('amy', BYTES, 9)"),
    (1, "INSERT INTO keys VALUES ('installation', BYTES)"),
    (
        2,
        "INSERT INTO tokens (account, name, hash, permits, made_at, until, days_used) \
        VALUES ('amy', 't', BYTES, 'p', 1, 2, 0)",
    ),
    (3, "INSERT INTO drafts VALUES ('amy', 'case:c-1', 1, '[]', 1)"),
    (4, "INSERT INTO proposals VALUES (3, 'c-1', 'w-1', 'z', 'amy', 'why', '{}', '', 1)"),
    (5, "INSERT INTO handovers VALUES (1, 'u', 'amy', 'all calm', 1, NULL, '', NULL)"),
    (5, "INSERT INTO handover_points VALUES (1, 0, 'wearer:w-1', 'signed', '{}')"),
    (6, "INSERT INTO proposals VALUES (4, '', '', 'z', 'amy', 'why', '{}', '', 1, 'u')"),
    (7, "INSERT INTO holds VALUES (1, 'wearer:w-1', 'amy', 'trial', 1, NULL, NULL, NULL)"),
    (9, "INSERT INTO erasures VALUES (1, 'wearer:w-1', 'u', 'amy', 'why', 1, NULL, NULL, NULL, '{}', NULL)"),
];

const SQLITE_COLUMNS: &str = "SELECT m.name, c.name FROM sqlite_schema m, pragma_table_info(m.name) c \
    WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' AND m.name <> '_sqlx_migrations' ORDER BY m.name, c.cid";
const PG_COLUMNS: &str = "SELECT table_name::text, column_name::text FROM information_schema.columns \
    WHERE table_schema = 'public' AND table_name <> '_sqlx_migrations' ORDER BY ordinal_position";

/// How a database is asked what is in it, whatever it is.
struct Asks {
    columns: &'static str,
    /// The value of `NAME` in words.
    value: &'static str,
    /// Two bytes.
    bytes: &'static str,
}

const SQLITE: Asks = Asks { columns: SQLITE_COLUMNS, value: "quote(NAME)", bytes: "X'00ff'" };
const PG: Asks = Asks { columns: PG_COLUMNS, value: "coalesce(NAME::text, 'NULL')", bytes: r"'\x00ff'" };

/// One statement for each table: every row in words, with the columns that the table has now.
fn readings(columns: &[(String, String)], asks: &Asks) -> BTreeMap<String, String> {
    let mut values: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (table, column) in columns {
        values.entry(table).or_default().push(asks.value.replace("NAME", column));
    }
    let reading = |(table, values): (&str, Vec<String>)| {
        let sql = format!("SELECT {} FROM {table} ORDER BY 1", values.join(" || ' ' || "));
        (table.to_owned(), sql)
    };
    values.into_iter().map(reading).collect()
}

/// Runs the migrations of a folder one by one, and puts rows in after each.
macro_rules! survive {
    ($connection:ident, $folder:literal, $rows:ident, $asks:ident) => {{
        static MIGRATOR: Migrator = sqlx::migrate!($folder);
        let mut asked = BTreeMap::new();
        let mut before = Rows::new();
        for migration in MIGRATOR.iter() {
            let no = migration.version;
            MIGRATOR.run_direct(Some(no), &mut $connection, false).await.unwrap();
            assert_eq!(read!($connection, asked), before, "after migration {no}");
            for (_, row) in $rows.iter().filter(|(after, _)| *after == no) {
                $connection.execute(AssertSqlSafe(row.replace("BYTES", $asks.bytes))).await.unwrap();
            }
            let columns: Vec<(String, String)> =
                sqlx::query_as($asks.columns).fetch_all(&mut $connection).await.unwrap();
            asked = readings(&columns, &$asks);
            before = read!($connection, asked);
        }
        let empty: Vec<_> = before.iter().filter(|(_, rows)| rows.is_empty()).collect();
        assert!(
            !before.is_empty() && empty.is_empty(),
            "put rows into these, for the next migration: {empty:?}"
        );
    }};
}

type Rows = BTreeMap<String, Vec<String>>;

macro_rules! read {
    ($connection:ident, $asked:ident) => {{
        let mut rows = Rows::new();
        for (table, sql) in $asked.clone() {
            rows.insert(
                table,
                sqlx::query_scalar(AssertSqlSafe(sql)).fetch_all(&mut $connection).await.unwrap(),
            );
        }
        rows
    }};
}

#[tokio::test]
async fn every_migration_leaves_the_rows_that_are_there() {
    let mut file = SqliteConnection::connect("sqlite::memory:").await.unwrap();
    survive!(file, "migrations/sqlite", STORE, SQLITE);
    let mut file = SqliteConnection::connect("sqlite::memory:").await.unwrap();
    survive!(file, "migrations/access", ACCESS, SQLITE);
    if let Some(url) = postgres::fresh_database().await {
        let mut server = PgConnection::connect(&url).await.unwrap();
        survive!(server, "migrations/postgres", STORE, PG);
    }
}

#[test]
fn every_later_migration_says_whether_an_earlier_version_can_live_with_it() {
    // Those before were made when no version had been released.
    for (folder, since) in [("sqlite", 6), ("postgres", 6), ("access", 9)] {
        let folder = format!("{}/migrations/{folder}", env!("CARGO_MANIFEST_DIR"));
        for entry in std::fs::read_dir(folder).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            let (no, rest) = name.split_once('_').unwrap();
            let says = ["expand_", "contract_"].iter().any(|word| rest.starts_with(word));
            assert!(no.parse::<u32>().unwrap() <= since || says, "{name}: see migrations/README.md");
        }
    }
}

fn refusal(opened: Result<std::sync::Arc<dyn store::Store>, StoreError>) -> SchemaError {
    match opened.err().expect("refused") {
        StoreError::Schema(error) => error,
        error => panic!("{error}"),
    }
}

/// As a program sees it that knows no more than the first migrations: the rest is there, under other names.
async fn judged(url: &str, forget: impl AsyncFn(&str)) {
    // What is older than the program is brought up to date by command, where that is so wanted.
    let error = refusal(store::open_as(url, Migrate::ByCommand).await);
    assert!(
        matches!(error, SchemaError::Empty) && error.to_string().contains("`cordon migrate up`"),
        "{error}"
    );
    let mut database = store::migrations(url).await.unwrap();
    let steps = database.standing().await.unwrap().missing();
    assert_eq!(database.standing().await.unwrap().last(), None);
    database.up_to(&steps[1]).await.unwrap();
    let error = refusal(store::open_as(url, Migrate::ByCommand).await);
    let needs = steps.last().unwrap().no;
    assert_eq!(error, SchemaError::Earlier { at: 2, needs });
    assert!(error.to_string().contains("`cordon migrate plan`"), "{error}");
    let planned: Vec<i64> = database.plan().await.unwrap().iter().map(|one| one.step.no).collect();
    assert_eq!(planned, steps[2..].iter().map(|step| step.no).collect::<Vec<_>>());
    up(&mut database).await;
    let store = store::open_as(url, Migrate::ByCommand).await.unwrap();
    assert!(database.plan().await.unwrap().is_empty());
    drop(store);

    // What is newer is served if it was made so that it can be.
    forget("version = 9999, description = 'expand later'").await;
    for migrate in [Migrate::ByCommand, Migrate::AtStart] {
        store::open_as(url, migrate).await.unwrap();
    }
    assert_eq!(database.standing().await.unwrap().later()[0].to_string(), "9999 (expand later)");
    forget("description = 'contract later'").await;
    for migrate in [Migrate::ByCommand, Migrate::AtStart] {
        let error = refusal(store::open_as(url, migrate).await);
        assert!(error.to_string().contains("migration 9999 (contract later), which this version"), "{error}");
    }
    assert!(matches!(database.plan().await, Err(SchemaError::Later(_))));
}

async fn up(database: &mut Migrations) {
    for step in database.standing().await.unwrap().missing() {
        database.up_to(&step).await.unwrap();
    }
}

const LATER: &str = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
    SELECT 9999, '', success, checksum, execution_time FROM _sqlx_migrations WHERE version = 1 \
    AND NOT EXISTS (SELECT 1 FROM _sqlx_migrations WHERE version = 9999)";

#[tokio::test]
async fn a_schema_that_is_not_this_versions_is_served_or_refused_with_what_to_do() {
    let dir = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", dir.path().join("cordon.db").display());
    judged(&url, async |change| {
        let mut file = SqliteConnection::connect(&url).await.unwrap();
        file.execute(LATER).await.unwrap();
        let update = format!("UPDATE _sqlx_migrations SET {change} WHERE version = 9999");
        file.execute(AssertSqlSafe(update)).await.unwrap();
    })
    .await;
    let Some(url) = postgres::fresh_database().await else {
        return;
    };
    judged(&url, async |change| {
        let mut server = PgConnection::connect(&url).await.unwrap();
        server.execute(LATER).await.unwrap();
        let update = format!("UPDATE _sqlx_migrations SET {change} WHERE version = 9999");
        server.execute(AssertSqlSafe(update)).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_migration_that_is_not_the_one_that_was_run_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", dir.path().join("cordon.db").display());
    store::open(&url).await.unwrap();
    let mut file = SqliteConnection::connect(&url).await.unwrap();
    for (change, named) in [
        ("checksum = X'00'", "migration 2 (notices) of its schema is not the one"),
        ("success = 0", "migration 2 (notices) of its schema was not finished"),
    ] {
        let update = format!("UPDATE _sqlx_migrations SET {change} WHERE version = 2");
        file.execute(AssertSqlSafe(update)).await.unwrap();
        let error = refusal(store::open(&url).await);
        assert!(error.to_string().contains(named), "{error}");
    }
}

#[tokio::test]
async fn a_plan_says_who_waits_and_changes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("cordon.db");
    let url = format!("sqlite:{}", path.display());
    let mut database = store::migrations(&url).await.unwrap();
    assert!(database.plan().await.unwrap().iter().all(|one| one.works.is_empty()), "there is nothing yet");
    assert!(!path.exists());
    let steps = database.standing().await.unwrap().missing();
    database.up_to(&steps[0]).await.unwrap();
    let mut file = SqliteConnection::connect(&url).await.unwrap();
    for (_, row) in STORE.iter().filter(|(no, _)| *no == 1) {
        file.execute(AssertSqlSafe(row.replace("BYTES", SQLITE.bytes))).await.unwrap();
    }
    let planned = database.plan().await.unwrap();
    let works: Vec<String> = planned[1].works.iter().map(ToString::to_string).collect();
    let written = "nothing is written to it meanwhile";
    assert_eq!(planned[1].step.to_string(), "3 (of one)");
    assert_eq!(
        works,
        [
            format!("builds an index on journal (1 row): {written}"),
            format!("builds an index on incidents (1 row): {written}")
        ]
    );
    use std::os::unix::fs::PermissionsExt;
    assert_eq!(path.metadata().unwrap().permissions().mode() & 0o077, 0);
    let access = access::migrations(&dir.path().join("access.db")).await.unwrap().plan().await.unwrap();
    assert!(access.len() >= 9);
}
