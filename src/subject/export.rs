//! Writes the document, page by page.

use std::{collections::BTreeSet, io};

use serde::Serialize;
use serde_json::{Value, json};
use tokio::io::AsyncWrite;

use super::{
    json::Document,
    person,
    trace::{PAGE_ROWS, Trace, book_of},
    wearer,
};
use crate::{
    access::{Access, AccessError, Hold, Proposed, ZonesOf, audit::Entry},
    domain::{AlertId, CaseId, DataSubject, Incident, IncidentId, Subject, Timestamp},
    sequencer::{input_of, revision_of},
    store::{JournalRow, Store, StoreError},
};

const FORMAT: &str = "cordon.subject";
const VERSION: u32 = 1;

/// Where and when a document is made.
#[derive(Debug, Clone)]
pub struct Made {
    /// The installation's name.
    pub installation: String,
    /// When, by the wall clock.
    pub at: Timestamp,
}

/// How much of each a document holds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Revisions of records.
    pub records: u64,
    /// Rows of the journal, other than records.
    pub journal: u64,
    /// Rows whose content is gone.
    pub erased: u64,
    /// Rows that this version cannot read.
    pub unreadable: u64,
    /// Incidents.
    pub incidents: u64,
    /// Alerts in them.
    pub alerts: u64,
    /// Drafts.
    pub drafts: u64,
    /// Proposals.
    pub proposals: u64,
    /// Legal holds.
    pub holds: u64,
    /// Entries of the audit log.
    pub readers: u64,
}

/// Why nothing, or not all, was written.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// There is no record of such a subject, and never was.
    #[error("there is no record of {0}")]
    Unknown(DataSubject),
    /// The store's.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The access file's.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// It could not be written.
    #[error("it could not be written: {}", .0.kind())]
    Write(#[from] io::Error),
}

/// Writes all that is held about somebody as one JSON document: see the module's documentation.
///
/// # Errors
/// See [`ExportError`]; `Unknown` comes before the first byte. What is written before another error is cut off, and lacks
/// `counts`.
pub async fn export<W: AsyncWrite + Unpin>(
    store: &dyn Store,
    access: &Access,
    subject: &DataSubject,
    made: &Made,
    to: &mut W,
) -> Result<Counts, ExportError> {
    let trace = Trace::of(store, subject).await?;
    if !trace.has_record {
        return Err(ExportError::Unknown(subject.clone()));
    }
    let (document, counts) = (Document::new(to), Counts::default());
    let (incidents, alerts) = (BTreeSet::new(), BTreeSet::new());
    let mut walk = Walk { store, access, subject, trace, document, counts, incidents, alerts };
    walk.head(made).await?;
    walk.records().await?;
    walk.incidents().await?;
    walk.journal().await?;
    walk.begun().await?;
    walk.readers().await?;
    walk.document.member("counts", &walk.counts).await?;
    walk.document.close().await?;
    Ok(walk.counts)
}

struct Walk<'a, W> {
    store: &'a dyn Store,
    access: &'a Access,
    subject: &'a DataSubject,
    trace: Trace,
    document: Document<'a, W>,
    counts: Counts,
    /// Of theirs, and the alerts that went to them.
    incidents: BTreeSet<IncidentId>,
    alerts: BTreeSet<AlertId>,
}

