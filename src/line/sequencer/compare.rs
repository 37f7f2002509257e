//! Replay's second half: whether the store's incidents and alerts are those that the journal leads to, and whether nothing
//! of the journal is gone but what erasures took.

use super::{again::Recovered, blanks::gone_unsaid, findings::Findings};
use crate::{
    domain::IncidentId,
    store::{Store, StoreError},
};

const PAGE_ROWS: i64 = 1_000;

/// Adds to the findings every incident and alert in the store that differs from what the journal leads to, or is filed
/// under something else, and every row whose content is gone and was never said to go.
///
/// # Errors
/// If the store cannot be read.
pub async fn compare(store: &dyn Store, mut recovered: Recovered) -> Result<Findings, StoreError> {
    let mut after = IncidentId(0);
    let mut decided = std::mem::take(&mut recovered.incidents);
    let mut alerts = std::mem::take(&mut recovered.alerts);
    // What became of the others, rows say that cannot be decided again.
    let is_known = |raised_at| recovered.known_since.is_none_or(|since| raised_at > since);
    let is_wrong = |decided: Option<bool>, raised_at| !decided.unwrap_or_else(|| !is_known(raised_at));
    let mut wrong = Vec::new();
    loop {
        let page = store.incidents(after, PAGE_ROWS).await?;
        let Some(last) = page.last() else { break };
        after = last.id;
        for incident in page {
            if is_wrong(decided.remove(&incident.id).map(|it| it == incident), incident.raised_at) {
                wrong.push(format!("incident {}: not what the journal leads to", incident.id));
            }
            for alert in store.alerts_of(incident.id).await? {
                if is_wrong(alerts.remove(&alert.id).map(|it| it == alert), alert.raised_at) {
                    wrong.push(format!("alert {}: not what the journal leads to", alert.id));
                }
            }
        }
    }
    wrong.extend(decided.keys().map(|id| format!("incident {id}: missing in the store")));
    wrong.extend(alerts.keys().map(|id| format!("alert {id}: missing in the store")));
    wrong.extend(store.misfiled().await?);
    let gone = gone_unsaid(store).await?.into_iter();
    wrong.extend(gone.map(|no| format!("row {no}: its content is gone, and no erasure took it")));
    wrong.into_iter().for_each(|what| recovered.differs(what));
    Ok(recovered.findings)
}
