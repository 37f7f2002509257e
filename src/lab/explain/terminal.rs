//! An incident for a terminal: in short, how the stages changed, and what proves it.

use super::{Explanation, proof, summary, told, when::Days, words};
use crate::domain::words::{reason, stage};

/// Lines of a list that are printed.
const LINES_MAX: usize = 40;

pub(super) fn text(of: &Explanation) -> String {
    let days = Days::of(of.first());
    let mut out = String::new();
    let mut line = |text: &str| {
        out.push_str(text);
        out.push('\n');
    };
    line(&summary::title(of));
    line(&format!("{}, times in UTC", days.day()));
    for point in summary::points(of, &days) {
        line(&format!("\n{}\n  {}", point.asks, point.says.join("\n  ")));
    }
    if !of.gathered.changes.is_empty() {
        line("\nWhat was believed, and why");
        for changed in of.gathered.changes.iter().take(LINES_MAX) {
            let change = &changed.change;
            line(&format!(
                "  {} (row {}) {}: {}",
                days.at(changed.at),
                changed.no,
                stage(change.to),
                reason(&change.reason)
            ));
            if let Some(rule) = words::rule(&change.reason, change.to) {
                line(&format!("    {rule}"));
            }
        }
        more(&mut line, of.gathered.changes.len());
    }
    let story = told::story(of, &days);
    line("\nWhat happened and who was told");
    for did in story.iter().take(LINES_MAX) {
        line(&format!("  {} (row {}) {}", did.at, did.no, did.what));
    }
    more(&mut line, story.len());
    line("\nProof");
    for fact in proof::facts(of) {
        line(&format!("  {}: {}", fact.name, fact.found));
    }
    out
}

fn more(line: &mut impl FnMut(&str), count: usize) {
    if count > LINES_MAX {
        line(&format!("  and {} more; --html has them", count - LINES_MAX));
    }
}
