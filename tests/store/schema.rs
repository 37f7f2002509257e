//! The schemas, and what only a database has: files, versions, other processes.

use std::collections::BTreeSet;

use cordon::{
    domain::IncidentId,
    store::{self, Batch, Room, StoreError},
};
use sqlx::{Connection, PgConnection, Row, SqliteConnection};

use crate::{
    build::{alert, batch, first_batch, incident, rows},
    postgres,
};

type Columns = BTreeSet<(String, String)>;

fn file(dir: &tempfile::TempDir) -> String {
    format!("sqlite:{}", dir.path().join("cordon.db").display())
}

async fn sqlite(url: &str) -> SqliteConnection {
    SqliteConnection::connect(url).await.unwrap()
}

async fn sqlite_columns() -> Columns {
    let dir = tempfile::tempdir().unwrap();
    store::open(&file(&dir)).await.unwrap();
    let sql = "SELECT m.name AS t, c.name AS c FROM sqlite_schema m, pragma_table_info(m.name) c \
        WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' AND m.name <> '_sqlx_migrations'";
    let rows = sqlx::query(sql).fetch_all(&mut sqlite(&file(&dir)).await).await.unwrap();
    rows.iter().map(|row| (row.get("t"), row.get("c"))).collect()
}

#[tokio::test]
async fn both_databases_have_the_same_tables_and_columns() {
    let sqlite = sqlite_columns().await;
    let tables: BTreeSet<&str> = sqlite.iter().map(|(table, _)| table.as_str()).collect();
    assert_eq!(
        tables,
        ["alerts", "attempts", "hand_ins", "incidents", "journal", "owner", "snapshot_parts", "snapshots"]
            .into()
    );
    let Some(url) = postgres::fresh_database().await else {
        return;
    };
    store::open(&url).await.unwrap();
    let sql = "SELECT table_name::text AS t, column_name::text AS c, data_type::text AS d \
        FROM information_schema.columns WHERE table_schema = 'public' AND table_name <> '_sqlx_migrations'";
    let rows = sqlx::query(sql).fetch_all(&mut PgConnection::connect(&url).await.unwrap()).await.unwrap();
    let columns: Columns = rows.iter().map(|row| (row.get("t"), row.get("c"))).collect();
    assert_eq!(columns, sqlite);
    // 32 bits are enough for nobody.
    assert!(rows.iter().all(|row| !["integer", "smallint"].contains(&row.get::<&str, _>("d"))));
}

#[tokio::test]
async fn the_numbers_that_a_database_gives_go_on_beyond_32_bits() {
    for limit in [1_i64 << 31, 1 << 32] {
        let given = [limit - 1, limit, limit + 1];
        let payloads = ["{}".to_owned(), "{}".to_owned(), "{}".to_owned()];
        let dir = tempfile::tempdir().unwrap();
        let store = store::open(&file(&dir)).await.unwrap();
        let insert = format!("INSERT INTO sqlite_sequence (name, seq) VALUES ('hand_ins', {})", limit - 2);
        sqlx::query(sqlx::AssertSqlSafe(insert)).execute(&mut sqlite(&file(&dir)).await).await.unwrap();
        assert_eq!(store.hand_in(&payloads).await.unwrap(), given);
        let taken = Batch { taken: given.to_vec(), ..batch(1..=1) };
        store.commit(&taken).await.unwrap();
        assert_eq!(store.handed_in(10).await.unwrap(), []);

        let Some(url) = postgres::fresh_database().await else {
            continue;
        };
        let store = store::open(&url).await.unwrap();
        let restart = format!("ALTER TABLE hand_ins ALTER COLUMN id RESTART WITH {}", limit - 1);
        let mut server = PgConnection::connect(&url).await.unwrap();
        sqlx::query(sqlx::AssertSqlSafe(restart)).execute(&mut server).await.unwrap();
        assert_eq!(store.hand_in(&payloads).await.unwrap(), given);
        store.commit(&taken).await.unwrap();
        assert_eq!(store.handed_in(10).await.unwrap(), []);
    }
}

