//! Rulebook files: units, wearers, protected persons and cases, as people write and sign them.
//!
//! `deploy/rulebook.example.toml` explains the format; the same names make a JSON file. A file is read whole, tried
//! on a copy of the rulebook, and only then handed in, so that a mistake in its last line changes nothing.

use std::{collections::BTreeSet, fmt, path::Path};

use serde::{Deserialize, de::DeserializeOwned};

use crate::{
    clock::Clock,
    document,
    domain::{Book, Case, Channel, Person, SECOND_MS, Scope, Timestamp, Unit, Wearer, Zone},
    engine::{self, Rulebook, Told},
    store::{Store, StoreError},
};

/// The largest rulebook file, in bytes.
const FILE_BYTES_MAX: u64 = 64 << 20;
/// How long a running service is given to take the revisions up.
const TAKE_UP_MS: i64 = 10 * SECOND_MS;
/// How often the store is asked whether it has.
const LOOK_MS: i64 = 100;
/// Foreign hand-ins that may stand before ours in one look.
const HAND_INS_MAX: i64 = 1_000;

/// Everything that is wrong with a file: sentences that say where and how to put it right.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.join("\n"))]
pub struct FileErrors(pub Vec<String>);

/// What became of revisions that were handed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Published {
    /// A running service has taken them up.
    Live,
    /// They are stored, and no service has taken them up yet.
    Stored,
}

impl fmt::Display for Published {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Live => "live",
            Self::Stored => "stored; the service takes it up when it starts",
        })
    }
}

/// Reads a file: JSON if its name ends so, TOML otherwise. The books come in an order in which each finds what it
/// refers to: units, wearers, persons, cases.
///
/// # Errors
/// What does not have the shape of a rulebook file, and ids that stand there twice.
pub fn read(path: &Path) -> Result<Vec<Book>, FileErrors> {
    let content: Content = parse(path)?;
    let books = content.books();
    if books.is_empty() {
        return Err(FileErrors(vec![format!(
            "{} is empty; write [[unit]], [[wearer]], [[person]] or [[case]]",
            path.display()
        )]));
    }
    let canary = books.iter().filter(|book| book.unit().is_canary());
    let canary: Vec<String> = canary
        .map(|book| {
            format!("{}: unit '{}' is for Cordon's canary; choose another", name(&book.scope()), book.unit())
        })
        .collect();
    if !canary.is_empty() {
        return Err(FileErrors(canary));
    }
    let mut seen = BTreeSet::new();
    let twice: Vec<String> = books
        .iter()
        .map(Book::scope)
        .filter(|scope| !seen.insert(scope.clone()))
        .map(|scope| format!("{}: stands there twice; keep one", name(&scope)))
        .collect();
    if twice.is_empty() { Ok(books) } else { Err(FileErrors(twice)) }
}

/// Reads a file that holds one zone, as a rulebook file would in its case.
///
/// # Errors
/// What does not have the shape of a zone.
pub fn read_zone(path: &Path) -> Result<Zone, FileErrors> {
    parse(path)
}

fn parse<T: DeserializeOwned>(path: &Path) -> Result<T, FileErrors> {
    let text = document::read_text(path, FILE_BYTES_MAX).map_err(|problem| FileErrors(vec![problem]))?;
    let is_json = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json"));
    if is_json { document::from_json(&text) } else { document::from_toml(&text) }
        .map_err(|misfit| FileErrors(vec![format!("{}: {misfit}", path.display())]))
}

/// Publishes the books on a copy of the rulebook.
///
/// # Errors
/// Every contradiction, not only the first.
pub fn try_out(rulebook: &Rulebook, books: &[Book]) -> Result<(), FileErrors> {
    let mut trial = rulebook.clone();
    let mut problems = Vec::new();
    for book in books {
        problems.extend(trial.check(book));
        // Also when it was refused: what refers to it shall not be blamed. The time of publishing is not judged.
        trial = trial.published(book.clone(), Timestamp::MIN);
    }
    if problems.is_empty() { Ok(()) } else { Err(FileErrors(problems)) }
}

/// Whether every channel by which the books reach people has a provider.
///
/// # Errors
/// A sentence for each policy and person that relies on one without.
pub fn carried(books: &[Book], channels: &BTreeSet<Channel>) -> Result<(), FileErrors> {
    let problems = books.iter().flat_map(|book| engine::not_carried(book, channels));
    let problems: Vec<String> = problems.map(|problem| problem.says).collect();
    if problems.is_empty() { Ok(()) } else { Err(FileErrors(problems)) }
}

