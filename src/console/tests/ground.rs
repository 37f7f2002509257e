//! What the map stands on: a region that was imported, in ranges and to whoever sees the map; the demo's town; nothing.

use std::fs;

use serde_json::{Value, json};

use super::*;
use crate::{
    basemap::{Region, pmtiles::Pmtiles},
    geometry::LatLon,
};

const GROUND: &str = "/fragments/map/ground";
const REGION: &str = "/fragments/map/region";

/// A folder with an imported region, and its bytes.
fn imported() -> (tempfile::TempDir, Vec<u8>) {
    let folder = tempfile::tempdir().expect("a folder");
    let (bytes, file) = (Pmtiles::default().bytes(), folder.path().join("given.pmtiles"));
    fs::write(&file, &bytes).expect("room");
    Region::in_folder(folder.path()).import(&file).expect("a sound region");
    (folder, bytes)
}

impl Bench {
    /// Status, content range and bytes of what is answered to a range.
    async fn range(&self, browser: &Browser, range: Option<&str>) -> (StatusCode, String, Vec<u8>) {
        let mut headers = vec![("cookie", browser.cookie.as_str())];
        headers.extend(range.map(|range| ("range", range)));
        let answer =
            self.router.clone().oneshot(request("GET", REGION, &headers, "")).await.expect("an answer");
        let (parts, body) = answer.into_parts();
        let told = parts.headers.get(header::CONTENT_RANGE).map(|it| it.to_str().expect("ASCII").to_owned());
        let bytes = to_bytes(body, 16 << 20).await.expect("a whole body").to_vec();
        (parts.status, told.unwrap_or_default(), bytes)
    }

    async fn ground(&self) -> Value {
        let browser = self.browser().await;
        let answer = self.get_as(&browser, GROUND).await;
        assert_eq!(answer.status, StatusCode::OK);
        serde_json::from_str(&answer.text).expect("JSON")
    }
}

#[tokio::test]
async fn an_imported_region_is_read_in_ranges() {
    let (folder, file) = imported();
    let bench = Bench::standing_on(Ground::Region(Region::in_folder(folder.path())));
    let browser = bench.browser().await;
    let last = file.len() - 1;
    for (asked, from, to) in [
        ("bytes=0-126".to_owned(), 0, 126),
        ("bytes=7-7".to_owned(), 7, 7),
        ("bytes=0-16383".to_owned(), 0, last),
        (format!("bytes={last}-{}", u64::MAX), last, last),
        (format!("bytes={last}-{}", last + 9), last, last),
    ] {
        let (status, told, bytes) = bench.range(&browser, Some(&asked)).await;
        assert_eq!(status, StatusCode::PARTIAL_CONTENT, "{asked}");
        assert_eq!(told, format!("bytes {from}-{to}/{}", file.len()));
        assert_eq!(bytes, file[from..=to], "{asked}");
    }
}

#[tokio::test]
async fn what_is_no_range_of_it_is_refused() {
    let (folder, file) = imported();
    let bench = Bench::standing_on(Ground::Region(Region::in_folder(folder.path())));
    let browser = bench.browser().await;
    let (behind, too_long) = (format!("bytes={}-", file.len()), format!("bytes=0-{}", 8 << 20));
    let behind_by_one = format!("bytes={0}-{0}", file.len());
    for asked in [
        None,
        Some(""),
        Some("bytes=5-4"),
        Some("bytes=-5"),
        Some("bytes=5-"),
        Some("bytes=5-99999999999999999999"),
        Some("bytes=+1-5"),
        Some("bytes=0-1,5-6"),
        Some("bytes 0-1"),
        Some("lines=0-1"),
        Some(&behind),
        Some(&behind_by_one),
    ] {
        let (status, told, _) = bench.range(&browser, asked).await;
        let expected = (StatusCode::RANGE_NOT_SATISFIABLE, format!("bytes */{}", file.len()));
        assert_eq!((status, told), expected, "{asked:?}");
    }
    // One that is cut at the end of a small file is short enough, of a large one it is too long.
    assert_eq!(bench.range(&browser, Some(&too_long)).await.0, StatusCode::PARTIAL_CONTENT);
    let large = fs::OpenOptions::new().write(true).open(folder.path().join("cordon-map.pmtiles"));
    large.and_then(|file| file.set_len(64 << 20)).expect("a sparse file");
    assert_eq!(bench.range(&browser, Some(&too_long)).await.0, StatusCode::RANGE_NOT_SATISFIABLE);
}

#[tokio::test]
async fn a_region_is_described_from_the_moment_it_is_imported_and_by_another_tag_each_time() {
    let folder = tempfile::tempdir().expect("a folder");
    let bench = Bench::standing_on(Ground::Region(Region::in_folder(folder.path())));
    assert_eq!(bench.ground().await, json!({}));
    let browser = bench.browser().await;
    assert_eq!(bench.range(&browser, Some("bytes=0-9")).await.0, StatusCode::NOT_FOUND);

    let import = |zooms: [u8; 2]| {
        let file = folder.path().join("given.pmtiles");
        fs::write(&file, Pmtiles { zooms, ..Pmtiles::default() }.bytes()).expect("room");
        Region::in_folder(folder.path()).import(&file).expect("a sound region");
    };
    import([0, 5]);
    let first = bench.ground().await;
    assert_eq!(first["region"]["attribution"], "\u{a9} The Test Survey 2026");
    assert_eq!(first["region"]["bounds"], json!([-180.0, -85.0, 180.0, 85.0]));
    assert_eq!(first["region"]["zooms"], json!([0, 5]));
    import([0, 6]);
    let second = bench.ground().await;
    assert_ne!(first["region"]["tag"], second["region"]["tag"]);

    fs::write(folder.path().join("cordon-map.pmtiles"), "damaged since").expect("room");
    assert_eq!(bench.ground().await, json!({"unfit": true}));
}

#[tokio::test]
async fn a_town_is_drawn_and_has_no_region() {
    let at = |lat: f64, lon: f64| LatLon::new(lat, lon).expect("on earth");
    let street = ("Fish Street".to_owned(), vec![at(56.4, 0.6), at(56.41, 0.61)]);
    let sketch = Sketch { caption: "Made up.".into(), streets: vec![street], river: vec![at(56.3, 0.5)] };
    let bench = Bench::standing_on(Ground::Town(sketch));
    let expected = json!({"town": {
        "caption": "Made up.",
        "streets": [{"name": "Fish Street", "line": [[0.6, 56.4], [0.61, 56.41]]}],
        "river": [[0.5, 56.3]],
    }});
    assert_eq!(bench.ground().await, expected);
    let browser = bench.browser().await;
    assert_eq!(bench.range(&browser, Some("bytes=0-9")).await.0, StatusCode::NOT_FOUND);
}
