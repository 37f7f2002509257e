//! The outbox: claims, leases and tries.

use std::sync::LazyLock;

use super::{Db, execute, on, record::Record};
use crate::{
    domain::{Alert, AlertId, Channel, Timestamp},
    store::{Attempt, Claimed, Room, StoreError},
};

/// What a [`Room`] admits, by two parameters for each channel, the first of them with this number.
fn admitted_sql(first: usize) -> String {
    let arms = |offset: usize| -> String {
        let channels = Channel::ALL.iter().enumerate();
        channels.map(|(n, on)| format!("WHEN '{}' THEN ${} ", on.as_str(), first + 2 * n + offset)).collect()
    };
    format!("priority <= CASE channel {}ELSE 0 END AND tries <= CASE channel {}ELSE 0 END ", arms(0), arms(1))
}

/// `lock` keeps two claimers from picking the same rows, or from waiting for each other. MATERIALIZED, because a planner
/// that ran the sub-query again would pick other rows than it has locked.
fn claim_sql(lock: &str) -> String {
    let admitted = admitted_sql(5);
    format!(
        "WITH picked AS MATERIALIZED (SELECT id AS picked_id FROM alerts WHERE state = 'waiting' \
        AND due_at <= $1 AND (lease_until IS NULL OR lease_until <= $1) AND {admitted}\
        ORDER BY priority, raised_at, id LIMIT $2 {lock}) \
        UPDATE alerts SET lease_owner = $3, lease_until = $4 FROM picked WHERE id = picked_id \
        RETURNING id, codec, record, tries, first_try_at, told_no_success"
    )
}

static CLAIM_SQLITE: LazyLock<String> = LazyLock::new(|| claim_sql(""));
static CLAIM_PG: LazyLock<String> = LazyLock::new(|| claim_sql("FOR UPDATE SKIP LOCKED"));
static NEXT: LazyLock<String> = LazyLock::new(|| {
    let admitted = admitted_sql(1);
    format!(
        "SELECT min(CASE WHEN lease_until > due_at THEN lease_until ELSE due_at END) \
        FROM alerts WHERE state = 'waiting' AND {admitted}"
    )
});

const TRIED: &str = "UPDATE alerts SET tries = CASE WHEN tries < $2 THEN $2 ELSE tries END, \
    first_try_at = COALESCE(first_try_at, $3), told_no_success = (told_no_success OR $4) WHERE id = $1";
const DUE_AGAIN: &str = "UPDATE alerts SET due_at = $2, lease_owner = NULL, lease_until = NULL WHERE id = $1";
const END_LEASES: &str = "UPDATE alerts SET lease_owner = NULL, lease_until = NULL WHERE state = 'waiting' \
    AND lease_until IS NOT NULL";
const ATTEMPT: &str = "INSERT INTO attempts (alert, nth, at, unit, subject, took_ms, result, reason, provider_ref) \
    SELECT id, $2, $3, unit, subject, $4, $5, $6, $7 FROM alerts WHERE id = $1 \
    ON CONFLICT (alert, nth, at) DO NOTHING";
const ATTEMPTS: &str = "SELECT nth, at, took_ms, result, reason, provider_ref FROM attempts \
    WHERE alert = $1 ORDER BY nth, at";

#[derive(sqlx::FromRow)]
struct Row {
    #[sqlx(flatten)]
    record: Record,
    tries: i64,
    first_try_at: Option<i64>,
    told_no_success: bool,
}

#[derive(sqlx::FromRow)]
struct AttemptRow {
    nth: i64,
    at: i64,
    took_ms: i64,
    result: String,
    reason: String,
    provider_ref: String,
}

