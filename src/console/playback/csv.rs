//! One line for each position, by RFC 4180, for whoever works on with a spreadsheet.

use super::{
    drawing,
    look::Shown,
    page::{nearest, why},
    story::{believed, code},
};
use crate::{
    console::words,
    domain::{Accuracy, words::source},
    lab::playback::Played,
};

const HEAD: [&str; 15] = [
    "no",
    "journal_row",
    "taken_utc",
    "received_utc",
    "age_s",
    "latitude_deg",
    "longitude_deg",
    "stated_accuracy_m",
    "judged_error_m",
    "source",
    "newer_was_known",
    "believed",
    "believed_of_zones",
    "nearest_zone",
    "why",
];

pub(super) fn write(shown: &Shown) -> String {
    let mut text = line(HEAD.map(String::from));
    for (nth, fix) in shown.playback.fixes.iter().enumerate() {
        text.push_str(&line(cells(shown, nth, fix)));
    }
    text
}

fn cells(shown: &Shown, nth: usize, fix: &Played) -> [String; 15] {
    let stated = match fix.accuracy {
        Accuracy::Stated(metres) => format!("{metres:.1}"),
        Accuracy::Hdop(_) | Accuracy::Unknown => String::new(),
    };
    let zones = fix.believed.iter().map(|(zone, stage)| believed(*stage, &code(&shown.playback, zone)));
    [
        (nth + 1).to_string(),
        fix.row.to_string(),
        fix.taken.to_string(),
        fix.received.to_string(),
        format!("{:.1}", fix.age_s()),
        format!("{:.6}", fix.position.lat_deg()),
        format!("{:.6}", fix.position.lon_deg()),
        stated,
        format!("{:.1}", fix.accuracy.sigma_m()),
        source(fix.source).into(),
        if fix.is_past { "yes" } else { "no" }.into(),
        words::stage(drawing::worst(fix)).into(),
        zones.collect::<Vec<_>>().join("; "),
        nearest(shown, fix),
        why(shown, fix),
    ]
}

fn line<const N: usize>(cells: [String; N]) -> String {
    cells.map(|cell| quoted(&harmless(cell))).join(",") + "\r\n"
}

/// A spreadsheet takes a text that begins like this for a formula, and does what it says. A number is none.
fn harmless(cell: String) -> String {
    let begins = cell.starts_with(['=', '+', '-', '@', '\t', '\r']);
    if begins && cell.parse::<f64>().is_err() { format!("'{cell}") } else { cell }
}

fn quoted(cell: &str) -> String {
    if cell.contains(['"', ',', '\r', '\n']) {
        format!("\"{}\"", cell.replace('"', "\"\""))
    } else {
        cell.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_text_and_never_a_formula() {
        for (cell, written) in [
            ("=1+2", "'=1+2"),
            ("@sum", "'@sum"),
            ("+44 7700", "'+44 7700"),
            ("-x", "'-x"),
            ("\t=1", "'\t=1"),
            ("-2.915000", "-2.915000"),
            ("84 m, inside", "\"84 m, inside\""),
            ("a \"quoted\" word", "\"a \"\"quoted\"\" word\""),
            ("=\"a\",\r\n", "\"'=\"\"a\"\",\r\n\""),
            ("", ""),
        ] {
            assert_eq!(line([cell.into()]), format!("{written}\r\n"));
        }
    }
}
