//! What goes wrong in a simulated world, and when it is right again.

use super::{
    chance::Chance,
    disk::Trouble,
    phones::Failing,
    town::{START, staff_phone},
    ways::has_everything,
    world::{Event, World},
};
use crate::domain::{Channel, Timestamp};

/// A change for the worse, or for the better.
#[derive(Debug, Clone)]
pub(super) enum Fault {
    /// The service is started.
    Starts,
    /// It is killed, or will be after so many more places at which it may die.
    Dies,
    DiesAfter(u32),
    /// The wall clock of its machine is set.
    WallSet(i64),
    BrokerDown {
        forgets: bool,
    },
    BrokerUp,
    Disk(Trouble),
    DiskSlow(i64),
    Provider(Channel, Option<Failing>),
    Tag(usize, TagFault),
}

/// The same of a tag.
#[derive(Debug, Clone, Copy)]
pub(super) enum TagFault {
    Shielded(bool),
    OutOfReach(bool),
    Jammed(bool),
    StrapCut,
    StrapWhole,
    ClockSet(i64),
}

/// A time of a life.
#[expect(clippy::cast_possible_truncation, reason = "days of milliseconds")]
fn second(t_s: f64) -> Timestamp {
    START.plus_ms((t_s * 1e3) as i64)
}

/// Chooses what happens when.
struct Planner {
    chance: Chance,
    days: f64,
    until: Timestamp,
    planned: Vec<(Timestamp, Fault)>,
}

impl Planner {
    /// Something that happens so often a day, for so many seconds.
    fn spells(
        &mut self,
        per_day: f64,
        lasts_s: (f64, f64),
        mut begins: impl FnMut(&mut Chance) -> (Fault, Option<Fault>),
    ) {
        #[expect(clippy::cast_possible_truncation, reason = "some dozens")]
        let count = (per_day * self.days + self.chance.between(0.0, 1.0)).floor() as i64;
        for _ in 0..count {
            let at = START.plus_ms(self.chance.whole(0, self.until.ms_since(START)));
            let lasts_ms = self.chance.ms(lasts_s.0, lasts_s.1);
            let (bad, good) = begins(&mut self.chance);
            self.planned.push((at, bad));
            let ends = at.plus_ms(lasts_ms).min(self.until);
            self.planned.extend(good.map(|good| (ends, good)));
        }
    }
}

