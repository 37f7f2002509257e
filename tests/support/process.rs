//! The command itself, as a process that can be killed.
#![allow(dead_code, reason = "no test uses all of it")]

use std::{
    net::{SocketAddr, TcpListener},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Output, Stdio},
};

/// The `cordon` program.
#[derive(Clone)]
pub(crate) struct Program(PathBuf);

impl Program {
    /// A copy in `folder`: a build may replace the original while the test runs.
    pub(crate) fn copied_to(folder: &Path) -> Self {
        let copy = folder.join("cordon");
        std::fs::copy(env!("CARGO_BIN_EXE_cordon"), &copy).unwrap();
        Self(copy)
    }

    /// Runs a command to its end, such as `replay`.
    pub(crate) fn run(&self, arguments: &[&str], config: &Path) -> Output {
        self.command(arguments, config).output().unwrap()
    }

    /// Runs a command that needs no configuration to its end.
    pub(crate) fn run_alone(&self, arguments: &[&str]) -> Output {
        Command::new(&self.0).args(arguments).env("CORDON_LOG", "warn").output().unwrap()
    }

    /// Starts the service.
    pub(crate) fn serve(&self, config: &Path) -> Service {
        self.serve_armed(config, "")
    }

    /// Starts the service with crash points, as `FAILPOINTS` writes them.
    pub(crate) fn serve_armed(&self, config: &Path, failpoints: &str) -> Service {
        self.serve_in(config, |command| {
            command.env("FAILPOINTS", failpoints);
        })
    }

    /// Starts the service in a world that `change` makes.
    pub(crate) fn serve_in(&self, config: &Path, change: impl FnOnce(&mut Command)) -> Service {
        self.start("serve", config, change)
    }

    /// Starts a command that goes on until it is stopped. What it says is kept beside its configuration: as `.out` what it
    /// is asked for, such as a sign-in link, as `.log` the rest.
    pub(crate) fn start(&self, what: &str, config: &Path, change: impl FnOnce(&mut Command)) -> Service {
        let kept = |extension| {
            std::fs::File::options().create(true).append(true).open(config.with_extension(extension)).unwrap()
        };
        let mut command = self.command(&[what], config);
        change(&mut command);
        let child = command.stdin(Stdio::null()).stdout(kept("out")).stderr(kept("log")).spawn().unwrap();
        Service(child)
    }

    fn command(&self, arguments: &[&str], config: &Path) -> Command {
        let mut command = Command::new(&self.0);
        command.args(arguments).arg("--config").arg(config).env("CORDON_LOG", "warn");
        command
    }
}

/// A process at work. Killed when dropped.
pub(crate) struct Service(Child);

impl Service {
    /// Ends it as a crash would.
    pub(crate) fn kill(mut self) {
        let is_running = self.0.try_wait().unwrap().is_none();
        assert!(is_running, "the service had ended by itself");
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }

    /// How it ended, if it has.
    pub(crate) fn ended(&mut self) -> Option<ExitStatus> {
        self.0.try_wait().unwrap()
    }

    /// Sends a signal by its name, such as `STOP`.
    pub(crate) fn signal(&self, name: &str) {
        let sent = Command::new("kill").arg(format!("-{name}")).arg(self.0.id().to_string()).status();
        assert!(sent.unwrap().success());
    }

    /// Asks it to end; panics unless it does so in good order.
    pub(crate) fn stop(mut self) {
        self.signal("TERM");
        let ended = self.0.wait().unwrap();
        assert!(ended.success(), "{ended}");
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// An address that is free now.
pub(crate) fn free_address() -> SocketAddr {
    TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap()
}
