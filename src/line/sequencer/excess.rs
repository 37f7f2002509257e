//! What becomes of messages beyond what a tag may send: each is looked at, the newest and those nearest to a zone are
//! judged like any other, and of the rest it is written down that they came.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    look::{Crowded, Look},
    step::{Changes, Now, Sequencer, Stepped, acknowledgement, rejection, told_entry},
};
use crate::{
    domain::{TagId, Timestamp},
    engine::{ServiceReport, Told},
};

/// Of a crowd of messages, about as many are judged for themselves.
const KEPT_MAX: usize = 64;
/// How often it is said that a vendor's tags that nobody wears send too much, milliseconds.
const TOLD_EVERY_MS: i64 = 10_000;
/// Vendors counted one by one.
const VENDORS_MAX: usize = 1_000;

/// Messages of strays that were not judged, by vendor: how many since it was last said, and when that was.
pub(super) type PassedOver = BTreeMap<String, (u64, Option<Timestamp>)>;

impl Sequencer {
    /// Takes up messages of one tag together.
    pub(super) fn take_excess(
        &mut self,
        now: Now,
        crowd: Vec<Crowded>,
        salt: &mut dyn FnMut() -> [u8; 16],
        stepped: &mut Stepped,
        changes: &mut Changes,
    ) {
        let Some(tag) = crowd.first().map(|one| one.message.tag.clone()) else {
            return;
        };
        if !self.engine().rulebook().is_assigned(&tag) {
            return self.pass_over(now, &tag, crowd, salt, stepped, changes);
        }
        let at = self.next_at(now);
        let (messages, looks): (Vec<_>, Vec<_>) =
            crowd.into_iter().map(|one| one.seen(self.engine(), at)).unzip();
        let kept = keepers(&looks);
        let (mut numbers, mut others, mut tickets) = (BTreeSet::new(), 0, Vec::new());
        for (i, (message, look)) in messages.into_iter().zip(looks).enumerate() {
            if kept.contains(&i) {
                self.take_message(now, message, salt, stepped, changes);
                continue;
            }
            let mut replies = Vec::new();
            match look {
                Look::Ping(ping) => {
                    numbers.insert(ping.number);
                    stepped.pings += 1;
                }
                Look::Status | Look::Crashed => others += 1,
                Look::Unreadable(refusal) => {
                    others += 1;
                    replies.push(rejection(&tag, message.kind, &message.payload, &refusal));
                }
            }
            tickets.push((message.ticket, replies));
        }
        if tickets.is_empty() {
            return;
        }
        let told = Told::Coalesced { tag: tag.clone(), runs: runs(&numbers), others };
        let decision = self.take(now, told_entry(told), salt, stepped, changes);
        if let (Some(receipt), Some((_, replies))) = (decision.receipt, tickets.last_mut()) {
            replies.push(acknowledgement(tag, &receipt));
        }
        stepped.tickets.extend(tickets);
    }

    /// Nobody wears the tag, and its vendor's strays have sent too much: the tag keeps its pings, and staff are told.
    fn pass_over(
        &mut self,
        now: Now,
        tag: &TagId,
        crowd: Vec<Crowded>,
        salt: &mut dyn FnMut() -> [u8; 16],
        stepped: &mut Stepped,
        changes: &mut Changes,
    ) {
        let known = self.passed_over.contains_key(tag.vendor()) || self.passed_over.len() < VENDORS_MAX;
        let vendor = if known { tag.vendor() } else { "other" }.to_owned();
        let (count, told_at) = self.passed_over.entry(vendor.clone()).or_default();
        *count += crowd.len() as u64;
        stepped.tickets.extend(crowd.into_iter().map(|one| (one.message.ticket, Vec::new())));
        if told_at.is_none_or(|told| now.steady.ms_since(told) >= TOLD_EVERY_MS) {
            let messages = std::mem::take(count);
            *told_at = Some(now.steady);
            let told = Told::Service(ServiceReport::VendorFlood { vendor, messages });
            self.take(now, told_entry(told), salt, stepped, changes);
        }
    }
}

/// Which of them are judged for themselves: the newest ping and the last of each kind of event, connection message and
/// unreadable message; and those that may be in a zone or nearest to one, with their neighbours, as many as there is
/// room for.
fn keepers(looks: &[Look]) -> BTreeSet<usize> {
    let (mut last_of_kind, mut events) = (BTreeMap::new(), BTreeMap::new());
    let mut newest: Option<(Timestamp, usize)> = None;
    let mut near: Vec<(f64, usize)> = Vec::new();
    for (i, look) in looks.iter().enumerate() {
        match look {
            Look::Ping(ping) => {
                newest = newest.max(Some((ping.fixed_at, i)));
                events.extend(ping.events.iter().map(|event| (event, i)));
                near.extend(ping.border_m.map(|border_m| (border_m, i)));
            }
            Look::Crashed => drop(last_of_kind.insert("crashed", i)),
            Look::Status => drop(last_of_kind.insert("status", i)),
            Look::Unreadable(_) => drop(last_of_kind.insert("unreadable", i)),
        }
    }
    let always =
        newest.into_iter().map(|(_, i)| i).chain(last_of_kind.into_values()).chain(events.into_values());
    let mut kept: BTreeSet<usize> = always.collect();
    near.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    for (nth, (border_m, i)) in near.into_iter().enumerate() {
        // The nearest one in any case; beyond it those that may be inside.
        if nth > 0 && border_m > 0.0 || kept.len() >= KEPT_MAX {
            break;
        }
        kept.extend(i.saturating_sub(1)..=(i + 1).min(looks.len() - 1));
    }
    kept
}

/// Boot, first and last sequence of each run.
fn runs(numbers: &BTreeSet<(u32, u64)>) -> Vec<[u64; 3]> {
    let mut runs: Vec<[u64; 3]> = Vec::new();
    for &(boot, seq) in numbers {
        match runs.last_mut() {
            Some([known, _, last]) if *known == u64::from(boot) && *last + 1 == seq => *last = seq,
            _ => runs.push([boot.into(), seq, seq]),
        }
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_become_runs() {
        let numbers = BTreeSet::from([(7, 1), (7, 2), (7, 3), (7, 9), (8, 10), (8, 11)]);
        assert_eq!(runs(&numbers), [[7, 1, 3], [7, 9, 9], [8, 10, 11]]);
        assert!(runs(&BTreeSet::new()).is_empty());
    }
}
