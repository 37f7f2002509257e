//! Sends one claimed alert once, writes the try down and tells the engine what came of it.

use std::{pin::pin, sync::Arc, time::Duration};

use tokio::task::JoinSet;

use super::{OnAccepted, Parts, retry};
use crate::{
    clock::Clock,
    crash,
    domain::{Alert, AlertId, Timestamp},
    engine::{DeliveryReport, Told},
    notify::{self, Message, Providers, Sent, wording},
    sequencer::{Inbox, SubmitError},
    store::{Attempt, Claimed, Store},
};

/// A provider that has not answered within this time is not waited for. Providers promise 10 s.
const SEND_MAX: Duration = Duration::from_secs(12);
/// When to look again at an alert that the engine could not be told about, milliseconds.
const TELL_AGAIN_MS: i64 = 1_000;

/// Results of a try, as they are written down.
pub(super) const ACCEPTED: &str = "accepted";
const RETRY: &str = "retry";
pub(super) const REFUSED: &str = "refused";

pub(super) struct Courier {
    pub(super) store: Arc<dyn Store>,
    pub(super) clock: Clock,
    pub(super) owner: String,
    providers: Providers,
    inbox: Inbox,
    on_accepted: Option<OnAccepted>,
}

impl Courier {
    pub(super) fn new(parts: Parts) -> Self {
        let Parts { store, providers, inbox, clock, owner, on_accepted } = parts;
        Self { store, clock, owner, providers, inbox, on_accepted }
    }

    /// Tries an alert that was claimed at `now`, and returns when it is due again, `None` if it has been taken or
    /// refused.
    pub(super) async fn deliver(&self, claimed: Claimed, now: Timestamp) -> Option<Timestamp> {
        let Claimed { alert, tries, first_try_at, told_no_success } = claimed;
        if tries > 0
            && let Some(known) = self.known_outcome(alert.id).await
        {
            self.tell(alert.id, known).await;
            return None;
        }
        let first = first_try_at.unwrap_or(now);
        if !told_no_success && !retry::try_is_due(first, tries, now) {
            return Some(self.only_tell(alert.id, first, tries, now).await);
        }
        let (began, began_us) = (self.clock.steady(), self.clock.real_us());
        let patience_ms = retry::no_success_at(first).ms_since(now);
        let (sent, mut told) = self.send(&alert, patience_ms, told_no_success).await;
        let took_ms = (self.clock.real_us() - began_us) / 1_000;
        let ended = now.plus_ms(self.clock.steady().ms_since(began));

        let nth = tries.saturating_add(1);
        let try_ = Try { alert: alert.id, nth, at: now, took_ms };
        match sent {
            Sent::Accepted { provider_ref } => {
                self.accepted(alert.id);
                let provider_ref = provider_ref.unwrap_or_default();
                self.record(try_.ended(ACCEPTED, "", provider_ref), None, told).await;
                self.tell(alert.id, DeliveryReport::Accepted).await;
                None
            }
            Sent::Refused { reason } => {
                self.record(try_.ended(REFUSED, &reason, String::new()), None, told).await;
                self.tell(alert.id, DeliveryReport::Refused(reason)).await;
                None
            }
            Sent::Retry { reason } => {
                let due = retry::next_try_at(first, nth, ended);
                let no_success_at = retry::no_success_at(first);
                if !told && no_success_at <= ended {
                    told = self.tell(alert.id, DeliveryReport::NoSuccess).await;
                }
                // Until the engine knows, the alert is claimed for that if not for a try.
                let due = match (told, no_success_at <= ended) {
                    (true, _) => due,
                    (false, false) => due.min(no_success_at),
                    (false, true) => due.min(ended.plus_ms(TELL_AGAIN_MS)),
                };
                self.record(try_.ended(RETRY, &reason, String::new()), Some(due), told).await;
                Some(due)
            }
        }
    }

    /// The outcome of an earlier try that was written down when the engine could not be told.
    async fn known_outcome(&self, alert: AlertId) -> Option<DeliveryReport> {
        // If the tries cannot be read, one more is the safe side.
        let attempts = self.store.attempts_of(alert).await.ok()?;
        attempts.into_iter().find_map(|attempt| match attempt.result.as_str() {
            ACCEPTED => Some(DeliveryReport::Accepted),
            REFUSED => Some(DeliveryReport::Refused(attempt.reason)),
            _ => None,
        })
    }

