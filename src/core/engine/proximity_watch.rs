//! Zones around protected persons: what it means that a wearer and a person are near each other, and that nothing is heard
//! of where the person is.
//!
//! A Companion's fixes never come in here: the sequencer keeps them for some minutes and tells what they say of a wearer
//! ([`Meet`]). So nothing that is written down holds a position of the person, and replay needs none.

use std::{collections::BTreeMap, sync::Arc};

use serde::{Deserialize, Serialize};

use super::{
    Engine, answers, clock_watch,
    decision::quantised,
    draft::Draft,
    meeting::{Meet, Place},
    proximity::BoundProximity,
    receive::Arrived,
    rule::Rule,
    rulebook::Rulebook,
    stages::{Glance, Stages, Transition, ZoneState},
};
use crate::{
    domain::{Fix, PersonId, Ping, Reason, Stage, TagId, Timestamp, WearerId, ZoneId},
    geometry::View,
};

/// A Companion's last fix says where its person is for so many promised intervals ...
const PROMISES: i64 = 3;
/// ... and at least so long, milliseconds ...
const FRESH_MS_MIN: i64 = 180_000;
/// ... but never longer than this, whatever it promises: its fixes are not kept any longer.
const FRESH_MS_MAX: i64 = 10 * 60_000;

/// A Companion was heard: all that is kept of what it said.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CompanionHeard {
    /// Who carries it.
    pub person: PersonId,
    /// The device.
    pub tag: TagId,
    /// The source it came through, by its name in the configuration.
    pub source: String,
    /// The boot of the ping.
    pub boot: u32,
    /// Its sequence.
    pub seq: u64,
    /// The oldest sequence the device still holds.
    pub oldest_kept: u64,
    /// When it was sent, by the device's clock.
    pub sent: Timestamp,
    /// The device's promise: the next ping comes within this many seconds.
    pub next_within_s: u32,
    /// When its newest fix was taken, if it had one.
    pub fix_at: Option<Timestamp>,
    /// The wearers that are near enough to matter.
    pub meets: Vec<Meet>,
    /// The person presses its button for help.
    #[serde(default)]
    pub sos: bool,
}

/// Whether it is known where a person is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Companionship {
    /// They have agreed to no Companion at this time: no zone goes with them.
    Missing,
    /// Their Companion has not been heard.
    NeverHeard,
    /// It is known: their zones apply.
    Fresh {
        /// When the Companion was last heard.
        heard_at: Timestamp,
        /// Until when what it said last is good.
        until: Timestamp,
    },
    /// It is not known any more: their zones are off.
    Stale {
        /// When the Companion was last heard.
        heard_at: Timestamp,
        /// When its last fix was taken; `None` if it never had one.
        fix_at: Option<Timestamp>,
    },
}

/// What is remembered of a person's Companion.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct CompanionState {
    tag: TagId,
    heard_at: Timestamp,
    promised_s: u32,
    fix_at: Option<Timestamp>,
}

/// What is remembered of a wearer and a proximity zone while they are not plainly far away.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Meeting {
    person: PersonId,
    /// The time of the last one.
    met_at: Timestamp,
    /// When the two fixes were taken that were last a witness.
    witness: Option<[Timestamp; 2]>,
    state: ZoneState,
}

/// A wearer's, by zone.
pub(super) type Meetings = BTreeMap<ZoneId, Meeting>;

impl Meeting {
    pub(super) fn stage(&self) -> Stage {
        self.state.stage
    }

    fn new(person: &PersonId, met_at: Timestamp) -> Self {
        Self { person: person.clone(), met_at, witness: None, state: ZoneState::default() }
    }

    fn judge(&mut self, rule: Rule, bound: &BoundProximity, meet: &Meet) -> Vec<Transition> {
        let mut out = Vec::new();
        if meet.at < self.met_at {
            return out;
        }
        let is_witness = self.is_witness(meet);
        let state = &mut self.state;
        self.met_at = meet.at;
        if state.since != Some(bound.since) {
            // Drawn anew, it is not proven by what was inside of the old one; who was in it stays in it until seen outside.
            state.since = Some(bound.since);
            state.evidence.clear();
        }
        let view = View::of_circle(meet.distance_m, bound.zone.radius_m.metres());
        let glance = Glance::new(meet.at, &view, meet.sigma_m, meet.trusted);
        if is_witness {
            self.witness = Some(meet.taken);
            state.witness(&glance);
        }
        let proof = match state.stage {
            Stage::Violation => None,
            _ if is_witness => glance.proof(rule).or_else(|| state.proof(rule, &glance)),
            _ => glance.proof(rule),
        };
        let zone = &bound.zone;
        Stages { zone: &zone.id, margin_m: zone.margin_m.metres(), out: &mut out }
            .settle(state, &glance, proof);
        out
    }

