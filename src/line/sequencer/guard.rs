//! An input that crashes the engine is set aside once, and the next one goes on.
//!
//! Deciding only reads, so nothing has changed when it crashes. What crashed stands in the journal behind the input
//! that says so; decided again, that row needs none of it.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::{
    inbox::TagReply,
    record::{CODEC_SET_ASIDE, line_before},
    step::{Entry, Sequencer},
};
use crate::{
    crash,
    domain::{Ping, TagId, Timestamp, UnitId},
    engine::{CompanionHeard, Decision, Engine, Input, PingNo, SetAside, Told},
};

#[cfg(not(panic = "unwind"))]
compile_error!("an input that crashes the engine must not end the process: build with panic = \"unwind\"");

/// What a tag is told of a message that crashed its reader.
const NOT_EVALUABLE: &str = "not_evaluable";

/// An entry that has been decided.
pub(super) struct Judged {
    pub(super) entry: Entry,
    pub(super) unit: Option<UnitId>,
    pub(super) subject: String,
    pub(super) decision: Decision,
}

/// What `work` gives; `None` if it crashes. It must not have changed anything by then.
pub(super) fn guarded<T>(work: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(work)).ok()
}

/// What the engine decides; `None` if it crashes.
pub(super) fn decide(engine: &Engine, at: Timestamp, input: &Input) -> Option<Decision> {
    guarded(|| {
        crash::point("decide");
        engine.decide(at, input)
    })
}

impl Sequencer {
    /// Decides an entry, or that it is set aside.
    pub(super) fn judge(&self, at: Timestamp, entry: Entry) -> Judged {
        let decided = |input: &Input| guarded(|| self.whose(input, at)).zip(decide(self.engine(), at, input));
        if let Some(((unit, subject), decision)) = decided(&entry.input) {
            return Judged { entry, unit, subject, decision };
        }
        tracing::error!(kind = entry.kind, "an input crashed the engine and is set aside");
        let what = what_crashed(&entry.input);
        let entry = set_aside(what.clone(), &entry.payload);
        if let Some(((unit, subject), decision)) = decided(&entry.input) {
            return Judged { entry, unit, subject, decision };
        }
        tracing::error!("nor can the engine say so; nobody is told but you");
        let decision = self.engine().put_away(at, &what);
        Judged { entry, unit: None, subject: "service".into(), decision }
    }
}

/// What becomes of a tag's message that crashed while it was read, of whose bytes `kept` may be kept: its sender need not
/// keep it.
pub(super) fn unread(tag: &TagId, kept: &[u8], payload: &[u8]) -> (Entry, TagReply) {
    tracing::error!(%tag, "a message crashed its reader and is set aside");
    let reject = tag_wire::Reject {
        sha256: tag_wire::payload_sha256(payload),
        code: NOT_EVALUABLE.into(),
        pointer: String::new(),
        detail: "Cordon failed over this message and has kept it; it need not be sent again".into(),
    };
    let reply =
        TagReply { tag: tag.clone(), topic: tag_wire::TopicKind::Reject, payload: reject.encode().into() };
    (set_aside(SetAside::Message { tag: tag.clone(), ping: None }, kept), reply)
}

fn what_crashed(input: &Input) -> SetAside {
    let message = |tag: &TagId, ping| SetAside::Message { tag: tag.clone(), ping };
    match input {
        Input::Ping { tag, ping: Ping { boot, seq, oldest_kept, .. }, .. } => {
            message(tag, Some(PingNo { boot: *boot, seq: *seq, oldest_kept: *oldest_kept }))
        }
        Input::Told(Told::OutsideBasis { tag, boot, seq, oldest_kept, .. }) => {
            message(tag, Some(PingNo { boot: *boot, seq: *seq, oldest_kept: *oldest_kept }))
        }
        Input::Told(Told::Companion(CompanionHeard { tag, boot, seq, oldest_kept, .. })) => {
            message(tag, Some(PingNo { boot: *boot, seq: *seq, oldest_kept: *oldest_kept }))
        }
        Input::Told(Told::Unreadable { tag, .. } | Told::Connection { tag, .. }) => message(tag, None),
        Input::Told(Told::Deadline(key)) => SetAside::Deadline(key.clone()),
        Input::Told(_) => SetAside::Other,
    }
}

fn set_aside(what: SetAside, payload: &[u8]) -> Entry {
    let told = Told::SetAside(what);
    let payload = line_before(&told, payload);
    Entry { kind: told.name(), input: Input::Told(told), codec: CODEC_SET_ASIDE, payload }
}