impl Db {
    pub(super) async fn claim_alerts(
        &self,
        now: Timestamp,
        owner: &str,
        lease_until: Timestamp,
        limit: i64,
        room: Room,
    ) -> Result<Vec<Claimed>, StoreError> {
        let sql: &'static str = match self {
            Self::Sqlite { .. } => &CLAIM_SQLITE,
            Self::Pg { .. } => &CLAIM_PG,
        };
        let rows: Vec<Row> = on!(self, write, |tx| {
            let query = sqlx::query_as(sql).bind(now.as_us()).bind(limit.max(0));
            let query = query.bind(owner).bind(lease_until.as_us());
            let query = Channel::ALL.into_iter().fold(query, |query, channel| {
                let admit = room.on(channel);
                query.bind(admit.priority_max()).bind(admit.tries_max())
            });
            query.fetch_all(&mut *tx).await?
        });
        let mut claimed: Vec<Claimed> = rows.into_iter().filter_map(Row::claimed).collect();
        // A database returns what it has updated in any order.
        claimed.sort_by_key(|claimed| (claimed.alert.priority, claimed.alert.raised_at, claimed.alert.id));
        Ok(claimed)
    }

    pub(super) async fn write_attempt(
        &self,
        attempt: &Attempt,
        next_try_at: Option<Timestamp>,
        told_no_success: bool,
    ) -> Result<(), StoreError> {
        let Attempt { alert: AlertId(id), nth, at, took_ms, result, reason, provider_ref } = attempt;
        let (nth, at) = (i64::from(*nth), at.as_us());
        on!(self, write, |tx| {
            if execute!(tx, TRIED, *id, nth, at, told_no_success) == 0 {
                return Err(StoreError::no_alert(attempt.alert));
            }
            if let Some(next) = next_try_at {
                execute!(tx, DUE_AGAIN, *id, next.as_us());
            }
            execute!(tx, ATTEMPT, *id, nth, at, *took_ms, result, reason, provider_ref);
        });
        Ok(())
    }

    pub(super) async fn read_attempts(&self, alert: AlertId) -> Result<Vec<Attempt>, StoreError> {
        let rows: Vec<AttemptRow> =
            on!(self, read, |pool| sqlx::query_as(ATTEMPTS).bind(alert.0).fetch_all(pool).await?);
        rows.into_iter().map(|row| row.of(alert)).collect()
    }

    pub(super) async fn end_all_leases(&self) -> Result<(), StoreError> {
        on!(self, write, |tx| {
            sqlx::query(END_LEASES).execute(&mut *tx).await?;
        });
        Ok(())
    }

    pub(super) async fn earliest_claimable(&self, room: Room) -> Result<Option<Timestamp>, StoreError> {
        let earliest: Option<i64> = on!(self, read, |pool| {
            let query = Channel::ALL.into_iter().fold(sqlx::query_scalar(NEXT.as_str()), |query, channel| {
                let admit = room.on(channel);
                query.bind(admit.priority_max()).bind(admit.tries_max())
            });
            query.fetch_one(pool).await?
        });
        Ok(earliest.map(Timestamp::from_us))
    }
}

impl Row {
    /// `None` for an alert that cannot be read: it must not keep the others from being sent. Its escalation goes on
    /// without it, since nothing comes back for it.
    fn claimed(self) -> Option<Claimed> {
        let alert: Result<Alert, StoreError> = self.record.decode("alert");
        let tries = u32::try_from(self.tries).unwrap_or(u32::MAX);
        match alert {
            Ok(alert) => Some(Claimed {
                alert,
                tries,
                first_try_at: self.first_try_at.map(Timestamp::from_us),
                told_no_success: self.told_no_success,
            }),
            Err(error) => {
                tracing::error!(alert = self.record.id, %error, "an alert in the outbox cannot be read");
                None
            }
        }
    }
}

impl AttemptRow {
    fn of(self, alert: AlertId) -> Result<Attempt, StoreError> {
        let nth = u32::try_from(self.nth);
        Ok(Attempt {
            alert,
            nth: nth.map_err(|_| StoreError::Corrupt(format!("a try of alert {alert}")))?,
            at: Timestamp::from_us(self.at),
            took_ms: self.took_ms,
            result: self.result,
            reason: self.reason,
            provider_ref: self.provider_ref,
        })
    }
}
