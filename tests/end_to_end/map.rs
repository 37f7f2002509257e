//! A region's map, brought by an administrator's command to a service at work, as its pages read it.

use std::{fs, path::Path, time::Duration};

use reqwest::{Client, Response, StatusCode, header};
use serde_json::{Value, json};

use crate::{
    pmtiles::Pmtiles,
    process::{Program, free_address},
    wait::until,
};

const SOON: Duration = Duration::from_secs(30);
/// What a browser reads first: the header, and most often the root directory with it.
const FIRST_BYTES: u64 = 16_384;

/// A browser in which somebody has signed in by the link that the service printed.
struct Browser {
    client: Client,
    url: String,
    cookie: String,
}

impl Browser {
    async fn signed_in(link: &str) -> Self {
        let (url, code) = link.split_once("/sign-in#").unwrap();
        let client = Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        let mut browser = Self { client, url: url.into(), cookie: String::new() };
        let answer = browser.post("/sign-in", &[("code", code)]).await;
        let cookie = answer.headers()[header::SET_COOKIE].to_str().unwrap();
        browser.cookie = cookie.split(';').next().unwrap().into();
        // Each picture of the line is drawn after what it shows is committed.
        let page = until("somebody to sign in as", SOON, async || {
            let page = browser.get("/who", None).await.text().await.ok()?;
            page.contains("value=\"officer\"").then_some(page)
        })
        .await;
        let token = page.split("name=\"form_token\" value=\"").nth(1).unwrap().split('"').next().unwrap();
        let who = browser.post("/who", &[("form_token", token), ("staff", "officer")]).await;
        assert_eq!(who.headers()[header::LOCATION], "/");
        browser
    }

    async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Response {
        let request = self.client.post(format!("{}{path}", self.url)).header(header::ORIGIN, &self.url);
        request.header(header::COOKIE, &self.cookie).form(fields).send().await.unwrap()
    }

    async fn get(&self, path: &str, range: Option<String>) -> Response {
        let mut request = self.client.get(format!("{}{path}", self.url)).header(header::COOKIE, &self.cookie);
        if let Some(range) = range {
            request = request.header(header::RANGE, range);
        }
        request.send().await.unwrap()
    }

    /// What the map's style is made of.
    async fn ground(&self) -> Value {
        serde_json::from_str(&self.get("/fragments/map/ground", None).await.text().await.unwrap()).unwrap()
    }

    /// The region as a map reads it: the first bytes, which say where the rest is, and then a tile.
    async fn reads(&self, region: &Value, file: &[u8]) {
        let path = format!("/fragments/map/region?{}", region["tag"].as_str().unwrap());
        let first = self.range(&path, region, 0, FIRST_BYTES, file.len()).await;
        assert!(first == file[..first.len()] && first.starts_with(b"PMTiles"));
        let number = |at: usize| u64::from_le_bytes(first[at..at + 8].try_into().unwrap());
        let (begins, bytes) = (number(56), number(64));
        let tile = self.range(&path, region, begins, bytes, file.len()).await;
        let begins = usize::try_from(begins).unwrap();
        assert_eq!(tile, file[begins..begins + tile.len()], "the tile");
        assert_eq!(tile.len() as u64, bytes);
    }

    async fn range(&self, path: &str, region: &Value, from: u64, bytes: u64, whole: usize) -> Vec<u8> {
        let last = (from + bytes).min(whole as u64) - 1;
        let answer = self.get(path, Some(format!("bytes={from}-{}", from + bytes - 1))).await;
        assert_eq!(answer.status(), StatusCode::PARTIAL_CONTENT);
        let told = |name| answer.headers()[name].to_str().unwrap().to_owned();
        assert_eq!(told(header::CONTENT_RANGE), format!("bytes {from}-{last}/{whole}"));
        assert_eq!(told(header::ETAG), format!("\"{}\"", region["tag"].as_str().unwrap()));
        answer.bytes().await.unwrap().into()
    }
}

/// Who signs in. Nobody is watched.
fn rulebook() -> Value {
    let told = json!([{"to": "officer", "channel": "sms", "wait_s": 60}]);
    json!({"unit": [{"id": "unit", "name": "Unit", "default_policy": "standard",
        "area": {"south": 53.0, "west": 2.0, "north": 55.0, "east": 4.0},
        "staff": [{"id": "officer", "name": "Officer", "contact": [{"channel": "sms", "address": "+447700900002"}]}],
        "policy": [{"id": "standard", "protected": [{"channel": "sms", "wait_s": 60}],
            "danger": told, "device": told, "upkeep": told}]}]})
}

