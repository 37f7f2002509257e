//! Which messages are passed on: judged by topic alone, the bytes are the sequencer's matter.

use tag_wire::{Topic, TopicKind, VendorName};

use crate::{domain::TagId, sequencer::MessageKind};

/// What becomes of a message.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is passed on.
    Pass(TagId, MessageKind),
    /// The broker had kept a status message: it says what once was, perhaps long ago.
    Retained,
    /// The broker had kept something else, which no tag may ask for.
    WronglyRetained,
    /// No topic a tag may publish on.
    WrongTopic,
    /// A vendor the source may not speak for.
    WrongVendor,
}

/// Judges a message on `topic`; `only` is the one vendor the source may speak for.
pub(super) fn judge(topic: &str, retained: bool, only: Option<&VendorName>) -> Verdict {
    let topic = Topic::parse(topic);
    if retained {
        let is_status = topic.is_ok_and(|topic| topic.kind == TopicKind::Status);
        return if is_status { Verdict::Retained } else { Verdict::WronglyRetained };
    }
    let Ok(topic) = topic else {
        return Verdict::WrongTopic;
    };
    let kind = match topic.kind {
        TopicKind::Ping => MessageKind::Ping,
        TopicKind::Status => MessageKind::Status,
        TopicKind::Ack | TopicKind::Reject | TopicKind::Cmd => return Verdict::WrongTopic,
    };
    if only.is_some_and(|only| *only != topic.vendor) {
        return Verdict::WrongVendor;
    }
    Verdict::Pass(TagId::new(&topic.vendor, &topic.tag), kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pings_and_status_messages_pass_and_nothing_else_does() {
        let tag: TagId = "acme/T1".parse().unwrap();
        for (topic, verdict) in [
            ("cordon/v1/acme/T1/ping", Verdict::Pass(tag.clone(), MessageKind::Ping)),
            ("cordon/v1/acme/T1/status", Verdict::Pass(tag, MessageKind::Status)),
            ("cordon/v1/acme/T1/ack", Verdict::WrongTopic),
            ("cordon/v1/acme/T1/reject", Verdict::WrongTopic),
            ("cordon/v1/acme/T1/cmd", Verdict::WrongTopic),
            ("cordon/v2/acme/T1/ping", Verdict::WrongTopic),
            ("cordon/v1/acme/T 1/ping", Verdict::WrongTopic),
            ("cordon/v1/acme/T1", Verdict::WrongTopic),
            ("", Verdict::WrongTopic),
        ] {
            assert_eq!(judge(topic, false, None), verdict, "{topic}");
        }
        assert_eq!(judge("cordon/v1/acme/T1/status", true, None), Verdict::Retained);
        for topic in ["cordon/v1/acme/T1/ping", "cordon/v1/acme/T 1/status", ""] {
            assert_eq!(judge(topic, true, None), Verdict::WronglyRetained, "{topic}");
        }
    }

    #[test]
    fn a_gateway_speaks_for_its_own_vendor_only() {
        let own: VendorName = "acme".parse().unwrap();
        assert!(matches!(judge("cordon/v1/acme/T1/ping", false, Some(&own)), Verdict::Pass(..)));
        assert_eq!(judge("cordon/v1/acme2/T1/ping", false, Some(&own)), Verdict::WrongVendor);
        assert_eq!(judge("cordon/v1/Acme/T1/status", false, Some(&own)), Verdict::WrongVendor);
    }
}
