//! What a migration will do to the tables that are there, and whether anybody has to wait for it.

use std::{collections::BTreeSet, fmt};

use super::Step;

/// Rows are counted up to here.
pub(super) const COUNTED_MAX: i64 = 100_000;

/// A migration that is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Planned {
    /// Which.
    pub step: Step,
    /// What takes as long as a table is large; nothing, if it is done in a moment.
    pub works: Vec<Work>,
}

/// Work on a table that was there before, with how many rows it has, counted up to a limit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Work {
    table: String,
    what: What,
    pub(super) rows: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    /// Read through, while it may be read and not written to.
    Index,
    /// Anything that may read, write or hold all of it.
    Rewrite,
}

impl Work {
    pub(super) fn table(&self) -> &str {
        &self.table
    }
}

impl fmt::Display for Work {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { table, what, rows } = self;
        let rows = match *rows {
            1 => "1 row".to_owned(),
            COUNTED_MAX.. => format!("{COUNTED_MAX} rows or more"),
            rows => format!("{rows} rows"),
        };
        match what {
            What::Index => {
                write!(f, "builds an index on {table} ({rows}): nothing is written to it meanwhile")
            }
            What::Rewrite => write!(f, "goes through {table} ({rows}): nobody uses it meanwhile"),
        }
    }
}

/// What in a migration's text takes as long as a table is large; not of tables that it makes itself.
pub(super) fn works(sql: &str) -> Vec<Work> {
    let code: Vec<&str> = sql.lines().map(|line| line.split("--").next().unwrap_or("")).collect();
    let code = code.join(" ").to_lowercase();
    let (mut new, mut works) = (BTreeSet::new(), Vec::new());
    for statement in code.split(';') {
        let words = statement.split(|c: char| c.is_whitespace() || "(),".contains(c));
        let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
        if let ["create", "table", name, ..] = words[..] {
            new.insert(name);
        }
        works.extend(work(&words));
    }
    works.retain(|work| !new.contains(work.table()));
    works
}

fn work(words: &[&str]) -> Option<Work> {
    let after = |word: &str| {
        let at = words.iter().position(|it| *it == word)?;
        words.get(at + 1).map(|table| (*table).to_owned())
    };
    let (table, what) = match words {
        // Neither engine touches a row for a column whose default is a constant.
        ["alter", "table", _, "add" | "rename", ..] => return None,
        [] | ["end" | "drop", ..] | ["create", "table" | "trigger", ..] => return None,
        ["create", "index", "concurrently", ..] | ["create", "unique", "index", "concurrently", ..] => {
            return None;
        }
        ["create", "index", ..] | ["create", "unique", "index", ..] => (after("on")?, What::Index),
        _ => {
            let names = ["from", "update", "table", "into"];
            (names.into_iter().find_map(after)?, What::Rewrite)
        }
    };
    Some(Work { table, what, rows: 0 })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(sql: &str) -> Vec<String> {
        works(sql).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn what_takes_long_is_said_and_nothing_else() {
        for quick in [
            "CREATE TABLE a (b BIGINT);\n-- UPDATE journal;\nCREATE INDEX a_b ON a (b);",
            "DROP INDEX x;",
            "ALTER TABLE journal ADD COLUMN b TEXT NOT NULL DEFAULT '';",
            "ALTER TABLE a RENAME TO b;",
            "CREATE TRIGGER t BEFORE UPDATE ON audit\nBEGIN SELECT RAISE(ABORT, 'no'); END;",
            "CREATE INDEX CONCURRENTLY a_b ON journal (b);",
            "-- nothing at all",
        ] {
            assert_eq!(said(quick), Vec::<String>::new(), "{quick}");
        }
        for (slow, what, table) in [
            ("CREATE UNIQUE INDEX a ON journal(b) WHERE c;", "builds an index on ", "journal"),
            ("create index a on alerts (b);", "builds an index on ", "alerts"),
            ("INSERT INTO a (b) SELECT b FROM proposals;", "goes through ", "proposals"),
            ("UPDATE incidents SET a = 1;", "goes through ", "incidents"),
            ("DELETE FROM attempts;", "goes through ", "attempts"),
            ("ALTER TABLE journal ALTER COLUMN a TYPE TEXT;", "goes through ", "journal"),
        ] {
            let said = said(slow);
            assert!(said.len() == 1 && said[0].starts_with(&format!("{what}{table} ")), "{said:?}");
        }
    }
}
