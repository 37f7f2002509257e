//! Rows of somebody are blanked after the engine forgot them: the chain verifies, a start goes on from a snapshot after
//! that or not at all, and replay says what it cannot decide any more.

use cordon::{
    domain::{DataSubject, IncidentId},
    engine::{ENGINE_VERSION, Engine, MEMORY_FORM, RowNumbers, Told},
    sequencer::{
        self, Kept, RecoverError, Recovered, Taken, Undecided, catch_up, chain_of, decide_again, digest_of,
        erasures, forget_snapshots, recover, snapshots_after,
    },
    store::{Batch, JournalRow, MemoryStore, Snapshot, SnapshotPart, Store},
};

use crate::{
    accompanied::{World, run},
    erasing::{ERASED_S, close_all, erase, subject, violation, world},
    ward::second,
};

/// A world in which the first wearer was erased, and the row of that.
struct Erased {
    world: World,
    row: i64,
    /// The wearer's rows before it.
    theirs: Vec<i64>,
    /// The incidents about them.
    incidents: Vec<IncidentId>,
}

impl Erased {
    fn new() -> Self {
        let mut world = world();
        violation(&mut world);
        close_all(&mut world, ERASED_S);
        let about = |row: &JournalRow| row.subject == "wearer:w-1" || row.subject == "case:c-1";
        let theirs: Vec<i64> = world.rows().iter().filter(|row| about(row)).map(|row| row.no).collect();
        assert!(theirs.len() > 50);
        let wearer = cordon::domain::Subject::Wearer("w-1".parse().unwrap());
        let incidents =
            world.incidents.values().filter(|one| one.subject == wearer).map(|one| one.id).collect();
        assert!(erase(&mut world, ERASED_S, "wearer:w-1"));
        let row = world.rows().len() as i64;
        Self { world, row, theirs, incidents }
    }

    fn store(&self) -> &MemoryStore {
        &self.world.store
    }

    fn engine(&self) -> &Engine {
        self.world.sequencer.engine()
    }

    fn taken(&self) -> Taken {
        let head = run(self.store().head()).unwrap().unwrap();
        Taken::of(self.engine(), &head).unwrap()
    }

    /// Takes a snapshot of this moment. Its row.
    fn snapshot(&self) -> i64 {
        run(self.taken().write(self.store())).unwrap();
        self.world.rows().len() as i64
    }

    /// The other couple goes on.
    fn goes_on(&mut self, s: i64) {
        for s in (s..s + 100).step_by(15) {
            self.world.sends("sim/t2", s, s, crate::accompanied::east(2_400.0), 5.0);
        }
    }

    /// The journal says that these rows go.
    fn says(&mut self, s: i64, nos: &[i64]) {
        let rows = RowNumbers::new(nos.to_vec()).unwrap();
        self.world.tell(s, Told::Blank { subject: subject("wearer:w-1"), rows });
    }

    /// As the eraser leaves it: two snapshots, rows blanked, incidents gone, and the line going on.
    fn blanked() -> (Self, [i64; 2]) {
        let mut erased = Self::new();
        let first = erased.snapshot();
        erased.goes_on(ERASED_S + 100);
        let second = erased.snapshot();
        erased.says(ERASED_S + 250, &erased.theirs.clone());
        run(erased.store().erase_rows(&erased.theirs)).unwrap();
        run(erased.store().forget_incidents(&erased.incidents)).unwrap();
        erased.goes_on(ERASED_S + 300);
        (erased, [first, second])
    }

    fn looks_whole(&self, when: &str) {
        let (sequencer, findings) = run(recover(self.store())).unwrap();
        assert!(sequencer.engine() == self.engine(), "{when}");
        assert_eq!(findings.differences, Vec::<String>::new(), "{when}");
        let findings = self.world.replayed();
        assert_eq!((findings.differences, findings.broken), (vec![], 0), "{when}");
    }

    fn kept(&self) -> Vec<i64> {
        run(self.store().snapshots()).unwrap().iter().map(|snapshot| snapshot.no).collect()
    }

    /// The first part of a snapshot is another one's.
    fn damage(&self, no: i64) {
        let part = SnapshotPart { nth: 0, subject: "service".into(), content: vec![1] };
        run(self.store().keep_parts(no, &[part])).unwrap();
    }
}

