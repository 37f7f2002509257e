//! A protected person's own page: made by whoever looks after them, open at any time.

use super::{
    phone::{from_phone, links},
    *,
};
use crate::{
    domain::{AlertId, AlertState, Book, Channel, Entry, Happening, Recipient, Timestamp},
    notify::push::OwnPage,
};

fn path(made_at: Timestamp) -> String {
    let person = fixture::id("p-1");
    format!("/own/{}", links().to_own_page(&OwnPage { person, made_at }).expect("random numbers"))
}

/// Nothing is open.
fn calm() -> Board {
    board("Barry Stone", [])
}

/// A violation of which she has been told.
fn told_of() -> Board {
    let mut open = incident(1, IncidentKind::Violation, Priority::P1, Handling::Raised);
    let (recipient, channel) = (Recipient::Person(fixture::id("p-1")), Channel::Sms);
    let (at, state) = (AT.plus_ms(-5_000), AlertState::Waiting);
    let what = Happening::Alert { alert: AlertId(77), recipient, channel, state };
    open.timeline.push(Entry { at, what });
    board("Barry Stone", [open])
}

#[tokio::test]
async fn it_is_small_neutral_and_works_while_nothing_is_wrong() {
    let mut bench = Bench::new(calm());
    let path = path(AT);
    let page = bench.send(from_phone("GET", &path, "")).await;
    assert_eq!(page.status, StatusCode::OK);
    let style = bench.send(from_phone("GET", "/page/style.css", "")).await.text.len();
    assert!(page.text.len() + style < 30 * 1024);
    for word in ["Cordon", "Berry", "Barry", "ROWAN", "police", "stalk", "wearer"] {
        assert!(!page.text.contains(word), "{word}");
    }
    assert!(page.text.contains("value=\"2\"") && page.text.contains("value=\"3\""));
    assert!(!page.text.contains("value=\"1\""), "there is nothing to say that one is safe from");
    for (answer, said) in [("2", "help"), ("3", "noted")] {
        let (answered, told) = bench.phone_tells(&path, &form(&[("answer", answer)]), &[Ok(())]).await;
        assert_eq!(told, [Told::Call { person: fixture::id("p-1") }]);
        assert_eq!(answered.header(header::LOCATION), format!("{path}?said={said}"));
    }
    let helped = bench.send(from_phone("GET", &format!("{path}?said=help"), "")).await;
    assert!(helped.text.contains("We know that you need help"), "{}", helped.text);
    let written = form(&[("answer", "marigold")]);
    let (_, told) = bench.phone_tells(&path, &written, &[Ok(())]).await;
    assert_eq!(told, [Told::Wrote { person: fixture::id("p-1"), text: "marigold".into() }]);
}

#[tokio::test]
async fn what_she_was_told_of_is_answered_there_and_help_is_asked_for_whatever_becomes_of_it() {
    let mut bench = Bench::new(told_of());
    let path = path(AT);
    let page = bench.send(from_phone("GET", &path, "")).await;
    assert!(page.text.contains("value=\"1\""), "{}", page.text);
    let raised_at = AT.plus_ms(-5_000);
    let answer = |text: &str| Told::Answer { alert: AlertId(77), raised_at, text: text.into() };
    let (answered, told) = bench.phone_tells(&path, &form(&[("answer", "1")]), &[Ok(())]).await;
    assert_eq!(
        (told, answered.header(header::LOCATION)),
        (vec![answer("1")], format!("{path}?said=noted").as_str())
    );
    // It was closed a moment ago.
    let gone = Err(Refused::NoSuchAlert(AlertId(77)));
    let (answered, told) = bench.phone_tells(&path, &form(&[("answer", "2")]), &[gone, Ok(())]).await;
    assert_eq!(told, [answer("2"), Told::Call { person: fixture::id("p-1") }]);
    assert_eq!(answered.header(header::LOCATION), format!("{path}?said=help"));
}

#[tokio::test]
async fn a_link_is_made_by_whoever_may_is_recorded_and_ends_the_one_before() {
    let mut bench = Bench::new(calm());
    let browser = bench.browser().await;
    let (made, told) = bench.post_told(&browser, "/enrolments/own", &[("who", "person:p-1")], Ok(())).await;
    let [.., link] = &made.text.split("/own/").collect::<Vec<_>>()[..] else { panic!("{}", made.text) };
    let token = link.split('<').next().expect("a token");
    let Told::Revise { from: 1, book: Book::Person(person), .. } = told else { panic!("{told:?}") };
    assert_eq!(links().own_page(token).map(|link| Some(link.made_at)), Some(person.plan.own_page_from));
    let log = bench.access.entries(i64::MAX, 50, None).await.expect("a log");
    assert!(log.iter().any(|entry| entry.what == "make link to own page"), "nothing is recorded");
    // What the engine then has in force.
    bench.board.send_modify(|board| {
        let mut next = (**board).clone();
        next.rulebook = Arc::new(next.rulebook.published(Book::Person(person), AT));
        *board = Arc::new(next);
    });
    let open = async |path: String| bench.send(from_phone("GET", &path, "")).await.status;
    assert_eq!(open(format!("/own/{token}")).await, StatusCode::OK);
    assert_eq!(open(path(Timestamp::from_ms(0))).await, StatusCode::NOT_FOUND);
    assert_eq!(open("/own/none".into()).await, StatusCode::NOT_FOUND);
    for nobody in ["staff:amy", "person:p-9", ""] {
        let answer = bench.post_as(&browser, "/enrolments/own", &[("who", nobody)]).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{nobody}");
    }
    assert!(bench.arrivals.is_empty());
}
