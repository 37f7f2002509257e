//! What a rehearsal reads: the rulebook's units, wearers and cases, one wearer's pings, and when Cordon itself was deaf.

use crate::{
    domain::{Timestamp, WearerId},
    engine::{Input, Rulebook, Told},
    lab::rows::{Numbers, all, first_since},
    sequencer::{input_of, revision_of},
    store::{About, JournalRow, Store, StoreError},
};

const DAY_MS: i64 = 86_400_000;

/// What was recorded of a wearer, and of Cordon's own hearing.
#[derive(Debug, Clone)]
pub struct Recorded {
    /// So many days were asked for.
    pub days_asked: u32,
    /// From here on; later than asked for where the journal begins later.
    pub from: Timestamp,
    /// Up to the end of the journal.
    pub until: Timestamp,
    /// In the order in which it was judged.
    pub heard: Vec<Heard>,
    /// Records of the wearer that cannot be read.
    pub unreadable: usize,
}

/// Something that was recorded.
#[derive(Debug, Clone)]
pub struct Heard {
    /// When it was judged.
    pub at: Timestamp,
    /// What it was.
    pub input: Input,
    /// Before it Cordon did nothing since then: it is a start.
    pub stopped: Option<Timestamp>,
}

impl Recorded {
    /// So many days it holds, to the nearest, one at least.
    #[must_use]
    pub fn days(&self) -> u32 {
        let ms = self.until.ms_since(self.from);
        u32::try_from((ms + DAY_MS / 2).div_euclid(DAY_MS)).unwrap_or(u32::MAX).max(1)
    }
}

/// The units and cases in force, and one wearer. Nobody else's revisions are read; above all no person's.
///
/// # Errors
/// If the store cannot be read.
pub async fn rulebook(store: &dyn Store, wearer: &WearerId) -> Result<Rulebook, StoreError> {
    let wearer = format!("wearer:{wearer}");
    let mut rows = Vec::new();
    for about in [About::Every("unit"), About::One(&wearer), About::Every("case")] {
        rows.extend(all(store, "publish", about, Numbers { after: 0, last: i64::MAX }).await?);
    }
    rows.sort_by_key(|row| row.no);
    let mut rulebook = Rulebook::default();
    for row in rows.iter().filter(|row| revision_of(row).is_some()) {
        if let Ok(Input::Told(Told::Publish(book) | Told::Revise { book, .. })) = input_of(row) {
            rulebook = rulebook.published(book, row.at);
        }
    }
    Ok(rulebook)
}

/// The last so many days of the journal, as far as they are about one wearer.
///
/// # Errors
/// If the store cannot be read.
pub async fn recorded(store: &dyn Store, wearer: &WearerId, days: u32) -> Result<Recorded, StoreError> {
    let (first, last) = (store.journal(0, 1).await?.into_iter().next(), store.head().await?);
    let nothing = Recorded {
        days_asked: days,
        from: Timestamp::MIN,
        until: Timestamp::MIN,
        heard: vec![],
        unreadable: 0,
    };
    let Some((first, last)) = first.zip(last) else {
        return Ok(nothing);
    };
    let from = last.at.plus_ms(-i64::from(days) * DAY_MS).max(first.at);
    let numbers = Numbers { after: first_since(store, first.no, last.no, from).await? - 1, last: last.no };
    let wearer = format!("wearer:{wearer}");
    let mut rows = all(store, "ping", About::One(&wearer), numbers).await?;
    for kind in ["started", "source"] {
        rows.extend(all(store, kind, About::One("service"), numbers).await?);
    }
    rows.sort_by_key(|row| row.no);
    let mut recorded = Recorded { from, until: last.at, ..nothing };
    for row in &rows {
        match input_of(row) {
            Ok(input) => {
                let is_start = matches!(input, Input::Told(Told::Started { .. }));
                let stopped = if is_start { before(store, row).await?.map(|at| at.max(from)) } else { None };
                recorded.heard.push(Heard { at: row.at, input, stopped });
            }
            Err(_) => recorded.unreadable += 1,
        }
    }
    Ok(recorded)
}

/// When the row before a row was judged.
async fn before(store: &dyn Store, row: &JournalRow) -> Result<Option<Timestamp>, StoreError> {
    let rows = store.journal(row.no - 2, 1).await?;
    Ok(rows.first().map(|before| before.at).filter(|at| *at < row.at))
}