#[test]
fn a_start_goes_on_and_replay_says_what_it_cannot_decide() {
    let (erased, [base, newest]) = Erased::blanked();
    erased.looks_whole("blanked");
    let (_, findings) = run(recover(erased.store())).unwrap();
    assert_eq!((findings.from, findings.erased), (newest, 0));
    let findings = erased.world.replayed();
    let (first, count) = (erased.theirs[0], erased.theirs.len() as i64);
    let undecided = Undecided { first, last: base, erased: count };
    assert_eq!((findings.undecided, findings.erased), (vec![undecided], count));
    assert_eq!(
        undecided.to_string(),
        format!(
            "rows {first} to {base}: the content of {count} rows was erased; the chain goes by their digests; they are \
             not decided again"
        )
    );
    let written = erased.world.rows().iter().map(|row| row.decision.clone()).collect::<String>();
    assert!(!written.contains("wearer w-1"), "the rows say nothing of them");
    let again = run(decide_again(erased.store())).unwrap();
    assert!(again.engine == *erased.engine());
    // What came after it is compared.
    let open = run(erased.store().incidents(IncidentId(0), 100)).unwrap();
    let mut forged =
        open.into_iter().next().unwrap_or_else(|| erased.world.incidents.values().next().unwrap().clone());
    (forged.id, forged.raised_at) = (IncidentId(900), second(ERASED_S + 350));
    run(erased.store().commit(&Batch { incidents: vec![forged], ..Batch::default() })).unwrap();
    let findings = run(sequencer::compare(erased.store(), again)).unwrap();
    assert_eq!(findings.differences, ["incident 900: not what the journal leads to"]);
}

#[test]
fn one_damaged_snapshot_is_survived_and_two_are_not() {
    let (erased, [base, newest]) = Erased::blanked();
    assert_eq!(run(snapshots_after(erased.store(), erased.row)).unwrap(), 2);
    erased.damage(newest);
    assert_eq!(run(snapshots_after(erased.store(), erased.row)).unwrap(), 1);
    erased.looks_whole("one is left");
    assert_eq!(run(recover(erased.store())).unwrap().1.from, base);
    erased.damage(base);
    let error = run(recover(erased.store())).err().unwrap();
    let first = erased.theirs[0];
    let says = format!(
        "what row {first} held was erased, and no snapshot after the erasure can be read: restore a backup of the store \
         that was made after it (the snapshot after row {newest} is passed over: a part cannot be read; the snapshot after \
         row {base} is passed over: a part cannot be read)"
    );
    assert_eq!(error.to_string(), says);
    let findings = erased.world.replayed();
    assert_eq!(findings.broken, 0);
    let lost = format!(
        "rows from {first} on cannot be decided: content was erased, and no snapshot after it can be read"
    );
    assert_eq!(findings.differences, [lost]);
}

#[test]
fn of_another_version_it_is_taken_and_of_another_form_refused() {
    let (erased, [_, newest]) = Erased::blanked();
    let mut rows = erased.world.rows();
    rows.iter_mut().for_each(|row| row.engine = ENGINE_VERSION - 1);
    let older = MemoryStore::new();
    run(older.commit(&Batch { rows, ..Batch::default() })).unwrap();
    for snapshot in run(erased.store().snapshots()).unwrap() {
        let parts = run(erased.store().snapshot_parts(snapshot.no, 0, 10_000)).unwrap();
        run(older.keep_parts(snapshot.no, &parts)).unwrap();
        run(older.keep_snapshot(&snapshot)).unwrap();
    }
    assert_eq!(run(catch_up(&older)).unwrap().findings.from, newest);

    // Another is erased since, and was killed before that was kept: what there is still serves.
    let last = run(older.journal(0, 10_000)).unwrap().pop().unwrap();
    let subject: DataSubject = "person:p-9".parse().unwrap();
    let mut row = JournalRow {
        no: last.no + 1,
        at: last.at.plus_ms(1_000),
        kind: "erase".into(),
        subject: subject.to_string(),
        codec: 2,
        payload: serde_json::to_vec(&Told::Erase { subject }).unwrap(),
        decision: "erased person:p-9".into(),
        engine: ENGINE_VERSION,
        ..last.clone()
    };
    row.digest = digest_of(&row);
    row.chain = chain_of(&last.chain, &row);
    run(older.commit(&Batch { rows: vec![row], ..Batch::default() })).unwrap();
    assert_eq!(run(catch_up(&older)).unwrap().findings.from, newest);

    for snapshot in run(erased.store().snapshots()).unwrap() {
        run(erased.store().keep_snapshot(&Snapshot { form: MEMORY_FORM + 1, ..snapshot })).unwrap();
    }
    let error = run(recover(erased.store())).err().unwrap();
    assert!(matches!(error, RecoverError::OtherForm { .. }), "{error}");
    assert!(error.to_string().contains("run the version that wrote them"), "{error}");
}

