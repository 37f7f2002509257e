//! What waits to be published to tags.
//!
//! An `ack` says everything that is stored, so only the newest counts: one a second and tag is enough. A `reject` names
//! one message and is sent at once. Nothing here needs to survive: a tag that is not answered sends again.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

use tag_wire::TopicKind;

use crate::{
    domain::{SECOND_MS, TagId, Timestamp},
    sequencer::TagReply,
};

/// How many tags may have an ack waiting or sent within the last second.
const TAGS_MAX: usize = 100_000;

/// How many other replies may wait.
const OTHERS_MAX: usize = 4_096;

/// Replies that wait, and which tags were sent an ack within the last second.
#[derive(Debug, Default)]
pub(super) struct Replies {
    /// The newest unsent ack of every tag that stands in `ready` or `quiet`, and of no other.
    acks: BTreeMap<TagId, Option<Arc<[u8]>>>,
    /// Tags whose ack may go now.
    ready: VecDeque<TagId>,
    /// Tags that were sent an ack, and when their second is over, soonest first.
    quiet: VecDeque<(Timestamp, TagId)>,
    /// Rejects and commands.
    others: VecDeque<TagReply>,
}

impl Replies {
    /// Takes a reply. False if there is no room for it.
    pub(super) fn put(&mut self, reply: TagReply) -> bool {
        if reply.topic != TopicKind::Ack {
            let room = self.others.len() < OTHERS_MAX;
            if room {
                self.others.push_back(reply);
            }
            return room;
        }
        if let Some(newest) = self.acks.get_mut(&reply.tag) {
            *newest = Some(reply.payload);
            return true;
        }
        let room = self.acks.len() < TAGS_MAX;
        if room {
            self.ready.push_back(reply.tag.clone());
            self.acks.insert(reply.tag, Some(reply.payload));
        }
        room
    }

    /// Lets the acks go whose tag's second is over by `now`.
    pub(super) fn wake(&mut self, now: Timestamp) {
        while let Some((_, tag)) = self.quiet.pop_front_if(|(until, _)| *until <= now) {
            match self.acks.get(&tag) {
                Some(Some(_)) => self.ready.push_back(tag),
                _ => drop(self.acks.remove(&tag)),
            }
        }
    }

    /// The reply to publish now, if any. It stays until [`sent`](Self::sent).
    pub(super) fn next(&self) -> Option<TagReply> {
        if let Some(reply) = self.others.front() {
            return Some(reply.clone());
        }
        let tag = self.ready.front()?;
        let payload = self.acks.get(tag)?.clone()?;
        Some(TagReply { tag: tag.clone(), topic: TopicKind::Ack, payload })
    }

    /// The reply of `next` is published.
    pub(super) fn sent(&mut self, now: Timestamp) {
        if self.others.pop_front().is_some() {
            return;
        }
        if let Some(tag) = self.ready.pop_front() {
            self.acks.insert(tag.clone(), None);
            self.quiet.push_back((now.plus_ms(SECOND_MS), tag));
        }
    }