#[tokio::test]
async fn every_key_has_64_bits_and_so_has_every_sequence() {
    const KEYS: &str = "SELECT a.attname::text, t.typname::text FROM pg_index i \
        JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey) \
        JOIN pg_type t ON t.oid = a.atttypid JOIN pg_class c ON c.oid = i.indrelid \
        JOIN pg_namespace n ON n.oid = c.relnamespace \
        WHERE i.indisprimary AND n.nspname = 'public' AND c.relname <> '_sqlx_migrations'";
    const SEQUENCES: &str = "SELECT data_type::text || ' ' || max_value FROM pg_sequences";
    let Some(url) = postgres::fresh_database().await else {
        return;
    };
    store::open(&url).await.unwrap();
    let mut server = PgConnection::connect(&url).await.unwrap();
    let keys: Vec<(String, String)> = sqlx::query_as(KEYS).fetch_all(&mut server).await.unwrap();
    assert!(keys.len() >= 9, "{keys:?}");
    assert!(keys.iter().all(|(_, sort)| sort == "int8"), "{keys:?}");
    let sequences: Vec<String> = sqlx::query_scalar(SEQUENCES).fetch_all(&mut server).await.unwrap();
    assert_eq!(sequences, ["bigint 9223372036854775807"]);
}

#[tokio::test]
async fn what_is_asked_of_one_wearer_and_what_is_blank_is_found_by_an_index() {
    const ROWS: &str = "SELECT payload FROM journal WHERE no > 7 AND kind = 'ping' AND subject = 'wearer:w-1' ORDER BY no LIMIT 9";
    const ABOUT: &str =
        "SELECT record FROM incidents WHERE subject = 'wearer:w-1' AND id < 7 ORDER BY id DESC LIMIT 9";
    const BLANK: &str = "SELECT no FROM journal WHERE no > 7 AND length(payload) = 0 AND decision = '' AND length(salt) = 0 \
        ORDER BY no LIMIT 9";
    const FOUND: [(&str, &str); 3] =
        [(ROWS, "journal_of_one"), (ABOUT, "incidents_about_one"), (BLANK, "journal_blank")];
    let dir = tempfile::tempdir().unwrap();
    store::open(&file(&dir)).await.unwrap();
    for (sql, index) in FOUND {
        let plan = sqlx::query(sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {sql}")));
        let plan = plan.fetch_all(&mut sqlite(&file(&dir)).await).await.unwrap();
        let steps: Vec<String> = plan.iter().map(|row| row.get("detail")).collect();
        assert!(steps.len() == 1 && steps[0].contains(index), "neither scanned nor sorted: {steps:?}");
    }
    let Some(url) = postgres::fresh_database().await else {
        return;
    };
    store::open(&url).await.unwrap();
    let mut connection = PgConnection::connect(&url).await.unwrap();
    // An empty table is scanned, whatever there is.
    sqlx::query("SET enable_seqscan = off").execute(&mut connection).await.unwrap();
    for (sql, index) in FOUND {
        let plan = sqlx::query(sqlx::AssertSqlSafe(format!("EXPLAIN {sql}")))
            .fetch_all(&mut connection)
            .await
            .unwrap();
        let steps: String = plan.iter().map(|row| row.get::<String, _>(0)).collect();
        assert!(steps.contains(index) && !steps.contains("Sort"), "{steps}");
    }
}

#[test]
fn both_folders_have_the_same_migrations() {
    let names = |folder: &str| {
        let entries =
            std::fs::read_dir(format!("{}/migrations/{folder}", env!("CARGO_MANIFEST_DIR"))).unwrap();
        entries.map(|entry| entry.unwrap().file_name()).collect::<BTreeSet<_>>()
    };
    assert_eq!(names("sqlite"), names("postgres"));
    assert!(!names("sqlite").is_empty());
}

#[tokio::test]
async fn a_file_is_there_again_after_a_restart_and_private() {
    let dir = tempfile::tempdir().unwrap();
    let written = first_batch(vec![alert(1, 1)]);
    store::open(&file(&dir)).await.unwrap().commit(&written).await.unwrap();
    let store = store::open(&file(&dir)).await.unwrap();
    assert_eq!(store.journal(0, 10).await.unwrap(), rows(1..=1));
    assert_eq!(store.incident(IncidentId(1)).await.unwrap(), Some(incident(1)));
    for entry in std::fs::read_dir(dir.path()).unwrap() {
        use std::os::unix::fs::PermissionsExt;
        let entry = entry.unwrap();
        assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o077, 0, "{:?}", entry.file_name());
    }
}