impl<W: AsyncWrite + Unpin> Walk<'_, W> {
    async fn head(&mut self, made: &Made) -> Result<(), ExportError> {
        let left_out = match self.subject {
            DataSubject::Wearer(_) => wearer::LEFT_OUT,
            DataSubject::Person(_) => person::LEFT_OUT,
        };
        self.document.member("format", &FORMAT).await?;
        self.document.member("version", &VERSION).await?;
        self.document.member("subject", &self.subject.to_string()).await?;
        self.document.member("installation", &made.installation).await?;
        self.document.member("made_at", &made.at.to_string()).await?;
        Ok(self.document.member("left_out", &left_out).await?)
    }

    /// Their own record and their cases', by row.
    async fn records(&mut self) -> Result<(), ExportError> {
        self.document.open_list("records")?;
        let own = self.subject.to_string();
        let cases = self.trace.cases.keys().map(|case| format!("case:{case}"));
        for subject in [own].into_iter().chain(cases).collect::<Vec<_>>() {
            let mut after = 0;
            loop {
                let about = crate::store::About::One(&subject);
                let rows = self.store.journal_of("publish", about, after, PAGE_ROWS).await?;
                let Some(last) = rows.last() else { break };
                after = last.no;
                for row in &rows {
                    self.revision(row).await?;
                }
            }
        }
        self.document.close_list();
        Ok(())
    }

    async fn revision(&mut self, row: &JournalRow) -> Result<(), ExportError> {
        // What was refused was never so, and may be about somebody else.
        let book = revision_of(row).and_then(|_| book_of(row));
        let record = book.and_then(|book| match self.subject {
            DataSubject::Wearer(_) => wearer::record(&book, self.subject),
            DataSubject::Person(id) => person::record(&book, id, &self.trace),
        });
        if let Some(record) = record {
            self.counts.records += 1;
            let item = json!({"row": row.no, "at": row.at.to_string(), "record": record});
            self.document.item(&item).await?;
        }
        Ok(())
    }

    async fn incidents(&mut self) -> Result<(), ExportError> {
        self.document.open_list("incidents")?;
        let mut after = IncidentId(0);
        loop {
            let page = self.store.incidents(after, PAGE_ROWS).await?;
            let Some(last) = page.last() else { break };
            after = last.id;
            for incident in page {
                if let Some(item) = self.incident(&incident).await? {
                    self.counts.incidents += 1;
                    self.document.item(&item).await?;
                }
            }
        }
        self.document.close_list();
        Ok(())
    }

    async fn incident(&mut self, incident: &Incident) -> Result<Option<Value>, ExportError> {
        let is_own = match (&incident.subject, self.subject) {
            (Subject::Wearer(it), DataSubject::Wearer(id)) => it == id,
            (Subject::Person(it), DataSubject::Person(id)) => it == id,
            _ => false,
        };
        // What protects somebody is about the wearer, and may have told them something.
        let may_have_told = matches!(self.subject, DataSubject::Person(_))
            && incident.case.as_ref().is_some_and(|case| self.trace.cases.contains_key(case));
        if !(is_own || may_have_told) {
            return Ok(None);
        }
        let alerts = self.alerts(incident.id).await?;
        // They were told nothing of it, and it is not about them.
        if !is_own && alerts.is_empty() {
            return Ok(None);
        }
        if is_own {
            self.incidents.insert(incident.id);
        }
        self.counts.alerts += alerts.len() as u64;
        let happened: Vec<Value> = match self.subject {
            DataSubject::Wearer(_) => incident.timeline.iter().filter_map(wearer::entry).collect(),
            DataSubject::Person(id) => {
                incident.timeline.iter().filter_map(|entry| person::entry(entry, id, is_own)).collect()
            }
        };
        let mut item = json!({
            "id": incident.id, "unit": incident.unit, "case": incident.case, "kind": incident.kind.as_str(),
            "raised_at": incident.raised_at.to_string(), "happened": happened, "alerts": alerts,
        });
        if is_own {
            item["priority"] = json!(incident.priority.number());
            item["handling"] = json!(incident.handling.as_str());
            item["ongoing"] = json!(incident.ongoing);
        }
        Ok(Some(item))
    }

    /// The alerts of an incident that they are given.
    async fn alerts(&mut self, incident: IncidentId) -> Result<Vec<Value>, ExportError> {
        let mut alerts = Vec::new();
        for alert in self.store.alerts_of(incident).await? {
            let attempts = self.store.attempts_of(alert.id).await?;
            let item = match self.subject {
                DataSubject::Wearer(_) => wearer::alert(&alert, &attempts),
                DataSubject::Person(id) => person::alert(&alert, &attempts, id),
            };
            let Some(item) = item else { continue };
            self.alerts.insert(alert.id);
            alerts.push(item);
        }
        Ok(alerts)
    }

    async fn journal(&mut self) -> Result<(), ExportError> {
        self.document.open_list("journal")?;
        let mut after = 0;
        loop {
            let rows = self.store.journal(after, PAGE_ROWS).await?;
            let Some(last) = rows.last() else { break };
            after = last.no;
            for row in &rows {
                self.row(row).await?;
            }
        }
        self.document.close_list();
        Ok(())
    }

    async fn row(&mut self, row: &JournalRow) -> Result<(), ExportError> {
        let is_own = row.subject == self.subject.to_string() || self.is_of_incident(row);
        // Of a person's alerts the row names the incident, which may be about the wearer.
        let may_be = is_own || self.trace.may_share(&row.subject) || self.speaks_of_alerts(row);
        if !may_be {
            return Ok(());
        }
        let mut item = json!({"row": row.no, "at": row.at.to_string(), "kind": row.kind});
        if row.payload.is_empty() {
            if is_own {
                self.counts.erased += 1;
                item["erased"] = json!(true);
                self.document.item(&item).await?;
            }
            return Ok(());
        }
        let Ok(input) = input_of(row) else {
            self.counts.unreadable += u64::from(is_own);
            return Ok(());
        };
        let what = match self.subject {
            DataSubject::Wearer(_) => wearer::row(&input, is_own, &self.trace),
            DataSubject::Person(id) => person::row(&input, id, is_own, &self.alerts),
        };
        if let Some(what) = what {
            self.counts.journal += 1;
            item["what"] = what;
            self.document.item(&item).await?;
        }
        Ok(())
    }

    fn is_of_incident(&self, row: &JournalRow) -> bool {
        let id = row.subject.strip_prefix("incident:").and_then(|id| id.parse().ok());
        id.is_some_and(|id| self.incidents.contains(&IncidentId(id)))
    }

    fn speaks_of_alerts(&self, row: &JournalRow) -> bool {
        let kinds = ["delivery", "receipt", "answer"];
        matches!(self.subject, DataSubject::Person(_)) && kinds.contains(&row.kind.as_str())
    }

    /// What is not in force, and what keeps it all from being erased.
    async fn begun(&mut self) -> Result<(), ExportError> {
        self.document.open_list("drafts")?;
        for (author, draft) in self.access.drafts_about(&self.subject.to_string()).await? {
            self.counts.drafts += 1;
            let saved_at = draft.saved_at.to_string();
            let mut item = json!({"saved_at": saved_at, "fields": draft.fields});
            if matches!(self.subject, DataSubject::Person(_)) {
                item["author"] = json!(author);
            }
            self.document.item(&item).await?;
        }
        self.document.close_list();
        self.document.open_list("proposals")?;
        if let DataSubject::Wearer(wearer) = self.subject {
            for case in self.trace.cases.keys() {
                let of = ZonesOf::Case { case: case.clone(), wearer: wearer.clone() };
                let proposals = self.access.proposals(&of).await?.into_iter().map(|(_, proposed)| proposed);
                for proposed in proposals.filter(|proposed| proposed.of == of) {
                    self.counts.proposals += 1;
                    self.document.item(&of_proposal(case, &proposed)).await?;
                }
            }
        }
        self.document.close_list();
        self.document.open_list("holds")?;
        for hold in self.access.holds(self.subject).await? {
            self.counts.holds += 1;
            self.document.item(&of_hold(&hold)).await?;
        }
        self.document.close_list();
        Ok(())
    }

    /// Who has looked.
    async fn readers(&mut self) -> Result<(), ExportError> {
        self.document.open_list("readers")?;
        let cases: Vec<CaseId> = self.trace.cases.keys().cloned().collect();
        let mut after = 0;
        loop {
            let subject = self.subject.to_string();
            let page = self.access.entries_about(&subject, &cases, after, PAGE_ROWS).await?;
            let Some(last) = page.last() else { break };
            after = last.no;
            for entry in &page {
                if !self.may_know(entry) {
                    continue;
                }
                self.counts.readers += 1;
                let at = Timestamp::from_us(entry.at);
                let mut item = json!({"at": at.to_string(), "what": entry.what, "case": entry.case_id});
                if matches!(self.subject, DataSubject::Person(_)) {
                    item["who"] = json!(entry.who);
                }
                self.document.item(&item).await?;
            }
        }
        self.document.close_list();
        Ok(())
    }

    /// Of a case they know who looked while it was theirs; a wearer, not what was looked at of the persons it protects.
    fn may_know(&self, entry: &Entry) -> bool {
        let is_of_them = entry.subject == self.subject.to_string();
        let is_of_case = self.trace.is_theirs(&entry.case_id, Timestamp::from_us(entry.at));
        let is_of_a_person = entry.subject.starts_with("person:");
        is_of_them || is_of_case && (matches!(self.subject, DataSubject::Person(_)) || !is_of_a_person)
    }
}

/// Whose zone it would be, and where, is the protected person's.
fn of_proposal(case: &CaseId, proposed: &Proposed) -> Value {
    json!({"case": case, "made_at": proposed.made_at.to_string()})
}

/// By whom and why is staff's word, and may name others.
fn of_hold(hold: &Hold) -> Value {
    json!({
        "placed_at": hold.placed_at.to_string(),
        "lifted_at": hold.lifted.as_ref().map(|it| it.at.to_string()),
    })
}
