//! Whoever holds the file and does what they like with it is found out.

use proptest::prelude::*;
use sqlx::SqlitePool;

use crate::{
    access::{
        Access,
        audit::{About, GENESIS, Head, HeadsFile, Looked, Record, Verdict, Who, Whom},
    },
    domain::{IncidentId, Subject, Timestamp},
};

fn record(i: i64) -> Record {
    Record {
        at: Timestamp::from_ms(1_772_330_047_000 + i * 700),
        who: if i % 5 == 0 { Who::Link(None) } else { Who::Account(format!("s-{}", i % 3).parse().unwrap()) },
        what: if i % 2 == 0 { "see incident" } else { "note" },
        why: format!("officer of u-{}", i % 2),
        about: About {
            subject: (i % 4 != 0)
                .then(|| Whom::Subject(Subject::Wearer(format!("w-{}", i % 7).parse().unwrap()))),
            unit: Some(format!("u-{}", i % 2).parse().unwrap()),
            case: (i % 3 != 0).then(|| format!("c-{}", i % 7).parse().unwrap()),
            incident: Some(IncidentId(1 + i % 9)),
        },
    }
}

/// A log of `n` records, and the head after every tenth.
async fn log(n: i64) -> (Access, Vec<Head>) {
    let access = Access::in_memory().await.unwrap();
    let mut heads = Vec::new();
    let records: Vec<Record> = (0..n).map(record).collect();
    for some in records.chunks(10) {
        access.record(some).await.unwrap();
        let (no, chain) = access.head().await.unwrap().unwrap();
        heads.push(Head { at: format!("minute {no}"), no, chain });
    }
    (access, heads)
}

/// What somebody with the file does to it.
#[derive(Debug, Clone)]
enum Vandalism {
    Edit {
        no: i64,
        column: &'static str,
    },
    Delete {
        from: i64,
        to: i64,
    },
    Swap {
        one: i64,
        other: i64,
    },
    Insert {
        at: i64,
    },
    Cut {
        from: i64,
    },
    /// Edits one, and writes the chain of it and of all that follow anew: what a forger who knows this code would do.
    Forge {
        no: i64,
    },
}

const COLUMNS: [&str; 8] = ["at", "who", "what", "why", "subject", "unit", "case_id", "incident"];

fn vandalism(n: i64) -> impl Strategy<Value = Vandalism> {
    let no = move || 1..=n;
    prop_oneof![
        (no(), prop::sample::select(&COLUMNS[..])).prop_map(|(no, column)| Vandalism::Edit { no, column }),
        (1..n, 0..5_i64)
            .prop_map(move |(from, more)| Vandalism::Delete { from, to: (from + more).min(n - 1) }),
        (no(), no())
            .prop_filter("two", |(a, b)| a != b)
            .prop_map(|(one, other)| Vandalism::Swap { one, other }),
        (1..n).prop_map(|at| Vandalism::Insert { at }),
        // The head after the last record is known elsewhere.
        no().prop_map(|from| Vandalism::Cut { from }),
        no().prop_map(|no| Vandalism::Forge { no }),
    ]
}

async fn run(pool: &SqlitePool, sql: String) {
    sqlx::query(sqlx::AssertSqlSafe(sql)).execute(pool).await.unwrap();
}

async fn vandalise(access: &Access, act: &Vandalism) {
    let pool = &access.db.write;
    for trigger in ["audit_no_update", "audit_no_delete"] {
        run(pool, format!("DROP TRIGGER IF EXISTS {trigger}")).await;
    }
    match act {
        Vandalism::Edit { no, column } => {
            let to = if ["at", "incident"].contains(column) { "+ 1" } else { "|| 'x'" };
            run(pool, format!("UPDATE audit SET {column} = {column} {to} WHERE no = {no}")).await;
        }
        Vandalism::Delete { from, to } => {
            run(pool, format!("DELETE FROM audit WHERE no BETWEEN {from} AND {to}")).await;
        }
        Vandalism::Swap { one, other } => {
            for (from, to) in [(*one, 2_000_000), (*other, *one), (2_000_000, *other)] {
                run(pool, format!("UPDATE audit SET no = {to} WHERE no = {from}")).await;
            }
        }
        Vandalism::Insert { at } => {
            run(pool, format!("UPDATE audit SET no = no + 1000000 WHERE no > {at}")).await;
            run(pool, "UPDATE audit SET no = no - 999999 WHERE no > 1000000".into()).await;
            let copy = "SELECT no + 1, at, who, what, why, subject, unit, case_id, incident, chain";
            run(pool, format!("INSERT INTO audit {copy} FROM audit WHERE no = {at}")).await;
        }
        Vandalism::Cut { from } => run(pool, format!("DELETE FROM audit WHERE no >= {from}")).await,
        Vandalism::Forge { no } => forge(access, *no).await,
    }
}

