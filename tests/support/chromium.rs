//! A real Chromium, driven through its DevTools protocol over two pipes.
#![allow(dead_code, reason = "no suite uses all of it")]

use std::{
    fs::{File, OpenOptions},
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{sync::mpsc, time::timeout};

use crate::wait::until;

/// Set to 1 where a missing Chromium is a failure.
const REQUIRED: &str = "CORDON_REQUIRE_CHROMIUM";
/// A folder that screenshots are written to, if they are wanted.
const SCREENSHOTS: &str = "CORDON_SCREENSHOTS";
const SOON: Duration = Duration::from_secs(30);

/// Killed when dropped.
pub(crate) struct Chromium {
    orders: File,
    said: mpsc::UnboundedReceiver<Value>,
    /// Events that nobody has asked for yet.
    events: Vec<Value>,
    last_id: u64,
    child: Child,
    _folder: TempDir,
}

/// A page or a worker that is being driven.
#[derive(Clone)]
pub(crate) struct Session(String);

/// How a page is looked at.
#[derive(Clone, Copy)]
pub(crate) struct Look {
    pub(crate) name: &'static str,
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) dark: bool,
}

/// A small phone and a desk, by day and by night.
pub(crate) const LOOKS: [Look; 4] = [
    Look { name: "phone-light", width: 320, height: 568, dark: false },
    Look { name: "phone-dark", width: 320, height: 568, dark: true },
    Look { name: "desk-light", width: 1_280, height: 800, dark: false },
    Look { name: "desk-dark", width: 1_280, height: 800, dark: true },
];

/// The first elements that reach beyond the page's right edge.
const STICK_OUT: &str = "[...document.querySelectorAll('body *')].filter((it) => it.getBoundingClientRect().right > innerWidth)\
    .slice(0, 5).map((it) => `${it.tagName} ${it.className}`).join(', ')";

