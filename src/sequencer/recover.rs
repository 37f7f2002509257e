//! From the journal back to the engine's memory.

use std::collections::BTreeMap;

use super::{
    guard,
    record::{chain_of, digest_of, input_of},
    snapshot,
    step::Sequencer,
};
use crate::{
    domain::{Alert, AlertId, Incident, IncidentId, Timestamp},
    engine::{Decision, ENGINE_VERSION, Engine, Input},
    store::{JournalHead, JournalRow, Store, StoreError},
};

/// Rows read at a time.
const PAGE_ROWS: i64 = 2_000;

/// What deciding the journal again found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Findings {
    /// The row of the snapshot that was gone on from; 0 if everything was decided again.
    pub from: i64,
    /// Snapshots that could not be believed, each in a sentence.
    pub passed_over: Vec<String>,
    /// Rows read.
    pub rows: i64,
    /// Rows decided by another version of the engine: read, not compared.
    pub other_versions: i64,
    /// Rows at which the integrity chain does not verify: they, or the row before them, are not what was written.
    pub broken: i64,
    /// Rows whose content is gone. Their digests stand, so that the chain verifies; they cannot be decided again.
    pub erased: i64,
    /// The first row that is decided otherwise than was recorded.
    pub otherwise: Option<Otherwise>,
    /// The first rows that differ, each in a sentence; bounded.
    pub differences: Vec<String>,
}

/// A row that is decided otherwise than was recorded: the first line that differs, if nobody's own words stand in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Otherwise {
    /// Its number.
    pub no: i64,
    /// What was recorded.
    pub recorded: String,
    /// What is decided now.
    pub decided: String,
}

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
    /// Every incident as the decisions left it.
    pub incidents: BTreeMap<IncidentId, Incident>,
    /// Every alert as the decisions left it.
    pub alerts: BTreeMap<AlertId, Alert>,
    /// Differences.
    pub findings: Findings,
}

/// Differences named one by one.
const DIFFERENCES_MAX: usize = 20;
/// Of a line that differs so much is shown.
const LINE_CHARS_MAX: usize = 400;

/// A sequencer that carries on where the journal ends: from the last snapshot, or from the first row. Incidents and alerts
/// are those of the store: they are never judged again.
///
/// # Errors
/// If the store cannot be read.
pub async fn recover(store: &dyn Store) -> Result<(Sequencer, Findings), StoreError> {
    let mut recovered = catch_up(store).await?;
    let open = open_in(store).await?;
    recovered.compare_open(&open.0);
    recovered.engine.adopt(open.0, open.1);
    Ok((Sequencer::after(recovered.engine, recovered.head), recovered.findings))
}

/// What the journal leads to, from the last snapshot on. Its findings are of the rows after that.
///
/// # Errors
/// If the store cannot be read.
pub async fn catch_up(store: &dyn Store) -> Result<Recovered, StoreError> {
    let mut recovered = Recovered::from_snapshot(store).await?;
    recovered.read_on(store, &mut |_| ()).await?;
    Ok(recovered)
}

/// Decides the whole journal again, verifies its integrity chain, and compares. A row that cannot be decided is a
/// difference, and skipped.
///
/// # Errors
/// If the store cannot be read.
pub async fn decide_again(store: &dyn Store) -> Result<Recovered, StoreError> {
    let mut recovered = Recovered::default();
    recovered.read_on(store, &mut |_| ()).await?;
    Ok(recovered)
}

/// The store's open incidents and their alerts.
///
/// # Errors
/// If the store cannot be read.
pub async fn open_in(store: &dyn Store) -> Result<(Vec<Incident>, Vec<Alert>), StoreError> {
    let (mut incidents, mut alerts, mut after) = (Vec::new(), Vec::new(), IncidentId(0));
    loop {
        let page = store.incidents(after, PAGE_ROWS).await?;
        let Some(last) = page.last() else {
            return Ok((incidents, alerts));
        };
        after = last.id;
        for incident in page.into_iter().filter(Incident::is_open) {
            alerts.extend(store.alerts_of(incident.id).await?);
            incidents.push(incident);
        }
    }
}

