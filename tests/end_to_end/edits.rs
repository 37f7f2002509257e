//! Rows that somebody has changed by hand.

use std::path::Path;

use cordon::store;
use sqlx::{AssertSqlSafe, Connection, SqliteConnection};

use crate::{installation::Installation, outcome::stored, reference::journal};

const HANDLING: &str = r#"replace(record, '"handling":"raised"', '"handling":{"acted":{"by":"desk"}}')"#;
const PAYLOAD: &str = "CAST(replace(CAST(payload AS TEXT), ':80', ':81') AS BLOB)";

/// Edits one row after the other, each edit undone before the next. Panics unless replay names the row each time.
pub(crate) async fn are_found(installation: &Installation, database: &Path) {
    let url = format!("sqlite:{}", database.display());
    let store = store::open(&url).await.unwrap();
    let mut rows = journal(store.as_ref()).await;
    let (incidents, alerts) = stored(store.as_ref()).await;
    drop(store);
    rows.retain(|row| row.kind == "ping");
    let row = rows[rows.len() / 2].no;
    let incident = incidents[incidents.len() / 2].id.0;
    let alert = alerts[alerts.len() / 2].id.0;
    let mut editor = SqliteConnection::connect(&url).await.unwrap();
    for (table, key, id, column, value, named) in [
        ("journal", "no", row, "payload", PAYLOAD, format!("row {row}:")),
        ("journal", "no", row, "decision", "decision || ' '", format!("row {row}:")),
        ("incidents", "id", incident, "record", HANDLING, format!("incident {incident}:")),
        ("incidents", "id", incident, "handling", "'closed'", format!("incident {incident}:")),
        ("alerts", "id", alert, "state", "'expired'", format!("alert {alert}:")),
    ] {
        let mut change = async |sql: String| {
            let changed = sqlx::query(AssertSqlSafe(sql)).execute(&mut editor).await.unwrap();
            changed.rows_affected()
        };
        change(format!("CREATE TEMP TABLE before AS SELECT {column} FROM {table} WHERE {key} = {id}")).await;
        let edited = change(format!("UPDATE {table} SET {column} = {value} WHERE {key} = {id}")).await;
        assert_eq!(edited, 1);
        let (is_content, said) = installation.replay();
        assert!(!is_content && said.contains(&named), "{table}.{column}: {said}");
        change(format!("UPDATE {table} SET {column} = (SELECT {column} FROM before) WHERE {key} = {id}"))
            .await;
        change("DROP TABLE before".into()).await;
        installation.replays_without_a_difference();
    }
}
