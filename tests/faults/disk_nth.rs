//! Every write, sync and cut of a scripted violation fails once, each in a run of its own, as SQLite's own tests do.

use std::{
    fs,
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
    sync::atomic::{AtomicU16, Ordering},
    time::Duration,
};

use cordon::{
    clock::Clock,
    sandbox::phones::Shown,
    sequencer::{self, decide_again},
    store::{self, Store},
};
use futures_util::{StreamExt, stream};
use serde_json::json;
use sqlx::{Connection, SqliteConnection};
use tempfile::TempDir;

use super::{
    script::{self, Came, NOT_OPENED, Order, Scene, database},
    shim::{self, Disk, EIO, ENOSPC},
};
use crate::{outcome, phones::Phones, report};

/// Runs at the same time: one waits while another works.
pub(crate) const AT_ONCE: usize = 4;
/// One run ends within this time, however busy the machine is.
const RUN_MAX: Duration = Duration::from_secs(60);

/// A folder in memory, where there is one: a sync that is to fail does so without the disk's help.
pub(crate) fn folder() -> TempDir {
    let memory = Path::new("/dev/shm");
    let made = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
    made.unwrap()
}

/// A console's address that nothing else on this machine asks for: by the time that the process listens there, a free
/// port of 127.0.0.1 may be taken.
fn address() -> SocketAddr {
    static RUNS: AtomicU16 = AtomicU16::new(0);
    let [high, low] = RUNS.fetch_add(1, Ordering::Relaxed).to_be_bytes();
    let process = 1 + std::process::id() % 250;
    (Ipv4Addr::new(127, u8::try_from(process).unwrap(), high, low), 8_080).into()
}

/// A run that is over.
pub(crate) struct Run {
    pub(crate) folder: TempDir,
    pub(crate) came: Came,
    pub(crate) calls: u64,
    /// The store could not be opened at first.
    pub(crate) started_twice: bool,
}

impl Run {
    /// Plays scenes on what another run left behind (a folder of files), or on nothing.
    pub(crate) async fn of(before: Option<&Path>, scenes: &[Scene], disk: Disk, marks: bool) -> Self {
        let folder = folder();
        let data = folder.path().join("data");
        fs::create_dir(&data).unwrap();
        for file in before.into_iter().flat_map(|before| fs::read_dir(before).unwrap()) {
            let file = file.unwrap().path();
            fs::copy(&file, data.join(file.file_name().unwrap())).unwrap();
        }
        let console = address();
        // What goes on with another's files must come after it, though time passes faster than it does for us: a first
        // run begins ten minutes ago.
        let past_ms = if before.is_some() { 0 } else { 600_000 };
        let epoch_ms = script::epoch_ms(Clock::real().wall().as_ms(), past_ms);
        let mut order =
            Order { folder: data, epoch_ms, console, phones: String::new(), marks, scenes: scenes.to_vec() };
        let phones = Phones::start(format!("http://{console}"), order.clock()).await;
        order.phones.clone_from(&phones.url);
        let count = folder.path().join("count");
        let disk = Disk { count: Some(count.clone()), ..disk };
        let mut ended = run(&order, &disk).await;
        let calls = shim::calls(&count);
        let started_twice = ended.code() == Some(NOT_OPENED);
        if started_twice {
            ended = run(&order, &Disk::default()).await;
        }
        if scenes.contains(&Scene::PowerCut) {
            // Whoever looks at the files tidies them up.
            return Self { folder, came: Came::default(), calls, started_twice };
        }
        assert!(ended.success(), "{ended}");
        let came = judge(&order, &phones.received().await).await;
        Self { folder, came, calls, started_twice }
    }

    /// Where it left its files.
    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }
}

async fn run(order: &Order, disk: &Disk) -> ExitStatus {
    let mut process = order.process(disk);
    process.stdin(Stdio::null()).stdout(Stdio::null()).kill_on_drop(true);
    let mut child = process.spawn().unwrap();
    tokio::time::timeout(RUN_MAX, child.wait()).await.expect("a run ends").unwrap()
}

/// The files need no repair, the journal says what was done, and everybody was told once.
async fn judge(order: &Order, received: &[Shown]) -> Came {
    let store = is_sound(&order.folder, "a run").await;
    let (_, alerts) = outcome::stored(store.as_ref()).await;
    outcome::assert_received(&alerts, received);
    Came::of(store.as_ref()).await
}

/// Opens what lies in a folder; panics unless it is whole and in agreement with itself. `when` says in which state.
pub(crate) async fn is_sound(folder: &Path, when: &str) -> std::sync::Arc<dyn Store> {
    let url = database(folder);
    let store = store::open(&url).await.unwrap_or_else(|error| panic!("{when}: {error}"));
    let mut connection = SqliteConnection::connect(&url).await.unwrap();
    let said: String = sqlx::query_scalar("PRAGMA integrity_check").fetch_one(&mut connection).await.unwrap();
    assert_eq!(said, "ok", "{when}");
    let recovered = decide_again(store.as_ref()).await.unwrap();
    let findings = sequencer::compare(store.as_ref(), recovered).await.unwrap();
    assert_eq!(findings.differences, Vec::<String>::new(), "{when}");
    store
}

#[tokio::test(flavor = "multi_thread")]
async fn each_call_of_a_violation_fails_once_and_nothing_is_lost_or_doubled() {
    let scenes = [Scene::Opening, Scene::Quiet(64), Scene::PowerCut];
    let before = Run::of(None, &scenes, Disk::default(), false).await;
    let errors: &[i32] = if report::is_long() { &[EIO, ENOSPC] } else { &[EIO] };
    for errno in errors {
        all(Some(&before.data()), &[Scene::Violation], *errno).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_call_of_the_first_start_fails_once_and_nothing_is_lost_or_doubled() {
    let errors: &[i32] = if report::is_long() { &[EIO, ENOSPC] } else { &[ENOSPC] };
    for errno in errors {
        all(None, &[Scene::Opening, Scene::Violation], *errno).await;
    }
}

/// Fails every call of these scenes, each in a run of its own, from `before`.
async fn all(before: Option<&Path>, scenes: &[Scene], errno: i32) {
    let clock = Clock::real();
    let calm = Run::of(before, scenes, Disk::default(), false).await;
    println!("{scenes:?}: {} calls; {:#?}", calm.calls, calm.came);
    let began_us = clock.real_us();
    let runs = stream::iter(1..=calm.calls).map(|call| {
        let calm = &calm.came;
        async move {
            let disk = Disk { fails: Some((call, errno)), ..Disk::default() };
            let run = Run::of(before, scenes, disk, false).await;
            assert_eq!(run.came, *calm, "call {call} failed with {errno}");
            (u64::from(run.started_twice), u64::from(run.calls >= call))
        }
    });
    let ended: Vec<(u64, u64)> = runs.buffer_unordered(AT_ONCE).collect().await;
    let failed = ended.iter().map(|(_, failed)| failed).sum::<u64>();
    assert!(calm.calls > 50 && failed * 10 >= calm.calls * 9, "{failed} of {} calls failed", calm.calls);
    let took_s = (clock.real_us() - began_us) / 1_000_000;
    report::shown(
        9,
        "each call of a scripted violation failed once",
        json!({
            "scenes": format!("{scenes:?}"), "errno": errno, "calls": calm.calls,
            "failed": failed,
            "started_twice": ended.iter().map(|(twice, _)| twice).sum::<u64>(),
            "lost": 0, "doubled": 0, "took_s": took_s,
        }),
    );
}
