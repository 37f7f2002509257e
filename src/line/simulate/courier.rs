//! Dispatch in a simulated world: claims from the outbox, sends, writes the try down, tells the engine; and sends danger from
//! memory while nothing can be written. In the order and at the times of the real one, which cannot be told the time.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::FutureExt;

use super::{
    people::Deed,
    world::{Event, World},
};
use crate::{
    domain::{Alert, AlertId, Sent, Timestamp},
    engine::{DeliveryReport, ServiceReport, Told},
    retry,
    sequencer::Unwritten,
    store::{Attempt, Claimed, Room},
};

/// Alerts claimed at once.
const CLAIMS_MAX: i64 = 64;
/// The outbox is looked at this often even if nobody calls, milliseconds.
const ROUND_MS_MAX: i64 = 5_000;
/// It is tried this often to write down what was sent from memory, milliseconds.
const OWED_MS: i64 = 1_000;

/// See the module's documentation. It ends with its process.
pub(super) struct Courier {
    owner: String,
    under_way: BTreeMap<AlertId, Try>,
    /// What came of those that were sent: one that goes by the outbox and one sent from memory are the same.
    done: BTreeMap<AlertId, DeliveryReport>,
    health: retry::Health,
    claims_at: Option<Timestamp>,
    /// When danger from memory that was not taken is tried again.
    again: BTreeMap<AlertId, (u32, Timestamp, Timestamp)>,
    /// Tries that are not written down.
    owed: Vec<Attempt>,
    listed: BTreeSet<AlertId>,
}

/// A try under way.
struct Try {
    alert: Alert,
    nth: u32,
    first: Timestamp,
    began: Timestamp,
    told: bool,
    from_memory: bool,
    sent: Sent,
}

impl Courier {
    pub(super) fn new(process: u64) -> Self {
        Self {
            owner: format!("dispatch-{process}"),
            under_way: BTreeMap::new(),
            done: BTreeMap::new(),
            health: retry::Health::default(),
            claims_at: None,
            again: BTreeMap::new(),
            owed: Vec::new(),
            listed: BTreeSet::new(),
        }
    }
}

