//! The audit log: who saw or changed what, when, why and about whom. Append-only and hash-chained; its head is also kept
//! elsewhere, so that nobody who holds the file can write its end anew unseen.

mod chain;
mod heads;
mod verify;

use std::fmt;

use sqlx::{FromRow, SqliteConnection};

use super::{Access, AccessError};
use crate::domain::{Book, CaseId, DataSubject, Incident, IncidentId, StaffId, Subject, Timestamp, UnitId};

pub use chain::{Chain, GENESIS};
pub(super) use heads::Keeping;
pub use heads::{Head, HeadsError, HeadsFile, SecondPlace};
pub use verify::{Verdict, Walk};

/// Who did something.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Who {
    /// Whoever signed in with this account.
    Account(StaffId),
    /// Whoever showed this account's token of that number.
    Token(StaffId, i64),
    /// Whoever opened the one-time link of this machine, and the name they chose.
    Link(Option<StaffId>),
    /// Whoever ran a command on this machine.
    Command,
    /// The service itself, as somebody has told it.
    Service,
    /// Somebody who is not signed in.
    Stranger,
}

/// Never a grammar in which two are written alike: an id has no space and no colon.
impl fmt::Display for Who {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Account(id) => write!(f, "{id}"),
            Self::Token(id, no) => write!(f, "token:{id}:{no}"),
            Self::Link(Some(id)) => write!(f, "link:{id}"),
            Self::Link(None) => f.write_str("link:"),
            Self::Command => f.write_str("a command"),
            Self::Service => f.write_str("the service"),
            Self::Stranger => f.write_str("a stranger"),
        }
    }
}

/// Whom and what it was about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct About {
    /// The person.
    pub subject: Option<Whom>,
    /// Their unit.
    pub unit: Option<UnitId>,
    /// Their case.
    pub case: Option<CaseId>,
    /// The incident.
    pub incident: Option<IncidentId>,
}

impl About {
    /// Whom a book of the rulebook is about.
    #[must_use]
    pub fn book(book: &Book) -> Self {
        let (subject, case) = match book {
            Book::Unit(_) => (None, None),
            Book::Wearer(wearer) => (Some(Subject::Wearer(wearer.id.clone())), None),
            Book::Person(person) => (Some(Subject::Person(person.id.clone())), None),
            Book::Case(case) => (Some(Subject::Wearer(case.wearer.clone())), Some(case.id.clone())),
        };
        Self { subject: subject.map(Whom::Subject), unit: Some(book.unit().clone()), case, incident: None }
    }

    /// Whose data it is about.
    #[must_use]
    pub fn data_of(subject: &DataSubject, unit: Option<UnitId>) -> Self {
        let subject = match subject {
            DataSubject::Wearer(id) => Subject::Wearer(id.clone()),
            DataSubject::Person(id) => Subject::Person(id.clone()),
        };
        Self { subject: Some(Whom::Subject(subject)), unit, ..Self::default() }
    }

    /// Whom and what an incident is about.
    #[must_use]
    pub fn incident(incident: &Incident) -> Self {
        Self {
            subject: Some(Whom::Subject(incident.subject.clone())),
            unit: Some(incident.unit.clone()),
            case: incident.case.clone(),
            incident: Some(incident.id),
        }
    }
}

/// A person, or Cordon itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Whom {
    /// Of the rulebook.
    Subject(Subject),
    /// Who has an account.
    Account(StaffId),
}

impl fmt::Display for Whom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Subject(Subject::Wearer(id)) => write!(f, "wearer:{id}"),
            Self::Subject(Subject::Person(id)) => write!(f, "person:{id}"),
            Self::Subject(Subject::Service) => f.write_str("service"),
            Self::Account(id) => write!(f, "staff:{id}"),
        }
    }
}

/// One record, before it has its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// When, by the wall clock.
    pub at: Timestamp,
    /// Who.
    pub who: Who,
    /// What they saw or did: a few fixed words.
    pub what: &'static str,
    /// By what right, or for what reason. No name and no address.
    pub why: String,
    /// About whom.
    pub about: About,
}

