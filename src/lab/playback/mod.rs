//! What Cordon was told of one wearer in a span of time, instant by instant, and what it believed then: the engine itself
//! decides the wearer's rows of the journal again, and what it says is compared with what was recorded.
//!
//! | Part | What it does |
//! |---|---|
//! | `read` | finds the rows: the wearer's, of what binds them, and of Cordon's own hearing |
//! | `tape` | plays them to an engine and notes what it believes |
//! | `force` | which zones were in force when, as they were drawn then |
//!
//! An instant is Cordon's own time: what had not come by then was not known, whenever it was taken. Where a protected person
//! was is written down nowhere, and how far from them the wearer was is left out: several such distances say where they were.

mod force;
mod read;
mod tape;

use crate::{
    domain::{Accuracy, CaseId, MINUTE_MS, Reason, Source, Stage, Timestamp, UnitId, WearerId, Zone, ZoneId},
    engine::{Rulebook, Sight},
    geometry::LatLon,
    store::{Store, StoreError},
};

/// A span is no longer than this, milliseconds: a week.
const SPAN_MS_MAX: i64 = 7 * 24 * 60 * MINUTE_MS;
/// Fixes that are played; what comes after them is left out.
pub const FIXES_MAX: usize = 20_000;

/// From when until when, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    from: Timestamp,
    until: Timestamp,
}

/// Why a span cannot be played.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SpanError {
    /// It ends before it has begun.
    #[error("the end must be after the beginning")]
    Backwards,
    /// It is longer than a week.
    #[error("at most 7 days can be played at once")]
    TooLong,
}

impl Span {
    /// A span of up to seven days.
    ///
    /// # Errors
    /// See [`SpanError`].
    pub fn new(from: Timestamp, until: Timestamp) -> Result<Self, SpanError> {
        match until.ms_since(from) {
            ..=0 => Err(SpanError::Backwards),
            ms if ms > SPAN_MS_MAX => Err(SpanError::TooLong),
            _ => Ok(Self { from, until }),
        }
    }

    /// From `from` on until `until`, or as much of it as a span may hold.
    #[must_use]
    pub fn first_of(from: Timestamp, until: Timestamp) -> Self {
        let until = until.max(from.plus_ms(1_000)).min(from.plus_ms(SPAN_MS_MAX));
        Self { from, until }
    }

    /// Its first instant.
    #[must_use]
    pub fn from(self) -> Timestamp {
        self.from
    }

    /// Its last instant.
    #[must_use]
    pub fn until(self) -> Timestamp {
        self.until
    }

    /// Whether an instant is within it.
    #[must_use]
    pub fn has(self, at: Timestamp) -> bool {
        (self.from..=self.until).contains(&at)
    }
}

/// What was played.
#[derive(Debug, Clone)]
pub struct Playback {
    /// Whom it is about.
    pub wearer: WearerId,
    /// What was asked for.
    pub span: Span,
    /// As far as it goes: the span's end, or where there was too much.
    pub until: Timestamp,
    /// In the order in which Cordon learnt of them.
    pub fixes: Vec<Played>,
    /// What was believed when the span began, as far as it was not Clear.
    pub before: Vec<(ZoneId, Stage)>,
    /// What changed, in order.
    pub turns: Vec<Turn>,
    /// The wearer's zones, each as long as it stood unchanged.
    pub zones: Vec<Stood>,
    /// When for so long nothing was known of where the wearer was that nothing can be said of the way.
    pub gaps: Vec<[Timestamp; 2]>,
    /// How sure all this is.
    pub checked: Checked,
}

/// A fix, and what was believed once it had been judged.
#[derive(Debug, Clone)]
pub struct Played {
    /// The journal's row.
    pub row: i64,
    /// When Cordon learnt of it.
    pub received: Timestamp,
    /// When it was taken: by the tag's clock, as Cordon corrects it.
    pub taken: Timestamp,
    /// Where.
    pub position: LatLon,
    /// How sure the receiver was.
    pub accuracy: Accuracy,
    /// What it was taken with.
    pub source: Source,
    /// A newer fix was known: what is believed is as of that one.
    pub is_past: bool,
    /// What it says of each of the wearer's drawn zones.
    pub sights: Vec<(ZoneId, Sight)>,
    /// What was believed after it, as far as it was not Clear.
    pub believed: Vec<(ZoneId, Stage)>,
    /// The changes that it brought about, by their places in [`Playback::turns`].
    pub turns: Vec<usize>,
}

impl Played {
    /// How old it was when it came, seconds.
    #[must_use]
    pub fn age_s(&self) -> f64 {
        self.received.s_since(self.taken).max(0.0)
    }
}

/// A change of what was believed.
#[derive(Debug, Clone)]
pub struct Turn {
    /// The journal's row.
    pub row: i64,
    /// When Cordon concluded it.
    pub at: Timestamp,
    /// Of which zone.
    pub zone: ZoneId,
    /// Into what.
    pub to: Stage,
    /// When it really was.
    pub true_time: Timestamp,
    /// Why; `None` of a zone around a person, whose reasons are distances.
    pub reason: Option<Reason>,
}

/// A zone while it stood as it was.
#[derive(Debug, Clone, PartialEq)]
pub struct Stood {
    /// Its id.
    pub id: ZoneId,
    /// Its code.
    pub code: String,
    /// As it was drawn; `None` of a zone around a person.
    pub drawn: Option<Zone>,
    /// Whose wearer it bound; `None` for everybody's of the unit.
    pub case: Option<CaseId>,
    /// The unit that owned it.
    pub unit: UnitId,
    /// When it applied.
    pub applied: Vec<[Timestamp; 2]>,
}

/// What deciding the rows again found, within the span.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Checked {
    /// Rows that were decided again and compared.
    pub same: usize,
    /// Of these, rows about which something else was recorded.
    pub otherwise: usize,
    /// Rows that another version of the engine decided: not compared.
    pub other_versions: usize,
    /// Rows whose content is gone or cannot be read.
    pub unreadable: usize,
}

/// Plays a span. `now`: the rulebook in force now, which says what to look for.
///
/// # Errors
/// If the store cannot be read.
pub async fn play(
    store: &dyn Store,
    now: &Rulebook,
    wearer: &WearerId,
    span: Span,
) -> Result<Playback, StoreError> {
    let read = read::rows(store, now, wearer, span).await?;
    Ok(tape::play(wearer, span, &read))
}
