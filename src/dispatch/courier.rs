//! Sends one claimed alert once, writes the try down and tells the engine what came of it.

use std::sync::Arc;

use tokio::task::JoinSet;

use super::{
    OnAccepted, Parts,
    sending::{Mine, Sending, Turn},
};
use crate::{
    clock::Clock,
    crash,
    domain::{Alert, AlertId, Timestamp},
    engine::{DeliveryReport, ServiceReport, Told},
    notify::{Message, Providers, Sent},
    retry::{self, Health},
    sequencer::{Inbox, SubmitError, Sure},
    store::{Attempt, Claimed, Store},
    vitals::Vitals,
};

/// A provider that has not answered within this time is not waited for, milliseconds. Providers promise 10 s.
const SEND_MS_MAX: i64 = 12_000;

/// A try that begins this much later than its round was held up, milliseconds.
const HELD_UP_MS: i64 = 1_000;

/// How often it is looked whether somebody else still sends an alert, milliseconds.
const TURN_MS: i64 = 200;

/// Results of a try, as they are written down.
pub(super) const ACCEPTED: &str = "accepted";
const RETRY: &str = "retry";
pub(super) const REFUSED: &str = "refused";

pub(super) struct Courier {
    pub(super) store: Arc<dyn Store>,
    pub(super) clock: Clock,
    pub(super) owner: String,
    pub(super) sure: Sure,
    providers: Providers,
    inbox: Inbox,
    on_accepted: Option<OnAccepted>,
    pub(super) vitals: Arc<Vitals>,
    health: Health,
    pub(super) sending: Sending,
}

impl Courier {
    pub(super) fn new(parts: Parts) -> Self {
        let Parts { store, providers, inbox, clock, owner, sure, on_accepted, vitals } = parts;
        let (health, sending) = (Health::default(), Sending::default());
        Self { store, clock, owner, sure, providers, inbox, on_accepted, vitals, health, sending }
    }

    /// Tries an alert of a round, and returns when it is due again, `None` if it has been taken or refused.
    pub(super) async fn deliver(&self, claimed: Claimed, round: Round) -> Option<Timestamp> {
        let Claimed { alert, tries, first_try_at, told_no_success: mut told } = claimed;
        if tries > 0
            && let Some(known) = self.known_outcome(alert.id).await
        {
            self.tell(alert.id, known).await;
            return None;
        }
        let mine = match self.turn(alert.id).await {
            Ok(mine) => mine,
            Err(known) => {
                self.tell(alert.id, known).await;
                return None;
            }
        };
        let (began, began_us) = (self.clock.steady(), self.clock.real_us());
        let now = round.begins(began_us);
        let first = first_try_at.unwrap_or(now);
        let sent = self.carry(&alert, tries > 0).await;
        let took_ms = (self.clock.real_us() - began_us) / 1_000;
        let ended = now.plus_ms(self.clock.steady().ms_since(began));
        let provider = self.health.note(&alert, &sent, now, ended);

        let nth = tries.saturating_add(1);
        let try_ = Try { alert: alert.id, nth, at: now, took_ms };
        let due = match sent {
            Sent::Accepted { provider_ref } => {
                self.accepted(alert.id);
                mine.done(DeliveryReport::Accepted);
                let provider_ref = provider_ref.unwrap_or_default();
                self.record(try_.ended(ACCEPTED, "", provider_ref), None, told).await;
                self.tell(alert.id, DeliveryReport::Accepted).await;
                None
            }
            Sent::Refused { reason } | Sent::NoSuchAddress { reason } => {
                mine.done(DeliveryReport::Refused(reason.clone()));
                self.record(try_.ended(REFUSED, &reason, String::new()), None, told).await;
                self.tell(alert.id, DeliveryReport::Refused(reason)).await;
                None
            }
            Sent::Retry { reason } => {
                let due = retry::next_try_at(first, nth, ended);
                self.record(try_.ended(RETRY, &reason, String::new()), Some(due), told).await;
                Some(due)
            }
            Sent::Busy { reason, pause_ms } => {
                let due = match pause_ms {
                    Some(pause_ms) => retry::after_pause(pause_ms, ended),
                    None => retry::next_try_at(first, nth, ended),
                };
                // Once may be a moment; a second time, or for longer, is not waited for.
                let lasts = pause_ms.map_or(nth > 1, |pause_ms| pause_ms > retry::PAUSE_GRANTED_MS_MAX);
                if lasts && !told {
                    told = self.tell(alert.id, DeliveryReport::NoSuccess).await;
                }
                self.record(try_.ended(RETRY, &reason, String::new()), Some(due), told).await;
                Some(due)
            }
        };
        if let Some(report) = provider {
            self.tell_of_provider(report).await;
        }
        due
    }

    /// Waits until nobody else sends the alert.
    ///
    /// # Errors
    /// What came of it, if somebody else has sent it.
    async fn turn(&self, id: AlertId) -> Result<Mine<'_>, DeliveryReport> {
        loop {
            match self.sending.turn(id) {
                Turn::Mine(mine) => return Ok(mine),
                Turn::Done(report) => return Err(report),
                Turn::Others => self.clock.wait_ms(TURN_MS).await,
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

    /// Hands the message to its channel's provider, maybe again. One that panics or hangs is one that did not succeed.
    pub(super) async fn carry(&self, alert: &Alert, is_repeat: bool) -> Sent {
        let Some(provider) = self.providers.get(alert.channel).cloned() else {
            return Sent::Refused { reason: "no_provider".into() };
        };
        let message = Message::of(alert, is_repeat);
        // A task of its own keeps a panic in; the set ends it with this one.
        let mut task = JoinSet::new();
        task.spawn(async move {
            crash::point("send.before");
            let sent = provider.send(&message).await;
            crash::point("send.after");
            sent
        });
        tokio::select! {
            ended = task.join_next() => match ended {
                Some(Ok(sent)) => sent,
                _ => Sent::Retry { reason: "provider_failed".into() },
            },
            () = self.clock.wait_ms(SEND_MS_MAX) => Sent::Retry { reason: "timeout".into() },
        }
    }

    /// Whether it takes messages has changed.
    async fn tell_of_provider(&self, report: ServiceReport) {
        if let ServiceReport::Provider { channel, up: false, reason } = &report {
            tracing::warn!(channel = channel.as_str(), reason, "a provider takes no messages");
        }
        if let Err(error) = self.inbox.submit(Told::Service(report)).await {
            tracing::warn!(%error, "how a provider does was not told");
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

    /// Notes how a provider did, and tells the engine without waiting until that is written down.
    pub(super) async fn note_at_once(&self, alert: &Alert, sent: &Sent, began: Timestamp, ended: Timestamp) {
        if let Some(report) = self.health.note(alert, sent, began, ended)
            && let Err(error) = self.inbox.tell(Told::Service(report)).await
        {
            tracing::warn!(%error, "how a provider does was not told");
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

/// When a round began.
#[derive(Debug, Clone, Copy)]
pub(super) struct Round {
    /// By the engine's clock.
    pub(super) at: Timestamp,
    /// By `Clock::real_us`.
    pub(super) real_us: i64,
}

impl Round {
    /// When a try of it begins, by `Clock::real_us`: with the round, unless the store, or somebody else who sends the
    /// same alert, has held it up.
    fn begins(self, real_us: i64) -> Timestamp {
        let waited_ms = (real_us - self.real_us) / 1_000;
        if waited_ms < HELD_UP_MS { self.at } else { self.at.plus_ms(waited_ms) }
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