    /// When to wake again: a tag's second is over.
    pub(super) fn next_at(&self) -> Option<Timestamp> {
        self.quiet.front().map(|(until, _)| *until)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn reply(tag: &str, topic: TopicKind, text: &str) -> TagReply {
        TagReply { tag: tag.parse().unwrap(), topic, payload: text.as_bytes().into() }
    }

    fn take(replies: &mut Replies, now: Timestamp) -> Option<(String, String)> {
        replies.wake(now);
        let reply = replies.next()?;
        replies.sent(now);
        Some((reply.tag.to_string(), String::from_utf8(reply.payload.to_vec()).unwrap()))
    }

    fn some(tag: &str, text: &str) -> Option<(String, String)> {
        Some((tag.into(), text.into()))
    }

    #[test]
    fn one_ack_a_second_and_the_newest_wins() {
        let (mut replies, start) = (Replies::default(), Timestamp::from_ms(1_000));
        assert!(replies.put(reply("v/a", TopicKind::Ack, "1")));
        assert_eq!(take(&mut replies, start), some("v/a", "1"));
        for text in ["2", "3"] {
            assert!(replies.put(reply("v/a", TopicKind::Ack, text)));
            assert_eq!(take(&mut replies, start.plus_ms(999)), None);
        }
        assert!(replies.put(reply("v/b", TopicKind::Ack, "b")));
        assert_eq!(take(&mut replies, start.plus_ms(999)), some("v/b", "b"), "another tag does not wait");
        assert_eq!(replies.next_at(), Some(start.plus_ms(1_000)));
        assert_eq!(take(&mut replies, start.plus_ms(1_000)), some("v/a", "3"));
        assert_eq!(take(&mut replies, start.plus_ms(1_999)), None);
        assert_eq!(take(&mut replies, start.plus_ms(9_999)), None);
        assert!(replies.acks.is_empty() && replies.ready.is_empty() && replies.quiet.is_empty());
    }

    #[test]
    fn an_ack_that_could_not_be_sent_yet_is_replaced_by_a_newer_one() {
        let (mut replies, now) = (Replies::default(), Timestamp::from_ms(0));
        assert!(replies.put(reply("v/a", TopicKind::Ack, "1")));
        assert!(replies.next().is_some());
        assert!(replies.put(reply("v/a", TopicKind::Ack, "2")));
        assert_eq!(take(&mut replies, now), some("v/a", "2"));
        assert_eq!(take(&mut replies, now), None);
    }

    #[test]
    fn rejects_go_at_once_and_each_of_them() {
        let (mut replies, now) = (Replies::default(), Timestamp::from_ms(0));
        for text in ["1", "2", "3"] {
            assert!(replies.put(reply("v/a", TopicKind::Reject, text)));
        }
        for text in ["1", "2", "3"] {
            assert_eq!(take(&mut replies, now), some("v/a", text));
        }
    }

    #[test]
    fn memory_is_bounded() {
        let mut replies = Replies::default();
        for n in 0..OTHERS_MAX + 10 {
            assert_eq!(replies.put(reply("v/a", TopicKind::Reject, "x")), n < OTHERS_MAX);
        }
        for n in 0..TAGS_MAX + 10 {
            assert_eq!(replies.put(reply(&format!("v/{n}"), TopicKind::Ack, "x")), n < TAGS_MAX);
        }
        assert!(
            replies.put(reply("v/1", TopicKind::Ack, "y")),
            "a tag that waits already takes no more room"
        );
    }

    proptest! {
        // (tag, milliseconds that pass before its next ack): whatever the order, acks of a tag are a second apart,
        // never go back, and the last one is sent in the end.
        #[test]
        fn acks_are_a_second_apart_and_the_last_one_arrives(puts in prop::collection::vec((0..4_u8, 0..700_i64), 1..80)) {
            let mut replies = Replies::default();
            let mut now = Timestamp::from_ms(0);
            let mut last_put = BTreeMap::new();
            let mut sent: BTreeMap<String, (Timestamp, usize)> = BTreeMap::new();
            let mut drain = |replies: &mut Replies, now: Timestamp| {
                while let Some((tag, text)) = take(replies, now) {
                    let n: usize = text.parse().unwrap();
                    if let Some((at, before)) = sent.insert(tag, (now, n)) {
                        assert!(now.ms_since(at) >= SECOND_MS && n > before);
                    }
                }
            };
            for (n, (tag, ms)) in puts.into_iter().enumerate() {
                now = now.plus_ms(ms);
                let tag = format!("v/{tag}");
                prop_assert!(replies.put(reply(&tag, TopicKind::Ack, &n.to_string())));
                last_put.insert(tag, n);
                drain(&mut replies, now);
            }
            while let Some(at) = replies.next_at() {
                drain(&mut replies, at);
            }
            let last_sent: BTreeMap<String, usize> = sent.into_iter().map(|(tag, (_, n))| (tag, n)).collect();
            prop_assert_eq!(last_sent, last_put);
        }
    }
}
