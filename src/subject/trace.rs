//! What in the journal has to do with somebody: their cases, their tags, and the rows that may be about them.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    domain::{Assignment, Book, Case, CaseId, DataSubject, PersonId, TagId, Timestamp, UnitId, ZoneId},
    engine::{Input, Told},
    sequencer::{input_of, revision_of},
    store::{About, JournalRow, Store, StoreError},
};

/// Rows read at a time.
pub(super) const PAGE_ROWS: i64 = 500;

/// What is known of somebody from all revisions that there ever were.
#[derive(Debug, Default)]
pub(super) struct Trace {
    /// Since when there is a record of them, by the wall clock; `None` if there never was one.
    pub(super) since: Option<Timestamp>,
    /// Every case that they are, or were, the wearer or a person of, and from when until when, by the wall clock.
    pub(super) cases: BTreeMap<CaseId, Vec<[Timestamp; 2]>>,
    /// Those of the cases that protect, or ever protected, another person: a zone stays when the persons change.
    pub(super) shared: BTreeSet<CaseId>,
    /// A wearer's tags, by the newest revision; a person's Companions.
    devices: Vec<Assignment>,
    /// Of which units they and their cases were.
    pub(super) units: BTreeSet<UnitId>,
    /// Whose rows may hold pings of theirs: a tag that was kept in a drawer is somebody else's when it brings what it kept.
    sharing: BTreeSet<String>,
    /// A protected person's addresses, one after the other.
    pub(super) addresses: BTreeSet<String>,
    /// Zones around a protected person.
    pub(super) around: BTreeSet<ZoneId>,
    /// The others of their cases: what is written of a case is about all of them.
    pub(super) beside: BTreeSet<DataSubject>,
}

impl Trace {
    /// Reads every revision of theirs, of other wearers, and of cases, in rows before `before`; keeps what has to do with
    /// them.
    pub(super) async fn of(
        store: &dyn Store,
        subject: &DataSubject,
        before: i64,
    ) -> Result<Self, StoreError> {
        let (mut trace, mut tags) = (Self::default(), BTreeSet::new());
        let own = subject.to_string();
        each(store, About::One(&own), before, |row| {
            trace.since.get_or_insert(row.wall);
            let book = book_of(row);
            trace.units.extend(book.as_ref().map(|book| book.unit().clone()));
            match book {
                Some(Book::Wearer(it)) => {
                    tags.extend(it.tags.iter().map(|worn| worn.tag.clone()));
                    trace.devices = it.tags;
                }
                Some(Book::Person(it)) => {
                    trace.sharing.extend(it.companions.iter().map(|carried| format!("tag:{}", carried.tag)));
                    trace.addresses.extend(it.contacts.into_iter().map(|contact| contact.address));
                    trace.devices = it.companions;
                }
                _ => {}
            }
        })
        .await?;
        if !tags.is_empty() {
            each(store, About::Every("wearer"), before, |row| {
                if let Some(Book::Wearer(it)) = book_of(row)
                    && row.subject != own
                    && it.tags.iter().any(|worn| tags.contains(&worn.tag))
                {
                    trace.sharing.insert(row.subject.clone());
                }
            })
            .await?;
        }
        each(store, About::Every("case"), before, |row| {
            if let Some(Book::Case(case)) = book_of(row) {
                if case.persons.iter().any(|person| !is_person(subject, person)) {
                    trace.shared.insert(case.id.clone());
                }
                trace.note_case(&case, subject, row.wall);
            } else if let Some(Ok(case)) = row.subject.strip_prefix("case:").map(str::parse) {
                // It is erased: whose zones stood in it nobody knows any more.
                trace.shared.insert(case);
            }
        })
        .await?;
        trace.shared.retain(|case| trace.cases.contains_key(case));
        trace.sharing.extend(tags.into_iter().map(|tag: TagId| format!("tag:{tag}")));
        Ok(trace)
    }

    fn note_case(&mut self, case: &Case, subject: &DataSubject, at: Timestamp) {
        if concerns(case, subject) {
            self.units.insert(case.unit.clone());
            let spans = self.cases.entry(case.id.clone()).or_default();
            if spans.last().is_none_or(|[_, until]| *until < Timestamp::MAX) {
                spans.push([at, Timestamp::MAX]);
            }
            let persons = case.persons.iter().cloned().map(DataSubject::Person);
            let named = persons.chain([DataSubject::Wearer(case.wearer.clone())]);
            self.beside.extend(named.filter(|other| other != subject));
            let around = case.proximity_zones.iter().filter(|zone| is_person(subject, &zone.person));
            self.around.extend(around.map(|zone| zone.id.clone()));
        } else if let Some([_, until]) = self.cases.get_mut(&case.id).and_then(|spans| spans.last_mut()) {
            *until = at.min(*until);
        }
    }

    /// Those of their cases that are gone with them: one that was revised without them is somebody else's, and may go on.
    pub(super) fn gone(&self) -> impl Iterator<Item = &CaseId> {
        let is_theirs =
            |spans: &[[Timestamp; 2]]| spans.last().is_some_and(|[_, until]| *until == Timestamp::MAX);
        self.cases.iter().filter(move |(_, spans)| is_theirs(spans)).map(|(case, _)| case)
    }

    /// Whether a case was theirs at a time of the wall clock.
    pub(super) fn is_theirs(&self, case: &str, at: Timestamp) -> bool {
        let spans = self.cases.iter().find(|(id, _)| id.as_str() == case).map(|(_, spans)| spans);
        spans.is_some_and(|spans| spans.iter().any(|[from, until]| (*from..*until).contains(&at)))
    }

    /// Whether a row of this subject may hold a ping of theirs.
    pub(super) fn may_share(&self, subject: &str) -> bool {
        self.sharing.contains(subject)
    }

    /// Whether they had a device at a time.
    pub(super) fn had(&self, device: &TagId, at: Timestamp) -> bool {
        self.devices.iter().any(|it| it.tag == *device && it.covers(at))
    }
}

/// Shows every row before `before` that put something in force, page by page: a revision that was refused never was so. One
/// that is erased may have been.
async fn each(
    store: &dyn Store,
    about: About<'_>,
    before: i64,
    mut seen: impl FnMut(&JournalRow) + Send,
) -> Result<(), StoreError> {
    let mut after = 0;
    loop {
        let rows = store.journal_of("publish", about, after, PAGE_ROWS).await?;
        let Some(last) = rows.last() else { return Ok(()) };
        after = last.no;
        let was_in_force = |row: &&JournalRow| revision_of(row).is_some() || row.payload.is_empty();
        rows.iter().filter(|row| row.no < before).filter(was_in_force).for_each(&mut seen);
    }
}

/// Whether a case is about them.
pub(super) fn concerns(case: &Case, subject: &DataSubject) -> bool {
    match subject {
        DataSubject::Wearer(id) => case.wearer == *id,
        DataSubject::Person(id) => case.persons.contains(id),
    }
}

fn is_person(subject: &DataSubject, person: &PersonId) -> bool {
    matches!(subject, DataSubject::Person(id) if id == person)
}

/// What a row publishes.
pub(super) fn book_of(row: &JournalRow) -> Option<Book> {
    match input_of(row).ok()? {
        Input::Told(Told::Publish(book) | Told::Revise { book, .. }) => Some(book),
        _ => None,
    }
}
