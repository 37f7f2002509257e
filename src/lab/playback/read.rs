//! Finds the rows of the journal that a wearer's past hangs on.

use super::Span;
use crate::{
    domain::{CaseId, PersonId, Timestamp, UnitId, WearerId},
    engine::Rulebook,
    lab::rows::{Numbers, all, at_most, first_since},
    sequencer::revision_of,
    store::{About, JournalRow, Store, StoreError},
};

const DAY_MS: i64 = 86_400_000;
/// The engine hears so much of what came before the span that it believes what it believed then ...
const LEAD_MS: i64 = 14 * DAY_MS;
/// ... or, of a tag that reports often, so much.
const SHORT_LEAD_MS: i64 = DAY_MS;
/// Rows of one kind in a lead, and in a span.
const LEAD_ROWS_MAX: usize = 30_000;
const SPAN_ROWS_MAX: usize = 30_000;
/// What the engine hears of a wearer.
const OF_WEARER: [&str; 8] =
    ["ping", "met", "deadline", "outside_basis", "unreadable", "set_aside", "coalesced", "connection"];

/// What was read.
pub(super) struct Read {
    /// In order, those before the span among them.
    pub(super) rows: Vec<JournalRow>,
    /// All rows up to here are there.
    pub(super) until: Timestamp,
}

/// Reads what the span needs, and nothing of other wearers.
///
/// # Errors
/// If the store cannot be read.
pub(super) async fn rows(
    store: &dyn Store,
    now: &Rulebook,
    wearer: &WearerId,
    span: Span,
) -> Result<Read, StoreError> {
    let ends = (store.journal(0, 1).await?.into_iter().next(), store.head().await?);
    let (Some(first), Some(head)) = ends else {
        return Ok(Read { rows: Vec::new(), until: span.until() });
    };
    let since = async |at: Timestamp| first_since(store, first.no, head.no, at).await;
    let begins = since(span.from()).await?;
    // Rows of the same instant are the span's, too.
    let last = since(span.until().plus_ms(1)).await?;
    let reader = Reader { store, wearer, persons: persons(now, wearer) };
    let lead = async |ms: i64| {
        let after = since(span.from().plus_ms(-ms)).await? - 1;
        reader.heard(Numbers { after, last: begins - 1 }, LEAD_ROWS_MAX).await
    };
    let mut before = lead(LEAD_MS).await?;
    if before.1 {
        before = lead(SHORT_LEAD_MS).await?;
    }
    let (mut within, is_cut) = reader.heard(Numbers { after: begins - 1, last }, SPAN_ROWS_MAX).await?;
    within.retain(|row| row.at <= span.until());
    let until = if is_cut { within.last().map_or(span.from(), |row| row.at) } else { span.until() };
    let mut rows = reader.standing(now, last).await?;
    rows.extend(before.0);
    rows.extend(within);
    rows.sort_by_key(|row| row.no);
    rows.dedup_by_key(|row| row.no);
    rows.retain(|row| row.at <= until);
    Ok(Read { rows, until })
}

struct Reader<'r> {
    store: &'r dyn Store,
    wearer: &'r WearerId,
    persons: Vec<PersonId>,
}

impl Reader<'_> {
    /// What was heard of the wearer and, of those who are protected from them, how near the two were; and whether that is
    /// not all.
    async fn heard(&self, numbers: Numbers, most: usize) -> Result<(Vec<JournalRow>, bool), StoreError> {
        let (mut found, mut numbers, mut is_cut) = (Vec::new(), numbers, false);
        let wearer = format!("wearer:{}", self.wearer);
        let mut wanted: Vec<(&str, String)> = OF_WEARER.iter().map(|kind| (*kind, wearer.clone())).collect();
        wanted.extend(self.persons.iter().map(|person| ("companion", format!("person:{person}"))));
        wanted.push(("service", "service".into()));
        for (kind, subject) in wanted {
            let (rows, more) = at_most(self.store, kind, About::One(&subject), numbers, most).await?;
            if more {
                // Of nothing is more played than of that.
                (numbers.last, is_cut) = (rows.last().map_or(numbers.after, |row| row.no), true);
            }
            found.extend(rows);
        }
        found.sort_by_key(|row| row.no);
        found.retain(|row| row.no <= numbers.last);
        Ok((found, is_cut))
    }

    /// What stands until something else is said: the revisions, and what can be heard.
    async fn standing(&self, now: &Rulebook, last: i64) -> Result<Vec<JournalRow>, StoreError> {
        let numbers = Numbers { after: 0, last };
        let mut subjects: Vec<String> = vec![format!("wearer:{}", self.wearer)];
        subjects.extend(units(now, self.wearer).iter().map(|unit| format!("unit:{unit}")));
        subjects.extend(cases(now, self.wearer).iter().map(|case| format!("case:{case}")));
        subjects.extend(self.persons.iter().map(|person| format!("person:{person}")));
        let mut found = Vec::new();
        for subject in &subjects {
            let rows = all(self.store, "publish", About::One(subject), numbers).await?;
            found.extend(rows.into_iter().filter(|row| revision_of(row).is_some()));
        }
        for kind in ["started", "source"] {
            found.extend(all(self.store, kind, About::One("service"), numbers).await?);
        }
        Ok(found)
    }
}

fn cases(now: &Rulebook, wearer: &WearerId) -> Vec<CaseId> {
    now.cases_of(wearer).map(|case| case.id.clone()).collect()
}

fn units(now: &Rulebook, wearer: &WearerId) -> Vec<UnitId> {
    let of_cases = now.cases_of(wearer).map(|case| &case.unit);
    let of_persons = now.cases_of(wearer).flat_map(|case| &case.persons).filter_map(|id| now.person(id));
    let own = now.wearer(wearer).map(|wearer| &wearer.unit);
    let mut units: Vec<UnitId> =
        own.into_iter().chain(of_cases).chain(of_persons.map(|person| &person.unit)).cloned().collect();
    units.sort();
    units.dedup();
    units
}

fn persons(now: &Rulebook, wearer: &WearerId) -> Vec<PersonId> {
    let mut persons: Vec<PersonId> =
        now.cases_of(wearer).flat_map(|case| case.persons.iter().cloned()).collect();
    persons.sort();
    persons.dedup();
    persons
}
