//! One incident, explained to people who do not know Cordon: what happened, why it was concluded, who was told, and what
//! proves it. The journal is decided again by the engine itself, row by row, and watched.
//!
//! | Part | What it does |
//! |---|---|
//! | `gather` | watches the journal being decided again, and keeps what the incident rests on |
//! | `choose` | which positions are listed when there are too many |
//! | `words`, `when` | says it |
//! | `summary`, `told`, `proof` | in short; who was told and what they did; what proves it |
//! | `drawing`, `chart` | the zone with the positions; the distance and the stages over time |
//! | `page`, `terminal` | one HTML file that stands alone; the same in short |
//!
//! People are named by their ids. What they wrote in their own words is left out unless it is asked for: it may hold a
//! name or an address.

mod chart;
mod choose;
mod drawing;
mod gather;
mod page;
mod proof;
mod summary;
mod terminal;
mod told;
mod when;
mod words;

use crate::{
    domain::{Alert, Incident, IncidentId},
    sequencer::{Findings, compare},
    store::{Attempt, JournalHead, Store, StoreError},
};
use gather::{Gathered, Target};

/// Incidents read at a time while the last one is looked for.
const PAGE_ROWS: i64 = 1_000;

/// An incident with everything that it rests on.
pub struct Explanation {
    /// As the journal leads to it.
    incident: Incident,
    gathered: Gathered,
    told: Vec<Told>,
    head: Option<JournalHead>,
    findings: Findings,
    own_words: bool,
}

/// One alert and its tries.
struct Told {
    alert: Alert,
    attempts: Vec<Attempt>,
}

/// Why an incident cannot be explained.
#[derive(Debug, thiserror::Error)]
pub enum ExplainError {
    /// The store cannot be read.
    #[error("cannot read the store")]
    Store(#[from] StoreError),
    /// There never was one of that number.
    #[error("there is no incident {id}; {}", last_words(*last))]
    NoSuchIncident {
        /// Which was asked for.
        id: IncidentId,
        /// The last one there is.
        last: Option<IncidentId>,
    },
    /// The store has it, but the journal does not lead to it.
    #[error(
        "the store has an incident {id}, but the journal, decided again, does not lead to it: {other_versions} rows \
         were decided by another version of the engine, and the content of {erased} is gone"
    )]
    NotLedTo {
        /// Which was asked for.
        id: IncidentId,
        /// Rows that this version cannot compare.
        other_versions: i64,
        /// Rows whose content is gone.
        erased: i64,
    },
}

/// Explains an incident. `own_words`: with what people wrote in their own words.
///
/// # Errors
/// See [`ExplainError`].
pub async fn explain(
    store: &dyn Store,
    id: IncidentId,
    own_words: bool,
) -> Result<Explanation, ExplainError> {
    let stored = store.incident(id).await?;
    let mut target = stored.as_ref().map(Target::of);
    loop {
        let (gathered, recovered) = gather::gather(store, target.as_ref()).await?;
        let Findings { other_versions, erased, .. } = recovered.findings;
        // Without all of its rows, or with another engine, the journal may lead to another incident of that number.
        let is_complete = other_versions == 0 && erased == 0;
        let is_it = |decided: &&Incident| {
            let same =
                |stored: &Incident| (&stored.subject, &stored.cause) == (&decided.subject, &decided.cause);
            is_complete || stored.as_ref().is_none_or(same)
        };
        let led_to = recovered.incidents.get(&id).or_else(|| recovered.earlier.incidents.get(&id));
        let Some(incident) = led_to.filter(is_it).cloned() else {
            return Err(match stored {
                Some(_) => ExplainError::NotLedTo { id, other_versions, erased },
                None => ExplainError::NoSuchIncident { id, last: last_incident(store).await? },
            });
        };
        let decided = Some(Target::of(&incident));
        if decided != target {
            // The store's record says something else: what the journal leads to is what is explained.
            target = decided;
            continue;
        }
        let alerts = recovered.alerts.values().chain(recovered.earlier.alerts.values());
        let told = told_of(store, alerts.filter(|alert| alert.incident == id)).await?;
        let head = recovered.head.clone();
        let findings = compare(store, recovered).await?;
        return Ok(Explanation { incident, gathered, told, head, findings, own_words });
    }
}

impl Explanation {
    /// In short, for a terminal.
    #[must_use]
    pub fn in_short(&self) -> String {
        terminal::text(self)
    }

    /// One HTML file that stands alone.
    ///
    /// # Errors
    /// If it cannot be written together.
    pub fn html(&self) -> anyhow::Result<String> {
        page::html(self)
    }

    /// Which incident it explains.
    #[must_use]
    pub fn incident(&self) -> &Incident {
        &self.incident
    }

    /// It says how far the wearer was from a protected person, time after time: with where the wearer was then, that says
    /// where the person was.
    #[must_use]
    pub fn measures_to_a_person(&self) -> bool {
        matches!(self.gathered.area, Some(gather::Area::Around(_)))
    }

    /// What deciding the journal again found.
    #[must_use]
    pub fn findings(&self) -> &Findings {
        &self.findings
    }

    /// The journal's last row.
    #[must_use]
    pub fn head(&self) -> Option<&JournalHead> {
        self.head.as_ref()
    }
}

async fn told_of(
    store: &dyn Store,
    alerts: impl Iterator<Item = &Alert> + Send,
) -> Result<Vec<Told>, StoreError> {
    let mut told = Vec::new();
    for alert in alerts {
        told.push(Told { alert: alert.clone(), attempts: store.attempts_of(alert.id).await? });
    }
    Ok(told)
}

async fn last_incident(store: &dyn Store) -> Result<Option<IncidentId>, StoreError> {
    let mut last = None;
    loop {
        let page = store.incidents(last.unwrap_or(IncidentId(0)), PAGE_ROWS).await?;
        let Some(incident) = page.last() else { return Ok(last) };
        last = Some(incident.id);
    }
}

fn last_words(last: Option<IncidentId>) -> String {
    last.map_or("there has been none yet".into(), |last| format!("the last one is {last}"))
}