    /// Between two tries: tells the engine that nothing has succeeded, and puts the alert back.
    async fn only_tell(&self, alert: AlertId, first: Timestamp, tries: u32, now: Timestamp) -> Timestamp {
        let told = self.tell(alert, DeliveryReport::NoSuccess).await;
        let next_try = retry::next_try_at(first, tries, now);
        let due = if told { next_try } else { next_try.min(now.plus_ms(TELL_AGAIN_MS)) };
        if let Err(error) = self.store.give_back(alert, due, told).await {
            tracing::error!(%alert, %error, "an alert could not be put back; its lease runs out");
        }
        due
    }

    /// One try. If `patience_ms` passes meanwhile, the engine is told without waiting for the end.
    async fn send(&self, alert: &Alert, patience_ms: i64, told_no_success: bool) -> (Sent, bool) {
        let mut told = told_no_success;
        let mut send = pin!(self.carry(alert));
        let mut patience = pin!(async {
            self.clock.wait_ms(patience_ms).await;
            self.tell(alert.id, DeliveryReport::NoSuccess).await
        });
        let mut waiting = !told;
        loop {
            tokio::select! {
                sent = &mut send => return (sent, told),
                done = &mut patience, if waiting => {
                    told = done;
                    waiting = false;
                }
            }
        }
    }

    /// Hands the message to its channel's provider. One that panics or hangs is one that did not succeed.
    pub(super) async fn carry(&self, alert: &Alert) -> Sent {
        let Some(provider) = self.providers.get(alert.channel).cloned() else {
            return Sent::Refused { reason: "no_provider".into() };
        };
        let message = Message {
            idempotency_key: notify::idempotency_key(alert),
            to: alert.address.clone(),
            body: wording::body(alert),
        };
        // A task of its own keeps a panic in; the set ends it with this one.
        let mut task = JoinSet::new();
        task.spawn(async move {
            crash::point("send.before");
            let sent = provider.send(&message).await;
            crash::point("send.after");
            sent
        });
        match tokio::time::timeout(SEND_MAX, task.join_next()).await {
            Ok(Some(Ok(sent))) => sent,
            Ok(_) => Sent::Retry { reason: "provider_failed".into() },
            Err(_) => Sent::Retry { reason: "timeout".into() },
        }
    }

    async fn record(&self, attempt: Attempt, next_try_at: Option<Timestamp>, told: bool) {
        tracing::info!(
            alert = %attempt.alert,
            nth = attempt.nth,
            result = attempt.result,
            reason = attempt.reason,
            took_ms = attempt.took_ms,
            "tried"
        );
        crash::point("record.before");
        if let Err(error) = self.store.record_attempt(&attempt, next_try_at, told).await {
            tracing::error!(alert = %attempt.alert, %error, "a try was not written down; the lease runs out");
        }
        crash::point("record.after");
    }

    /// A provider has taken an alert.
    pub(super) fn accepted(&self, alert: AlertId) {
        if let Some(on_accepted) = &self.on_accepted {
            on_accepted(alert);
        }
    }

    /// Tells the engine without waiting until that is written down.
    pub(super) async fn tell_at_once(&self, alert: AlertId, report: DeliveryReport) {
        if let Err(error) = self.inbox.tell(Told::Delivery { alert, report }).await {
            tracing::warn!(%alert, %error, "an outcome had no effect");
        }
    }

    /// Whether the engine knows now, be it that it has no use for it.
    async fn tell(&self, alert: AlertId, report: DeliveryReport) -> bool {
        crash::point("tell.before");
        let answer = self.inbox.submit(Told::Delivery { alert, report }).await;
        crash::point("tell.after");
        if let Err(error) = &answer {
            tracing::warn!(%alert, %error, "an outcome had no effect");
        }
        !matches!(answer, Err(SubmitError::Stopped))
    }
}

/// A try under way.
struct Try {
    alert: AlertId,
    nth: u32,
    at: Timestamp,
    took_ms: i64,
}

impl Try {
    fn ended(self, result: &str, reason: &str, provider_ref: String) -> Attempt {
        let Self { alert, nth, at, took_ms } = self;
        Attempt { alert, nth, at, took_ms, result: result.into(), reason: reason.into(), provider_ref }
    }
}
