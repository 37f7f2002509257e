//! What in the journal has to do with somebody: their cases, their tags, and the rows that may be about them.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    domain::{Assignment, Book, Case, CaseId, DataSubject, PersonId, TagId, Timestamp},
    engine::{Input, Told},
    sequencer::{input_of, revision_of},
    store::{About, JournalRow, Store, StoreError},
};

/// Rows read at a time.
pub(super) const PAGE_ROWS: i64 = 500;

/// What is known of somebody from all revisions that there ever were.
#[derive(Debug, Default)]
pub(super) struct Trace {
    /// There is, or was, a record of them.
    pub(super) has_record: bool,
    /// Every case that they are, or were, the wearer or a person of, and from when until when, by the wall clock.
    pub(super) cases: BTreeMap<CaseId, Vec<[Timestamp; 2]>>,
    /// Those of the cases that protect, or ever protected, another person: a zone stays when the persons change.
    pub(super) shared: BTreeSet<CaseId>,
    /// A wearer's tags, by the newest revision; a person's Companions.
    devices: Vec<Assignment>,
    /// Whose rows may hold pings of theirs: a tag that was kept in a drawer is somebody else's when it brings what it kept.
    sharing: BTreeSet<String>,
}

impl Trace {
    /// Reads every revision of theirs, of other wearers, and of cases; keeps what has to do with them.
    pub(super) async fn of(store: &dyn Store, subject: &DataSubject) -> Result<Self, StoreError> {
        let (mut trace, mut tags) = (Self::default(), BTreeSet::new());
        let own = subject.to_string();
        each(store, About::One(&own), |row| {
            trace.has_record = true;
            match book_of(row) {
                Some(Book::Wearer(it)) => {
                    tags.extend(it.tags.iter().map(|worn| worn.tag.clone()));
                    trace.devices = it.tags;
                }
                Some(Book::Person(it)) => trace.devices = it.companions,
                _ => {}
            }
        })
        .await?;
        if !tags.is_empty() {
            each(store, About::Every("wearer"), |row| {
                if let Some(Book::Wearer(it)) = book_of(row)
                    && row.subject != own
                    && it.tags.iter().any(|worn| tags.contains(&worn.tag))
                {
                    trace.sharing.insert(row.subject.clone());
                }
            })
            .await?;
        }
        each(store, About::Every("case"), |row| {
            if let Some(Book::Case(case)) = book_of(row) {
                if case.persons.iter().any(|person| !is_person(subject, person)) {
                    trace.shared.insert(case.id.clone());
                }
                trace.note_case(&case, subject, row.wall);
            }
        })
        .await?;
        trace.shared.retain(|case| trace.cases.contains_key(case));
        trace.sharing.extend(tags.into_iter().map(|tag: TagId| format!("tag:{tag}")));
        Ok(trace)
    }

    fn note_case(&mut self, case: &Case, subject: &DataSubject, at: Timestamp) {
        if concerns(case, subject) {
            let spans = self.cases.entry(case.id.clone()).or_default();
            if spans.last().is_none_or(|[_, until]| *until < Timestamp::MAX) {
                spans.push([at, Timestamp::MAX]);
            }
        } else if let Some([_, until]) = self.cases.get_mut(&case.id).and_then(|spans| spans.last_mut()) {
            *until = at.min(*until);
        }
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

/// Shows every row that put something in force, page by page: a revision that was refused never was so.
async fn each(
    store: &dyn Store,
    about: About<'_>,
    mut seen: impl FnMut(&JournalRow) + Send,
) -> Result<(), StoreError> {
    let mut after = 0;
    loop {
        let rows = store.journal_of("publish", about, after, PAGE_ROWS).await?;
        let Some(last) = rows.last() else { return Ok(()) };
        after = last.no;
        rows.iter().filter(|row| revision_of(row).is_some()).for_each(&mut seen);
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