impl Recovered {
    /// What the last snapshot holds; nothing without one.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub async fn from_snapshot(store: &dyn Store) -> Result<Self, StoreError> {
        let mut recovered = Self::default();
        let loaded = snapshot::load(store).await?;
        recovered.findings.passed_over = loaded.passed_over;
        if let Some((engine, head)) = loaded.engine {
            recovered.findings.from = head.no;
            (recovered.engine, recovered.head) = (engine, Some(head));
        }
        Ok(recovered)
    }

    /// Decides what the journal has beyond its own last row. `watch` sees each row being decided.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub async fn read_on(&mut self, store: &dyn Store, watch: Watch<'_>) -> Result<(), StoreError> {
        loop {
            let after = self.head.as_ref().map_or(0, |head| head.no);
            let rows = store.journal(after, PAGE_ROWS).await?;
            if rows.is_empty() {
                return Ok(());
            }
            for row in &rows {
                self.decide_row(row, watch);
            }
        }
    }

    /// Notes whether these are the incidents that the journal leaves open.
    pub fn compare_open(&mut self, stored: &[Incident]) {
        let decided = self.engine.open_incidents().map(|incident| incident.as_ref());
        if !decided.eq(stored.iter()) {
            self.differs("the open incidents in the store are not those that the journal leads to".into());
        }
    }

    /// What cannot be read, or crashes the engine now, is skipped: it must not keep the line from alerting.
    fn decide_row(&mut self, row: &JournalRow, watch: Watch<'_>) {
        self.verify(row);
        self.findings.rows += 1;
        self.head = Some(JournalHead { no: row.no, at: row.at, chain: row.chain.clone() });
        if row.payload.is_empty() {
            self.findings.erased += 1;
            return self.differs(format!("row {}: skipped: its content is gone; its digest stands", row.no));
        }
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
        let (before, at) = self.head.as_ref().map_or((0, Timestamp::MIN), |head| (head.no, head.at));
        let mut wrong = Vec::new();
        if row.no != before + 1 || row.at <= at {
            wrong.push(format!("row {}: does not follow row {before}", row.no));
        }
        if !row.payload.is_empty() && digest_of(row) != row.digest {
            wrong.push(format!("row {}: its content is not what was digested ({})", row.no, row.kind));
        }
        let previous = self.head.as_ref().map_or(&[][..], |head| &head.chain);
        if chain_of(previous, row) != row.chain {
            wrong.push(format!("row {}: the integrity chain is broken here", row.no));
        }
        self.findings.broken += i64::from(!wrong.is_empty());
        wrong.into_iter().for_each(|what| self.differs(what));
    }

    /// Notes a difference.
    pub fn differs(&mut self, what: String) {
        if self.findings.differences.len() < DIFFERENCES_MAX {
            self.findings.differences.push(what);
        }
    }
}

impl Otherwise {
    fn of(row: &JournalRow, decided: &str) -> Self {
        let (mut before, mut now) = (row.decision.lines(), decided.lines());
        loop {
            let lines = (before.next(), now.next());
            if lines.0 != lines.1 || lines == (None, None) {
                let [recorded, decided] = [lines.0, lines.1].map(shown);
                return Self { no: row.no, recorded, decided };
            }
        }
    }
}

/// A line of a decision; not if somebody's own words stand in it, which may be a name or an address.
fn shown(line: Option<&str>) -> String {
    match line {
        None => "nothing".into(),
        Some(line) if line.contains("\"answered\"") || line.contains("\"noted\"") => {
            "what somebody wrote, which is not shown".into()
        }
        Some(line) => line.chars().take(LINE_CHARS_MAX).collect(),
    }
}
