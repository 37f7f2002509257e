//! A backup holds all that the databases do, is refused if a bit of it is another, and is of one moment.

use std::{collections::BTreeSet, path::Path};

use cordon::{
    access::{
        Access,
        audit::{About, Record, Who},
        tables as access_tables,
    },
    backup::{BackupError, Checked, create, restore, verify},
    domain::IncidentId,
    engine::Told,
    sealed::Key,
    sequencer::{Taken, recover},
    store::{self, JournalRow, Store},
};
use sqlx::{Connection, PgConnection, SqliteConnection};

use crate::{
    lived::{self, START, Sent, commuter, sends, zone},
    postgres,
};

/// An empty installation's databases, in a folder of their own.
struct Home {
    url: String,
    folder: tempfile::TempDir,
}

impl Home {
    fn on_sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { url: format!("sqlite:{}", folder.path().join("cordon.db").display()), folder }
    }

    async fn on_postgresql() -> Option<Self> {
        Some(Self { url: postgres::fresh_database().await?, folder: tempfile::tempdir().unwrap() })
    }

    /// One of each kind that there is.
    async fn each() -> Vec<Self> {
        [Some(Self::on_sqlite()), Self::on_postgresql().await].into_iter().flatten().collect()
    }

    fn accounts(&self) -> std::path::PathBuf {
        self.folder.path().join("access.db")
    }

    async fn backup(&self, key: &Key) -> (Vec<u8>, Checked) {
        let (store, access) = self.tables().await;
        let made = create(store, access, ("london-1", START), Vec::new(), &[key.recipient()]).await;
        made.unwrap()
    }

    async fn restored(&self, file: &[u8], key: &Key) -> Result<cordon::backup::Held, BackupError> {
        let (store, access) = self.tables().await;
        restore(file, key, store, access).await
    }

    async fn tables(&self) -> (cordon::database::Tables, cordon::database::Tables) {
        (store::tables(&self.url).await.unwrap(), access_tables(&self.accounts()).await.unwrap())
    }
}

fn day() -> Vec<Sent> {
    let walker = commuter(1);
    sends(lived::tag(60), 1, |s| walker.at(s))
}

fn books() -> Vec<cordon::domain::Book> {
    lived::books(zone("z-1", [-3_000.0, 0.0], 300.0))
}

/// A day of somebody who lives there, with what was remembered after it, a token and records of the audit log.
async fn lived_in(home: &Home) {
    let store = store::open(&home.url).await.unwrap();
    lived::record(store.as_ref(), books(), &day()).await;
    let (sequencer, _) = recover(store.as_ref()).await.unwrap();
    let head = store.head().await.unwrap().unwrap();
    Taken::of(sequencer.engine(), &head).unwrap().write(store.as_ref()).await.unwrap();
    // The numbers of hand-ins go on where they were, though none is left.
    let ids = store.hand_in(&["{}".to_owned(), "{}".to_owned()]).await.unwrap();
    assert_eq!(ids, [1, 2]);
    let access = Access::open(&home.accounts()).await.unwrap();
    access.first_administrator(&"amy".parse().unwrap(), "Amy", START).await.unwrap();
    let record =
        || Record { at: START, who: Who::Command, what: "see", why: "why".into(), about: About::default() };
    access.record(&[record(), record(), record()]).await.unwrap();
}

async fn journal(store: &dyn Store) -> Vec<JournalRow> {
    store.journal(0, 100_000).await.unwrap()
}

