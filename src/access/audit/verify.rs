//! Whether the audit log is what was written.

use super::{Chain, Entry, GENESIS, Head, chain, heads};
use crate::access::{Access, AccessError};

/// Records read at a time.
const PAGE: i64 = 10_000;
/// Problems that are told one by one.
const TOLD_MAX: usize = 20;

/// What was found.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// Records read.
    pub records: i64,
    /// The number of the last one, and the chain there.
    pub head: Option<(i64, Chain)>,
    /// Heads that were kept elsewhere, and compared.
    pub heads: usize,
    /// The first problems, each in a sentence.
    pub problems: Vec<String>,
    /// Further ones.
    pub others: usize,
}

impl Verdict {
    /// Whether every record is what was written, as far as the heads reach.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.problems.is_empty()
    }

    fn problem(&mut self, text: String) {
        if self.problems.len() < TOLD_MAX {
            self.problems.push(text);
        } else {
            self.others += 1;
        }
    }
}

impl Access {
    /// Reads the whole log, and compares it with the heads that were kept elsewhere.
    ///
    /// # Errors
    /// If the log cannot be read.
    pub async fn verify(&self, kept: &[Head]) -> Result<Verdict, AccessError> {
        const SELECT: &str = "SELECT * FROM audit WHERE no > $1 ORDER BY no LIMIT $2";
        let mut walk = Walk::default();
        walk.verdict.heads = kept.len();
        let mut kept = heads::by_no(kept);
        loop {
            let page: Vec<Entry> =
                sqlx::query_as(SELECT).bind(walk.last).bind(PAGE).fetch_all(&self.db.read).await?;
            if page.is_empty() {
                break;
            }
            for entry in page {
                walk.step(&entry);
                for head in kept.remove(&entry.no).unwrap_or_default() {
                    walk.compare(head, &entry);
                }
            }
        }
        Ok(walk.end(kept.into_values().flatten()))
    }
}

/// Reads the log from its first record on.
#[derive(Debug)]
pub struct Walk {
    verdict: Verdict,
    last: i64,
    /// As it stands at `last`, right or wrong: one wrong record is one problem.
    chain: Chain,
}

impl Default for Walk {
    fn default() -> Self {
        Self { verdict: Verdict::default(), last: 0, chain: GENESIS }
    }
}

impl Walk {
    /// Looks at the next record.
    pub fn step(&mut self, entry: &Entry) {
        let no = entry.no;
        if no > self.last + 1 {
            self.verdict.problem(format!("records {} to {} are missing", self.last + 1, no - 1));
        }
        let follows = chain::link(&self.chain, entry);
        if follows[..] != entry.chain[..] {
            let was = "is not what was written, or does not follow the one before it";
            self.verdict.problem(format!("record {no} {was}"));
        }
        self.chain = entry.chain.as_slice().try_into().unwrap_or(follows);
        self.last = no;
        self.verdict.records += 1;
    }

    /// What was found, where no heads are known.
    #[must_use]
    pub fn verdict(self) -> Verdict {
        self.end(std::iter::empty())
    }

    fn compare(&mut self, head: &Head, entry: &Entry) {
        if head.chain[..] != entry.chain[..] {
            self.verdict.problem(format!(
                "record {} is not the one that was last at {}: it, or one before it, has been written anew",
                entry.no, head.at
            ));
        }
    }

    /// With the heads whose record was not met.
    fn end<'h>(mut self, unmet: impl Iterator<Item = &'h Head>) -> Verdict {
        let last = self.last;
        let mut cut = None;
        for head in unmet {
            if head.no > last {
                cut = cut.max(Some((head.no, head.at.as_str())));
            } else {
                self.verdict
                    .problem(format!("record {}, which was last at {}, is missing", head.no, head.at));
            }
        }
        if let Some((no, at)) = cut {
            self.verdict.problem(format!(
                "the log ends at record {last}, and at {at} it ended at {no}: its end has been cut off"
            ));
        }
        self.verdict.head = (last > 0).then_some((last, self.chain));
        self.verdict
    }
}