/// Takes everything from `no` on out and puts it in again, each linked to the one before.
async fn forge(access: &Access, no: i64) {
    let kept: i64 = sqlx::query_scalar("SELECT max(no) FROM audit").fetch_one(&access.db.read).await.unwrap();
    run(&access.db.write, format!("DELETE FROM audit WHERE no >= {no}")).await;
    let others: Vec<Record> = (no - 1..kept).map(|i| Record { who: Who::Stranger, ..record(i) }).collect();
    access.record(&others).await.unwrap();
}

async fn found(n: i64, act: &Vandalism) -> Verdict {
    let (access, heads) = log(n).await;
    let sound = access.verify(&heads).await.unwrap();
    assert!(sound.is_sound() && sound.records == n, "{sound:?}");
    vandalise(&access, act).await;
    access.verify(&heads).await.unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn nothing_can_be_changed_taken_out_put_in_moved_or_written_anew_unseen(act in vandalism(120)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let verdict = runtime.block_on(found(120, &act));
        prop_assert!(!verdict.is_sound(), "{act:?} was not found");
    }
}

#[tokio::test]
async fn each_problem_is_named_with_its_place() {
    for (act, says) in [
        (Vandalism::Edit { no: 17, column: "who" }, "record 17 is not what was written"),
        (Vandalism::Delete { from: 5, to: 7 }, "records 5 to 7 are missing"),
        (Vandalism::Delete { from: 1, to: 1 }, "records 1 to 1 are missing"),
        (
            Vandalism::Cut { from: 28 },
            "ends at record 27, and at minute 30 it ended at 30: its end has been cut off",
        ),
        (Vandalism::Cut { from: 1 }, "ends at record 0, and at minute 30 it ended at 30"),
        (Vandalism::Forge { no: 12 }, "record 20 is not the one that was last at minute 20"),
    ] {
        let verdict = found(30, &act).await;
        assert!(verdict.problems.iter().any(|problem| problem.contains(says)), "{act:?}: {verdict:?}");
    }
}

#[tokio::test]
async fn one_wrong_record_is_one_problem() {
    let verdict = found(30, &Vandalism::Edit { no: 17, column: "why" }).await;
    assert_eq!((verdict.problems.len(), verdict.others), (1, 0), "{verdict:?}");
}

#[tokio::test]
async fn the_database_itself_refuses_to_change_or_delete() {
    let (access, _) = log(3).await;
    for sql in ["UPDATE audit SET who = 'x' WHERE no = 2", "DELETE FROM audit WHERE no = 3"] {
        let error = sqlx::query(sql).execute(&access.db.write).await.unwrap_err();
        assert!(error.to_string().contains("append-only"), "{error}");
    }
    assert!(access.verify(&[]).await.unwrap().is_sound());
}

#[tokio::test]
async fn two_writers_of_one_file_make_one_chain() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("access.db");
    let (one, other) = (Access::open(&path).await.unwrap(), Access::open(&path).await.unwrap());
    for i in 0..10 {
        one.record(&[record(2 * i)]).await.unwrap();
        other.record(&[record(2 * i + 1)]).await.unwrap();
    }
    let verdict = other.verify(&[]).await.unwrap();
    assert!(verdict.is_sound() && verdict.records == 20, "{verdict:?}");
    #[cfg(unix)]
    {
        let mode = std::os::unix::fs::PermissionsExt::mode(&path.metadata().unwrap().permissions());
        assert_eq!(mode & 0o077, 0, "{mode:o}");
    }
}

