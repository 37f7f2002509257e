//! One value of one row, whatever it means.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Visitor};
use sqlx::{
    Column, Row, TypeInfo, ValueRef,
    postgres::PgRow,
    query::Query,
    sqlite::{Sqlite, SqliteArguments, SqliteRow},
};

/// A value as both engines have it: PostgreSQL's booleans are the numbers 0 and 1.
#[derive(Clone, PartialEq, Eq)]
pub enum Value {
    /// None.
    Null,
    /// A number, also an instant.
    Int(i64),
    /// A text.
    Text(String),
    /// Bytes.
    Bytes(Vec<u8>),
}

/// What sort it is of and no more: it may be about somebody.
impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Null => "Null",
            Self::Int(_) => "Int(..)",
            Self::Text(_) => "Text(..)",
            Self::Bytes(_) => "Bytes(..)",
        })
    }
}

impl Value {
    /// About how much room it takes, bytes.
    #[must_use]
    pub fn size(&self) -> usize {
        8 + match self {
            Self::Null | Self::Int(_) => 0,
            Self::Text(text) => text.len(),
            Self::Bytes(bytes) => bytes.len(),
        }
    }

    pub(super) fn of_sqlite(row: &SqliteRow, at: usize) -> Result<Self, sqlx::Error> {
        let raw = row.try_get_raw(at)?;
        if raw.is_null() {
            return Ok(Self::Null);
        }
        let sort = raw.type_info().name().to_owned();
        Ok(match sort.as_str() {
            "INTEGER" => Self::Int(row.try_get(at)?),
            "TEXT" => Self::Text(row.try_get(at)?),
            "BLOB" => Self::Bytes(row.try_get(at)?),
            _ => return Err(sqlx::Error::ColumnNotFound(String::new())),
        })
    }

    pub(super) fn of_pg(row: &PgRow, at: usize) -> Result<Self, sqlx::Error> {
        if row.try_get_raw(at)?.is_null() {
            return Ok(Self::Null);
        }
        Ok(match row.column(at).type_info().name() {
            "INT8" => Self::Int(row.try_get(at)?),
            "BOOL" => Self::Int(row.try_get::<bool, _>(at)?.into()),
            "TEXT" => Self::Text(row.try_get(at)?),
            "BYTEA" => Self::Bytes(row.try_get(at)?),
            _ => return Err(sqlx::Error::ColumnNotFound(String::new())),
        })
    }

    pub(super) fn bind<'q>(
        &'q self,
        query: Query<'q, Sqlite, SqliteArguments>,
    ) -> Query<'q, Sqlite, SqliteArguments> {
        match self {
            Self::Null => query.bind(None::<i64>),
            Self::Int(number) => query.bind(number),
            Self::Text(text) => query.bind(text),
            Self::Bytes(bytes) => query.bind(bytes),
        }
    }

    /// Whether a column of PostgreSQL takes it.
    pub(super) fn is_of(&self, sort: &str) -> bool {
        match self {
            Self::Null => true,
            Self::Int(_) => ["bigint", "boolean"].contains(&sort),
            Self::Text(_) => sort == "text",
            Self::Bytes(_) => sort == "bytea",
        }
    }

    /// It, if it is one.
    #[must_use]
    pub fn int(&self) -> Option<i64> {
        if let Self::Int(number) = self { Some(*number) } else { None }
    }

    /// It, if it is one.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    /// It, if it is one.
    #[must_use]
    pub fn bytes(&self) -> Option<&[u8]> {
        if let Self::Bytes(bytes) = self { Some(bytes) } else { None }
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Int(number) => serializer.serialize_i64(*number),
            Self::Text(text) => serializer.serialize_str(text),
            Self::Bytes(bytes) => serializer.serialize_bytes(bytes),
        }
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyValue)
    }
}

struct AnyValue;

impl Visitor<'_> for AnyValue {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number, a text, bytes or nothing")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(Value::Int(number))
    }

    fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<Value, E> {
        i64::try_from(number).map(Value::Int).map_err(|_| E::custom("a number that is too large"))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::Text(text.into()))
    }

    fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Value, E> {
        Ok(Value::Bytes(bytes.into()))
    }
}
