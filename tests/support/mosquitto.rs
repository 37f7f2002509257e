//! A private Mosquitto that runs the configuration of `deploy/mosquitto`.
#![allow(dead_code, reason = "no test uses all of it")]

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    net::{SocketAddr, TcpListener},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use tempfile::TempDir;

/// Set to 1 where a missing Mosquitto is a failure.
const REQUIRED: &str = "CORDON_REQUIRE_MOSQUITTO";

/// Killed when dropped.
pub(crate) struct Mosquitto {
    program: PathBuf,
    folder: TempDir,
    addr: SocketAddr,
    child: Child,
}

impl Mosquitto {
    /// Starts one with these logins and passwords; `service` is Cordon's login. `None`, with a word about it, where
    /// Mosquitto is not installed.
    pub(crate) fn start(service: &str, logins: &[(&str, &str)]) -> Option<Self> {
        Self::start_with(service, logins, &[])
    }

    /// Lets `settings` replace lines of the configuration, or add some.
    pub(crate) fn start_with(
        service: &str,
        logins: &[(&str, &str)],
        settings: &[(&str, &str)],
    ) -> Option<Self> {
        let Some(program) = find("mosquitto") else {
            assert!(
                std::env::var(REQUIRED).as_deref() != Ok("1"),
                "mosquitto is not installed and {REQUIRED}=1"
            );
            eprintln!("SKIPPED: mosquitto is not installed (apt-get install mosquitto)");
            return None;
        };
        let folder = tempfile::tempdir().unwrap();
        let addr = free_addr();
        write_logins(folder.path(), service, logins);
        write_config(folder.path(), addr, settings);
        let child = spawn(&program, folder.path());
        Some(Self { program, folder, addr, child })
    }

    pub(crate) fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Asks it to end, so that it writes its sessions and messages.
    pub(crate) fn stop(&mut self) {
        let ended = Command::new("kill").arg(self.child.id().to_string()).status().unwrap();
        assert!(ended.success());
        self.child.wait().unwrap();
    }

    /// Ends it as a crash would: what it has not written is lost.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Starts it again with what it has written, on the same port.
    pub(crate) fn start_again(&mut self) {
        self.child = spawn(&self.program, self.folder.path());
    }
}

impl Drop for Mosquitto {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A certificate for 127.0.0.1 that vouches for itself, and its key. `None`, with a word about it, without openssl.
pub(crate) fn certificate(folder: &Path, name: &str) -> Option<(PathBuf, PathBuf)> {
    if find("openssl").is_none() {
        eprintln!("SKIPPED: openssl is not installed (apt-get install openssl)");
        return None;
    }
    let (cert, key) = (folder.join(format!("{name}.pem")), folder.join(format!("{name}.key")));
    let made = Command::new("openssl")
        .args([
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
            "-days",
            "2",
        ])
        .args(["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"])
        .args(["-addext", "basicConstraints=critical,CA:FALSE", "-out"])
        .arg(&cert)
        .arg("-keyout")
        .arg(&key)
        .stderr(Stdio::null())
        .status()
        .unwrap();
    assert!(made.success(), "openssl req failed");
    Some((cert, key))
}

fn find(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain(["/usr/sbin".into(), "/usr/local/sbin".into()]);
    folders.map(|folder: PathBuf| folder.join(name)).find(|file| file.is_file())
}

fn free_addr() -> SocketAddr {
    TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap()
}

fn deployed(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/mosquitto").join(file)
}

fn write_logins(folder: &Path, service: &str, logins: &[(&str, &str)]) {
    let passwords = folder.join("passwords");
    let lines: String = logins.iter().map(|(login, password)| format!("{login}:{password}\n")).collect();
    fs::write(&passwords, &lines).unwrap();
    let hashed = Command::new("mosquitto_passwd").arg("-U").arg(&passwords).status().unwrap();
    assert!(hashed.success());
    let mut making = Command::new(deployed("make-acl"))
        .arg(service)
        .stdin(Stdio::piped())
        .stdout(fs::File::create(folder.join("acl")).unwrap())
        .spawn()
        .unwrap();
    making.stdin.take().unwrap().write_all(&fs::read(&passwords).unwrap()).unwrap();
    assert!(making.wait().unwrap().success());
}

fn write_config(folder: &Path, addr: SocketAddr, settings: &[(&str, &str)]) {
    let inside = |name: &str| folder.join(name).display().to_string();
    let mut config = fs::read_to_string(deployed("mosquitto.conf")).unwrap();
    let listener = format!("{} {}", addr.port(), addr.ip());
    for (key, value) in [
        ("listener", listener.as_str()),
        ("password_file", &inside("passwords")),
        ("acl_file", &inside("acl")),
        ("persistence_location", &format!("{}/", folder.display())),
    ] {
        config =
            with_line(&config, key, value).unwrap_or_else(|| panic!("mosquitto.conf has one line '{key}'"));
    }
    for (key, value) in settings {
        config = with_line(&config, key, value).unwrap_or_else(|| format!("{config}{key} {value}\n"));
    }
    // It would give up root and then could not read the folder.
    let me = Command::new("id").arg("-un").output().unwrap().stdout;
    config.push_str(&format!("user {}\n", String::from_utf8(me).unwrap().trim()));
    fs::write(folder.join("mosquitto.conf"), config).unwrap();
}

fn with_line(config: &str, key: &str, value: &str) -> Option<String> {
    let is_it = |line: &&str| line.split_whitespace().next() == Some(key);
    let one = config.lines().filter(is_it).count() == 1;
    let set = |line: &str| {
        if is_it(&line) { format!("{key} {value}\n") } else { format!("{line}\n") }
    };
    one.then(|| config.lines().map(set).collect())
}

/// Returns when it says that it runs.
fn spawn(program: &Path, folder: &Path) -> Child {
    let mut child = Command::new(program)
        .arg("-c")
        .arg(folder.join("mosquitto.conf"))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
    let mut said = Vec::new();
    let runs = lines.by_ref().any(|line| {
        said.push(line.clone());
        line.ends_with(" running")
    });
    assert!(runs, "mosquitto did not start:\n{}", said.join("\n"));
    std::thread::spawn(move || lines.for_each(drop));
    child
}
