//! Replay's second half: whether the store's incidents and alerts are those that the journal leads to.

use crate::{
    domain::IncidentId,
    sequencer::{Findings, Recovered},
    store::{Store, StoreError},
};

const PAGE_ROWS: i64 = 1_000;

/// Adds to the findings every incident and alert in the store that differs from what the journal leads to, or is filed
/// under something else.
///
/// # Errors
/// If the store cannot be read.
pub async fn compare(store: &dyn Store, mut recovered: Recovered) -> Result<Findings, StoreError> {
    let mut after = IncidentId(0);
    let mut decided = std::mem::take(&mut recovered.incidents);
    let mut alerts = std::mem::take(&mut recovered.alerts);
    loop {
        let page = store.incidents(after, PAGE_ROWS).await?;
        let Some(last) = page.last() else { break };
        after = last.id;
        for incident in page {
            if decided.remove(&incident.id).as_ref() != Some(&incident) {
                recovered.differs(format!("incident {}: not what the journal leads to", incident.id));
            }
            for alert in store.alerts_of(incident.id).await? {
                if alerts.remove(&alert.id).as_ref() != Some(&alert) {
                    recovered.differs(format!("alert {}: not what the journal leads to", alert.id));
                }
            }
        }
    }
    for id in decided.keys() {
        recovered.differs(format!("incident {id}: missing in the store"));
    }
    for id in alerts.keys() {
        recovered.differs(format!("alert {id}: missing in the store"));
    }
    for misfiled in store.misfiled().await? {
        recovered.differs(misfiled);
    }
    Ok(recovered.findings)
}
