//! The broker of a simulated world: it keeps what tags send until the service has acknowledged it, and may forget.

use std::collections::BTreeMap;

/// See the module's documentation.
#[derive(Debug, Default)]
pub(super) struct Broker {
    pub(super) is_down: bool,
    kept: BTreeMap<u64, Kept>,
    last: u64,
    /// Which connection of the service it is, `None` while there is none.
    session: Option<u64>,
    sessions: u64,
    /// The session was forgotten, and the service does not know yet.
    has_forgotten: bool,
}

/// A message of a tag.
#[derive(Debug, Clone)]
pub(super) struct Kept {
    /// Which tag of the world, and the ping's number.
    pub(super) tag: usize,
    pub(super) seq: u64,
    pub(super) bytes: Vec<u8>,
    /// It arrived as it was sent.
    pub(super) is_whole: bool,
}

impl Broker {
    /// Takes a message; returns its number.
    pub(super) fn take(&mut self, message: Kept) -> u64 {
        self.last += 1;
        self.kept.insert(self.last, message);
        self.last
    }

    pub(super) fn get(&self, id: u64) -> Option<&Kept> {
        self.kept.get(&id)
    }

    /// The service has acknowledged a message.
    pub(super) fn acknowledged(&mut self, id: u64) -> Option<Kept> {
        self.kept.remove(&id)
    }

    /// The service connects; returns the number of the connection and whether what was kept for it is lost.
    pub(super) fn connect(&mut self) -> (u64, bool) {
        self.sessions += 1;
        self.session = Some(self.sessions);
        (self.sessions, std::mem::take(&mut self.has_forgotten))
    }

    /// The connection is gone.
    pub(super) fn disconnect(&mut self) {
        self.session = None;
    }

    pub(super) fn session(&self) -> Option<u64> {
        self.session
    }

    /// What it keeps, oldest first.
    pub(super) fn numbers(&self) -> Vec<u64> {
        self.kept.keys().copied().collect()
    }

    /// It forgets what it kept.
    pub(super) fn forget(&mut self) {
        self.kept.clear();
        self.has_forgotten = true;
    }
}
