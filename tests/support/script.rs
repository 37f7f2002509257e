//! A story that Playwright tells in a real browser, while the test does what the story asks for.
#![allow(dead_code, reason = "no suite uses all of it")]

use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};

/// Set to 1 where a missing browser is a failure.
const REQUIRED: &str = "CORDON_REQUIRE_CHROMIUM";
/// A folder that pictures of pages are written to.
const SCREENSHOTS: &str = "CORDON_SCREENSHOTS";
const SOURCES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/browser/script");

/// The stories, beside what they need of npm.
pub(crate) struct Scripts {
    folder: PathBuf,
    browser: String,
}

impl Scripts {
    /// Installs what the lockfile names, once; `None` where there is no browser or no Node.
    pub(crate) fn ready() -> Option<Self> {
        let browser = ["chromium", "google-chrome"].into_iter().find_map(path_of);
        let (Some(browser), Some(_), Some(_)) = (browser, path_of("node"), path_of("npm")) else {
            assert!(
                std::env::var(REQUIRED).as_deref() != Ok("1"),
                "chromium, node or npm is not installed and {REQUIRED}=1"
            );
            eprintln!(
                "SKIPPED: chromium, node or npm is not installed (apt-get install chromium nodejs npm)"
            );
            return None;
        };
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("browser");
        fs::create_dir_all(&folder).unwrap();
        for entry in fs::read_dir(SOURCES).unwrap() {
            let entry = entry.unwrap();
            fs::copy(entry.path(), folder.join(entry.file_name())).unwrap();
        }
        let lockfile = fs::read(folder.join("package-lock.json")).unwrap();
        let stamp = folder.join("node_modules/.installed");
        if !fs::read(&stamp).is_ok_and(|installed| installed == lockfile) {
            let npm =
                Command::new("npm").args(["ci", "--prefer-offline"]).current_dir(&folder).output().unwrap();
            assert!(npm.status.success(), "npm ci: {}", String::from_utf8_lossy(&npm.stderr));
            fs::write(stamp, lockfile).unwrap();
        }
        Some(Self { folder, browser })
    }

    /// Tells a story about the console at `address`: `answer` does what it asks for. Panics if the story does not end well.
    pub(crate) async fn tell(
        &self,
        story: &str,
        address: SocketAddr,
        mut answer: impl AsyncFnMut(&str, &Value) -> Value,
    ) {
        let pictures = std::env::var(SCREENSHOTS)
            .unwrap_or_else(|_| concat!(env!("CARGO_MANIFEST_DIR"), "/target/screenshots").into());
        let stage =
            json!({"origin": format!("http://{address}"), "program": self.browser, "pictures": pictures});
        let mut node = tokio::process::Command::new("node")
            .arg(self.folder.join(format!("{story}.mjs")))
            .env("CORDON_STAGE", stage.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut answers = node.stdin.take().unwrap();
        let mut asked = BufReader::new(node.stdout.take().unwrap()).lines();
        while let Some(line) = asked.next_line().await.unwrap() {
            let Ok(line) = serde_json::from_str::<Value>(&line) else {
                println!("{line}");
                continue;
            };
            let done = answer(line["ask"].as_str().unwrap(), &line["about"]).await;
            // A story that has failed meanwhile no longer listens.
            let _ = answers.write_all(format!("{done}\n").as_bytes()).await;
        }
        let ended = node.wait().await.unwrap();
        assert!(ended.success(), "the story {story} did not end well: {ended}");
    }
}

fn path_of(program: &str) -> Option<String> {
    let found = Command::new("sh").args(["-c", &format!("command -v {program}")]).output().unwrap();
    found.status.success().then(|| String::from_utf8(found.stdout).unwrap().trim().into())
}
