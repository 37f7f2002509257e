//! What a campaign has led to: the journal, what was decided, and what people received.

use std::{collections::BTreeMap, path::Path};

use cordon::{
    domain::{Alert, TagId},
    notify,
    sandbox::phones::Shown,
    store::{self, Store},
};
use firmware_sim::track::TimedPing;

use crate::{
    installation::Installation,
    outcome::{Outcome, assert_received, stored},
    reference::{assert_holds, journal, offline},
};

/// A message that came so shortly after a start may have been sent before it, milliseconds.
const ON_ITS_WAY_MS: i64 = 100;

/// How much there was of it.
pub(super) struct Judged {
    pub(super) violations: usize,
    pub(super) messages: usize,
    /// Messages that came again.
    pub(super) repeats: u32,
}

/// Everything that was sent is in the journal, what was decided is what an engine without interruptions decides, each alert
/// was received, and none more often than processes began to send (`starts_ms`).
pub(super) async fn judge(
    installation: &Installation,
    url: &str,
    rulebook: &Path,
    sent: &[(TagId, Vec<TimedPing>)],
    starts_ms: &[i64],
) -> Judged {
    let received = installation.phones.received().await;
    let store = store::open(url).await.unwrap();
    assert_holds(&journal(store.as_ref()).await, sent);
    let (incidents, alerts) = stored(store.as_ref()).await;
    let expected = offline(rulebook, sent);
    Outcome::of(&incidents, &alerts).assert_equals(&expected);
    assert_received(&alerts, &received);
    let repeats = explain_repeats(store.as_ref(), &alerts, &received, starts_ms).await;
    installation.replays_without_a_difference();
    Judged { violations: expected.violations().len(), messages: received.len(), repeats }
}

/// Each message came once more at most for every start between its first coming and the record of it. Returns how many
/// came again.
async fn explain_repeats(store: &dyn Store, alerts: &[Alert], received: &[Shown], starts_ms: &[i64]) -> u32 {
    let starts_before = |at_ms: i64| starts_ms.iter().filter(|start_ms| **start_ms <= at_ms).count();
    let by_key: BTreeMap<String, &Alert> =
        alerts.iter().map(|alert| (notify::idempotency_key(alert), alert)).collect();
    let mut repeats = 0;
    for message in received.iter().filter(|message| message.repeats > 0) {
        let tries = store.attempts_of(by_key[&message.key].id).await.unwrap();
        let accepted = tries.iter().find(|attempt| attempt.result == "accepted");
        let recorded_ms = accepted.map_or(i64::MAX, |attempt| attempt.at.as_ms());
        let starts = starts_before(recorded_ms) - starts_before(message.received_ms - ON_ITS_WAY_MS);
        assert!(message.repeats as usize <= starts, "{starts} starts explain not {message:?}");
        repeats += message.repeats;
    }
    repeats
}