    /// Whether both fixes are others than those of the last witness: one wrong fix of a person is not several because the
    /// wearer's come more often, nor the other way round.
    fn is_witness(&self, meet: &Meet) -> bool {
        self.witness.is_none_or(|last| last.iter().zip(meet.taken).all(|(last, taken)| *last < taken))
    }
}

impl CompanionState {
    fn fresh_until(&self) -> Option<Timestamp> {
        let promised_ms = PROMISES * i64::from(self.promised_s) * 1_000;
        Some(self.fix_at?.plus_ms(promised_ms.clamp(FRESH_MS_MIN, FRESH_MS_MAX)))
    }

    fn companionship(&self, at: Timestamp) -> Companionship {
        let (heard_at, fix_at) = (self.heard_at, self.fix_at);
        match self.fresh_until().filter(|until| at < *until) {
            Some(until) => Companionship::Fresh { heard_at, until },
            None => Companionship::Stale { heard_at, fix_at },
        }
    }
}

impl Engine {
    /// The person whose Companion a ping at `at` comes from, and its fixes with their true times; `None` if the person has
    /// not agreed to it, or nobody is to be kept away from them: then it is neither judged nor stored.
    #[must_use]
    pub fn accompanied(&self, at: Timestamp, tag: &TagId, ping: &Ping) -> Option<(PersonId, Vec<Fix>)> {
        let person = self.rulebook.accompanied_by(tag, at)?;
        let setting =
            clock_watch::Setting { started: self.started, heard_since: None, ours: &self.our_clock };
        let reading = clock_watch::reading(self.tags.get(tag).map(AsRef::as_ref), &setting, at, ping);
        let fixes = ping.fixes.iter().map(|fix| Fix { at: reading.true_time(fix.at), ..*fix });
        let agreed = fixes.filter(|fix| self.rulebook.accompanied_by(tag, fix.at) == Some(person));
        Some((person.clone(), agreed.collect()))
    }

    /// When a wearer was last seen, by the fix.
    #[must_use]
    pub fn seen_at(&self, wearer: &WearerId) -> Option<Timestamp> {
        Some(self.wearers.get(wearer)?.track.last()?.at)
    }

    /// Where a wearer was at the newest fixes, the newest first.
    pub fn places(&self, wearer: &WearerId) -> impl Iterator<Item = Place> {
        let recent = self.wearers.get(wearer).map(|state| state.track.recent()).unwrap_or_default();
        (0..recent.len()).map(move |i| Place::of(recent[i], [recent.get(i + 1), recent.get(i + 2)]))
    }

    /// The stage of a wearer and a proximity zone, and the time of the last meet that it is by.
    #[must_use]
    pub fn meeting(&self, wearer: &WearerId, zone: &ZoneId) -> Option<(Stage, Timestamp)> {
        let meeting = self.wearers.get(wearer)?.meetings.get(zone)?;
        Some((meeting.stage(), meeting.met_at))
    }

    /// Whether it is known at `at` where a person is.
    #[must_use]
    pub fn companionship(&self, person: &PersonId, at: Timestamp) -> Companionship {
        companionship(&self.rulebook, self.companions.get(person), person, at)
    }
}

fn companionship(
    rulebook: &Rulebook,
    known: Option<&CompanionState>,
    person: &PersonId,
    at: Timestamp,
) -> Companionship {
    let Some(agreed) = rulebook.companion(person, at) else {
        return Companionship::Missing;
    };
    // What another device said, or this one under an agreement that has ended, says nothing of this one now.
    let known = known.filter(|known| known.tag == agreed.tag && known.heard_at >= agreed.from);
    known.map_or(Companionship::NeverHeard, |known| known.companionship(at))
}

/// A Companion was heard. What changes by it, each with the wearer.
pub(super) fn heard(draft: &mut Draft<'_>, heard: &CompanionHeard) -> Vec<(WearerId, Transition)> {
    let CompanionHeard { person, tag, boot, seq, .. } = heard;
    let at = draft.at;
    let state = draft.tag_mut(tag);
    let newest = state.lead(at, *boot, *seq, heard.sent);
    let arrived = state.receive(*boot, *seq, heard.oldest_kept);
    draft.receipt = draft.tag_mut(tag).ack(*boot);
    draft.is_duplicate = arrived == Arrived::Duplicate;
    if draft.is_duplicate {
        return Vec::new();
    }
    draft.tag_mut(tag).heard_at = Some(at);
    clock_watch::hear(draft, tag, Some(&heard.source), heard.sent, newest);
    let known = draft.companion(person).filter(|known| known.tag == *tag).cloned();
    let promised_s = match &known {
        Some(known) if !newest => known.promised_s,
        _ => heard.next_within_s,
    };
    let fix_at = known.and_then(|known| known.fix_at).max(heard.fix_at);
    draft.put_companion(person, CompanionState { tag: tag.clone(), heard_at: at, promised_s, fix_at });
    if heard.sos {
        answers::call_for_help(draft, person, Reason::PressedForHelp);
    }
    // What it had kept says where the person was once.
    if newest { met(draft, &heard.meets) } else { Vec::new() }
}