#[tokio::test]
async fn a_full_disk_refuses_a_record_and_is_over_once_there_is_room() {
    let folder = tempfile::tempdir().unwrap();
    let access = Access::open(&folder.path().join("access.db")).await.unwrap();
    access.record(&[record(0)]).await.unwrap();
    sqlx::query("PRAGMA max_page_count = 1").execute(&access.db.write).await.unwrap();
    let long = Record { why: "x".repeat(200_000), ..record(1) };
    access.record(&[long]).await.unwrap_err();
    access.record(&[record(2)]).await.unwrap();
    let verdict = access.verify(&[]).await.unwrap();
    assert!(verdict.is_sound() && verdict.records == 2, "{verdict:?}");
}

#[tokio::test]
async fn heads_are_read_as_they_were_written() {
    let folder = tempfile::tempdir().unwrap();
    let file = HeadsFile::new(&folder.path().join("heads"));
    assert!(file.read().unwrap().is_empty());
    let at = Timestamp::from_ms(1_772_330_047_000);
    file.write(at, 3, &GENESIS).unwrap();
    file.write(at, 4, &[7; 32]).unwrap();
    let heads = file.read().unwrap();
    assert_eq!(
        heads.iter().map(|head| (head.no, head.chain)).collect::<Vec<_>>(),
        [(3, GENESIS), (4, [7; 32])]
    );
    for bad in ["", "2026 5", "2026 x 00", "2026 5 00", "2026 5 zz"] {
        std::fs::write(folder.path().join("heads"), format!("{bad}\n")).unwrap();
        let error = file.read().unwrap_err().to_string();
        assert!(error.contains("line 1: this is no head"), "{bad}: {error}");
    }
}

#[tokio::test]
async fn a_case_knows_its_readers() {
    let (access, _) = log(60).await;
    let case = "c-1".parse().unwrap();
    let readers = access.readers(Looked::Case(&case), 100).await.unwrap();
    let of_case = (0..60).map(record).filter(|record| record.about.case.as_ref() == Some(&case));
    let times: i64 = readers.iter().map(|reader| reader.times).sum();
    assert_eq!(usize::try_from(times).unwrap(), of_case.count());
    assert!(readers.is_sorted_by_key(|reader| std::cmp::Reverse(reader.last_at)));
    assert!(readers.iter().any(|reader| reader.who.starts_with("s-")));
}

/// Some two minutes: CORDON_LONG=1 cargo nextest run --lib -E 'test(a_million_records)'
#[tokio::test]
async fn a_million_records() {
    if std::env::var_os("CORDON_LONG").is_none() {
        return;
    }
    const N: i64 = 1_000_000;
    let folder = tempfile::tempdir().unwrap();
    let access = Access::open(&folder.path().join("access.db")).await.unwrap();
    let mut heads = Vec::new();
    for from in (0..N).step_by(10_000) {
        access.record(&(from..from + 10_000).map(record).collect::<Vec<_>>()).await.unwrap();
        let (no, chain) = access.head().await.unwrap().unwrap();
        heads.push(Head { at: format!("minute {no}"), no, chain });
    }
    let sound = access.verify(&heads).await.unwrap();
    assert!(sound.is_sound() && sound.records == N, "{sound:?}");
    // From the least visible to the most; each is found among the others, at its place.
    for (act, says) in [
        (Vandalism::Edit { no: 731_003, column: "incident" }, "record 731003 is not what"),
        (Vandalism::Swap { one: 400_000, other: 400_001 }, "record 400000 is not what"),
        (Vandalism::Delete { from: 12, to: 12 }, "records 12 to 12 are missing"),
        (Vandalism::Cut { from: N }, "ends at record 999999, and at minute 1000000 it ended at 1000000"),
    ] {
        vandalise(&access, &act).await;
        let verdict = access.verify(&heads).await.unwrap();
        assert!(verdict.problems.iter().any(|problem| problem.contains(says)), "{act:?}: {verdict:?}");
    }
}
