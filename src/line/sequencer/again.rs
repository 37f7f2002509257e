//! The journal decided again, row by row, and compared with what was recorded.
//!
//! From a row on whose content was erased nothing can be decided until it is known again what the engine remembered: what
//! stands before it is decided, the chain is verified over everything, and the next snapshot is gone on from.

use std::{collections::BTreeMap, mem};

use super::{
    erasures::first_erasure,
    findings::{Findings, Otherwise, Undecided},
    guard,
    record::{input_of, wrong_with},
    snapshot::{self, Loaded},
};
use crate::{
    domain::{Alert, AlertId, Incident, IncidentId, Timestamp},
    engine::{Decision, ENGINE_VERSION, Engine, Input},
    store::{JournalHead, JournalRow, Snapshot, Store, StoreError},
};

/// Rows read at a time.
const PAGE_ROWS: i64 = 2_000;

/// A row that has been decided again, before the engine takes the decision in.
pub struct Again<'a> {
    /// The row.
    pub row: &'a JournalRow,
    /// What it holds.
    pub input: &'a Input,
    /// The engine before it.
    pub before: &'a Engine,
    /// What is decided now.
    pub decision: &'a Decision,
    /// Whether the same was recorded; `None` if another version of the engine recorded it.
    pub is_same: Option<bool>,
}

