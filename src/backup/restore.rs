//! From a file into two empty databases, or into nothing, to see whether that could be done.

use std::io::Read;

use sha2::{Digest, Sha256};

use super::{
    BackupError,
    checks::{Checked, Checks},
    form::{FORM, Of, Origin, Reader, Record},
};
use crate::{
    database::{Table, Tables, Value},
    sealed::Key,
};

/// What a backup holds.
#[derive(Debug)]
pub struct Held {
    /// Where it comes from.
    pub origin: Origin,
    /// The chains.
    pub checked: Checked,
    /// Each table and its rows.
    pub tables: Vec<(String, u64)>,
}

/// Reads all of it and restores nothing.
///
/// # Errors
/// If it is not whole, not what was written or for another key.
pub async fn verify(from: impl Read, key: &Key) -> Result<Held, BackupError> {
    read(from, key, None).await
}

/// Restores both databases, all or nothing, and brings their schemas up to date. What was not as it was written when the
/// backup was made is restored all the same, and said: who is in danger now cannot wait for the reason.
///
/// # Errors
/// As of [`verify`], and if a database is not empty or cannot be written.
pub async fn restore(
    from: impl Read,
    key: &Key,
    mut store: Tables,
    mut access: Tables,
) -> Result<Held, BackupError> {
    for (tables, of) in [(&mut store, Of::Store), (&mut access, Of::Access)] {
        let empty = tables.are_empty().await.map_err(|error| BackupError::Database(of.name(), error))?;
        if !empty {
            return Err(BackupError::NotEmpty(of.name()));
        }
    }
    let held = read(from, key, Some((&mut store, &mut access))).await?;
    for (mut tables, of) in [(store, Of::Store), (access, Of::Access)] {
        tables.commit().await.map_err(|error| BackupError::Database(of.name(), error))?;
        let wrong = |error| BackupError::Schema(of.name(), error);
        let database = tables.migrations();
        for step in database.standing().await.map_err(wrong)?.missing() {
            database.up_to(&step).await.map_err(wrong)?;
        }
    }
    Ok(held)
}

/// Nothing is committed here.
async fn read(
    from: impl Read,
    key: &Key,
    into: Option<(&mut Tables, &mut Tables)>,
) -> Result<Held, BackupError> {
    let mut reader = Reader::new(from, key)?;
    let Record::Origin(origin) = reader.next()?.0 else { return Err(out_of_order()) };
    if origin.form != FORM {
        let form = origin.form;
        return Err(BackupError::Form(format!(
            "it is written in form {form}, which this version does not read"
        )));
    }
    let mut into = Into { into };
    into.begin(&origin).await?;
    let (mut checks, mut tables) = (Checks::default(), Vec::new());
    loop {
        match reader.next()?.0 {
            Record::Table { of, name, columns } => {
                let rows = table(&mut reader, &mut into, &mut checks, of, &name, &columns).await?;
                tables.push((format!("{}.{name}", of.name()), rows));
            }
            Record::End { tables: count } if count == tables.len() as u64 => break,
            _ => return Err(out_of_order()),
        }
    }
    reader.end()?;
    Ok(Held { origin, checked: checks.end(), tables })
}

/// Its rows, counted.
async fn table<R: Read>(
    reader: &mut Reader<R>,
    into: &mut Into<'_>,
    checks: &mut Checks,
    of: Of,
    name: &str,
    columns: &[String],
) -> Result<u64, BackupError> {
    let (mut count, mut digest) = (0, Sha256::new());
    loop {
        match reader.next()? {
            (Record::Rows(rows), bytes) => {
                digest.update(bytes);
                count += rows.len() as u64;
                for row in &rows {
                    checks.row(of, name, columns, row)?;
                }
                into.write(of, name, columns, &rows).await?;
            }
            (Record::TableEnd { rows, digest: written, last_given }, _) => {
                if rows != count || written != digest.finalize().as_slice() {
                    return Err(BackupError::Form(format!(
                        "the rows of {name} are not those that were written"
                    )));
                }
                into.give_after(of, name, last_given).await?;
                return Ok(count);
            }
            _ => return Err(out_of_order()),
        }
    }
}

fn out_of_order() -> BackupError {
    BackupError::Form("its records do not follow each other as they should".into())
}

/// Where the rows go, if anywhere.
struct Into<'t> {
    into: Option<(&'t mut Tables, &'t mut Tables)>,
}

impl Into<'_> {
    async fn begin(&mut self, origin: &Origin) -> Result<(), BackupError> {
        let Some((store, access)) = &mut self.into else { return Ok(()) };
        for (tables, of, migration) in [(store, Of::Store, origin.store), (access, Of::Access, origin.access)]
        {
            tables.begin_writing(migration).await.map_err(|error| BackupError::Schema(of.name(), error))?;
        }
        Ok(())
    }

    async fn write(
        &mut self,
        of: Of,
        name: &str,
        columns: &[String],
        rows: &[Vec<Value>],
    ) -> Result<(), BackupError> {
        let Some((tables, table)) = self.table(of, name)? else { return Ok(()) };
        tables.write(table, columns, rows).await.map_err(|error| BackupError::Database(of.name(), error))
    }

    async fn give_after(&mut self, of: Of, name: &str, last: i64) -> Result<(), BackupError> {
        let Some((tables, table)) = self.table(of, name)? else { return Ok(()) };
        tables.give_after(table, last).await.map_err(|error| BackupError::Database(of.name(), error))
    }

    fn table(&mut self, of: Of, name: &str) -> Result<Option<(&mut Tables, Table)>, BackupError> {
        let Some((store, access)) = &mut self.into else { return Ok(None) };
        let tables = match of {
            Of::Store => store,
            Of::Access => access,
        };
        let table = tables.all().iter().find(|table| table.name == name).copied();
        let table =
            table.ok_or_else(|| BackupError::Form(format!("it has a table {name} that is not known")))?;
        Ok(Some((tables, table)))
    }
}
