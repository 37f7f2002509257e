//! What a database's refusal means for the caller.

use sqlx::error::ErrorKind;

use crate::{
    database::{Failure, SchemaError},
    store::StoreError,
};

/// Why a statement failed, before it is known which batch it belonged to.
#[derive(Debug)]
pub(super) enum SqlError {
    /// A rule of the schema: a unique index, a foreign key, a check.
    Rule,
    Store(StoreError),
}

impl SqlError {
    /// A broken rule of the schema is a conflict of the batch that begins with this row.
    pub(super) fn in_batch(self, first_no: i64) -> StoreError {
        match self {
            Self::Rule => StoreError::Conflict(first_no),
            Self::Store(error) => error,
        }
    }
}

impl From<StoreError> for SqlError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<sqlx::Error> for SqlError {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::Database(database) if !matches!(database.kind(), ErrorKind::Other) => Self::Rule,
            _ => Self::Store(error.into()),
        }
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        Failure::from(error).into()
    }
}

impl From<Failure> for StoreError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Unavailable(text) => Self::Unavailable(text),
            Failure::Corrupt(text) => Self::Corrupt(text),
        }
    }
}

impl From<SchemaError> for StoreError {
    fn from(error: SchemaError) -> Self {
        match error {
            SchemaError::Failed(failure) => failure.into(),
            error => Self::Schema(error),
        }
    }
}