/// One record as it stands in the log.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct Entry {
    /// Its number, from 1 without a gap.
    pub no: i64,
    /// When, microseconds since 1970.
    pub at: i64,
    /// See [`Who`].
    pub who: String,
    /// What they saw or did.
    pub what: String,
    /// By what right, or for what reason.
    pub why: String,
    /// See [`Whom`]; empty for nobody.
    pub subject: String,
    /// The unit; empty for none.
    pub unit: String,
    /// The case; empty for none.
    pub case_id: String,
    /// The incident; 0 for none.
    pub incident: i64,
    /// The chain up to it.
    pub chain: Vec<u8>,
}

/// What was looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Looked<'a> {
    /// A case, with its incidents.
    Case(&'a CaseId),
    /// An incident that belongs to none.
    Incident(IncidentId),
}

impl<'a> Looked<'a> {
    /// An incident is looked at as part of its case.
    #[must_use]
    pub fn of(incident: &'a Incident) -> Self {
        incident.case.as_ref().map_or(Self::Incident(incident.id), Self::Case)
    }
}

impl fmt::Display for Looked<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Case(case) => write!(f, "case {case}"),
            Self::Incident(incident) => write!(f, "incident {incident}"),
        }
    }
}

/// Whoever saw or changed something about a case or incident, and how often.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct Reader {
    /// See [`Who`].
    pub who: String,
    /// What they saw or did.
    pub what: String,
    /// By what right, or for what reason.
    pub why: String,
    /// How often.
    pub times: i64,
    /// The last time, microseconds since 1970.
    pub last_at: i64,
}

/// Whoever saw pages about everybody of a unit, and how often.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct UnitReader {
    /// The unit.
    pub unit: String,
    /// See [`Who`].
    pub who: String,
    /// What they saw or did.
    pub what: String,
    /// How often.
    pub times: i64,
    /// The first and the last time, microseconds since 1970.
    pub first_at: i64,
    /// See `first_at`.
    pub last_at: i64,
}

impl Entry {
    fn of(record: &Record) -> Self {
        let About { subject, unit, case, incident } = &record.about;
        Self {
            no: 0,
            at: record.at.as_us(),
            who: record.who.to_string(),
            what: record.what.into(),
            why: record.why.clone(),
            subject: subject.as_ref().map(ToString::to_string).unwrap_or_default(),
            unit: unit.as_ref().map(ToString::to_string).unwrap_or_default(),
            case_id: case.as_ref().map(ToString::to_string).unwrap_or_default(),
            incident: incident.map_or(0, |id| id.0),
            chain: Vec::new(),
        }
    }
}

impl Access {
    /// Writes records down. Once this returns they survive a power cut.
    ///
    /// # Errors
    /// If they could not be written; then nobody may see what they are about.
    pub async fn record(&self, records: &[Record]) -> Result<(), AccessError> {
        let mut tx = self.db.write.begin_with("BEGIN IMMEDIATE").await?;
        append(&mut tx, records).await?;
        tx.commit().await?;
        Ok(())
    }

    /// The number and chain of the last record; none in an empty log.
    ///
    /// # Errors
    /// If the log cannot be read.
    pub async fn head(&self) -> Result<Option<(i64, Chain)>, AccessError> {
        const LAST: &str = "SELECT no, chain FROM audit ORDER BY no DESC LIMIT 1";
        let last: Option<(i64, Vec<u8>)> = sqlx::query_as(LAST).fetch_optional(&self.db.read).await?;
        last.map(|(no, chain)| Ok((no, whole(&chain)?))).transpose()
    }

    /// The newest records with a number below `before`, the newest first; of some units, or of all.
    ///
    /// # Errors
    /// If the log cannot be read.
    pub async fn entries(
        &self,
        before: i64,
        limit: i64,
        units: Option<&[UnitId]>,
    ) -> Result<Vec<Entry>, AccessError> {
        const SELECT: &str = "SELECT * FROM audit \
                              WHERE no < $1 AND ($3 IS NULL OR unit IN (SELECT value FROM json_each($3))) \
                              ORDER BY no DESC LIMIT $2";
        let units = units.map(|units| serde_json::json!(units).to_string());
        Ok(sqlx::query_as(SELECT).bind(before).bind(limit).bind(units).fetch_all(&self.db.read).await?)
    }

