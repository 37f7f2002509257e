//! What a database's refusal means. The texts hold a code at most: what a database says may quote a row.

use sqlx::{error::DatabaseError, migrate::MigrateError};

/// Why a statement failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// It cannot be reached, is full, or refuses for now: try again.
    #[error("{0}")]
    Unavailable(String),
    /// What is in it cannot be understood, or is not there at all.
    #[error("{0}")]
    Corrupt(String),
}

impl From<sqlx::Error> for Failure {
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

impl From<MigrateError> for Failure {
    fn from(error: MigrateError) -> Self {
        match error {
            MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => error.into(),
            // Each of the others is found before a migration is run.
            _ => Self::Corrupt("its schema cannot be brought up to date".into()),
        }
    }
}

/// SQLite's result codes are numbers (the lowest byte tells the kind), PostgreSQL's SQLSTATEs five characters (the first
/// two tell the class).
fn of_database(error: &dyn DatabaseError) -> Failure {
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
        Failure::Corrupt(format!("code {code}"))
    } else {
        Failure::Unavailable(format!("code {code}"))
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
            let text = Failure::from(error).to_string();
            assert!(!text.contains("900123"), "{text}");
        }
    }
}