/// Wearers are, or are no longer, near persons. What changes by it, each with the wearer.
pub(super) fn met(draft: &mut Draft<'_>, meets: &[Meet]) -> Vec<(WearerId, Transition)> {
    let of_wearer = |meet: &Meet| {
        let changes = judge(draft, meet).into_iter();
        changes.map(|change| (meet.wearer.clone(), change)).collect::<Vec<_>>()
    };
    meets.iter().flat_map(of_wearer).collect()
}

fn judge(draft: &mut Draft<'_>, meet: &Meet) -> Vec<Transition> {
    let (now, rule, rulebook) = (draft.at, draft.rule(), Arc::clone(&draft.rulebook));
    let applies = |bound: &&BoundProximity| {
        let person = &bound.zone.person;
        let known = companionship(&rulebook, draft.companion(person), person, now);
        rulebook.proximity_applies(bound, &meet.wearer, meet.at)
            && matches!(known, Companionship::Fresh { .. })
    };
    let Some(bound) = rulebook.proximity_zone(&meet.zone).filter(applies) else {
        return Vec::new();
    };
    let Some(meetings) = draft.wearer_mut(&meet.wearer).map(|state| &mut state.meetings) else {
        return Vec::new();
    };
    let mut meeting =
        meetings.remove(&meet.zone).unwrap_or_else(|| Meeting::new(&bound.zone.person, meet.at));
    let changes = meeting.judge(rule, bound, meet);
    if !meeting.state.is_idle() {
        meetings.insert(meet.zone.clone(), meeting);
    }
    changes
}

/// What ends by itself: zones that no longer apply, and those whose person nothing is heard of.
pub(super) fn moment(draft: &mut Draft<'_>, wearer: &WearerId) -> Vec<Transition> {
    let (now, rulebook) = (draft.at, Arc::clone(&draft.rulebook));
    let meetings = draft.wearer(wearer).map(|state| state.meetings.clone()).unwrap_or_default();
    let mut out = Vec::new();
    for (zone, mut meeting) in meetings {
        let applies = |bound: &&BoundProximity| {
            bound.zone.person == meeting.person && rulebook.proximity_applies(bound, wearer, now)
        };
        let bound = rulebook.proximity_zone(&zone).filter(applies);
        let known = companionship(&rulebook, draft.companion(&meeting.person), &meeting.person, now);
        let reason = match (bound, known) {
            (Some(_), Companionship::Fresh { .. }) => continue,
            (Some(_), Companionship::Stale { heard_at, fix_at }) => {
                Reason::CompanionStale { for_s: quantised(now.s_since(fix_at.unwrap_or(heard_at)), 0) }
            }
            _ => Reason::ZoneEnded,
        };
        let mut stages = Stages { zone: &zone, margin_m: 0.0, out: &mut out };
        stages.end(&mut meeting.state, now, reason);
        if let Some(state) = draft.wearer_mut(wearer) {
            state.meetings.remove(&zone);
        }
    }
    out
}

/// When a wearer's proximity zones next begin or cease to apply, or end because nothing is heard of their person.
pub(super) fn next_moment(draft: &Draft<'_>, wearer: &WearerId) -> Option<Timestamp> {
    let (now, rulebook) = (draft.at, &draft.rulebook);
    let edges = rulebook.proximity_of(wearer).flat_map(|bound| {
        let schedule = bound.zone.schedule.as_ref().and_then(|schedule| schedule.next_change(now));
        let basis = rulebook.case(&bound.case).map(|case| &case.basis);
        let until = rulebook.companion(&bound.zone.person, now).and_then(|companion| companion.until);
        [schedule, basis.map(|basis| basis.from), basis.and_then(|basis| basis.until), until]
    });
    let meetings = draft.wearer(wearer).into_iter().flat_map(|state| state.meetings.values());
    let stale = meetings.map(|meeting| draft.companion(&meeting.person)?.fresh_until());
    edges.chain(stale).flatten().filter(|at| *at > now).min()
}