impl World<'_> {
    /// Claims what is due, and begins to send it.
    pub(super) fn claims(&mut self) {
        let Some(process) = &mut self.service.process else { return };
        let steady = process.steady(self.now);
        if process.courier.claims_at.is_some_and(|at| at <= self.now) {
            process.courier.claims_at = None;
        }
        self.writes_owed();
        let Some(process) = &mut self.service.process else { return };
        let (owner, lease) = (process.courier.owner.clone(), steady.plus_ms(retry::LEASE_MS));
        let claimed = process.store.claim(steady, &owner, lease, CLAIMS_MAX, Room::ALL).now_or_never();
        let Some(Ok(claimed)) = claimed else {
            return self.claims_in_ms(1_000);
        };
        for claimed in claimed {
            if self.may_die() {
                return;
            }
            self.delivers(claimed);
        }
        let Some(process) = &mut self.service.process else { return };
        let next = process.store.next_claimable(Room::ALL).now_or_never();
        let next_ms = match next {
            Some(Ok(Some(at))) => at.ms_since(process.steady(self.now)) + 1,
            Some(Ok(None)) => ROUND_MS_MAX,
            _ => 1_000,
        };
        self.claims_in_ms(next_ms.clamp(10, ROUND_MS_MAX));
    }

    fn claims_in_ms(&mut self, ms: i64) {
        let at = self.now.plus_ms(ms);
        let Some(process) = &mut self.service.process else { return };
        if process.courier.claims_at.is_none_or(|claims_at| at < claims_at) {
            process.courier.claims_at = Some(at);
            let no = self.service.process_no();
            self.queue.put(at, Event::Claims { process: no });
        }
    }

    /// Sends a claimed alert, unless that is being done or was.
    fn delivers(&mut self, claimed: Claimed) {
        let Claimed { alert, tries, first_try_at, told_no_success } = claimed;
        let Some(process) = &mut self.service.process else { return };
        let steady = process.steady(self.now);
        if process.courier.under_way.contains_key(&alert.id) {
            return;
        }
        let mut known = process.courier.done.get(&alert.id).cloned();
        if known.is_none() && tries > 0 {
            let attempts = process.store.attempts_of(alert.id).now_or_never();
            known = attempts.and_then(Result::ok).into_iter().flatten().find_map(outcome);
        }
        if let Some(report) = known {
            return self.tells(Told::Delivery { alert: alert.id, report });
        }
        let (nth, first) = (tries.saturating_add(1), first_try_at.unwrap_or(steady));
        self.tries(alert, nth, first, told_no_success, false);
    }

    fn tries(&mut self, alert: Alert, nth: u32, first: Timestamp, told: bool, from_memory: bool) {
        self.checks.try_begins(&alert, self.now, from_memory);
        let key = self.workings.key(&alert, nth);
        let taking = self.phones.take(&alert, key, self.now);
        self.say(|| {
            format!("alert {} tried ({nth}, {}): {:?}", alert.id, alert.channel.as_str(), taking.sent)
        });
        if let Some(at) = taking.arrives_at {
            self.queue.put(at, Event::Person(Deed::Gets { alert: Box::new(alert.clone()) }));
        }
        let sent = self.workings.understands(taking.sent);
        let Some(process) = &mut self.service.process else { return };
        let (id, began) = (alert.id, process.steady(self.now));
        process.courier.under_way.insert(id, Try { alert, nth, first, began, told, from_memory, sent });
        let no = self.service.process_no();
        self.queue.put(taking.answers_at, Event::Sent { process: no, alert: id });
    }

    /// A provider has answered, or has been given up.
    pub(super) fn sent(&mut self, id: AlertId) {
        if self.may_die() {
            return;
        }
        let Some(process) = &mut self.service.process else { return };
        let ended = process.steady(self.now);
        let Some(mut ends) = process.courier.under_way.remove(&id) else { return };
        let health = process.courier.health.note(&ends.alert, &ends.sent, ends.began, ended);
        let (result, reason, due, report) = match &ends.sent {
            Sent::Accepted { .. } => ("accepted", String::new(), None, Some(DeliveryReport::Accepted)),
            Sent::Refused { reason } | Sent::NoSuchAddress { reason } => {
                ("refused", reason.clone(), None, Some(DeliveryReport::Refused(reason.clone())))
            }
            Sent::Retry { reason } => {
                ("retry", reason.clone(), Some(retry::next_try_at(ends.first, ends.nth, ended)), None)
            }
            Sent::Busy { reason, pause_ms } => {
                let due = match pause_ms {
                    Some(pause_ms) => retry::after_pause(*pause_ms, ended),
                    None => retry::next_try_at(ends.first, ends.nth, ended),
                };
                let lasts = pause_ms.map_or(ends.nth > 1, |pause_ms| pause_ms > retry::PAUSE_GRANTED_MS_MAX);
                let report = (lasts && !ends.told).then_some(DeliveryReport::NoSuccess);
                ends.told |= report.is_some();
                ("retry", reason.clone(), Some(due), report)
            }
        };
        if let Some(report) = report.clone().filter(|report| *report != DeliveryReport::NoSuccess) {
            process.courier.done.insert(id, report);
        }
        let attempt = Attempt {
            alert: id,
            nth: ends.nth,
            at: ends.began,
            took_ms: ended.ms_since(ends.began),
            result: result.into(),
            reason,
            provider_ref: String::new(),
        };
        self.writes_down(attempt, due, &ends);
        if self.may_die() {
            return;
        }
        if let Some(report) = report {
            self.tells(Told::Delivery { alert: id, report });
        }
        if let Some(report) = health {
            self.tells_of_provider(report);
        }
    }

    fn tells_of_provider(&mut self, report: ServiceReport) {
        self.tells(Told::Service(report));
    }

    fn writes_down(&mut self, attempt: Attempt, due: Option<Timestamp>, ends: &Try) {
        let Some(process) = &mut self.service.process else { return };
        if ends.from_memory {
            match due {
                Some(due) => {
                    process.courier.again.insert(attempt.alert, (ends.nth, ends.first, due));
                }
                None => process.courier.owed.push(attempt),
            }
            return;
        }
        // If it cannot be written down, the lease runs out.
        let _ = process.store.record_attempt(&attempt, due, ends.told).now_or_never();
        if let Some(due) = due {
            let ms = due.ms_since(process.steady(self.now));
            self.claims_in_ms(ms.max(10));
        }
    }

    fn writes_owed(&mut self) {
        let Some(process) = &mut self.service.process else { return };
        let store = std::sync::Arc::clone(&process.store);
        process.courier.owed.retain(|attempt| {
            !matches!(store.record_attempt(attempt, None, false).now_or_never(), Some(Ok(())))
        });
        if !process.courier.owed.is_empty() {
            self.claims_in_ms(OWED_MS);
        }
    }

    /// Sends danger that the store cannot take.
    pub(super) fn sends_urgent(&mut self, urgent: &Unwritten) {
        let Some(process) = &mut self.service.process else { return };
        let steady = process.steady(self.now);
        let courier = &mut process.courier;
        courier.listed.retain(|id| urgent.contains_key(id));
        courier.again.retain(|id, _| urgent.contains_key(id));
        let mut begins = Vec::new();
        for (id, alert) in urgent.iter() {
            if courier.under_way.contains_key(id) || courier.done.contains_key(id) {
                continue;
            }
            let again = courier.again.get(id).copied();
            let is_due = again.is_none_or(|(_, _, due)| due <= steady)
                && (again.is_some() || courier.listed.insert(*id));
            if is_due {
                let (nth, first, _) = again.unwrap_or((0, steady, steady));
                begins.push((alert.clone(), nth + 1, first));
            }
        }
        for (alert, nth, first) in begins {
            self.tries(alert, nth, first, false, true);
        }
    }
}

/// What an earlier try came to.
fn outcome(attempt: Attempt) -> Option<DeliveryReport> {
    match attempt.result.as_str() {
        "accepted" => Some(DeliveryReport::Accepted),
        "refused" => Some(DeliveryReport::Refused(attempt.reason)),
        _ => None,
    }
}
