//! What makes the pings that a [`Link`](crate::link::Link) sends.

use tag_wire::Cmd;

use crate::Tag;
use crate::kept::Kept;
use crate::route::Truth;
use crate::track::TimedPing;

/// What makes pings: a [`Tag`] in a [`World`], or a [`Replay`].
pub trait PingSource: Send {
    /// Makes the pings that are due.
    fn wake(&mut self, now_ms: i64);
    /// When [`Self::wake`] has something to do next; `None` when there will be no more pings.
    fn next_wake_ms(&self) -> Option<i64>;
    /// The pings not acknowledged yet.
    fn kept(&mut self) -> &mut Kept;
    /// Number of this start of the tag.
    fn boot(&self) -> u32;
    /// A command came.
    fn on_cmd(&mut self, cmd: &Cmd);
    /// Whether the radio reaches anything.
    fn radio_on(&self) -> bool;
}

/// A tag and the world around it: where it truly is, and what is done to it.
pub struct World<F> {
    tag: Tag,
    truth: F,
}

impl<F: FnMut(i64, &mut Tag) -> Truth + Send> World<F> {
    /// `truth` is asked at every wake of the tag, at least each 10 s of virtual time. It is given the time
    /// and the tag, so that a script can cut the strap or shield the radio when it is time to.
    pub const fn new(tag: Tag, truth: F) -> Self {
        Self { tag, truth }
    }
}

impl<F: FnMut(i64, &mut Tag) -> Truth + Send> PingSource for World<F> {
    fn wake(&mut self, now_ms: i64) {
        let truth = (self.truth)(now_ms, &mut self.tag);
        self.tag.wake(now_ms, &truth);
    }

    fn next_wake_ms(&self) -> Option<i64> {
        self.tag.next_wake_ms()
    }

    fn kept(&mut self) -> &mut Kept {
        self.tag.kept()
    }

    fn boot(&self) -> u32 {
        self.tag.boot()
    }

    fn on_cmd(&mut self, cmd: &Cmd) {
        self.tag.on_cmd(cmd);
    }

    fn radio_on(&self) -> bool {
        self.tag.radio_on()
    }
}

/// A recorded track, sent ping by ping.
pub struct Replay {
    /// The next one last.
    to_come: Vec<TimedPing>,
    boot: u32,
    kept: Kept,
}

impl Replay {
    /// `pings` as [`crate::track::pings`] makes them for `boot`; all are held until acknowledged.
    pub fn new(mut pings: Vec<TimedPing>, boot: u32, resend_after_s: u32) -> Self {
        let kept = Kept::new(boot, pings.len(), resend_after_s);
        pings.reverse();
        Self { to_come: pings, boot, kept }
    }
}

impl PingSource for Replay {
    fn wake(&mut self, now_ms: i64) {
        while let Some(next) = self.to_come.pop_if(|next| next.at_ms <= now_ms) {
            self.kept.keep(next.ping);
        }
    }

    fn next_wake_ms(&self) -> Option<i64> {
        self.to_come.last().map(|next| next.at_ms)
    }

    fn kept(&mut self) -> &mut Kept {
        &mut self.kept
    }

    fn boot(&self) -> u32 {
        self.boot
    }

    fn on_cmd(&mut self, _: &Cmd) {}

    fn radio_on(&self) -> bool {
        true
    }
}