#[tokio::test(flavor = "multi_thread")]
async fn a_region_comes_to_a_service_at_work_and_a_damaged_one_does_not() {
    cordon::app::install_tls();
    let folder = tempfile::tempdir().unwrap();
    let (folder, program, address) = (folder.path(), Program::copied_to(folder.path()), free_address());
    let config = folder.join("cordon.toml");
    let text = format!(
        "installation = 'e2e'\nstore.url = 'sqlite:cordon.db'\nconsole.listen = '{address}'\n\
         [[source]]\nname = 'away'\nurl = 'mqtt://127.0.0.1:1'\n\
         [sms]\nprovider = 'plain'\nurl = 'http://127.0.0.1:1/sms'\ntoken = 'token-of-a-test'\ncallback_secret = 'secret-of-a-test'\n"
    );
    fs::write(&config, text).unwrap();
    fs::write(folder.join("rulebook.json"), rulebook().to_string()).unwrap();
    let run = |arguments: &[&str]| {
        let done = program.run(arguments, &config);
        let [said, why] = [done.stdout, done.stderr].map(|bytes| String::from_utf8(bytes).unwrap());
        (done.status.success(), said, why)
    };
    let file = |name: &str| folder.join(name).display().to_string();
    let import = |name: &str| run(&["map", "import", &file(name)]);

    let service = program.serve(&config);
    let link = until("the sign-in link", SOON, async || {
        let said = fs::read_to_string(config.with_extension("out")).ok()?;
        let whole = &said[..=said.rfind('\n')?];
        whole.lines().find_map(|line| line.strip_prefix("console: ").map(str::to_owned))
    })
    .await;
    let loaded = run(&["rulebook", "load", &file("rulebook.json")]);
    assert!(loaded.0, "{}", loaded.2);
    let browser = Browser::signed_in(&link).await;
    assert_eq!(browser.ground().await, json!({}), "outlines of countries, until there is more");

    let north = Pmtiles { bounds_deg: [1.0, 53.0, 5.0, 56.0], zooms: [0, 6], ..Pmtiles::default() }.bytes();
    fs::write(file("north.pmtiles"), &north).unwrap();
    let (is_done, said, why) = import("north.pmtiles");
    assert!(is_done, "{why}");
    assert_eq!(
        said,
        "imported: 1 MiB, 53.00 to 56.00 north, 1.00 to 5.00 east, zoom 0 to 6\n\
         shown below the map: \u{a9} The Test Survey 2026\n\
         Pages that are loaded from now on show it; the service need not start anew.\n"
    );
    let region = browser.ground().await["region"].take();
    assert_eq!((&region["bounds"], &region["zooms"]), (&json!([1.0, 53.0, 5.0, 56.0]), &json!([0, 6])));
    browser.reads(&region, &north).await;

    // What cannot be shown is refused with what to do about it, and whatever was imported before is still served.
    fs::write(file("cut.pmtiles"), &north[..north.len() - 9]).unwrap();
    fs::write(file("picture.pmtiles"), Pmtiles { kind: 2, ..Pmtiles::default() }.bytes()).unwrap();
    for (name, told) in [
        (
            "cut.pmtiles",
            "it is cut off or damaged: the map itself lies outside of it. Copy it again from where it came from",
        ),
        (
            "picture.pmtiles",
            "its tiles are pictures, and the console draws vector tiles (MVT). Bring a file of vector tiles",
        ),
        ("cordon.toml", "it is no PMTiles file. Make one with a tool that writes PMTiles version 3"),
        ("nowhere.pmtiles", "it cannot be read: No such file"),
    ] {
        let (is_done, said, why) = import(name);
        assert!(!is_done && said.is_empty(), "{name}: {said}");
        assert!(why.contains(&format!("{name} was not imported: {told}")), "{name}: {why}");
        assert_eq!(browser.ground().await["region"], region, "{name}");
    }
    browser.reads(&region, &north).await;
    assert_eq!(leftovers(folder), Vec::<String>::new());

    // Another one takes its place.
    let south = Pmtiles { zooms: [0, 9], ..Pmtiles::default() }.bytes();
    fs::write(file("south.pmtiles"), &south).unwrap();
    assert!(import("south.pmtiles").0);
    let other = browser.ground().await["region"].take();
    assert!(other["tag"] != region["tag"] && other["zooms"] == json!([0, 9]), "{other}");
    browser.reads(&other, &south).await;
    service.stop();
}

/// Copies that were not finished.
fn leftovers(folder: &Path) -> Vec<String> {
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
    let names = names.map(|name| name.into_string().unwrap());
    names.filter(|name| name.starts_with(".cordon-map-")).collect()
}