/// That two stores say the same of everything.
async fn assert_same(one: &dyn Store, other: &dyn Store) {
    assert!(journal(one).await == journal(other).await);
    let incidents = one.incidents(IncidentId(0), 10_000).await.unwrap();
    assert!(!incidents.is_empty() && incidents == other.incidents(IncidentId(0), 10_000).await.unwrap());
    for incident in incidents {
        let alerts = one.alerts_of(incident.id).await.unwrap();
        assert_eq!(alerts, other.alerts_of(incident.id).await.unwrap());
    }
    let snapshots = one.snapshots().await.unwrap();
    assert!(snapshots.len() == 1 && snapshots == other.snapshots().await.unwrap());
    assert_eq!(one.handed_in(9).await.unwrap(), other.handed_in(9).await.unwrap());
    assert_eq!(one.misfiled().await.unwrap(), Vec::<String>::new());
    assert_eq!(other.misfiled().await.unwrap(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_backed_up_on_either_engine_is_restored_on_either() {
    let key = Key::generate().unwrap();
    for from in Home::each().await {
        lived_in(&from).await;
        let (file, made) = from.backup(&key).await;
        assert_eq!(made.problems, Vec::<String>::new());
        let held = verify(&file[..], &key).await.unwrap();
        let head = held.checked.journal.unwrap();
        let source = store::open(&from.url).await.unwrap();
        assert_eq!(Some(&head), source.head().await.unwrap().as_ref());
        assert_eq!(held.checked.audit.records, 4);
        for into in Home::each().await {
            into.restored(&file, &key).await.unwrap();
            let restored = store::open(&into.url).await.unwrap();
            assert_same(source.as_ref(), restored.as_ref()).await;
            assert_eq!(restored.hand_in(&["{}".to_owned()]).await.unwrap(), [3]);
            let (sequencer, findings) = recover(restored.as_ref()).await.unwrap();
            assert_eq!((findings.from, findings.differences), (head.no, vec![]));
            assert_eq!(sequencer.last_at(), Some(head.at));
            let access = Access::open(&into.accounts()).await.unwrap();
            assert!(access.verify(&[]).await.unwrap().is_sound());
            let again = access.invite(&"amy".parse().unwrap(), &Who::Command, START).await;
            assert!(again.is_ok(), "her account is there");
            // Nothing is mixed with what is there.
            let refused = into.restored(&file, &key).await.unwrap_err();
            assert!(refused.to_string().contains("there are rows in it"), "{refused}");
        }
    }
}

#[tokio::test]
async fn a_backup_with_another_bit_or_without_its_end_restores_nothing() {
    let key = Key::generate().unwrap();
    let from = Home::on_sqlite();
    lived_in(&from).await;
    let (file, _) = from.backup(&key).await;
    let step = file.len() / 25;
    for at in (0..file.len()).step_by(step).chain([file.len() - 1]) {
        let mut changed = file.clone();
        changed[at] ^= 1;
        assert!(verify(&changed[..], &key).await.is_err(), "byte {at}");
        assert!(verify(&file[..at], &key).await.is_err(), "cut off at {at}");
    }
    let mut changed = file.clone();
    *changed.last_mut().unwrap() ^= 1;
    for into in Home::each().await {
        assert!(into.restored(&changed, &key).await.is_err());
        let (mut store, mut access) = into.tables().await;
        assert!(store.are_empty().await.unwrap() && access.are_empty().await.unwrap());
        into.restored(&file, &key).await.unwrap();
    }
    let other = Key::generate().unwrap();
    let refused = verify(&file[..], &other).await.unwrap_err();
    assert_eq!(refused.to_string(), "it is encrypted for another key");
}

#[tokio::test]
async fn what_was_changed_before_the_backup_is_said() {
    let key = Key::generate().unwrap();
    let from = Home::on_sqlite();
    lived_in(&from).await;
    let mut editor = SqliteConnection::connect(&from.url).await.unwrap();
    sqlx::query("UPDATE journal SET payload = X'00' WHERE no = 7").execute(&mut editor).await.unwrap();
    sqlx::query("UPDATE journal SET at = at + 1 WHERE no = 9").execute(&mut editor).await.unwrap();
    let (file, made) = from.backup(&key).await;
    let named = ["row 7: its content is not what was digested", "row 9: the integrity chain is broken here"];
    for checked in [made, verify(&file[..], &key).await.unwrap().checked] {
        assert!(checked.problems.len() == 2, "{:?}", checked.problems);
        for (problem, named) in checked.problems.iter().zip(named) {
            assert!(problem.starts_with(named), "{problem}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_taken_while_pings_come_is_of_one_moment() {
    let key = Key::generate().unwrap();
    for home in Home::each().await {
        Access::open(&home.accounts()).await.unwrap();
        let store = store::open(&home.url).await.unwrap();
        let mut line = lived::Line::new(store.as_ref());
        let before = START.plus_ms(-60_000);
        line.tell(before, Told::Started { sources: vec!["lab".into()] }).await;
        for book in books() {
            line.tell(before, Told::Publish(book)).await;
        }
        line.written().await;
        // The journal as long as it was when something was handed in.
        let writing = async {
            let mut lengths = Vec::new();
            for sent in day() {
                line.hear(sent.at(), "sim/t1", &sent.ping).await;
                line.written().await;
                store.hand_in(&["{}".to_owned()]).await.unwrap();
                lengths.push(usize::try_from(store.head().await.unwrap().unwrap().no).unwrap());
            }
            lengths
        };
        let backing_up = async {
            let mut files = Vec::new();
            for _ in 0..6 {
                files.push(home.backup(&key).await.0);
            }
            files
        };
        let (handed_in_at, files) = tokio::join!(writing, backing_up);
        let all = journal(store.as_ref()).await;
        let mut lengths = BTreeSet::new();
        for file in files {
            let into = Home::on_sqlite();
            into.restored(&file, &key).await.unwrap();
            let restored = store::open(&into.url).await.unwrap();
            let rows = journal(restored.as_ref()).await;
            assert!(rows == all[..rows.len()]);
            // The last table is not ahead of the first, nor behind.
            let handed_in = restored.handed_in(100_000).await.unwrap().len();
            let earliest = handed_in.checked_sub(1).map_or(0, |last| handed_in_at[last]);
            let latest = handed_in_at.get(handed_in).copied().unwrap_or(all.len());
            assert!((earliest..=latest).contains(&rows.len()), "{} rows, {handed_in} handed in", rows.len());
            // Incidents and alerts are those that these rows lead to.
            let (_, findings) = recover(restored.as_ref()).await.unwrap();
            assert_eq!(findings.differences, Vec::<String>::new(), "after row {}", rows.len());
            assert_eq!(restored.misfiled().await.unwrap(), Vec::<String>::new());
            lengths.insert(rows.len());
        }
        assert!(lengths.len() > 1 && *lengths.first().unwrap() < all.len(), "{lengths:?} of {}", all.len());
    }
}

/// But for the one that says who works now.
#[tokio::test]
async fn every_table_is_in_a_backup() {
    const SQLITE: &str = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' \
        AND name NOT IN ('_sqlx_migrations', 'owner')";
    const PG: &str = "SELECT table_name::text FROM information_schema.tables WHERE table_schema = 'public' \
        AND table_name NOT IN ('_sqlx_migrations', 'owner')";
    let named = |tables: &cordon::database::Tables| -> BTreeSet<String> {
        let kept = tables.all().iter().map(|table| table.name);
        kept.map(str::to_owned).collect()
    };
    let there = async |path: &Path| -> BTreeSet<String> {
        let mut file = SqliteConnection::connect(&format!("sqlite:{}", path.display())).await.unwrap();
        sqlx::query_scalar(SQLITE).fetch_all(&mut file).await.unwrap().into_iter().collect()
    };
    let home = Home::on_sqlite();
    store::open(&home.url).await.unwrap();
    Access::open(&home.accounts()).await.unwrap();
    let (store, access) = home.tables().await;
    assert_eq!(there(&home.folder.path().join("cordon.db")).await, named(&store));
    assert_eq!(there(&home.accounts()).await, named(&access));
    if let Some(home) = Home::on_postgresql().await {
        store::open(&home.url).await.unwrap();
        let mut server = PgConnection::connect(&home.url).await.unwrap();
        let there: Vec<String> = sqlx::query_scalar(PG).fetch_all(&mut server).await.unwrap();
        assert_eq!(there.into_iter().collect::<BTreeSet<_>>(), named(&store));
    }
}
