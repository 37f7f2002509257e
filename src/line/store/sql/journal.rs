//! The journal's table.

use std::sync::{Arc, LazyLock};

use sqlx::{AssertSqlSafe, PgConnection, SqliteConnection};

use super::{Db, on};
use crate::{
    domain::{Timestamp, UnitId},
    store::{About, JournalHead, JournalRow, StoreError, fit::Mark},
};

/// Rows in one statement on SQLite: three texts, so that every one of them stays prepared.
const CHUNKS: [usize; 3] = [100, 10, 1];
const COLUMNS: usize = 13;

const INSERT: &str = "INSERT INTO journal \
    (no, at, wall, kind, unit, subject, codec, payload, decision, engine, salt, digest, chain) ";
const INSERT_PG: &str = "INSERT INTO journal \
    (no, at, wall, kind, unit, subject, codec, payload, decision, engine, salt, digest, chain) \
    SELECT * FROM UNNEST($1::bigint[], $2::bigint[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::bigint[], \
    $8::bytea[], $9::text[], $10::bigint[], $11::bytea[], $12::bytea[], $13::bytea[]) \
    ON CONFLICT (no) DO NOTHING";
const HEAD: &str = "SELECT no, at, chain FROM journal ORDER BY no DESC LIMIT 1";
const ROWS: &str = "SELECT no, at, wall, kind, unit, subject, codec, payload, decision, engine, salt, digest, chain \
    FROM journal WHERE no > $1 ORDER BY no LIMIT $2";

const ROWS_OF_ONE: &str = "SELECT no, at, wall, kind, unit, subject, codec, payload, decision, engine, salt, digest, \
    chain FROM journal WHERE no > $1 AND kind = $3 AND subject = $4 ORDER BY no LIMIT $2";
/// `$4`: a sort and a colon. No id holds what LIKE takes for more than itself.
const ROWS_OF_EVERY: &str = "SELECT no, at, wall, kind, unit, subject, codec, payload, decision, engine, salt, digest, \
    chain FROM journal WHERE no > $1 AND kind = $3 AND subject LIKE $4 || '%' ORDER BY no LIMIT $2";

const NEWEST_OF_ONE: &str = "SELECT no, at, wall, kind, unit, subject, codec, payload, decision, engine, salt, digest, \
    chain FROM journal WHERE kind = $1 AND subject = $2 AND no < $3 ORDER BY no DESC LIMIT $4";

const BLANK: &str = "SELECT no FROM journal WHERE no > $1 AND length(payload) = 0 AND decision = '' \
    AND length(salt) = 0 ORDER BY no LIMIT $2";

#[derive(sqlx::FromRow)]
struct Row {
    no: i64,
    at: i64,
    wall: i64,
    kind: String,
    unit: Option<String>,
    subject: String,
    codec: i64,
    payload: Vec<u8>,
    decision: String,
    engine: i64,
    salt: Vec<u8>,
    digest: Vec<u8>,
    chain: Vec<u8>,
}

impl TryFrom<Row> for JournalRow {
    type Error = StoreError;
    fn try_from(row: Row) -> Result<Self, StoreError> {
        let unit = row.unit.map(|unit| unit.parse::<UnitId>()).transpose();
        Ok(Self {
            unit: unit.map_err(|_| StoreError::Corrupt(format!("journal row {}, unit", row.no)))?,
            no: row.no,
            at: Timestamp::from_us(row.at),
            wall: Timestamp::from_us(row.wall),
            kind: row.kind,
            subject: row.subject,
            codec: row.codec,
            payload: row.payload,
            decision: row.decision,
            engine: row.engine,
            salt: row.salt,
            digest: row.digest,
            chain: row.chain,
        })
    }
}

impl Db {
    pub(super) async fn journal_head(&self) -> Result<Option<JournalHead>, StoreError> {
        let head: Option<(i64, i64, Vec<u8>)> =
            on!(self, read, |pool| sqlx::query_as(HEAD).fetch_optional(pool).await?);
        Ok(head.map(|(no, at, chain)| JournalHead { no, at: Timestamp::from_us(at), chain }))
    }

    pub(super) async fn journal_rows(&self, after: i64, limit: i64) -> Result<Vec<JournalRow>, StoreError> {
        let rows: Vec<Row> = on!(self, read, |pool| {
            sqlx::query_as(ROWS).bind(after).bind(limit.max(0)).fetch_all(pool).await?
        });
        rows.into_iter().map(JournalRow::try_from).collect()
    }