impl World<'_> {
    /// Plans everything that goes wrong.
    pub(super) fn plan_faults(&mut self, days: u32) {
        let (mix, tags) = (self.mix.clone(), self.worn.len());
        let chance = Chance::of(self.seed, 8);
        let channels: &[Channel] = match has_everything(self.seed) {
            true => &Channel::ALL[..6],
            false => &[Channel::Sms, Channel::Webhook],
        };
        let mut plan = Planner { chance, days: f64::from(days), until: self.calm_from, planned: Vec::new() };
        plan.spells(mix.kills, (1.0, 2.0), |_| (Fault::Dies, None));
        plan.spells(mix.crashes, (1.0, 2.0), |chance| {
            (Fault::DiesAfter(u32::try_from(chance.whole(0, 40)).unwrap_or(0)), None)
        });
        plan.spells(mix.wall_set, (60.0, 20_000.0), |chance| {
            let by_ms = chance.whole(-3_600_000, 3_600_000);
            (Fault::WallSet(by_ms), Some(Fault::WallSet(-by_ms)))
        });
        plan.spells(mix.broker_outages, (2.0, 3_600.0), |chance| {
            (Fault::BrokerDown { forgets: chance.happens(mix.forgets) }, Some(Fault::BrokerUp))
        });
        plan.spells(mix.store_outages, (1.0, 600.0), |chance| {
            let trouble = *chance.one_of(&[Trouble::Fails, Trouble::Hangs]);
            (Fault::Disk(trouble), Some(Fault::Disk(Trouble::Nothing)))
        });
        plan.spells(mix.store_slow, (10.0, 1_800.0), |chance| {
            (Fault::DiskSlow(chance.whole(50, 3_000)), Some(Fault::DiskSlow(0)))
        });
        plan.spells(mix.provider_outages, (5.0, 1_800.0), |chance| {
            let channel = *chance.one_of(channels);
            let failing = *chance.one_of(&Failing::ALL);
            (Fault::Provider(channel, Some(failing)), Some(Fault::Provider(channel, None)))
        });
        self.plan_tag_faults(&mut plan, tags);
        for (at, fault) in plan.planned {
            self.queue.put(at, Event::Befalls(fault));
        }
        for n in 0..tags {
            if plan.chance.happens(mix.numbers_refused) {
                self.phones.refuse(self.wearers[n].phone.clone());
            }
        }
        if plan.chance.happens(mix.numbers_refused) {
            self.phones.refuse(staff_phone(1));
        }
    }

    fn plan_tag_faults(&self, plan: &mut Planner, tags: usize) {
        let mix = &self.mix;
        for tag in 0..tags {
            for span in self.wearers[tag].life.violations() {
                if plan.chance.happens(mix.hidden) {
                    let [from, until] = [span.from_s, span.until_s].map(second);
                    plan.planned.push((from, Fault::Tag(tag, TagFault::OutOfReach(true))));
                    plan.planned.push((until.min(plan.until), Fault::Tag(tag, TagFault::OutOfReach(false))));
                }
            }
            let pair = |bad, good| (Fault::Tag(tag, bad), Some(Fault::Tag(tag, good)));
            plan.spells(mix.shielded, (60.0, 7_200.0), |_| {
                pair(TagFault::Shielded(true), TagFault::Shielded(false))
            });
            plan.spells(mix.out_of_reach, (20.0, 7_200.0), |_| {
                pair(TagFault::OutOfReach(true), TagFault::OutOfReach(false))
            });
            plan.spells(mix.jammed, (60.0, 1_800.0), |_| {
                pair(TagFault::Jammed(true), TagFault::Jammed(false))
            });
            plan.spells(mix.strap_cut, (10.0, 3_600.0), |_| pair(TagFault::StrapCut, TagFault::StrapWhole));
            plan.spells(mix.clock_set, (60.0, 40_000.0), |chance| {
                // Minutes, hours, or the week roll-over of an old receiver.
                let by_ms = *chance.one_of(&[200_000, -200_000, 86_400_000, -86_400_000, -619_315_200_000]);
                pair(TagFault::ClockSet(by_ms), TagFault::ClockSet(-by_ms))
            });
        }
    }

    pub(super) fn befalls(&mut self, fault: Fault) {
        if !matches!(fault, Fault::Starts) {
            self.say(|| format!("{fault:?}"));
        }
        match fault {
            Fault::Starts => self.starts(),
            Fault::Dies => self.dies(),
            Fault::DiesAfter(places) => self.service.dies_after = Some(places),
            Fault::WallSet(by_ms) => self.sets_wall(by_ms),
            Fault::BrokerDown { forgets } => {
                self.broker.is_down = true;
                self.loses_broker();
                if forgets {
                    self.broker.forget();
                }
            }
            Fault::BrokerUp => {
                self.broker.is_down = false;
                let process = self.service.process_no();
                self.in_ms(500, Event::Connects { process });
            }
            Fault::Disk(trouble) => {
                self.disk.befall(trouble);
                self.turns();
            }
            Fault::DiskSlow(slow_ms) => self.disk.slow_down(slow_ms),
            Fault::Provider(channel, failing) => self.phones.befall(channel, failing),
            Fault::Tag(tag, fault) => self.befalls_tag(tag, fault),
        }
    }

    fn befalls_tag(&mut self, tag: usize, fault: TagFault) {
        let (now, now_ms) = (self.now, self.now.as_ms());
        let worn = &mut self.worn[tag];
        match fault {
            TagFault::Shielded(is_so) => worn.tag.go_dark(is_so),
            TagFault::OutOfReach(is_so) => worn.is_out_of_reach = is_so,
            TagFault::Jammed(is_so) => worn.tag.jam(now_ms, is_so),
            TagFault::StrapCut => worn.tag.cut_strap(now_ms),
            TagFault::StrapWhole => worn.tag.restore_strap(now_ms),
            TagFault::ClockSet(by_ms) => worn.set_clock(now, by_ms),
        }
        self.stirs(tag);
    }
}
