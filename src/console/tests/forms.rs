//! What the buttons do.

use super::*;
use crate::{
    domain::{IncidentId, Outcome},
    engine::Action,
};

type Fields<'a> = &'a [(&'a str, &'a str)];

fn handle(action: Action) -> Told {
    Told::Handle { incident: IncidentId(1), by: fixture::id("amy"), action }
}

#[tokio::test]
async fn each_form_becomes_one_input_in_the_officers_name() {
    let mut bench = Bench::new(violation());
    let browser = bench.browser().await;
    let cases: [(&str, Fields<'_>, Action, &str); 4] = [
        ("/incidents/1/own", &[("back", "queue")], Action::Own, "/"),
        ("/incidents/1/act", &[], Action::Act, "/incidents/1"),
        ("/incidents/1/note", &[("note", "  Rang him.\n")], Action::Note("Rang him.".into()), "/incidents/1"),
        (
            "/incidents/1/close",
            &[("outcome", "false_alarm")],
            Action::Close(Outcome::FalseAlarm),
            "/incidents/1",
        ),
    ];
    for (path, fields, action, back) in cases {
        let (answer, told) = bench.post_told(&browser, path, fields, Ok(())).await;
        assert_eq!(told, handle(action));
        assert_eq!((answer.status, answer.header(header::LOCATION)), (StatusCode::SEE_OTHER, back));
        assert!(bench.arrivals.is_empty());
    }
}

#[tokio::test]
async fn closing_without_an_outcome_says_so_at_the_field() {
    let bench = Bench::new(violation());
    let browser = bench.browser().await;
    for fields in [&[][..], &[("outcome", "")], &[("outcome", "nonsense")]] {
        let answer = bench.post_as(&browser, "/incidents/1/close", fields).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
        let fieldset = answer.text.split("<fieldset").nth(1).expect("the outcomes");
        assert!(fieldset.starts_with(" aria-invalid=\"true\" aria-describedby=\"outcome-error\""));
        assert!(fieldset.contains("id=\"outcome-error\"><b>Error:</b> Choose what it turned out to be."));
        assert!(answer.text.contains("<title>(1 P1) Error: Violation, Barry Stone"), "{}", answer.text);
    }
    assert!(bench.arrivals.is_empty());
}

#[tokio::test]
async fn a_refused_note_is_not_lost() {
    let bench = Bench::new(violation());
    let browser = bench.browser().await;
    let long = "<b>".repeat(700);
    let answer = bench.post_as(&browser, "/incidents/1/note", &[("note", &long)]).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(answer.text.contains("at most 2,000 characters; this one has 2100."));
    assert!(answer.text.contains(&"&#60;b&#62;".repeat(700)) && !answer.text.contains("<b><b>"));
    let empty = bench.post_as(&browser, "/incidents/1/note", &[("note", "  \n ")]).await;
    assert_eq!(empty.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(empty.text.contains("id=\"note-error\"><b>Error:</b> Write a note first."));
    assert!(bench.arrivals.is_empty());
}

#[tokio::test]
async fn what_the_engine_refuses_is_said_in_plain_words() {
    let mut bench = Bench::new(violation());
    let browser = bench.browser().await;
    let cases = [
        (
            Refused::NoSuchIncident(IncidentId(1)),
            StatusCode::CONFLICT,
            "somebody may have closed it meanwhile",
        ),
        (
            Refused::UnknownStaff(fixture::id("amy")),
            StatusCode::FORBIDDEN,
            "does not know you as a member of staff",
        ),
    ];
    for (refused, status, why) in cases {
        let (answer, _) = bench.post_told(&browser, "/incidents/1/own", &[], Err(refused)).await;
        assert_eq!(answer.status, status);
        assert!(answer.text.contains(why), "{}", answer.text);
    }
    let close = [("outcome", "confirmed")];
    let (answer, _) =
        bench.post_told(&browser, "/incidents/1/close", &close, Err(Refused::StillInside)).await;
    assert_eq!(answer.status, StatusCode::CONFLICT);
    assert!(answer.text.contains("still in the zone") && answer.text.contains("everybody is still told"));
}

#[tokio::test]
async fn a_stopped_service_says_so() {
    let mut bench = Bench::new(violation());
    let browser = bench.browser().await;
    bench.arrivals.close();
    let answer = bench.post_as(&browser, "/incidents/1/own", &[]).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(answer.text.contains("Act by phone or radio"));
}

#[tokio::test(start_paused = true)]
async fn an_unconfirmed_action_is_not_shown_as_done() {
    let bench = Bench::new(violation());
    let browser = bench.browser().await;
    // Nobody drains the inbox: the virtual clock jumps to the time limit.
    let answer = bench.post_as(&browser, "/incidents/1/own", &[]).await;
    assert_eq!(answer.status, StatusCode::GATEWAY_TIMEOUT);
    assert!(answer.text.contains("could not confirm"));
}

#[tokio::test]
async fn odd_numbers_are_no_incidents() {
    let bench = Bench::new(violation());
    let browser = bench.browser().await;
    for odd in ["0x1", "-1", "99999999999999999999", "1%2F..", "%3Cscript%3E"] {
        let answer = bench.post_as(&browser, &format!("/incidents/{odd}/own"), &[]).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{odd}");
        assert!(!answer.text.contains("<script>"), "{odd}");
    }
}
