//! Who is being told, as cards and pages say it.

use super::{fixture::id, pages::strip, *};
use crate::domain::{
    AlertId, AlertState, Channel, Entry, Happening, Incident, Recipient, SentAlert, Timestamp,
};

/// What has become of one alert: its channel, its step, and each state with how long ago it came into it, seconds.
type Lived<'l> = (Channel, usize, &'l [(AlertState, i64)]);

/// A violation of which the protected person, or the team's desk, is told like this.
fn violation_told(to_staff: bool, lived: &[Lived<'_>]) -> Incident {
    let mut shown = incident(1, IncidentKind::Violation, Priority::P1, Handling::Raised);
    let recipient = if to_staff { Recipient::Staff(id("desk")) } else { Recipient::Person(id("p-1")) };
    let chain = &mut shown.escalations[usize::from(to_staff)];
    chain.alerts.clear();
    chain.step = 2;
    for (no, (channel, step, states)) in (100..).zip(lived) {
        let (alert, channel, recipient) = (AlertId(no), *channel, recipient.clone());
        for (state, ago_s) in *states {
            let (recipient, state) = (recipient.clone(), state.clone());
            let what = Happening::Alert { alert, recipient, channel, state };
            shown.timeline.push(Entry { at: AT.plus_ms(-ago_s * 1_000), what });
        }
        let state = states.last().expect("a state").0.clone();
        let (due, in_vain) = (None, false);
        chain.alerts.push(SentAlert { id: alert, recipient, channel, step: *step, state, due, in_vain });
    }
    shown
}

/// What a card and an incident's page say of one chain.
async fn said(shown: Incident) -> [String; 2] {
    let bench = Bench::new(board("Barry Stone", [shown]));
    let browser = bench.browser().await;
    let queue = bench.get_as(&browser, "/fragments/queue").await.text;
    let page = bench.get_as(&browser, "/fragments/incidents/1").await.text;
    [strip(&queue), strip(&page)]
}

fn text(ago_s: i64) -> [(AlertState, i64); 3] {
    [(AlertState::Waiting, 41), (AlertState::Accepted, 40), (AlertState::Delivered, ago_s)]
}

#[tokio::test]
async fn a_text_and_a_call_are_told_in_one_breath() {
    let ringing = [(AlertState::Waiting, 10), (AlertState::Accepted, 9), (AlertState::Delivered, 8)];
    let chain = [(Channel::Sms, 0, &text(12)[..]), (Channel::Voice, 1, &ringing)];
    for shown in said(violation_told(false, &chain)).await {
        let told = "Text delivered 12 s ago, call ringing for 8 s";
        assert!(shown.contains(&format!("next step in 18 s {told}")), "{shown}");
    }
    for shown in said(violation_told(true, &chain)).await {
        let told = "Text to Control room delivered 12 s ago, call to Control room ringing for 8 s";
        assert!(shown.contains(told), "{shown}");
    }
}

#[tokio::test]
async fn a_call_rings_only_while_its_provider_says_so() {
    let [waiting, taken] = [(AlertState::Waiting, 40), (AlertState::Accepted, 39)];
    let rings = |ago_s| (AlertState::Delivered, ago_s);
    let failed = |why: &str| (AlertState::Expired(why.into()), 2);
    for (states, told) in [
        // That it was asked for, and taken, rings nowhere.
        (vec![waiting.clone()], "Call being sent 40 s ago"),
        (vec![waiting.clone(), taken.clone()], "Call accepted 39 s ago"),
        (vec![taken.clone(), rings(34)], "Call ringing for 34 s"),
        // Nobody has said how it ended, and no phone rings for so long.
        (vec![taken.clone(), rings(35)], "Call rang 35 s ago"),
        (vec![rings(8), (AlertState::PickedUp, 3)], "Call picked up 3 s ago"),
        (vec![rings(27), failed("no-answer")], "Call failed (no-answer) 2 s ago"),
        (vec![rings(8), (AlertState::Acknowledged, 1)], "Call acknowledged 1 s ago"),
    ] {
        for shown in said(violation_told(false, &[(Channel::Voice, 1, &states)])).await {
            assert!(shown.contains(told), "{told}: {shown}");
            assert_eq!(shown.contains("ringing"), told.contains("ringing"), "{shown}");
        }
    }
    // Of a text the same word of its provider's is another.
    for shown in said(violation_told(false, &[(Channel::Sms, 1, &[rings(8)])])).await {
        assert!(shown.contains("Text delivered 8 s ago") && !shown.contains("ring"), "{shown}");
    }
}

#[tokio::test]
async fn the_page_says_when_the_ringing_ends_at_the_latest() {
    let bench = Bench::new(board(
        "Barry Stone",
        [violation_told(false, &[(Channel::Voice, 1, &[(AlertState::Delivered, 8)])])],
    ));
    let browser = bench.browser().await;
    let queue = bench.get_as(&browser, "/").await.text;
    let ends = AT.plus_ms(27_000).as_ms();
    assert!(queue.contains(&format!("data-ends=\"{ends}\" data-ended=\"rang\">ringing for ")), "{queue}");
}

#[tokio::test]
async fn what_is_over_stands_on_the_page_alone_and_an_earlier_round_is_none_of_now() {
    let old = |why: &str| [(AlertState::Expired(why.into()), 300)];
    let chain = [
        (Channel::Sms, 0, &old("first")[..]),
        (Channel::Voice, 3, &old("of-a-later-step")),
        (Channel::Sms, 0, &text(12)),
        (Channel::SecondSms, 1, &old("supplier")),
    ];
    let [queue, page] = said(violation_told(false, &chain)).await;
    let now = "Text delivered 12 s ago, text by the second supplier failed (supplier) 5 min ago";
    assert!(queue.contains(now) && page.contains(now), "{queue} {page}");
    for before in ["Call failed (of-a-later-step) 5 min ago", "Text failed (first) 5 min ago"] {
        assert!(!queue.contains(before) && page.contains(before), "{before}: {queue} {page}");
    }
}

#[tokio::test]
async fn the_api_says_since_when() {
    let ringing = [(AlertState::Accepted, 9), (AlertState::Delivered, 8)];
    let bench = Bench::new(board("Barry Stone", [violation_told(false, &[(Channel::Voice, 1, &ringing)])]));
    let amy = bench.account("amy", &[crate::access::Role::Officer]).await;
    let token = bench.token(&amy, &[crate::access::Permit::ReadIncidents]).await;
    let queue = bench.call(&token, "GET", "/api/v1/queue", "").await.json();
    let alert = &queue["incidents"][0]["escalations"][0]["alerts"][0];
    let since: Timestamp = AT.plus_ms(-8_000);
    assert_eq!((&alert["channel"], &alert["state"]), (&"voice".into(), &"delivered".into()));
    assert_eq!(alert["since"], since.to_string());
}
