//! From both databases into a file.

use std::io::Write;

use sha2::{Digest, Sha256};

use super::{
    BackupError,
    checks::{Checked, Checks},
    form::{FORM, Of, Origin, Record, Writer},
};
use crate::{
    database::{Table, Tables, Value},
    domain::Timestamp,
    sealed::Recipient,
};

/// Rows are written together up to this size, bytes.
const BUNCH_BYTES: usize = 256 << 10;

/// Writes both databases, as they are now, for these recipients. What is not as it was written is in the backup all the same,
/// and said.
///
/// # Errors
/// If a database cannot be read, or the file not written: then it is no backup.
pub async fn create<W: Write>(
    mut store: Tables,
    mut access: Tables,
    (installation, at): (&str, Timestamp),
    to: W,
    recipients: &[Recipient],
) -> Result<(W, Checked), BackupError> {
    let origin = Origin {
        form: FORM,
        installation: installation.into(),
        cordon: env!("CARGO_PKG_VERSION").into(),
        engine: store.migrations().engine().into(),
        at,
        store: last_migration(&mut store, Of::Store).await?,
        access: last_migration(&mut access, Of::Access).await?,
    };
    store.begin_reading().await.map_err(|error| BackupError::Database("store", error))?;
    access.begin_reading().await.map_err(|error| BackupError::Database("access", error))?;
    let mut writing = Writing { to: Writer::new(to, recipients)?, checks: Checks::default(), tables: 0 };
    writing.to.put(&Record::Origin(origin))?;
    for (of, mut tables) in [(Of::Store, store), (Of::Access, access)] {
        for table in tables.all() {
            writing.table(of, &mut tables, *table).await?;
        }
    }
    writing.to.put(&Record::End { tables: writing.tables })?;
    Ok((writing.to.finish()?, writing.checks.end()))
}

/// What a later version has added would be left out.
async fn last_migration(tables: &mut Tables, of: Of) -> Result<i64, BackupError> {
    let wrong = |error| BackupError::Schema(of.name(), error);
    let standing = tables.migrations().standing().await.map_err(wrong)?;
    standing.judge().map_err(wrong)?;
    if !standing.later().is_empty() {
        return Err(BackupError::Later(of.name()));
    }
    let last = standing.last();
    Ok(last.ok_or_else(|| wrong(crate::database::SchemaError::Empty))?.no)
}

struct Writing<W: Write> {
    to: Writer<W>,
    checks: Checks,
    tables: u64,
}

impl<W: Write> Writing<W> {
    /// One that an earlier version's schema does not have yet is left out.
    async fn table(&mut self, of: Of, tables: &mut Tables, table: Table) -> Result<(), BackupError> {
        let wrong = |error| BackupError::Database(of.name(), error);
        let Some(columns) = tables.columns(table).await.map_err(wrong)? else { return Ok(()) };
        self.to.put(&Record::Table { of, name: table.name.into(), columns: columns.clone() })?;
        let mut bunch = Bunch::default();
        let (to, checks) = (&mut self.to, &mut self.checks);
        let mut failed = None;
        let read = tables.read(table, |values| {
            let taken = checks.row(of, table.name, &columns, &values).and_then(|()| bunch.add(values, to));
            taken.map_err(|error| failed = Some(error)).is_ok()
        });
        read.await.map_err(wrong)?;
        if let Some(error) = failed {
            return Err(error);
        }
        bunch.put(to)?;
        let Bunch { rows, digest, .. } = bunch;
        let last_given = tables.last_given(table).await.map_err(wrong)?;
        self.to.put(&Record::TableEnd { rows, digest: digest.finalize().to_vec(), last_given })?;
        self.tables += 1;
        Ok(())
    }
}

#[derive(Default)]
struct Bunch {
    waiting: Vec<Vec<Value>>,
    size: usize,
    rows: u64,
    digest: Sha256,
}

impl Bunch {
    fn add<W: Write>(&mut self, values: Vec<Value>, to: &mut Writer<W>) -> Result<(), BackupError> {
        self.size += values.iter().map(Value::size).sum::<usize>();
        self.rows += 1;
        self.waiting.push(values);
        if self.size < BUNCH_BYTES { Ok(()) } else { self.put(to) }
    }

    fn put<W: Write>(&mut self, to: &mut Writer<W>) -> Result<(), BackupError> {
        self.size = 0;
        if !self.waiting.is_empty() {
            self.digest.update(to.put(&Record::Rows(std::mem::take(&mut self.waiting)))?);
        }
        Ok(())
    }
}