    pub(super) async fn journal_rows_of(
        &self,
        kind: &str,
        about: About<'_>,
        after: i64,
        limit: i64,
    ) -> Result<Vec<JournalRow>, StoreError> {
        let (sql, subject) = match about {
            About::One(subject) => (ROWS_OF_ONE, subject.to_owned()),
            About::Every(sort) => (ROWS_OF_EVERY, format!("{sort}:")),
        };
        let rows: Vec<Row> = on!(self, read, |pool| {
            let query = sqlx::query_as(sql).bind(after).bind(limit.max(0)).bind(kind).bind(&subject);
            query.fetch_all(pool).await?
        });
        rows.into_iter().map(JournalRow::try_from).collect()
    }

    pub(super) async fn newest_journal_rows(
        &self,
        kind: &str,
        subject: &str,
        before: i64,
        limit: i64,
    ) -> Result<Vec<JournalRow>, StoreError> {
        let rows: Vec<Row> = on!(self, read, |pool| {
            let query = sqlx::query_as(NEWEST_OF_ONE).bind(kind).bind(subject).bind(before);
            query.bind(limit.max(0)).fetch_all(pool).await?
        });
        rows.into_iter().map(JournalRow::try_from).collect()
    }

    pub(super) async fn blank_journal_rows(&self, after: i64, limit: i64) -> Result<Vec<i64>, StoreError> {
        Ok(on!(self, read, |pool| {
            sqlx::query_scalar(BLANK).bind(after).bind(limit.max(0)).fetch_all(pool).await?
        }))
    }
}

/// Inserts rows whose numbers are free and counts them: fewer than given if another connection took a number meanwhile.
pub(super) trait InsertRows {
    async fn insert_rows(&mut self, rows: &[JournalRow]) -> Result<u64, sqlx::Error>;
}

impl InsertRows for SqliteConnection {
    async fn insert_rows(&mut self, rows: &[JournalRow]) -> Result<u64, sqlx::Error> {
        let mut written = 0;
        let mut rest = rows;
        for (size, text) in CHUNKS.into_iter().zip(STATEMENTS.iter()) {
            while let Some((chunk, after)) = rest.split_at_checked(size) {
                rest = after;
                let mut query = sqlx::query(AssertSqlSafe(Arc::clone(text)));
                for row in chunk {
                    query = query
                        .bind(row.no)
                        .bind(row.at.as_us())
                        .bind(row.wall.as_us())
                        .bind(&row.kind)
                        .bind(row.unit.as_ref().map(UnitId::as_str))
                        .bind(&row.subject)
                        .bind(row.codec)
                        .bind(&row.payload)
                        .bind(&row.decision)
                        .bind(row.engine)
                        .bind(&row.salt)
                        .bind(&row.digest)
                        .bind(&row.chain);
                }
                written += query.execute(&mut *self).await?.rows_affected();
            }
        }
        Ok(written)
    }
}

/// The statements of [`CHUNKS`]: made of constants alone.
static STATEMENTS: LazyLock<[Arc<str>; 3]> = LazyLock::new(|| {
    let row = format!("({})", ["?"; COLUMNS].join(", "));
    CHUNKS.map(|rows| {
        format!("{INSERT}VALUES {} ON CONFLICT (no) DO NOTHING", vec![row.as_str(); rows].join(", ")).into()
    })
});

impl InsertRows for PgConnection {
    async fn insert_rows(&mut self, rows: &[JournalRow]) -> Result<u64, sqlx::Error> {
        fn column<'a, T>(rows: &'a [JournalRow], value: impl Fn(&'a JournalRow) -> T) -> Vec<T> {
            rows.iter().map(value).collect()
        }
        let query = sqlx::query(INSERT_PG)
            .bind(column(rows, |row| row.no))
            .bind(column(rows, |row| row.at.as_us()))
            .bind(column(rows, |row| row.wall.as_us()))
            .bind(column(rows, |row| row.kind.as_str()))
            .bind(column(rows, |row| row.unit.as_ref().map(UnitId::as_str)))
            .bind(column(rows, |row| row.subject.as_str()))
            .bind(column(rows, |row| row.codec))
            .bind(column(rows, |row| row.payload.as_slice()))
            .bind(column(rows, |row| row.decision.as_str()))
            .bind(column(rows, |row| row.engine))
            .bind(column(rows, |row| row.salt.as_slice()))
            .bind(column(rows, |row| row.digest.as_slice()))
            .bind(column(rows, |row| row.chain.as_slice()));
        Ok(query.execute(self).await?.rows_affected())
    }
}

/// A row's identity as the database gives it.
impl From<(i64, Vec<u8>, Vec<u8>)> for Mark {
    fn from((no, digest, chain): (i64, Vec<u8>, Vec<u8>)) -> Self {
        Self { no, digest, chain }
    }
}