/// Hands the books in, all or none, and waits up to 10 s for a running service to take them up.
///
/// # Errors
/// The store's.
pub async fn publish(store: &dyn Store, clock: &Clock, books: Vec<Book>) -> Result<Published, StoreError> {
    let payloads: Vec<String> = books.into_iter().map(Told::Publish).map(|told| payload(&told)).collect();
    let ids = store.hand_in(&payloads).await?;
    let Some(first) = ids.first().copied() else {
        return Ok(Published::Live);
    };
    let deadline = clock.steady().plus_ms(TAKE_UP_MS);
    loop {
        let waiting = store.handed_in(HAND_INS_MAX).await?;
        let all_seen = i64::try_from(waiting.len()).is_ok_and(|count| count < HAND_INS_MAX);
        if all_seen && !waiting.iter().any(|hand_in| hand_in.id >= first && ids.contains(&hand_in.id)) {
            return Ok(Published::Live);
        }
        if clock.steady() >= deadline {
            return Ok(Published::Stored);
        }
        clock.wait_ms(LOOK_MS).await;
    }
}

/// One line that says how much of what the books hold.
#[must_use]
pub fn summary(books: &[Book]) -> String {
    let mut counts = [("unit", 0), ("wearer", 0), ("person", 0), ("case", 0)];
    for book in books {
        let kind = match book {
            Book::Unit(_) => 0,
            Book::Wearer(_) => 1,
            Book::Person(_) => 2,
            Book::Case(_) => 3,
        };
        counts[kind].1 += 1;
    }
    let plural = |(word, n): &(&str, usize)| format!("{n} {word}{}", if *n == 1 { "" } else { "s" });
    counts.iter().filter(|(_, n)| *n > 0).map(plural).collect::<Vec<_>>().join(", ")
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Content {
    #[serde(default)]
    unit: Vec<Unit>,
    #[serde(default)]
    wearer: Vec<Wearer>,
    #[serde(default)]
    person: Vec<Person>,
    #[serde(default)]
    case: Vec<Case>,
}

impl Content {
    fn books(self) -> Vec<Book> {
        let units = self.unit.into_iter().map(|unit| Book::Unit(unit.with_standard_policy()));
        let wearers = self.wearer.into_iter().map(Book::Wearer);
        let persons = self.person.into_iter().map(Book::Person);
        let cases = self.case.into_iter().map(Book::Case);
        units.chain(wearers).chain(persons).chain(cases).collect()
    }
}

fn name(scope: &Scope) -> String {
    match scope {
        Scope::Unit(id) => format!("unit '{id}'"),
        Scope::Wearer(id) => format!("wearer '{id}'"),
        Scope::Person(id) => format!("person '{id}'"),
        Scope::Case(id) => format!("case '{id}'"),
    }
}

fn payload(told: &Told) -> String {
    serde_json::to_string(told).expect("a book has text keys only and finite numbers")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Batch, MemoryStore};

    const EXAMPLE: &str = include_str!("../deploy/rulebook.example.toml");

    fn read_text(text: &str, extension: &str) -> Result<Vec<Book>, FileErrors> {
        let file = tempfile::Builder::new().suffix(extension).tempfile().unwrap();
        std::fs::write(file.path(), text).unwrap();
        read(file.path())
    }

    /// The only problem of the example with one text in it, outside its comments, replaced.
    fn problem(from: &str, to: &str) -> String {
        let found = |line: &&str| !line.starts_with('#') && line.contains(from);
        let line = EXAMPLE.lines().find(found).unwrap();
        let text =
            EXAMPLE.replacen(&format!("\n{line}\n"), &format!("\n{}\n", line.replacen(from, to, 1)), 1);
        let FileErrors(problems) = read_text(&text, ".toml").unwrap_err();
        assert_eq!(problems.len(), 1, "{problems:?}");
        problems[0].split_once(".toml: ").map_or(problems[0].as_str(), |(_, rest)| rest).to_owned()
    }

    #[test]
    fn the_example_is_sound() {
        let books = read_text(EXAMPLE, ".toml").unwrap();
        assert_eq!(summary(&books), "1 unit, 2 wearers, 1 person, 2 cases");
        try_out(&Rulebook::default(), &books).unwrap();
    }

    #[test]
    fn a_json_file_and_the_journal_have_the_same_form() {
        let books = read_text(EXAMPLE, ".toml").unwrap();
        let mut content = serde_json::Map::new();
        for book in &books {
            let serde_json::Value::Object(tagged) = serde_json::to_value(book).unwrap() else {
                panic!("{book:?}")
            };
            for (kind, value) in tagged {
                content
                    .entry(kind)
                    .or_insert_with(|| serde_json::json!([]))
                    .as_array_mut()
                    .unwrap()
                    .push(value);
            }
        }
        let text = serde_json::to_string(&content).unwrap();
        assert_eq!(read_text(&text, ".json").unwrap(), books);
        assert!(read_text(&text, ".toml").is_err());
    }

    #[test]
    fn a_zone_stands_in_a_file_of_its_own_as_it_does_in_a_case() {
        let file = tempfile::Builder::new().suffix(".toml").tempfile().unwrap();
        let zone = |text: &str| {
            std::fs::write(file.path(), text).unwrap();
            read_zone(file.path()).map_err(|error| error.to_string())
        };
        let (_, rest) = EXAMPLE.split_once("[[case.zone]]\n").unwrap();
        let (block, _) = rest.split_once("\n# A polygon").unwrap();
        let Some(Book::Case(case)) =
            read_text(EXAMPLE, ".toml").unwrap().into_iter().find(|book| matches!(book, Book::Case(_)))
        else {
            panic!("there is a case")
        };
        assert_eq!(zone(&block.replace("[case.zone.schedule]", "[schedule]")).unwrap(), case.zones[0]);
        let copied = zone(&format!("[[case.zone]]\n{block}")).unwrap_err();
        assert!(copied.contains("unknown key `case`; known here: id, code, shape"), "{copied}");
    }

    #[test]
    fn books_come_in_the_order_in_which_they_refer_to_each_other() {
        let kinds: Vec<u8> = read_text(EXAMPLE, ".toml")
            .unwrap()
            .iter()
            .map(|book| match book {
                Book::Unit(_) => 0,
                Book::Wearer(_) => 1,
                Book::Person(_) => 2,
                Book::Case(_) => 3,
            })
            .collect();
        assert!(kinds.is_sorted() && EXAMPLE.find("\n[[case]]") < EXAMPLE.find("\n[[person]]"), "{kinds:?}");
    }

    #[test]
    fn a_mistake_is_told_with_its_line_and_path() {
        for (from, to, path, what) in [
            ("margin_m = 400", "margin = 400", "case[0].zone[0].margin", "did you mean `margin_m`?"),
            ("margin_m = 400", "margin_m = -1", "case[0].zone[0].margin_m", "0 to 20000 m"),
            ("radius_m = 250", "radius_m = -250", "case[0].zone[0].shape", ""),
            ("\"mon-fri\"", "\"mon-\"", "unit[0].rota[0]", "mon-fri"),
            (
                "\"mon-fri\", from = \"07:30\"",
                "\"mon-\", from = \"07:30\"",
                "case[0].zone[0].schedule",
                "mon-fri",
            ),
            ("Europe/London", "Europe/Londres", "unit[0].rota[0]", "IANA"),
            ("\"2026-12-25\"", "2026-12-25", "unit[0].rota[0].exception[0].date", "in quotes"),
            ("\"2026-01-05T09:00:00Z\"", "\"5 January\"", "from", "2026-03-01T09:00:00Z"),
            ("\"2026-01-05T09:00:00Z\"", "2026-01-05T09:00:00Z", "from", "in quotes"),
            ("kind = \"order\"", "kind = \"ordr\"", "case[0].basis.kind", "did you mean `order`?"),
            ("channel = \"sms\"", "channel = \"smms\"", "channel", "did you mean `sms`?"),
            ("[[person]]", "[[persn]]", "persn", "did you mean `person`?"),
        ] {
            let error = problem(from, to);
            assert!(
                error.starts_with("line ") && error.contains(path) && error.contains(what),
                "{to}: {error}"
            );
        }
    }

    #[test]
    fn the_line_is_the_one_with_the_mistake() {
        let line = EXAMPLE.lines().position(|line| line.contains("margin_m = 400")).unwrap() + 1;
        let error = problem("margin_m = 400", "margin = 400");
        assert!(error.starts_with(&format!("line {line}, case[0].zone[0].margin:")), "{error}");
    }

    #[test]
    fn a_channel_without_a_provider_is_refused_by_its_name() {
        let with_plan = EXAMPLE.replace("plan = { shape = \"loud\"", "plan = { shape = \"call_only\"");
        let books = read_text(&with_plan, ".toml").unwrap();
        let all = [Channel::Sms, Channel::SecondSms, Channel::Voice, Channel::Webhook];
        assert_eq!(carried(&books, &all.into()), Ok(()), "push is a courtesy");
        for missing in all {
            let name = missing.as_str();
            let policy = |id: &str| format!("unit dogger: policy {id}: people are reached by {name}");
            let mut says = vec![policy("swift"), policy("standard")];
            says.extend(
                (missing == Channel::Voice).then(|| "person p-1: people are reached by voice".into()),
            );
            let channels = all.into_iter().filter(|channel| *channel != missing).collect();
            let FileErrors(problems) = carried(&books, &channels).unwrap_err();
            let said = problems.len() == says.len()
                && says.iter().zip(&problems).all(|(says, problem)| problem.starts_with(says));
            assert!(said, "{problems:?}");
        }
    }

    #[test]
    fn an_id_that_stands_there_twice_is_refused() {
        assert_eq!(problem("id = \"w-2\"", "id = \"w-1\""), "wearer 'w-1': stands there twice; keep one");
    }

    #[test]
    fn the_canary_s_unit_is_nobody_else_s() {
        let text = EXAMPLE.replace("\"dogger\"", "\"cordon-canary\"");
        assert_ne!(text, EXAMPLE);
        let error = read_text(&text, ".toml").unwrap_err().to_string();
        assert!(
            error.starts_with("unit 'cordon-canary': unit 'cordon-canary' is for Cordon's canary"),
            "{error}"
        );
    }

    #[test]
    fn files_that_hold_nothing_or_too_much_are_refused() {
        assert!(read_text("", ".toml").unwrap_err().to_string().contains("is empty; write [[unit]]"));
        let large = "#".repeat(usize::try_from(FILE_BYTES_MAX).unwrap() + 1);
        assert!(
            read_text(&large, ".toml")
                .unwrap_err()
                .to_string()
                .contains(&format!("larger than {FILE_BYTES_MAX} bytes"))
        );
        assert!(read(Path::new("/nonexistent.toml")).unwrap_err().to_string().contains("check the path"));
    }

    #[test]
    fn contradictions_are_told_and_the_innocent_is_not_blamed() {
        let text = EXAMPLE.replacen("wearer = \"w-1\"", "wearer = \"w-9\"", 1);
        let books = read_text(&text, ".toml").unwrap();
        let FileErrors(problems) = try_out(&Rulebook::default(), &books).unwrap_err();
        assert_eq!(problems, ["case c-1: the unit has no wearer 'w-9'; publish the wearer first"]);
    }

    fn fast_clock() -> Clock {
        Clock::scaled(Timestamp::from_ms(0), 2_000.0)
    }

    #[tokio::test]
    async fn revisions_that_nobody_takes_up_are_stored_whole() {
        let store = MemoryStore::new();
        let books = read_text(EXAMPLE, ".toml").unwrap();
        let published = publish(&store, &fast_clock(), books.clone()).await.unwrap();
        assert_eq!(published, Published::Stored);
        let waiting = store.handed_in(100).await.unwrap();
        let told: Vec<Told> =
            waiting.iter().map(|hand_in| serde_json::from_str(&hand_in.payload).unwrap()).collect();
        assert_eq!(told, books.into_iter().map(Told::Publish).collect::<Vec<_>>());
    }

    #[tokio::test]
    async fn revisions_are_live_once_a_service_has_taken_all_of_them_up() {
        let store = MemoryStore::new();
        store.hand_in(&["somebody else's".into()]).await.unwrap();
        let books = read_text(EXAMPLE, ".toml").unwrap();
        let (count, clock) = (books.len(), fast_clock());
        let service = async {
            loop {
                let waiting = store.handed_in(100).await.unwrap();
                if waiting.len() == count + 1 {
                    let taken = waiting[1..].iter().map(|hand_in| hand_in.id).collect();
                    return store.commit(&Batch { taken, ..Batch::default() }).await.unwrap();
                }
                tokio::task::yield_now().await;
            }
        };
        let (published, ()) = tokio::join!(publish(&store, &clock, books), service);
        assert_eq!(published.unwrap(), Published::Live);
    }
}
