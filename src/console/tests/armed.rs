//! Whether somebody would hear an alarm, in virtual time.

use std::time::Duration;

use tokio::time::advance;

use super::*;
use crate::{console::armed, engine::ServiceReport};

/// What the line was told in the next so many seconds, in which an armed console speaks in every `every_s`-th.
async fn told(
    state: &Armed,
    arrivals: &mut Arrivals,
    seconds: u32,
    every_s: Option<u32>,
) -> Vec<(u32, bool)> {
    let mut all = Vec::new();
    for second in 1..=seconds {
        if every_s.is_some_and(|every_s| second % every_s == 0) {
            state.hear();
        }
        advance(Duration::from_secs(1)).await;
        tokio::task::yield_now().await;
        while let Some(Some(arrival)) = futures_util::FutureExt::now_or_never(arrivals.recv()) {
            match arrival {
                Arrival::Told(Told::Service(ServiceReport::Consoles { armed }), None) => {
                    all.push((second, armed));
                }
                other => panic!("{other:?}"),
            }
        }
    }
    all
}

#[tokio::test(start_paused = true)]
async fn ten_seconds_without_an_armed_console_are_told_and_its_return_too() {
    let (inbox, mut arrivals) = Inbox::new();
    let state = Arc::new(Armed::new(true));
    let watched = Arc::clone(&state);
    tokio::spawn(async move { armed::watch(&watched, inbox).await });
    tokio::task::yield_now().await;
    let arrivals = &mut arrivals;
    assert_eq!(told(&state, arrivals, 9, None).await, [], "whoever starts has time to arm one");
    assert_eq!(told(&state, arrivals, 3, None).await, [(1, false)]);
    assert_eq!(told(&state, arrivals, 60, Some(3)).await, [(3, true)]);
    assert_eq!(told(&state, arrivals, 60, Some(9)).await, [], "a word may be lost on the way");
    assert_eq!(told(&state, arrivals, 60, None).await, [(4, false)]);
    assert_eq!(
        told(&state, arrivals, 600, None).await,
        [(544, false)],
        "an incident may have been closed meanwhile"
    );
    assert_eq!(told(&state, arrivals, 1, Some(1)).await, [(1, true)]);
}

#[tokio::test]
async fn only_a_signed_in_page_says_that_it_is_armed() {
    let bench = Bench::new(violation());
    let browser = bench.browser().await;
    assert_eq!(bench.post_as(&browser, "/armed", &[]).await.status, StatusCode::NO_CONTENT);
    let forged = Browser { form_token: "x".into(), cookie: browser.cookie.clone() };
    assert_eq!(bench.post_as(&forged, "/armed", &[]).await.status, StatusCode::FORBIDDEN);
    let stranger = Browser { form_token: browser.form_token, cookie: "cordon_session=x".into() };
    assert_eq!(bench.post_as(&stranger, "/armed", &[]).await.status, StatusCode::UNAUTHORIZED);
    let nameless = bench.nameless().await;
    assert_eq!(bench.post_as(&nameless, "/armed", &[]).await.status, StatusCode::UNAUTHORIZED);
}