    /// Records with a number above `after` about a subject (`wearer:ID`) or one of these cases, in order, at most `limit`.
    ///
    /// # Errors
    /// If the log cannot be read.
    pub async fn entries_about(
        &self,
        subject: &str,
        cases: &[CaseId],
        after: i64,
        limit: i64,
    ) -> Result<Vec<Entry>, AccessError> {
        const SELECT: &str = "SELECT * FROM audit WHERE no > $1 AND (subject = $3 OR case_id IN \
                              (SELECT value FROM json_each($4))) ORDER BY no LIMIT $2";
        let cases = serde_json::json!(cases).to_string();
        Ok(sqlx::query_as(SELECT)
            .bind(after)
            .bind(limit)
            .bind(subject)
            .bind(cases)
            .fetch_all(&self.db.read)
            .await?)
    }

    /// Whoever saw pages about everybody of one of these units from a time on: a record of such a page names nobody.
    ///
    /// # Errors
    /// If the log cannot be read.
    pub async fn readers_of_units(
        &self,
        units: &[UnitId],
        from: Timestamp,
    ) -> Result<Vec<UnitReader>, AccessError> {
        const SELECT: &str = "SELECT unit, who, what, count(*) AS times, min(at) AS first_at, max(at) AS last_at \
                              FROM audit WHERE unit IN (SELECT value FROM json_each($1)) AND at >= $2 \
                              AND subject = '' AND case_id = '' AND incident = 0 \
                              GROUP BY unit, who, what ORDER BY unit, who, what";
        let units = serde_json::json!(units).to_string();
        Ok(sqlx::query_as(SELECT).bind(units).bind(from.as_us()).fetch_all(&self.db.read).await?)
    }

    /// Who saw or changed something, by which right, the last first.
    ///
    /// # Errors
    /// If the log cannot be read.
    pub async fn readers(&self, looked: Looked<'_>, limit: i64) -> Result<Vec<Reader>, AccessError> {
        const OF_CASE: &str = "SELECT who, what, why, count(*) AS times, max(at) AS last_at FROM audit \
                               WHERE case_id = $1 AND case_id <> '' \
                               GROUP BY who, what, why ORDER BY last_at DESC LIMIT $2";
        const OF_INCIDENT: &str = "SELECT who, what, why, count(*) AS times, max(at) AS last_at FROM audit \
                                   WHERE incident = $1 AND incident <> 0 \
                                   GROUP BY who, what, why ORDER BY last_at DESC LIMIT $2";
        let query = match looked {
            Looked::Case(case) => sqlx::query_as(OF_CASE).bind(case.as_str()),
            Looked::Incident(incident) => sqlx::query_as(OF_INCIDENT).bind(incident.0),
        };
        Ok(query.bind(limit).fetch_all(&self.db.read).await?)
    }
}

/// Adds records in an open transaction that holds the write lock: another process may have added some.
pub(super) async fn append(tx: &mut SqliteConnection, records: &[Record]) -> Result<(), AccessError> {
    const LAST: &str = "SELECT no, chain FROM audit ORDER BY no DESC LIMIT 1";
    const INSERT: &str = "INSERT INTO audit (no, at, who, what, why, subject, unit, case_id, incident, chain) \
                          VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    let last: Option<(i64, Vec<u8>)> = sqlx::query_as(LAST).fetch_optional(&mut *tx).await?;
    let (mut no, mut chain) = match last {
        Some((no, chain)) => (no, whole(&chain)?),
        None => (0, GENESIS),
    };
    for record in records {
        no += 1;
        let entry = Entry { no, ..Entry::of(record) };
        chain = chain::link(&chain, &entry);
        sqlx::query(INSERT)
            .bind(no)
            .bind(entry.at)
            .bind(&entry.who)
            .bind(&entry.what)
            .bind(&entry.why)
            .bind(&entry.subject)
            .bind(&entry.unit)
            .bind(&entry.case_id)
            .bind(entry.incident)
            .bind(&chain[..])
            .execute(&mut *tx)
            .await?;
    }
    Ok(())
}

fn whole(chain: &[u8]) -> Result<Chain, AccessError> {
    chain.try_into().map_err(|_| AccessError::Corrupt("the chain of the last audit record".into()))
}
