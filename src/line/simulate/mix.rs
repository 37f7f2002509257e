//! What a seed is made of: which faults there are in its days, and how many. Far above real life, and never the same.

use super::chance::Chance;

/// How often things go wrong. Counts are for a day; times are bounds of what chance chooses from, seconds.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Mix {
    /// Of messages between tags and broker, either way.
    pub(super) lost: f64,
    pub(super) doubled: f64,
    /// The longest way between tag and broker, seconds; most are short, and a later one may overtake.
    pub(super) way_s: f64,
    /// A message that arrives cut short.
    pub(super) damaged: f64,
    /// A tag's: shielded from radio and sky; out of the network's reach; jammed; its strap is cut; its clock is set.
    pub(super) shielded: f64,
    pub(super) out_of_reach: f64,
    pub(super) jammed: f64,
    pub(super) strap_cut: f64,
    pub(super) clock_set: f64,
    /// Tags that take no commands, by share.
    pub(super) deaf_tags: f64,
    /// Wearers who go into their zone in the evening, by share, and of these those whom no network reaches meanwhile.
    pub(super) violators: f64,
    pub(super) hidden: f64,
    /// The broker's: outages, and the share of them after which it has forgotten what it kept.
    pub(super) broker_outages: f64,
    pub(super) forgets: f64,
    /// The service's: killed at a random time, or between two steps of its work; the longest it stays away, seconds.
    pub(super) kills: f64,
    pub(super) crashes: f64,
    pub(super) away_s: f64,
    /// How often its wall clock is set.
    pub(super) wall_set: f64,
    /// The store's: times in which nothing can be written, and in which it is slow; commits whose answer is lost, by share.
    pub(super) store_outages: f64,
    pub(super) store_slow: f64,
    pub(super) answers_lost: f64,
    /// The providers': times in which one fails, hangs or is busy; messages that are taken and whose answer is lost, by share.
    pub(super) provider_outages: f64,
    pub(super) takings_lost: f64,
    /// Phone numbers that are refused, by share; receipts that never come, by share.
    pub(super) numbers_refused: f64,
    pub(super) receipts_lost: f64,
    /// People: protected persons who never answer, who answer wrongly; officers' actions that are not taken, by share.
    pub(super) silent: f64,
    pub(super) confused: f64,
    pub(super) careless: f64,
    /// Rulebook edits, some in the middle of an incident; tags that are swapped.
    pub(super) edits: f64,
    pub(super) swaps: f64,
}

impl Mix {
    /// Of a seed.
    pub(super) fn of(seed: u64) -> Self {
        let mut chance = Chance::of(seed, 1);
        // Each kind of fault is left out of some seeds, so that the others are seen alone, too.
        let mut up_to = |most: f64, odds: f64| {
            let (is_there, how_much) = (chance.happens(odds), chance.mostly_small(0.05, 1.0));
            if is_there { most * how_much } else { 0.0 }
        };
        Self {
            lost: up_to(0.15, 0.7),
            doubled: up_to(0.1, 0.7),
            way_s: 0.2 + up_to(20.0, 0.5),
            damaged: up_to(0.002, 0.5),
            shielded: up_to(1.0, 0.6),
            out_of_reach: up_to(3.0, 0.7),
            jammed: up_to(0.3, 0.4),
            strap_cut: up_to(0.2, 0.5),
            clock_set: up_to(0.2, 0.4),
            deaf_tags: up_to(0.5, 0.5),
            violators: 0.2 + up_to(0.6, 0.8),
            hidden: up_to(1.0, 0.7),
            broker_outages: up_to(8.0, 0.6),
            forgets: up_to(1.0, 0.4),
            kills: up_to(10.0, 0.6),
            crashes: up_to(20.0, 0.7),
            away_s: 2.0 + up_to(900.0, 0.5),
            wall_set: up_to(3.0, 0.4),
            store_outages: up_to(6.0, 0.6),
            store_slow: up_to(6.0, 0.5),
            answers_lost: up_to(0.05, 0.5),
            provider_outages: up_to(8.0, 0.6),
            takings_lost: up_to(0.2, 0.5),
            numbers_refused: up_to(0.2, 0.4),
            receipts_lost: up_to(0.5, 0.6),
            silent: up_to(0.8, 0.7),
            confused: up_to(0.6, 0.5),
            careless: up_to(0.8, 0.6),
            edits: up_to(20.0, 0.7),
            swaps: up_to(8.0, 0.6),
        }
    }
}