impl Chromium {
    /// A browser without a window; `None` where there is none.
    pub(crate) async fn start() -> Option<Self> {
        let program = ["chromium", "google-chrome"].into_iter().find(|name| is_there(name));
        let Some(program) = program else {
            assert!(
                std::env::var(REQUIRED).as_deref() != Ok("1"),
                "chromium is not installed and {REQUIRED}=1"
            );
            eprintln!("SKIPPED: chromium is not installed (apt-get install chromium)");
            return None;
        };
        let folder = tempfile::tempdir().unwrap();
        let [orders, answers] = ["orders", "answers"].map(|name| folder.path().join(name));
        let made = Command::new("mkfifo").args([&orders, &answers]).status().unwrap();
        assert!(made.success(), "no pipes");
        // It takes orders from descriptor 3 and answers on 4.
        let child = Command::new("bash")
            .args(["-c", r#"exec "$0" "${@:3}" 3<"$1" 4>"$2""#, program])
            .args([&orders, &answers])
            .args(["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"])
            .args(["--no-first-run", "--no-default-browser-check", "--disable-background-networking"])
            .args(["--remote-debugging-pipe", "--hide-scrollbars", "about:blank"])
            .arg(format!("--user-data-dir={}", folder.path().join("profile").display()))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let (sender, said) = mpsc::unbounded_channel();
        // Opening waits until the browser has opened its end.
        let orders = tokio::task::spawn_blocking(move || {
            let orders = OpenOptions::new().write(true).open(orders).unwrap();
            let answers = BufReader::new(File::open(answers).unwrap());
            std::thread::spawn(move || {
                for message in answers.split(0).map_while(Result::ok) {
                    if sender.send(serde_json::from_slice(&message).unwrap()).is_err() {
                        break;
                    }
                }
            });
            orders
        });
        let orders = timeout(SOON, orders).await.expect("chromium did not start").unwrap();
        Some(Self { orders, said, events: Vec::new(), last_id: 0, child, _folder: folder })
    }

    /// A new page.
    pub(crate) async fn page(&mut self) -> Session {
        let target = self.browser("Target.createTarget", json!({"url": "about:blank"})).await;
        self.attach(&target["targetId"]).await
    }

    async fn attach(&mut self, target: &Value) -> Session {
        let attached =
            self.browser("Target.attachToTarget", json!({"targetId": target, "flatten": true})).await;
        Session(attached["sessionId"].as_str().unwrap().into())
    }

    /// The worker that runs for an origin.
    pub(crate) async fn worker(&mut self, origin: &str) -> Session {
        let targets = self.browser("Target.getTargets", json!({})).await;
        let is_it = |target: &&Value| {
            target["type"] == "service_worker" && target["url"].as_str().unwrap().starts_with(origin)
        };
        let target = targets["targetInfos"].as_array().unwrap().iter().find(is_it).expect("no worker runs");
        self.attach(&target["targetId"]).await
    }

    /// Orders something of the browser as a whole.
    pub(crate) async fn browser(&mut self, method: &str, params: Value) -> Value {
        self.order(json!({"method": method, "params": params})).await
    }

    /// Orders something of a page or worker.
    pub(crate) async fn tell(&mut self, session: &Session, method: &str, params: Value) -> Value {
        self.order(json!({"method": method, "params": params, "sessionId": session.0})).await
    }

    async fn order(&mut self, order: Value) -> Value {
        let asked = order.to_string();
        self.try_order(order).await.unwrap_or_else(|refusal| panic!("{asked}: {refusal}"))
    }

    /// What an order brings, or why the browser refuses it.
    async fn try_order(&mut self, mut order: Value) -> Result<Value, Value> {
        self.last_id += 1;
        order["id"] = self.last_id.into();
        let mut bytes = order.to_string().into_bytes();
        bytes.push(0);
        self.orders.write_all(&bytes).unwrap();
        loop {
            let mut said = self.next().await;
            if said["id"] == self.last_id {
                return if said["error"].is_null() {
                    Ok(said["result"].take())
                } else {
                    Err(said["error"].take())
                };
            }
            self.events.push(said);
        }
    }

    async fn next(&mut self) -> Value {
        timeout(SOON, self.said.recv()).await.expect("chromium says nothing").expect("chromium has gone")
    }

    /// Waits for an event that fits; what came before it is forgotten.
    pub(crate) async fn event<T>(&mut self, method: &str, fits: impl Fn(&Value) -> Option<T>) -> T {
        loop {
            let event = if self.events.is_empty() { self.next().await } else { self.events.remove(0) };
            if event["method"] == method
                && let Some(found) = fits(&event["params"])
            {
                return found;
            }
        }
    }

    /// Goes to an address and waits until the page is there.
    pub(crate) async fn go(&mut self, page: &Session, url: &str) {
        let gone = self.tell(page, "Page.navigate", json!({"url": url})).await;
        assert!(gone.get("errorText").is_none(), "{url}: {gone}");
        self.loaded(page).await;
    }

    /// Waits until a page is there.
    pub(crate) async fn loaded(&mut self, page: &Session) {
        self.holds(page, "document.readyState === 'complete' && location.href !== 'about:blank'").await;
    }

    /// What an expression is, also if it takes its time.
    pub(crate) async fn eval(&mut self, session: &Session, expression: &str) -> Value {
        self.glance(session, expression)
            .await
            .unwrap_or_else(|| panic!("{expression}: asked between two pages"))
    }

    /// What an expression is; nothing, where one page has just gone and the next is not there.
    async fn glance(&mut self, session: &Session, expression: &str) -> Option<Value> {
        let params = json!({"expression": expression, "awaitPromise": true, "returnByValue": true});
        let order = json!({"method": "Runtime.evaluate", "params": params, "sessionId": session.0});
        let mut said = match self.try_order(order).await {
            Ok(said) => said,
            Err(refusal) if refusal["message"].as_str().is_some_and(is_between_pages) => return None,
            Err(refusal) => panic!("{expression}: {refusal}"),
        };
        assert!(said.get("exceptionDetails").is_none(), "{expression}: {}", said["exceptionDetails"]);
        Some(said["result"]["value"].take())
    }

    /// Waits until an expression holds.
    pub(crate) async fn holds(&mut self, session: &Session, expression: &str) {
        let this = tokio::sync::Mutex::new(self);
        until(expression, SOON, async || {
            (this.lock().await.glance(session, expression).await? == true).then_some(())
        })
        .await;
    }

    /// Waits until a page has a text on it.
    pub(crate) async fn reads(&mut self, page: &Session, text: &str) {
        self.holds(page, &format!("document.body?.innerText.includes({text:?}) === true")).await;
    }

    /// Presses the first element that a selector finds, as a finger would: where it has come to rest, and is on top.
    pub(crate) async fn press(&mut self, page: &Session, selector: &str) {
        let look = format!(
            "(async () => {{ const it = document.querySelector({selector:?}); it.scrollIntoView({{block: 'center'}}); \
             const spot = () => {{ const at = it.getBoundingClientRect(); return [at.x + at.width / 2, at.y + at.height / 2]; }}; \
             const before = spot(); await new Promise(requestAnimationFrame); const [x, y] = spot(); \
             return x === before[0] && y === before[1] && it.contains(document.elementFromPoint(x, y)) ? [x, y] : null; }})()"
        );
        let this = tokio::sync::Mutex::new(&mut *self);
        let spot = until(selector, SOON, async || {
            this.lock().await.glance(page, &look).await.filter(|spot| !spot.is_null())
        })
        .await;
        for kind in ["mousePressed", "mouseReleased"] {
            let params = json!({"type": kind, "x": spot[0], "y": spot[1], "button": "left", "clickCount": 1});
            self.tell(page, "Input.dispatchMouseEvent", params).await;
        }
    }

    /// Looks at a page in each way: nothing may stick out at the side. Keeps pictures where they are wanted.
    pub(crate) async fn look(&mut self, page: &Session, name: &str) {
        for look in LOOKS {
            let scheme = if look.dark { "dark" } else { "light" };
            let media = json!({"features": [{"name": "prefers-color-scheme", "value": scheme}]});
            self.tell(page, "Emulation.setEmulatedMedia", media).await;
            let size =
                json!({"width": look.width, "height": look.height, "deviceScaleFactor": 1, "mobile": false});
            self.tell(page, "Emulation.setDeviceMetricsOverride", size).await;
            // A page takes a moment to have its new size.
            let fits =
                format!("innerWidth === {0} && document.documentElement.scrollWidth <= {0}", look.width);
            if timeout(SOON / 3, self.holds(page, &fits)).await.is_err() {
                let stick_out = self.eval(page, STICK_OUT).await;
                panic!("{name}, {}: wider than {} px: {stick_out}", look.name, look.width);
            }
            let Ok(folder) = std::env::var(SCREENSHOTS) else { continue };
            let whole = json!({"captureBeyondViewport": true});
            let picture = self.tell(page, "Page.captureScreenshot", whole).await;
            let picture = BASE64_STANDARD.decode(picture["data"].as_str().unwrap()).unwrap();
            std::fs::create_dir_all(&folder).unwrap();
            std::fs::write(Path::new(&folder).join(format!("{name}-{}.png", look.name)), picture).unwrap();
        }
    }
}

impl Drop for Chromium {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn is_there(program: &str) -> bool {
    let found =
        Command::new("sh").args(["-c", &format!("command -v {program}")]).stdout(Stdio::null()).status();
    found.is_ok_and(|status| status.success())
}

/// Whether the browser refuses to look at a page because that page is just being left.
fn is_between_pages(refusal: &str) -> bool {
    ["Inspected target navigated or closed", "Cannot find context", "Execution context was destroyed"]
        .iter()
        .any(|known| refusal.starts_with(known))
}
