//! Incidents and alerts as JSON records, and what stands in the columns beside them.

use serde::{Serialize, de::DeserializeOwned};

use super::{Db, on};
use crate::{
    domain::{Alert, CANARY, Cause, Incident, IncidentId, Recipient, Subject},
    store::StoreError,
};

/// How records are written. A later form gets the next number, and this version's records stay readable.
pub(super) const CODEC: i64 = 1;

const INCIDENT: &str = "SELECT id, codec, record FROM incidents WHERE id = $1";
const INCIDENTS: &str = "SELECT id, codec, record FROM incidents WHERE id > $1 ORDER BY id LIMIT $2";
const ABOUT: &str =
    "SELECT id, codec, record FROM incidents WHERE subject = $1 AND id < $2 ORDER BY id DESC LIMIT $3";
const CLOSED: &str = "SELECT id, codec, record FROM incidents WHERE id < $1 AND handling = 'closed' AND unit <> $2 \
    ORDER BY id DESC LIMIT $3";
const ALERTS: &str = "SELECT id, codec, record FROM alerts WHERE incident = $1 ORDER BY id";

#[derive(sqlx::FromRow)]
pub(super) struct Record {
    pub(super) id: i64,
    pub(super) codec: i64,
    pub(super) record: String,
}

impl Record {
    /// `what` and the id name the record in an error; its content never appears there.
    pub(super) fn decode<T: DeserializeOwned>(&self, what: &str) -> Result<T, StoreError> {
        if self.codec != CODEC {
            let Self { id, codec, .. } = self;
            return Err(StoreError::Corrupt(format!(
                "{what} {id} is written in form {codec}, not in {CODEC}"
            )));
        }
        serde_json::from_str(&self.record)
            .map_err(|error| StoreError::Corrupt(format!("{what} {}, byte {}", self.id, error.column())))
    }
}

pub(super) fn encode<T: Serialize>(what: &str, id: i64, value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value)
        .map_err(|_| StoreError::Corrupt(format!("{what} {id} cannot be written as JSON")))
}

impl Db {
    pub(super) async fn read_incident(&self, id: IncidentId) -> Result<Option<Incident>, StoreError> {
        let record: Option<Record> =
            on!(self, read, |pool| sqlx::query_as(INCIDENT).bind(id.0).fetch_optional(pool).await?);
        record.map(|record| record.decode("incident")).transpose()
    }

    pub(super) async fn read_incidents(
        &self,
        after: IncidentId,
        limit: i64,
    ) -> Result<Vec<Incident>, StoreError> {
        let records: Vec<Record> = on!(self, read, |pool| {
            sqlx::query_as(INCIDENTS).bind(after.0).bind(limit.max(0)).fetch_all(pool).await?
        });
        records.iter().map(|record| record.decode("incident")).collect()
    }

    pub(super) async fn read_incidents_about(
        &self,
        subject: &Subject,
        before: IncidentId,
        limit: i64,
    ) -> Result<Vec<Incident>, StoreError> {
        let records: Vec<Record> = on!(self, read, |pool| {
            let query = sqlx::query_as(ABOUT).bind(subject_text(subject)).bind(before.0).bind(limit.max(0));
            query.fetch_all(pool).await?
        });
        records.iter().map(|record| record.decode("incident")).collect()
    }

    pub(super) async fn read_closed_incidents(
        &self,
        before: IncidentId,
        limit: i64,
    ) -> Result<Vec<Incident>, StoreError> {
        let records: Vec<Record> = on!(self, read, |pool| {
            let query = sqlx::query_as(CLOSED).bind(before.0).bind(CANARY).bind(limit.max(0));
            query.fetch_all(pool).await?
        });
        records.iter().map(|record| record.decode("incident")).collect()
    }

    pub(super) async fn read_alerts(&self, incident: IncidentId) -> Result<Vec<Alert>, StoreError> {
        let records: Vec<Record> =
            on!(self, read, |pool| sqlx::query_as(ALERTS).bind(incident.0).fetch_all(pool).await?);
        records.iter().map(|record| record.decode("alert")).collect()
    }
}

/// As in the journal's `subject`.
pub(super) fn subject_text(subject: &Subject) -> String {
    match subject {
        Subject::Wearer(id) => format!("wearer:{id}"),
        Subject::Person(id) => format!("person:{id}"),
        Subject::Service => "service".into(),
    }
}

pub(super) fn recipient_text(recipient: &Recipient) -> String {
    match recipient {
        Recipient::Person(id) => format!("person:{id}"),
        Recipient::Staff(id) => format!("staff:{id}"),
    }
}

/// Different for every two causes: the key of "one open incident per cause".
pub(super) fn cause_text(cause: &Cause) -> String {
    match cause {
        Cause::Zone(id) => format!("zone:{id}"),
        Cause::Source(name) => format!("source:{name}"),
        Cause::Vendor(name) => format!("vendor:{name}"),
        Cause::Misuse(name) => format!("misuse:{name}"),
        Cause::Gaps(name) => format!("gaps:{name}"),
        Cause::Notice(class) => format!("notice:{}", class.as_str()),
        Cause::Way(channel) => format!("way:{}", channel.as_str()),
        Cause::Provider(channel) => format!("provider:{}", channel.as_str()),
        Cause::Evaluation => "evaluation".into(),
        Cause::Flood => "flood".into(),
        Cause::Clock => "clock".into(),
        Cause::Store => "store".into(),
        Cause::Disk => "disk".into(),
        Cause::Canary => "canary".into(),
        Cause::Consoles => "consoles".into(),
        Cause::Strap => "strap".into(),
        Cause::Case => "case".into(),
        Cause::Battery => "battery".into(),
        Cause::Contact => "contact".into(),
        Cause::Jamming => "jamming".into(),
        Cause::Position => "position".into(),
        Cause::Sos => "sos".into(),
        Cause::Call => "call".into(),
        Cause::Duress => "duress".into(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::Reason;

    proptest! {
        #[test]
        fn numbers_in_a_record_come_back_to_the_last_bit(p in -1e3..1e3_f64, border_m in prop::num::f64::NORMAL) {
            let reason = Reason::TrustedFix { p, border_m, sigma_m: p / 3.0 };
            let record = Record { id: 1, codec: CODEC, record: encode("reason", 1, &reason).unwrap() };
            prop_assert_eq!(record.decode::<Reason>("reason").unwrap(), reason);
        }
    }

    #[test]
    fn a_record_of_a_later_form_or_damaged_is_refused_without_its_content() {
        let later = Record { id: 5, codec: CODEC + 1, record: "{}".into() };
        let damaged = Record { id: 6, codec: CODEC, record: r#"{"address":"+44 7700 900123"}"#.into() };
        for (record, id) in [(later, "alert 5"), (damaged, "alert 6")] {
            let text = record.decode::<Alert>("alert").unwrap_err().to_string();
            assert!(text.contains(id) && !text.contains("900123"), "{text}");
        }
    }
}