#[test]
fn content_that_no_erasure_took_is_a_difference() {
    let (erased, _) = Erased::blanked();
    let last = erased.world.rows().len() as i64;
    run(erased.store().erase_rows(&[last])).unwrap();
    let findings = erased.world.replayed();
    let says = format!("row {last}: its content is gone, and no erasure took it");
    assert!(findings.differences.contains(&says), "{:?}", findings.differences);
    assert!(matches!(run(recover(erased.store())), Err(RecoverError::Erased { row, .. }) if row == last));
}

#[test]
fn the_first_snapshot_after_an_erasure_is_kept() {
    let mut erased = Erased::new();
    let before = {
        let part = MemoryStore::new();
        run(part.commit(&Batch { rows: erased.world.rows()[..100].to_vec(), ..Batch::default() })).unwrap();
        let Recovered { engine, head, .. } = run(decide_again(&part)).unwrap();
        run(Taken::of(&engine, &head.unwrap()).unwrap().write(erased.store())).unwrap();
        100
    };
    let base = erased.snapshot();
    assert_eq!(erased.kept(), [base, before], "two, until there are two without them");
    let mut taken = vec![base];
    for nth in 1..4 {
        erased.goes_on(ERASED_S + 200 * nth);
        taken.push(erased.snapshot());
    }
    assert_eq!(erased.kept(), [taken[3], taken[2], base]);
    // One that cannot be believed is none of the last two.
    erased.damage(taken[3]);
    erased.goes_on(ERASED_S + 1_000);
    let newest = erased.snapshot();
    assert_eq!(erased.kept(), [newest, taken[2], base]);
    assert_eq!(run(erasures(erased.store(), 0)).unwrap(), [(erased.row, subject("wearer:w-1"))]);
    assert_eq!(run(erasures(erased.store(), erased.row)).unwrap(), []);
}

/// The process dies between any two steps of it, and the next one goes on.
#[test]
fn a_kill_at_any_step_loses_nothing() {
    let mut erased = Erased::new();
    let owed = |erased: &Erased| format!("{:?}", run(Kept::read(erased.store(), 0)).unwrap());
    let expect = |erased: &Erased, left: usize, when: &str| {
        erased.looks_whole(when);
        assert!(owed(erased).ends_with(&format!("owed: {left} }}")), "{when}: {}", owed(erased));
    };
    expect(&erased, 2, "the erasure is written");
    let half = |erased: &Erased| {
        let scratch = MemoryStore::new();
        run(scratch.commit(&Batch { rows: erased.world.rows(), ..Batch::default() })).unwrap();
        run(erased.taken().write(&scratch)).unwrap();
        let snapshot = run(scratch.snapshots()).unwrap().remove(0);
        let parts = run(scratch.snapshot_parts(snapshot.no, 0, 3)).unwrap();
        run(erased.store().keep_parts(snapshot.no, &parts)).unwrap();
        snapshot.no
    };
    let left_over = half(&erased);
    expect(&erased, 2, "half of a snapshot is written");
    erased.goes_on(ERASED_S + 100);
    let first = erased.snapshot();
    assert_eq!(
        run(erased.store().snapshot_parts(left_over, 0, 9)).unwrap(),
        [],
        "what was left over is gone"
    );
    expect(&erased, 1, "a snapshot is written");
    erased.goes_on(ERASED_S + 300);
    half(&erased);
    expect(&erased, 1, "half of the second is written");
    let second = erased.snapshot();
    expect(&erased, 0, "both are written");
    let theirs = erased.theirs.clone();
    erased.says(ERASED_S + 500, &theirs);
    expect(&erased, 0, "it is said which rows go");
    let (some, others) = theirs.split_at(20);
    run(erased.store().erase_rows(others)).unwrap();
    expect(&erased, 0, "rows are being blanked");
    run(erased.store().erase_rows(some)).unwrap();
    expect(&erased, 0, "rows are blanked");
    run(erased.store().forget_incidents(&erased.incidents)).unwrap();
    run(forget_snapshots(erased.store())).unwrap();
    expect(&erased, 0, "it is done");
    assert_eq!(erased.kept(), [second, first]);
}
