//! One escalation, from every moment from which it could come out otherwise.

use std::collections::{BTreeMap, BTreeSet};

use super::{Spans, What, judge::Judge};
use crate::{
    domain::{Audience, Channel, Rota, StaffId, Timestamp, Unit},
    engine::{Escalating, Taken},
};

/// What to look at.
pub(super) struct Walks<'s> {
    pub(super) escalating: Escalating<'s>,
    pub(super) unit: &'s Unit,
    pub(super) window: &'s Spans,
    pub(super) carried: Option<&'s BTreeSet<Channel>>,
}

impl Walks<'_> {
    /// All that is wrong, and when: with the whole for alerts that are raised then, with a step for one that is taken then.
    pub(super) fn judged(&self) -> Vec<(What, Spans)> {
        let mut found: BTreeMap<What, Vec<(Timestamp, Timestamp)>> = BTreeMap::new();
        let judge = Judge::of(self);
        for (start, lasts_us, walk) in self.taken() {
            for (what, at) in judge.judge(start, &walk) {
                found.entry(what).or_default().push((at, Timestamp::from_us(at.as_us() + lasts_us)));
            }
        }
        found.into_iter().map(|(what, when)| (what, Spans::of(when).within(self.window))).collect()
    }

    pub(super) fn is_carried(&self, channel: Channel) -> bool {
        self.carried.is_none_or(|carried| carried.contains(&channel))
    }

    /// Each start, for how long it stands for all that begin after it, microseconds, and what follows from it.
    ///
    /// Between two starts nobody comes on duty or goes off at any moment at which a step is taken. When steps are taken may
    /// itself depend on who is on duty, if a channel of theirs has no provider: whatever turns up is looked at, too.
    fn taken(&self) -> Vec<(Timestamp, i64, Vec<Taken>)> {
        let [(from, until)] = *self.window.as_slice() else { return Vec::new() };
        let mut offsets_ms: BTreeSet<i64> = [0].into();
        loop {
            let starts = self.starts(from, until, &offsets_ms);
            let ends = starts.iter().skip(1).copied().chain([until]).collect::<Vec<_>>();
            let walk = |(start, end): (Timestamp, Timestamp)| {
                let escalating = Escalating { at: start, ..self.escalating };
                let walk = escalating.unanswered(|channel| self.is_carried(channel));
                (start, end.as_us() - start.as_us(), walk)
            };
            let walks: Vec<_> = starts.into_iter().zip(ends).map(walk).collect();
            let known = offsets_ms.len();
            for (start, _, walk) in &walks {
                offsets_ms.extend(walk.iter().map(|taken| taken.at.ms_since(*start)));
            }
            if offsets_ms.len() == known {
                return walks;
            }
        }
    }

    /// Alerts of before the window matter whose steps are taken in it.
    fn starts(&self, from: Timestamp, until: Timestamp, offsets_ms: &BTreeSet<i64>) -> BTreeSet<Timestamp> {
        let longest_ms = offsets_ms.last().copied().unwrap_or(0);
        let first = from.plus_ms(-longest_ms);
        let rotas = self.rotas();
        let changes = rotas.iter().flat_map(|rota| rota.changes(first, until.plus_ms(longest_ms)));
        let before = |change: Timestamp| offsets_ms.iter().map(move |offset_ms| change.plus_ms(-offset_ms));
        let starts = changes.flat_map(before).filter(|start| first < *start && *start < until);
        starts.chain([first]).collect()
    }

    /// The rotas on which it depends who is told, or whether they are on duty.
    fn rotas(&self) -> Vec<&Rota> {
        let mut named: BTreeSet<&StaffId> = match self.escalating.audience {
            Audience::Staff => self.escalating.staff_steps().iter().map(|step| &step.to).collect(),
            Audience::Person(id) => {
                let person = self.escalating.rulebook.person(id);
                person.into_iter().flat_map(|person| &person.plan.nominated).collect()
            }
        };
        let rotas = self.unit.rotas.iter();
        named.extend(
            rotas
                .clone()
                .filter(|rota| named.contains(&rota.id))
                .map(|rota| &rota.otherwise)
                .collect::<Vec<_>>(),
        );
        let matters = |rota: &&Rota| named.contains(&rota.id) || !rota.members().is_disjoint(&named);
        rotas.filter(matters).collect()
    }
}
