//! From the journal back to the engine's memory, when the service starts.
//!
//! Where content was erased the journal cannot be decided: other people's incidents would get other numbers, or be missing.
//! A start goes on from a snapshot after that, or not at all.

use super::{again::Recovered, findings::Findings, snapshot, step::Sequencer};
use crate::{
    domain::{Alert, Incident, IncidentId},
    store::{Store, StoreError},
};

/// Incidents read at a time.
const PAGE_ROWS: i64 = 2_000;

/// Why nobody can carry on where the journal ends.
#[derive(Debug, thiserror::Error)]
pub enum RecoverError {
    /// The store cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Content was erased, and what was remembered after it cannot be read.
    #[error(
        "what row {row} held was erased, and no snapshot after the erasure can be read: restore a backup of the store \
         that was made after it{}", said(.passed_over)
    )]
    Erased {
        /// The first row without its content.
        row: i64,
        /// What is wrong with the snapshots there are, each in a sentence.
        passed_over: Vec<String>,
    },
    /// Content was erased, and what was remembered after it was written by a version whose form this one does not read.
    #[error(
        "what row {row} held was erased, and the snapshots after the erasure are written in a form that this version of \
         Cordon does not read: run the version that wrote them{}", said(.passed_over)
    )]
    OtherForm {
        /// The first row without its content.
        row: i64,
        /// What is wrong with the snapshots there are, each in a sentence.
        passed_over: Vec<String>,
    },
}

fn said(passed_over: &[String]) -> String {
    if passed_over.is_empty() { String::new() } else { format!(" ({})", passed_over.join("; ")) }
}

/// A sequencer that carries on where the journal ends: from the last snapshot, or from the first row. Incidents and alerts
/// are those of the store: they are never judged again.
///
/// # Errors
/// See [`RecoverError`].
pub async fn recover(store: &dyn Store) -> Result<(Sequencer, Findings), RecoverError> {
    adopt_open(catch_up(store).await?, store).await
}

/// See [`recover`].
pub(super) async fn adopt_open(
    mut recovered: Recovered,
    store: &dyn Store,
) -> Result<(Sequencer, Findings), RecoverError> {
    let open = open_in(store).await?;
    recovered.compare_open(&open.0);
    recovered.engine.adopt(open.0, open.1);
    Ok((Sequencer::after(recovered.engine, recovered.head), recovered.findings))
}

/// What the journal leads to, from the last snapshot on. Its findings are of the rows after that.
///
/// # Errors
/// See [`RecoverError`].
pub async fn catch_up(store: &dyn Store) -> Result<Recovered, RecoverError> {
    let loaded = snapshot::load(store).await?;
    let is_of_another_form = loaded.is_of_another_form;
    let mut recovered = Recovered::after(loaded);
    match recovered.read(store, &mut |_| (), false).await? {
        None => Ok(recovered),
        Some(row) => {
            let passed_over = recovered.findings.passed_over;
            Err(if is_of_another_form {
                RecoverError::OtherForm { row, passed_over }
            } else {
                RecoverError::Erased { row, passed_over }
            })
        }
    }
}

/// The store's open incidents and their alerts.
///
/// # Errors
/// If the store cannot be read.
pub async fn open_in(store: &dyn Store) -> Result<(Vec<Incident>, Vec<Alert>), StoreError> {
    let (mut incidents, mut alerts, mut after) = (Vec::new(), Vec::new(), IncidentId(0));
    loop {
        let page = store.incidents(after, PAGE_ROWS).await?;
        let Some(last) = page.last() else {
            return Ok((incidents, alerts));
        };
        after = last.id;
        for incident in page.into_iter().filter(Incident::is_open) {
            alerts.extend(store.alerts_of(incident.id).await?);
            incidents.push(incident);
        }
    }
}
