//! What a source has seen, for the health page.

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicU64, Ordering},
};

macro_rules! counts {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {
        /// Counters of one source since the start; shared between the source and whoever shows them.
        #[derive(Debug, Default)]
        pub struct Counts {
            $($(#[$doc])* pub(super) $name: Counter,)+
        }

        /// A reading of [`Counts`].
        #[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
        pub struct Tally {
            $($(#[$doc])* pub $name: u64,)+
        }

        impl Tally {
            /// Each with its name, for whoever shows them.
            #[must_use]
            pub fn named(&self) -> BTreeMap<&'static str, u64> {
                BTreeMap::from([$((stringify!($name), self.$name),)+])
            }
        }

        impl Counts {
            /// What they are now. Each one is exact; together they are not of one instant.
            #[must_use]
            pub fn read(&self) -> Tally {
                Tally { $($name: self.$name.0.load(Ordering::Relaxed),)+ }
            }
        }
    };
}

counts! {
    /// Messages the broker delivered, redeliveries included.
    received,
    /// Of those, handed to the sequencer.
    passed_on,
    /// Of those handed over, longer than the packet limit: cut, journalled as refused.
    oversize,
    /// Not a new message but one the broker had retained; acknowledged and ignored.
    retained,
    /// Of those retained, no status message: no tag may have them kept.
    refused_retained,
    /// On no topic that a tag may publish; acknowledged and ignored.
    refused_topic,
    /// Of another vendor than the source may speak for; acknowledged and ignored.
    refused_vendor,
    /// Acknowledged to the broker.
    acked,
    /// Committed after their connection was lost; the broker delivers them again.
    stale_acks,
    /// Acks, rejects and commands published to tags.
    replies,
    /// Of those wanted, not published because too many waited; the tag sends again and is answered then.
    replies_dropped,
    /// Connections that were set up and subscribed.
    connected,
    /// Connections that failed or were lost.
    lost,
    /// Connections on which the broker had forgotten Cordon's session.
    sessions_lost,
    /// 1 while the source can be heard, 0 while not.
    up,
}

#[derive(Debug, Default)]
pub(super) struct Counter(AtomicU64);

impl Counter {
    pub(super) fn add_one(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn put(&self, value: u64) {
        self.0.store(value, Ordering::Relaxed);
    }
}
