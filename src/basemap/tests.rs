use std::{fs, path::PathBuf};

use proptest::prelude::*;
use serde_json::json;

use super::{
    header::{self, Header},
    pmtiles::Pmtiles,
    *,
};

/// Imports bytes over an earlier region; what is served afterwards is said, too.
fn import(bytes: &[u8]) -> (Result<About, String>, About) {
    let folder = tempfile::tempdir().unwrap();
    let file: PathBuf = folder.path().join("given.pmtiles");
    let region = Region::in_folder(folder.path());
    fs::write(&file, Pmtiles::default().bytes()).unwrap();
    region.import(&file).unwrap();
    fs::write(&file, bytes).unwrap();
    let done = region.import(&file).map_err(|error| error.to_string());
    let names: Vec<_> =
        fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names.len(), 2, "nothing half done is left: {names:?}");
    (done, region.about().unwrap().unwrap())
}

#[test]
fn a_region_is_copied_described_and_read() {
    let folder = tempfile::tempdir().unwrap();
    let region = Region::in_folder(folder.path());
    assert_eq!(region.about().unwrap(), None);
    assert!(region.open().unwrap().is_none());

    let bounds_deg = [-3.25, 53.0, -2.5, 53.5];
    for packed in [[1, 1], [2, 2], [1, 2], [2, 1]] {
        let bytes = Pmtiles { packed, bounds_deg, zooms: [0, 14], ..Pmtiles::default() }.bytes();
        let (done, about) = import(&bytes);
        assert_eq!(done.unwrap(), about, "{packed:?}");
        assert_eq!((about.bounds_deg, about.zooms, about.bytes), (bounds_deg, [0, 14], bytes.len() as u64));
        assert_eq!(about.attribution, "\u{a9} The Test Survey 2026");
    }

    let bytes = Pmtiles::default().bytes();
    let file = folder.path().join("given.pmtiles");
    fs::write(&file, &bytes).unwrap();
    let about = region.import(&file).unwrap();
    let mut opened = region.open().unwrap().unwrap();
    assert_eq!((opened.bytes, &opened.tag), (bytes.len() as u64, &about.tag));
    assert_eq!(opened.read(&(0..=6)).unwrap(), b"PMTiles");
    assert_eq!(opened.read(&(100..=126)).unwrap(), bytes[100..=126]);
    opened.read(&(opened.bytes..=opened.bytes)).unwrap_err();
}

#[test]
fn whoever_brings_something_else_is_told_what_to_bring() {
    let layers =
        |ids: &[&str]| json!({"vector_layers": ids.iter().map(|id| json!({"id": id})).collect::<Vec<_>>()});
    let usual = Pmtiles::default;
    let cut = usual().bytes();
    let (mut far, mut rootless, mut empty) = (cut.clone(), cut.clone(), cut.clone());
    far[24..32].copy_from_slice(&u64::MAX.to_le_bytes());
    rootless[16..24].copy_from_slice(&[0; 8]);
    empty[64..72].copy_from_slice(&[0; 8]);
    for (bytes, said) in [
        (b"".to_vec(), "no PMTiles file"),
        (b"SQLite format 3".repeat(20), "no PMTiles file"),
        (cut[..126].to_vec(), "no PMTiles file"),
        (cut[..cut.len() - 1].to_vec(), "cut off"),
        (far, "the description lies outside"),
        (rootless, "its root directory is not where"),
        (empty, "it has no tiles"),
        (Pmtiles { version: 2, ..usual() }.bytes(), "version 2"),
        (Pmtiles { packed: [4, 2], ..usual() }.bytes(), "directories are packed"),
        (Pmtiles { packed: [2, 3], ..usual() }.bytes(), "tiles are packed"),
        (Pmtiles { kind: 2, ..usual() }.bytes(), "its tiles are pictures"),
        (Pmtiles { kind: 0, ..usual() }.bytes(), "not known here"),
        (Pmtiles { zooms: [9, 8], ..usual() }.bytes(), "zoom levels"),
        (Pmtiles { zooms: [0, 23], ..usual() }.bytes(), "zoom levels"),
        (Pmtiles { bounds_deg: [10.0, 50.0, 10.0, 51.0], ..usual() }.bytes(), "the region that it says"),
        (Pmtiles { bounds_deg: [10.0, 50.0, 190.0, 51.0], ..usual() }.bytes(), "the region that it says"),
        (Pmtiles { metadata: json!(3), ..usual() }.bytes(), "description cannot be read"),
        (Pmtiles { metadata: json!({}), ..usual() }.bytes(), "layers earth, water, roads"),
        (
            Pmtiles { metadata: layers(&["earth", "water", "transportation"]), ..usual() }.bytes(),
            "layers roads",
        ),
    ] {
        let (done, still) = import(&bytes);
        let error = done.expect_err(said);
        assert!(error.contains("given.pmtiles was not imported") && error.contains(said), "{said}: {error}");
        assert_eq!(still.attribution, "\u{a9} The Test Survey 2026", "the one before is still there");
    }
}

#[test]
fn a_file_that_unpacks_without_end_is_not_unpacked() {
    let metadata = json!({"attribution": " ".repeat(20 << 20)});
    let (done, _) = import(&Pmtiles { metadata, ..Pmtiles::default() }.bytes());
    assert!(done.unwrap_err().contains("description cannot be read"));
}

#[test]
fn what_is_larger_than_any_region_is_refused_before_it_is_copied() {
    let error = Header::parse(&Pmtiles::default().bytes(), header::BYTES_MAX + 1).unwrap_err();
    assert!(error.to_string().contains("34359738368 at most"), "{error}");
}

#[test]
fn attributions_become_plain_text() {
    for (html, text) in [
        ("", ""),
        ("<a href='x'>OpenStreetMap</a> &amp; others", "OpenStreetMap & others"),
        ("&amp;lt;b&gt;", "&lt;b>"),
        ("a\n\tb  c", "a b c"),
        ("<script>alert(1)", "alert(1)"),
        ("1 > 0", "1 > 0"),
    ] {
        assert_eq!(about::plain(html), text, "{html}");
    }
    assert_eq!(about::plain(&"x".repeat(1_000)).len(), 300);
}

proptest! {
    #[test]
    fn no_bytes_crash_the_reader_and_what_it_accepts_lies_in_the_file(
        mut bytes in Just(Pmtiles::default().bytes()),
        changes in prop::collection::vec((0_usize..127, any::<u8>()), 0..6),
        length in 0_u64..1_000,
    ) {
        for (at, byte) in changes {
            bytes[at] = byte;
        }
        if let Ok(header) = Header::parse(&bytes, length) {
            prop_assert!(header.metadata.0 + header.metadata.1 <= length);
            let [west, south, east, north] = header.bounds_deg;
            prop_assert!(west < east && south < north && header.zooms[0] <= header.zooms[1]);
        }
    }
}
