//! One person's data: handed out to them, whole and alone.
//!
//! A person may ask what is held about them. [`export`] writes all of it as one JSON document: their records with every
//! revision, the journal's rows about them in readable form, their incidents with alerts and tries, what is drafted and
//! proposed about them, legal holds, and who has looked. It reads page by page and holds no more than a page.
//!
//! It is theirs alone. What a wearer is given says nothing of where a protected person lives, is or is reached, and the
//! reverse: each side's document is made of what is named in `wearer` or `person`, field by field, and whatever is not named
//! there is not in it. What staff wrote in their own words may name others, so it is left out. A revision that was refused
//! was never so, and is nobody's. Who drafted and who looked is said to persons alone: a wearer need not know an advocate.
//!
//! The document, version 1: an object with
//!
//! | Member | What it is |
//! |---|---|
//! | `format`, `version` | `cordon.subject` and 1; a later version may add members and takes none away |
//! | `subject`, `installation`, `made_at` | whose it is, where and when it was made; instants are RFC 3339 in UTC throughout |
//! | `left_out` | what is not in it, a sentence each |
//! | `records` | their own record and their cases', each revision with the journal row that published it |
//! | `journal` | the journal's rows about them: `row`, `at`, `kind`, `what`; `erased` where the content is gone |
//! | `incidents` | each with what happened, the `alerts` and their `tries` |
//! | `drafts`, `proposals` | what staff have begun or proposed and not put in force |
//! | `holds` | legal holds |
//! | `readers` | the audit log's entries about them, or about their cases while they were theirs |
//! | `counts` | how many of each, last: a document without it was cut off |

mod export;
mod json;
mod person;
mod trace;
mod wearer;

pub use export::{Counts, ExportError, Made, export};
