//! Whether two accounts are two people: what takes two must not be done by one who has made themselves a second account.

use super::{Access, AccessError};
use crate::domain::{HOUR_MS, Timestamp};

/// So old is what somebody else has made of an account before it counts beside another, milliseconds. Whoever runs the
/// accounts can make two of them, or let themselves into two, and nothing but their own word says who is behind them. They
/// cannot do so unseen: it stands in the audit log and on the page of accounts, and in a day somebody looks.
const SETTLED_MS: i64 = 24 * HOUR_MS;

impl Access {
    /// Whether two accounts, as the audit log names them, stand for two people at a time: neither was made, given its roles
    /// or let in anew by the other, ever, nor by any person within a day. A command needs nobody else for anything.
    ///
    /// # Errors
    /// The file's.
    pub async fn are_two(&self, one: &str, other: &str, at: Timestamp) -> Result<bool, AccessError> {
        const LET_IN: &str = "SELECT EXISTS (SELECT 1 FROM audit \
            WHERE what IN ('make account', 'change account', 'make sign-in link') AND who <> 'a command' \
            AND (subject = 'staff:' || $1 AND (who = $2 OR at > $3) \
            OR subject = 'staff:' || $2 AND (who = $1 OR at > $3)))";
        let settled = at.plus_ms(-SETTLED_MS);
        let let_in: bool = sqlx::query_scalar(LET_IN)
            .bind(one)
            .bind(other)
            .bind(settled.as_us())
            .fetch_one(&self.db.read)
            .await?;
        Ok(one != other && !let_in)
    }
}
