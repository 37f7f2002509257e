//! A private PostgreSQL for the tests of one binary: made on first use, one database for each test, gone afterwards.
//!
//! Include it with `#[path = "support/postgres.rs"] mod postgres;`. Without PostgreSQL on the machine the tests that
//! want one say so and pass, or fail if `CORDON_REQUIRE_POSTGRES` is 1.

use std::{
    fs,
    io::Write,
    net::TcpListener,
    os::unix::{fs::MetadataExt, process::CommandExt},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::{
        LazyLock,
        atomic::{AtomicU32, Ordering},
    },
};

use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};

/// The server's own account needs a directory that it can reach, and a socket's path has 107 bytes at most.
const PARENT: &str = "/tmp";
/// PostgreSQL refuses to run as root.
const UNPRIVILEGED: &str = "nobody";
const START_TRIES: u32 = 5;

static CLUSTER: LazyLock<Option<Cluster>> = LazyLock::new(Cluster::start);
static DATABASES: AtomicU32 = AtomicU32::new(0);

/// The address of a new empty database, or `None` where there is no PostgreSQL.
pub(crate) async fn fresh_database() -> Option<String> {
    let cluster = CLUSTER.as_ref()?;
    let name = format!("test_{}", DATABASES.fetch_add(1, Ordering::Relaxed));
    let mut admin = PgConnection::connect(&cluster.url("postgres")).await.expect("the cluster answers");
    admin.execute(AssertSqlSafe(format!("CREATE DATABASE {name}"))).await.expect("a new database");
    admin.close().await.expect("the connection closes");
    Some(cluster.url(&name))
}

struct Cluster {
    port: u16,
    /// Closed by the end of this process, however it ends: the watchdog that reads it then stops the server.
    _alive: std::process::ChildStdin,
}

impl Cluster {
    fn start() -> Option<Self> {
        let Some(bin) = find_bin() else {
            assert!(
                std::env::var("CORDON_REQUIRE_POSTGRES").as_deref() != Ok("1"),
                "CORDON_REQUIRE_POSTGRES is 1, but there is no initdb in PATH or /usr/lib/postgresql: install PostgreSQL"
            );
            // Not through `eprintln!`, which the test harness keeps to itself when a test passes.
            let mut stderr = std::io::stderr();
            let line = b"SKIPPED: the tests on PostgreSQL, for no initdb is in PATH or /usr/lib/postgresql\n";
            stderr.write_all(line).expect("standard error takes a line");
            return None;
        };
        let dir =
            tempfile::Builder::new().prefix("cordon-pg-").tempdir_in(PARENT).expect("a directory in /tmp");
        let runner = Runner::new(bin, dir.keep());
        let alive = runner.watch();
        runner.run("initdb", &["-A", "trust", "-U", "cordon", "-E", "UTF8", "--locale=C", "--no-sync"]);
        for _ in 0..START_TRIES {
            let port = free_port();
            // What is lost when the machine stops is no loss here; everything else is as in production.
            let settings = format!(
                "-c listen_addresses=127.0.0.1 -p {port} -k {} -c fsync=off -c max_connections=200",
                runner.dir.display()
            );
            if runner.try_run("pg_ctl", &["-w", "-l", &runner.log(), "-o", &settings, "start"]) {
                return Some(Self { port, _alive: alive });
            }
        }
        panic!("PostgreSQL did not start: {}", fs::read_to_string(runner.log()).unwrap_or_default());
    }

    fn url(&self, database: &str) -> String {
        format!("postgres://cordon@127.0.0.1:{}/{database}", self.port)
    }
}

/// Runs PostgreSQL's programs on one directory, as an account that they accept.
struct Runner {
    bin: PathBuf,
    dir: PathBuf,
    is_root: bool,
}

impl Runner {
    fn new(bin: PathBuf, dir: PathBuf) -> Self {
        let is_root = fs::metadata(&dir).expect("the directory is there").uid() == 0;
        if is_root {
            let given = Command::new("chown").arg(UNPRIVILEGED).arg(&dir).status();
            assert!(given.is_ok_and(|status| status.success()), "{UNPRIVILEGED} gets the directory");
        }
        Self { bin, dir, is_root }
    }

    fn command(&self, program: &str) -> Command {
        let program = self.bin.join(program);
        let mut command = if self.is_root {
            let mut command = Command::new("runuser");
            command.args(["-u", UNPRIVILEGED, "--"]).arg(program);
            command
        } else {
            Command::new(program)
        };
        command.arg("-D").arg(self.dir.join("data")).current_dir(&self.dir);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command
    }

    fn try_run(&self, program: &str, arguments: &[&str]) -> bool {
        self.command(program).args(arguments).status().expect("the program starts").success()
    }

    fn run(&self, program: &str, arguments: &[&str]) {
        let output = self.command(program).args(arguments).stderr(Stdio::piped()).output();
        let output = output.expect("the program starts");
        assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
    }

    fn log(&self) -> String {
        self.dir.join("log").display().to_string()
    }

    /// A process that outlives this one, to stop the server and remove the directory. In a group of its own: Ctrl-C
    /// and a test runner's kill reach this process, not that one.
    fn watch(&self) -> std::process::ChildStdin {
        let script =
            r#"read -r _; "$1" -u "$4" -- "$2/pg_ctl" -D "$3/data" -m immediate -w stop; rm -rf "$3""#;
        let script = if self.is_root { script.into() } else { script.replace(r#""$1" -u "$4" -- "#, "") };
        let mut watchdog = Command::new("sh");
        watchdog.arg("-c").arg(script).arg("watchdog").arg("runuser");
        watchdog.arg(&self.bin).arg(&self.dir).arg(UNPRIVILEGED).current_dir("/").process_group(0);
        watchdog.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        watchdog.spawn().expect("sh starts").stdin.take().expect("its input is a pipe")
    }
}

/// The directory of `initdb` and `pg_ctl`: of the first in PATH, or of the latest version that Debian has installed.
fn find_bin() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut dirs: Vec<PathBuf> = std::env::split_paths(&path).collect();
    let mut versions: Vec<PathBuf> = fs::read_dir("/usr/lib/postgresql")
        .map(|entries| entries.flatten().map(|entry| entry.path().join("bin")).collect())
        .unwrap_or_default();
    versions.sort_by_key(|bin| version(bin));
    dirs.extend(versions.into_iter().rev());
    // Resolved, since PATH may hold a link to initdb alone.
    let found = dirs.iter().find_map(|dir| dir.join("initdb").canonicalize().ok())?;
    found.parent().filter(|bin| bin.join("pg_ctl").exists()).map(Path::to_path_buf)
}

fn version(bin: &Path) -> u32 {
    let name = bin.parent().and_then(Path::file_name).and_then(|name| name.to_str());
    name.and_then(|name| name.parse().ok()).unwrap_or(0)
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port").port()
}
