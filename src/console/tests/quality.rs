//! How often alarms were for nothing, which stand, and which come again and again.

use super::*;
use crate::domain::{Entry, Happening, IncidentId, Outcome, Subject};

const HOUR_MS: i64 = 3_600_000;

fn of(no: i64, hours_ago: i64, handling: Handling) -> crate::domain::Incident {
    let mut it = incident(no, IncidentKind::StrapTamper, Priority::P1, handling);
    it.id = IncidentId(no);
    it.case = Some(fixture::id("case-1"));
    it.subject = Subject::Wearer(fixture::id("w-1"));
    it.raised_at = AT.plus_ms(-hours_ago * HOUR_MS);
    // The fixture's own, at another time.
    let raised = it.timeline.iter().find(|entry| matches!(entry.what, Happening::Raised { .. }));
    let what = raised.expect("it was raised").what.clone();
    it.timeline = vec![Entry { at: it.raised_at, what }];
    it
}

fn closed(outcome: Outcome) -> Handling {
    Handling::Closed { by: fixture::id("amy"), outcome }
}

/// The cells of a row.
fn row(page: &str, name: &str) -> Vec<String> {
    let row = page.split(&format!("<th scope=\"row\">{name}</th>")).nth(1).expect(name);
    let row = row.split("</tr>").next().unwrap_or_default();
    let text = |cell: &str| cell.split("</td>").next().unwrap_or_default().to_owned();
    row.split("<td>").skip(1).map(text).collect()
}

#[tokio::test]
async fn what_officers_chose_is_counted_for_the_wearer_and_for_the_person_who_was_told() {
    let store = vec![
        of(1, 29 * 24, closed(Outcome::FalseAlarm)),
        of(2, 100, closed(Outcome::Confirmed)),
        of(3, 99, closed(Outcome::FalseAlarm)),
        of(4, 98, closed(Outcome::Technical)),
        of(5, 60, closed(Outcome::Excused)),
        of(6, 50, closed(Outcome::Test)),
    ];
    let board = board("Barry Stone", [of(7, 30, Handling::Raised)]);
    let bench = Bench::with(board, Records { incidents: store, ..Records::default() }, None);
    let browser = bench.browser().await;
    let page = bench.get_as(&browser, "/quality").await.text;
    // Raised, confirmed, excused, false, open, false of those closed: neither the drill nor what is four weeks old.
    for name in ["Barry Stone", "Ms A. Berry"] {
        assert_eq!(row(&page, name), ["5", "1", "1", "2", "1", "50 %"], "{name}");
    }
    let standing = page
        .split("id=\"standing\"")
        .nth(1)
        .and_then(|rest| rest.split("</section>").next())
        .expect("a list");
    assert!(standing.contains("/incidents/7") && standing.contains("for 30 h"), "{standing}");
    let chattering = page.split("id=\"chattering\"").nth(1).expect("a list");
    assert!(
        chattering.contains("3 times within a day") && chattering.contains("/incidents/7"),
        "{chattering}"
    );
}

#[tokio::test]
async fn a_quiet_month_says_so() {
    let bench = Bench::with(board("Barry Stone", []), Records::default(), None);
    let browser = bench.browser().await;
    let page = bench.get_as(&browser, "/quality").await.text;
    assert_eq!(page.matches("<p class=\"none\">None").count(), 4, "{page}");
}
