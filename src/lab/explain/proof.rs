//! What proves an incident: its rows of the journal, decided again, and the integrity chain over all rows.

use super::{Explanation, gather::Row};
use crate::{
    engine::ENGINE_VERSION,
    sequencer::{Findings, Otherwise},
    store::JournalHead,
};

/// Runs of rows named one by one.
const RUNS_MAX: usize = 200;

/// A fact and what was found.
pub(super) struct Fact {
    pub(super) name: &'static str,
    pub(super) found: String,
    /// It is as it should be.
    pub(super) is_good: bool,
}

/// What must be said before anything else, because it casts doubt on the rest.
pub(super) fn doubts(of: &Explanation) -> Vec<String> {
    let (others, otherwise) = (other_versions(of), differing(of));
    let mut doubts = Vec::new();
    if !otherwise.is_empty() {
        doubts.push(format!(
            "Rows of this incident are decided otherwise now than was recorded: {}. Either they or rows before them were changed.",
            runs(&otherwise),
        ));
    }
    if of.findings.broken > 0 {
        doubts.push(format!(
            "The integrity chain does not verify at {}: the journal is not as it was written.",
            count(of.findings.broken, "row", "rows"),
        ));
    }
    if !others.is_empty() {
        doubts.push(format!(
            "{} of this incident were decided by another version of the engine ({}) and cannot be compared by this one ({ENGINE_VERSION}). What is told here is what this version decides. To compare, use the program that decided them.",
            sized(&others),
            versions(of),
        ));
    }
    if of.findings.erased > 0 {
        doubts.push(format!(
            "The content of {} of the journal is gone. What rested on it, {}, cannot be decided again; the chain verifies by their digests.",
            count(of.findings.erased, "row", "rows"),
            undecided(&of.findings),
        ));
    }
    if doubts.is_empty() && !of.findings.differences.is_empty() {
        doubts.push(
            "The journal, decided again, is not in every place what was recorded; see the proof.".into(),
        );
    }
    doubts
}

pub(super) fn in_short(of: &Explanation) -> String {
    if doubts(of).is_empty() {
        return format!(
            "Decided again now by the same version of the engine, all {} rows of the journal say the same as then, and the integrity chain verifies from the first row to the last.",
            of.findings.rows,
        );
    }
    doubts(of).join(" ")
}

pub(super) fn facts(of: &Explanation) -> Vec<Fact> {
    let fact = |name, found: String, is_good| Fact { name, found, is_good };
    let all: Vec<i64> = of.gathered.rows.iter().map(|row| row.no).collect();
    let (others, otherwise) = (other_versions(of), differing(of));
    let again = match (otherwise.is_empty(), others.is_empty()) {
        (true, true) => "All of them say the same.".into(),
        (false, _) => format!("Rows {} say something else.", runs(&otherwise)),
        (true, false) => format!(
            "{} were decided by another version and not compared; the others say the same.",
            sized(&others)
        ),
    };
    let whole = match (&of.findings.otherwise, of.findings.differences.is_empty()) {
        (_, true) if of.findings.erased > 0 => format!(
            "{} rows that can be decided say the same, and lead to the incidents and alerts that the store holds of them.",
            of.findings.decided(),
        ),
        (_, true) if of.findings.other_versions == 0 => format!(
            "All {} rows say the same, and lead to the incidents and alerts that the store holds.",
            of.findings.rows
        ),
        (_, true) => format!(
            "{} rows; {} were decided by another version and not compared; the others say the same.",
            of.findings.rows, of.findings.other_versions,
        ),
        (Some(Otherwise { no, .. }), _) => format!("Row {no} is the first that says something else."),
        (None, _) => "There are differences; they are listed below.".into(),
    };
    vec![
        fact("Rows this incident rests on", format!("{}: {}", sized(&all), runs(&all)), true),
        fact("These rows, decided again", again, otherwise.is_empty() && others.is_empty()),
        fact(
            "The whole journal, decided again",
            whole,
            of.findings.differences.is_empty() && of.findings.other_versions == 0,
        ),
        fact("Integrity chain", chain(&of.findings, of.head.as_ref()), of.findings.broken == 0),
        fact("Chain value of the last row", value(of.head.as_ref()), true),
        fact(
            "Program",
            format!(
                "Cordon {}, engine version {ENGINE_VERSION}; this incident's rows were decided by engine version {}",
                env!("CARGO_PKG_VERSION"),
                versions(of),
            ),
            others.is_empty(),
        ),
    ]
}

/// The rows that cannot be decided again.
fn undecided(findings: &Findings) -> String {
    let spans = findings.undecided.iter().map(|span| format!("rows {} to {}", span.first, span.last));
    spans.collect::<Vec<_>>().join(" and ")
}

/// Whether the chain verifies, and how far.
pub(super) fn chain(findings: &Findings, head: Option<&JournalHead>) -> String {
    match (findings.broken, head) {
        (_, None) => "The journal is empty.".into(),
        (0, Some(head)) => format!("Verifies from row 1 to row {}.", head.no),
        (broken, Some(head)) => {
            format!("Does not verify: broken at {} of {}.", count(broken, "row", "rows"), head.no)
        }
    }
}

/// The last row's chain value, in hexadecimal.
pub(super) fn value(head: Option<&JournalHead>) -> String {
    head.map_or("none".into(), |head| tag_wire::hex(&head.chain))
}

fn differing(of: &Explanation) -> Vec<i64> {
    rows(of, |row| row.is_same == Some(false))
}

fn other_versions(of: &Explanation) -> Vec<i64> {
    rows(of, |row| row.is_same.is_none())
}

fn rows(of: &Explanation, is: impl Fn(&Row) -> bool) -> Vec<i64> {
    of.gathered.rows.iter().filter(|row| is(row)).map(|row| row.no).collect()
}

fn versions(of: &Explanation) -> String {
    let mut versions: Vec<i64> = of.gathered.rows.iter().map(|row| row.engine).collect();
    versions.sort_unstable();
    versions.dedup();
    versions.iter().map(ToString::to_string).collect::<Vec<_>>().join(" and ")
}

fn sized(rows: &[i64]) -> String {
    count(i64::try_from(rows.len()).unwrap_or(i64::MAX), "row", "rows")
}

fn count(count: i64, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

/// 3, 7, 120 to 158.
fn runs(rows: &[i64]) -> String {
    let mut runs: Vec<(i64, i64)> = Vec::new();
    for no in rows {
        match runs.last_mut() {
            Some((_, last)) if *last + 1 == *no => *last = *no,
            _ => runs.push((*no, *no)),
        }
    }
    let named = runs.iter().take(RUNS_MAX).map(|(first, last)| match last - first {
        0 => first.to_string(),
        1 => format!("{first}, {last}"),
        _ => format!("{first} to {last}"),
    });
    let more = if runs.len() > RUNS_MAX { ", and more" } else { "" };
    format!("{}{more}", named.collect::<Vec<_>>().join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_of_rows() {
        assert_eq!(runs(&[3, 7, 8, 120, 121, 122, 130]), "3, 7, 8, 120 to 122, 130");
        let apart: Vec<i64> = (0..300).map(|no| 2 * no).collect();
        assert!(runs(&apart).ends_with("396, 398, and more"), "{}", runs(&apart));
    }
}
