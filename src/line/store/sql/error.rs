//! What a database's refusal means for the caller.

use sqlx::{
    error::{DatabaseError, ErrorKind},
    migrate::MigrateError,
};

use crate::store::StoreError;

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

/// The texts hold a code at most: what a database says may quote a row.
impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        match error {
            sqlx::Error::Database(error) => of_database(error.as_ref()),
            sqlx::Error::Io(error) => Self::Unavailable(format!("no connection ({})", error.kind())),
            sqlx::Error::Tls(_) => Self::Unavailable("no TLS connection".into()),
            sqlx::Error::PoolTimedOut => Self::Unavailable("no free connection in time".into()),
            sqlx::Error::Migrate(error) => (*error).into(),
            sqlx::Error::ColumnDecode { index, .. } => Self::Corrupt(format!("column {index}")),
            sqlx::Error::Decode(_) | sqlx::Error::ColumnNotFound(_) | sqlx::Error::TypeNotFound { .. } => {
                Self::Corrupt("a row of another shape".into())
            }
            // The rest is a connection that is broken or closing; the next try gets another one.
            _ => Self::Unavailable("the connection broke".into()),
        }
    }
}

impl From<MigrateError> for StoreError {
    fn from(error: MigrateError) -> Self {
        match error {
            MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => error.into(),
            MigrateError::VersionMissing(version) => Self::Corrupt(format!(
                "its schema has migration {version}, which this version of Cordon does not know: run the later version \
                 that wrote it"
            )),
            MigrateError::VersionMismatch(version) => Self::Corrupt(format!(
                "migration {version} of its schema is not the one that this version of Cordon has"
            )),
            MigrateError::Dirty(version) => {
                Self::Corrupt(format!("migration {version} of its schema was not finished"))
            }
            _ => Self::Corrupt("its schema cannot be brought up to date".into()),
        }
    }
}

/// SQLite's result codes are numbers (the lowest byte tells the kind), PostgreSQL's SQLSTATEs five characters (the first
/// two tell the class).
fn of_database(error: &dyn DatabaseError) -> StoreError {
    let code = error.code().unwrap_or_default();
    let is_damage = match code.parse::<i64>() {
        Ok(number) if code.len() < 5 => {
            // ERROR (no such table or column), CORRUPT, CONSTRAINT, MISMATCH, NOTADB.
            [1, 11, 19, 20, 26].contains(&(number & 0xff))
        }
        // Data exception; broken rule; no such table, column or type; damaged pages or indexes.
        _ => ["22", "23", "42", "XX"].iter().any(|class| code.starts_with(class)),
    };
    if is_damage {
        StoreError::Corrupt(format!("code {code}"))
    } else {
        StoreError::Unavailable(format!("code {code}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_quotes_what_the_database_said() {
        let secret = || Box::new(std::io::Error::other("+44 7700 900123"));
        for error in [
            sqlx::Error::Io(*secret()),
            sqlx::Error::Decode(secret()),
            sqlx::Error::Encode(secret()),
            sqlx::Error::Configuration(secret()),
            sqlx::Error::Protocol("+44 7700 900123".into()),
            sqlx::Error::ColumnDecode { index: "3".into(), source: secret() },
        ] {
            let text = StoreError::from(error).to_string();
            assert!(!text.contains("900123"), "{text}");
        }
    }

    #[test]
    fn a_schema_of_a_later_version_is_named() {
        let error = StoreError::from(MigrateError::VersionMissing(7));
        assert!(matches!(&error, StoreError::Corrupt(text) if text.contains("migration 7")), "{error}");
    }
}