/// Told of every row that could be decided again.
pub type Watch<'w> = &'w mut (dyn FnMut(Again<'_>) + Send);

/// What the journal leads to.
#[derive(Debug, Default, Clone)]
pub struct Recovered {
    /// The engine after the last row.
    pub engine: Engine,
    /// The last row.
    pub head: Option<JournalHead>,
    /// Every incident as the decisions left it; after rows that could not be decided, those that were open then, and later
    /// ones.
    pub incidents: BTreeMap<IncidentId, Incident>,
    /// Every alert as the decisions left it; after rows that could not be decided, those of such incidents.
    pub alerts: BTreeMap<AlertId, Alert>,
    /// The others, as they were before such rows: nobody can say what became of them.
    pub earlier: Earlier,
    /// Since when every incident and alert is known; `None` if all are.
    pub known_since: Option<Timestamp>,
    /// Differences.
    pub findings: Findings,
    /// What rows are read without being decided.
    lost: Option<Lost>,
}

/// See [`Recovered::earlier`].
#[derive(Debug, Default, Clone)]
pub struct Earlier {
    /// Incidents.
    pub incidents: BTreeMap<IncidentId, Incident>,
    /// Their alerts.
    pub alerts: BTreeMap<AlertId, Alert>,
}

/// Where it can be gone on from.
#[derive(Debug, Clone)]
struct Lost {
    snapshots: Vec<Snapshot>,
    erased: i64,
}

/// Decides the whole journal again, verifies its integrity chain, and compares. A row that cannot be decided is a
/// difference, and skipped; but for what was erased, see [`Recovered::read_on`].
///
/// # Errors
/// If the store cannot be read.
pub async fn decide_again(store: &dyn Store) -> Result<Recovered, StoreError> {
    let mut recovered = Recovered::default();
    recovered.read_on(store, &mut |_| ()).await?;
    Ok(recovered)
}

impl Recovered {
    /// What the last snapshot holds; nothing without one.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub async fn from_snapshot(store: &dyn Store) -> Result<Self, StoreError> {
        Ok(Self::after(snapshot::load(store).await?))
    }

    pub(super) fn after(loaded: Loaded) -> Self {
        let mut recovered = Self::default();
        recovered.findings.passed_over = loaded.passed_over;
        if let Some((engine, head)) = loaded.engine {
            recovered.findings.from = head.no;
            (recovered.engine, recovered.head) = (engine, Some(head));
        }
        recovered
    }

    /// Decides what the journal has beyond its own last row; from a row on whose content was erased not before the next
    /// snapshot. `watch` sees each row being decided.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub async fn read_on(&mut self, store: &dyn Store, watch: Watch<'_>) -> Result<(), StoreError> {
        self.read(store, watch, true).await.map(drop)
    }

    /// Decides what has been written since the last time, and keeps the engine alone. Whether it could: not where content was
    /// erased before it was read.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub(super) async fn follow(&mut self, store: &dyn Store) -> Result<bool, StoreError> {
        let erased = self.read(store, &mut |_| (), false).await?;
        (self.incidents, self.alerts) = Default::default();
        Ok(erased.is_none())
    }

    /// Notes whether these are the incidents that the journal leaves open.
    pub fn compare_open(&mut self, stored: &[Incident]) {
        let decided = self.engine.open_incidents().map(|incident| incident.as_ref());
        if !decided.eq(stored.iter()) {
            self.differs("the open incidents in the store are not those that the journal leads to".into());
        }
    }

    /// Notes a difference.
    pub fn differs(&mut self, what: String) {
        self.findings.differs(what);
    }

    /// The same, or, where that is not wanted, up to the first row whose content was erased: its number.
    pub(super) async fn read(
        &mut self,
        store: &dyn Store,
        watch: Watch<'_>,
        beyond_erased: bool,
    ) -> Result<Option<i64>, StoreError> {
        loop {
            let after = self.head.as_ref().map_or(0, |head| head.no);
            let rows = store.journal(after, PAGE_ROWS).await?;
            if rows.is_empty() {
                self.look_back();
                return Ok(None);
            }
            for row in &rows {
                self.verify(row);
                self.findings.rows += 1;
                self.head = Some(JournalHead { no: row.no, at: row.at, chain: row.chain.clone() });
                if row.is_blank() {
                    if !beyond_erased {
                        return Ok(Some(row.no));
                    }
                    self.lose(store, row.no).await?;
                }
                if self.lost.is_some() {
                    self.pass_over(store, row).await?;
                } else {
                    self.decide_row(row, watch);
                }
            }
        }
    }

    /// What cannot be read, or crashes the engine now, is skipped: it must not keep the line from alerting.
    fn decide_row(&mut self, row: &JournalRow, watch: Watch<'_>) {
        let input = guard::guarded(|| input_of(row).map_err(|error| error.to_string()));
        let input = match input.unwrap_or_else(|| Err(format!("journal row {} crashes its reader", row.no))) {
            Ok(input) => input,
            Err(error) => return self.differs(format!("row {}: skipped: {error}", row.no)),
        };
        let Some(decision) = guard::decide(&self.engine, row.at, &input) else {
            return self.differs(format!("row {}: skipped: deciding it again crashes the engine", row.no));
        };
        let is_same = self.is_same(row, &decision);
        watch(Again { row, input: &input, before: &self.engine, decision: &decision, is_same });
        self.engine.apply(&decision);
        self.incidents.extend(decision.incidents.into_iter().map(|incident| (incident.id, incident)));
        self.alerts.extend(decision.alerts.into_iter().map(|alert| (alert.id, alert)));
    }

    fn is_same(&mut self, row: &JournalRow, decision: &Decision) -> Option<bool> {
        if row.engine != ENGINE_VERSION {
            self.findings.other_versions += 1;
            return None;
        }
        let decided = decision.record();
        let is_same = decided == row.decision;
        if !is_same {
            self.differs(format!(
                "row {}: decided again, it says other than what was recorded ({})",
                row.no, row.kind
            ));
            self.findings.otherwise.get_or_insert_with(|| Otherwise::of(row, &decided));
        }
        Some(is_same)
    }

    fn verify(&mut self, row: &JournalRow) {
        let wrong = wrong_with(row, self.head.as_ref());
        self.findings.broken += i64::from(!wrong.is_empty());
        wrong.into_iter().for_each(|what| self.differs(what));
    }

    /// Nothing follows from here on, until it is known again what the engine remembered.
    async fn lose(&mut self, store: &dyn Store, no: i64) -> Result<(), StoreError> {
        if self.lost.is_some() {
            return Ok(());
        }
        let snapshots = match store.snapshots().await {
            Err(StoreError::Corrupt(_)) => Vec::new(),
            read => read?,
        };
        self.lost = Some(Lost { snapshots, erased: first_erasure(store).await? });
        self.findings.undecided.push(Undecided { first: no, last: no, erased: 0 });
        self.engine = Engine::default();
        self.earlier.incidents.extend(mem::take(&mut self.incidents));
        self.earlier.alerts.extend(mem::take(&mut self.alerts));
        self.known_since = Some(Timestamp::MAX);
        Ok(())
    }

    /// A row that is not decided; after it, it may be known again what the engine remembered.
    async fn pass_over(&mut self, store: &dyn Store, row: &JournalRow) -> Result<(), StoreError> {
        self.findings.erased += i64::from(row.is_blank());
        if let Some(undecided) = self.findings.undecided.last_mut() {
            undecided.last = row.no;
            undecided.erased += i64::from(row.is_blank());
        }
        let Some(lost) = &self.lost else { return Ok(()) };
        let Some(here) = lost.snapshots.iter().find(|snapshot| snapshot.no == row.no) else { return Ok(()) };
        match snapshot::read(store, here, lost.erased).await? {
            Ok((engine, _)) => self.go_on_with(engine, row.at),
            Err(wrong) => {
                let what = format!("the snapshot after row {} is passed over: {wrong}", row.no);
                self.findings.passed_over.push(what);
            }
        }
        Ok(())
    }

    fn go_on_with(&mut self, engine: Engine, at: Timestamp) {
        self.incidents = engine.open_incidents().map(|one| (one.id, one.as_ref().clone())).collect();
        self.alerts = engine.open_alerts().map(|alert| (alert.id, alert.clone())).collect();
        self.earlier.incidents.retain(|id, _| !self.incidents.contains_key(id));
        self.earlier.alerts.retain(|id, _| !self.alerts.contains_key(id));
        (self.engine, self.known_since, self.lost) = (engine, Some(at), None);
    }

    /// What can only be said once all has been read.
    fn look_back(&mut self) {
        if let (Some(_), Some(undecided)) = (&self.lost, self.findings.undecided.last()) {
            let first = undecided.first;
            self.differs(format!(
                "rows from {first} on cannot be decided: content was erased, and no snapshot after it can be read"
            ));
        }
    }
}