#[tokio::test]
async fn a_file_is_safe_against_a_power_cut() {
    let dir = tempfile::tempdir().unwrap();
    store::open(&file(&dir)).await.unwrap();
    let mode: String =
        sqlx::query_scalar("PRAGMA journal_mode").fetch_one(&mut sqlite(&file(&dir)).await).await.unwrap();
    assert_eq!(mode, "wal");
}

#[tokio::test]
async fn what_cannot_be_opened_says_why_without_the_password() {
    let dir = tempfile::tempdir().unwrap();
    let nowhere = dir.path().join("no-such-directory/cordon.db");
    let rubbish = dir.path().join("rubbish.db");
    std::fs::write(&rubbish, "this is no database, whatever its name says. ".repeat(100)).unwrap();
    let urls = [
        format!("sqlite:{}", nowhere.display()),
        format!("sqlite:{}", rubbish.display()),
        "postgres://cordon:hunter2@127.0.0.1:1/cordon".into(),
        "postgres://cordon:hunter2@127.0.0.1:port/cordon".into(),
        "mysql://cordon:hunter2@127.0.0.1/cordon".into(),
    ];
    for url in urls {
        let text = store::open(&url).await.err().expect("refused").to_string();
        assert!(!text.contains("hunter2"), "{text}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_may_open_a_new_database_at_once() {
    let at_once = async |url: &str| {
        let open = |url: String| tokio::spawn(async move { store::open(&url).await.err() });
        let opening: Vec<_> = (0..4).map(|_| open(url.to_owned())).collect();
        for opened in opening {
            let refused = opened.await.unwrap().map(|error| error.to_string());
            assert_eq!(refused, None);
        }
    };
    for _ in 0..10 {
        let dir = tempfile::tempdir().unwrap();
        at_once(&file(&dir)).await;
    }
    let Some(url) = postgres::fresh_database().await else {
        return;
    };
    at_once(&url).await;
}

#[tokio::test]
async fn a_database_in_memory_works_and_is_its_own() {
    let (one, two) =
        (store::open("sqlite::memory:").await.unwrap(), store::open("sqlite::memory:").await.unwrap());
    one.commit(&batch(1..=3)).await.unwrap();
    assert_eq!(one.journal(0, 10).await.unwrap().len(), 3);
    assert_eq!(two.head().await.unwrap(), None);
}

#[tokio::test]
async fn an_alert_that_cannot_be_read_does_not_keep_the_others_back() {
    let dir = tempfile::tempdir().unwrap();
    let store = store::open(&file(&dir)).await.unwrap();
    store.commit(&first_batch(vec![alert(1, 1), alert(2, 1)])).await.unwrap();
    sqlx::query("UPDATE alerts SET record = '{}' WHERE id = 1")
        .execute(&mut sqlite(&file(&dir)).await)
        .await
        .unwrap();
    let at = crate::build::at;
    let claimed = store.claim(at(10), "dispatch-1", at(20), 10, Room::ALL).await.unwrap();
    assert_eq!(claimed.iter().map(|claimed| claimed.alert.id.0).collect::<Vec<_>>(), [2]);
}

#[tokio::test]
async fn the_revisions_of_one_case_are_found_without_reading_the_pings() {
    const ASKED: &str =
        "FROM journal WHERE kind = 'publish' AND subject = 'case:c-1' AND no < 100 ORDER BY no DESC LIMIT 5";
    let dir = tempfile::tempdir().unwrap();
    store::open(&file(&dir)).await.unwrap();
    let plan = sqlx::query(sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN SELECT payload {ASKED}")));
    let plan = plan.fetch_all(&mut sqlite(&file(&dir)).await).await.unwrap();
    let plan: Vec<String> = plan.iter().map(|row| row.get("detail")).collect();
    assert_eq!(plan, ["SEARCH journal USING INDEX journal_of_one (kind=? AND subject=? AND no<?)"]);

    let Some(url) = postgres::fresh_database().await else {
        return;
    };
    store::open(&url).await.unwrap();
    let mut server = PgConnection::connect(&url).await.unwrap();
    // Where there is enough to read, it is not read through.
    sqlx::query("SET enable_seqscan = off").execute(&mut server).await.unwrap();
    let plan: Vec<String> =
        sqlx::query_scalar(sqlx::AssertSqlSafe(format!("EXPLAIN SELECT payload {ASKED}")))
            .fetch_all(&mut server)
            .await
            .unwrap();
    let plan = plan.join("\n");
    assert!(plan.contains("journal_of_one") && plan.contains("no < 100"), "{plan}");
}

#[tokio::test]
async fn every_row_names_its_subject() {
    let dir = tempfile::tempdir().unwrap();
    let store = store::open(&file(&dir)).await.unwrap();
    store.commit(&first_batch(vec![alert(1, 1)])).await.unwrap();
    store.record_attempt(&crate::build::attempt(1, 1, 5), None, false).await.unwrap();
    let sql = "SELECT subject || ' ' || unit FROM journal UNION ALL SELECT subject || ' ' || unit FROM incidents \
        UNION ALL SELECT subject || ' ' || unit FROM alerts UNION ALL SELECT subject || ' ' || unit FROM attempts";
    let named: Vec<String> = sqlx::query_scalar(sql).fetch_all(&mut sqlite(&file(&dir)).await).await.unwrap();
    assert_eq!(
        named,
        ["wearer:w-1 london", "wearer:w-1 london", "staff:responder-1 london", "staff:responder-1 london"]
    );
}

/// Whether a text stands anywhere in the files of a database.
fn is_on_disk(dir: &tempfile::TempDir, text: &str) -> bool {
    let files =
        std::fs::read_dir(dir.path()).unwrap().map(|file| std::fs::read(file.unwrap().path()).unwrap());
    let mut bytes = files.map(|bytes| bytes.windows(text.len()).any(|window| window == text.as_bytes()));
    bytes.any(|found| found)
}

#[tokio::test]
async fn what_is_erased_is_on_no_page_of_the_file() {
    const WORDS: &str = "12 Rose Lane, by the old mill";
    let dir = tempfile::tempdir().unwrap();
    let store = store::open(&file(&dir)).await.unwrap();
    let mut batch = first_batch(vec![alert(1, 1)]);
    batch.rows = rows(1..=300);
    for row in &mut batch.rows {
        row.payload = WORDS.repeat(40).into();
        row.decision = WORDS.into();
    }
    batch.alerts[0].summary = WORDS.into();
    store.commit(&batch).await.unwrap();
    assert!(is_on_disk(&dir, WORDS));
    store.erase_rows(&(1..=300).collect::<Vec<_>>()).await.unwrap();
    store.forget_incidents(&[IncidentId(1)]).await.unwrap();
    // Who reads what was must have ended; until then it is said.
    let mut reader = sqlite(&file(&dir)).await;
    let mut reading = reader.begin().await.unwrap();
    sqlx::query("SELECT count(*) FROM journal").fetch_one(&mut *reading).await.unwrap();
    store.commit(&Batch { rows: rows(301..=301), ..Batch::default() }).await.unwrap();
    assert!(matches!(store.scrub().await, Err(StoreError::Unavailable(_))));
    store.commit(&Batch { rows: rows(302..=302), ..Batch::default() }).await.unwrap();
    reading.commit().await.unwrap();
    store.scrub().await.unwrap();
    assert!(!is_on_disk(&dir, WORDS));
}
