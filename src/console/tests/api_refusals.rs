//! What the API refuses, in which words, and that its document says so beforehand.

use serde_json::json;

use super::{
    api::{Judge, api_request},
    roles::sound_body,
    *,
};
use crate::domain::IncidentId;

#[tokio::test]
async fn a_body_is_refused_exactly_if_the_document_refuses_it() {
    let mut bench = Bench::new(violation());
    bench.commit_all();
    let token = bench.mighty().await;
    let mut judge = Judge::of(&bench, &token).await;
    let long = "a".repeat(41);
    for (what, body, is_sound) in [
        ("send", json!({"responder": "amy"}), true),
        ("send", json!({"responder": ""}), false),
        ("send", json!({"responder": "-amy"}), false),
        ("send", json!({"responder": "Amy"}), false),
        ("send", json!({"responder": long}), false),
        ("send", json!({"responder": &long[1..]}), true),
        ("shelve", json!({"minutes": 240.0, "reason": "x"}), true),
        ("shelve", json!({"minutes": 1, "reason": "x"}), true),
        ("shelve", json!({"minutes": 30.5, "reason": "x"}), false),
        ("shelve", json!({"minutes": -1, "reason": "x"}), false),
        ("shelve", json!({"minutes": 1e300, "reason": "x"}), false),
        ("shelve", json!({"minutes": "30", "reason": "x"}), false),
        ("attend", json!({"stage": "done"}), true),
        ("attend", json!({"stage": "sent"}), false),
    ] {
        let path = format!("/api/v1/incidents/1/{what}");
        let answer = bench.call(&token, "POST", &path, &body.to_string()).await;
        let of_document = format!("/api/v1/incidents/{{id}}/{what}");
        assert_eq!(judge.takes(&of_document, &body), is_sound, "{what} {body}");
        let expected = if is_sound { StatusCode::NO_CONTENT } else { StatusCode::UNPROCESSABLE_ENTITY };
        assert_eq!(answer.status, expected, "{what} {body}: {}", answer.text);
    }
}

#[tokio::test]
async fn refusals_have_a_word_that_stays() {
    let mut bench = Bench::new(violation());
    let token = bench.mighty().await;
    let mut judge = Judge::of(&bench, &token).await;
    let own = "/api/v1/incidents/1/own";
    for (result, status, reason) in [
        (Refused::Taken(fixture::id("desk")), 409, "taken"),
        (Refused::NoSuchIncident(IncidentId(1)), 409, "not_open"),
        (Refused::UnknownStaff(fixture::id("amy")), 403, "no_staff"),
        (Refused::Crashed, 422, "refused"),
    ] {
        let (answer, _) = bench.call_told(&token, own, "", Err(result)).await;
        assert_eq!(answer.refusal(), (status, reason.into()));
        judge.judge("/api/v1/incidents/{id}/own", "POST", &answer);
    }
    // What was sound when it was sent is refused for how things stand.
    for (what, result, reason) in [
        ("send", Refused::Attends(fixture::id("amy")), "on_the_way"),
        ("send", Refused::TooManySent, "on_the_way"),
        ("attend", Refused::NoFurther, "no_further"),
        ("attend", Refused::TooManySent, "on_the_way"),
        ("shelve", Refused::Danger, "danger"),
    ] {
        let path = format!("/api/v1/incidents/1/{what}");
        let (answer, _) = bench.call_told(&token, &path, sound_body(&path), Err(result)).await;
        assert_eq!(answer.refusal(), (409, reason.into()), "{what}");
        judge.judge(&format!("/api/v1/incidents/{{id}}/{what}"), "POST", &answer);
    }
    let close = ("/api/v1/incidents/1/close", r#"{"outcome": "test"}"#);
    let (answer, _) = bench.call_told(&token, close.0, close.1, Err(Refused::StillInside)).await;
    assert_eq!(answer.refusal(), (409, "still_inside".into()));
    judge.judge("/api/v1/incidents/{id}/close", "POST", &answer);
    for (method, path, body, status, reason) in [
        ("GET", "/api/v1/incidents/999", "", 404, "no_such_incident"),
        ("GET", "/api/v1/incidents/one", "", 404, "no_such_incident"),
        ("GET", "/api/v1/nothing", "", 404, "no_such_address"),
        ("GET", "/api/v1/", "", 404, "no_such_address"),
        ("PUT", "/api/v1/queue", "", 405, "no_such_method"),
        ("POST", "/api/v1/queue", "", 405, "no_such_method"),
        ("GET", "/api/v1/audit?before=x", "", 400, "query_wrong"),
        ("GET", "/api/v1/closed?after=1", "", 400, "query_wrong"),
        ("POST", "/api/v1/incidents/1/note", "", 422, "body_wrong"),
        ("POST", "/api/v1/incidents/1/note", r#"{"text": 1}"#, 422, "body_wrong"),
        ("POST", "/api/v1/incidents/1/note", r#"{"text": "x", "by": "ben"}"#, 422, "body_wrong"),
        ("POST", "/api/v1/incidents/1/note", r#"{"text": " "}"#, 422, "note_length"),
        ("POST", "/api/v1/incidents/1/note", r#"["text"]"#, 422, "body_wrong"),
        ("POST", "/api/v1/incidents/1/close", r#"{"outcome": "won"}"#, 422, "body_wrong"),
        ("POST", "/api/v1/incidents/1/close", r#"{"outcome": "test"} x"#, 422, "body_wrong"),
    ] {
        let answer = bench.call(&token, method, path, body).await;
        assert_eq!(answer.refusal(), (status, reason.into()), "{method} {path} {body}");
        if status == 405 {
            assert_eq!(answer.header(header::ALLOW), "GET, HEAD");
        }
    }
    let long = |length| format!(r#"{{"text": "{}"}}"#, "é".repeat(length));
    let note = "/api/v1/incidents/1/note";
    assert_eq!(bench.call(&token, "POST", note, &long(2_001)).await.refusal(), (422, "note_length".into()));
    assert_eq!(
        bench.call(&token, "POST", note, &long(40_000)).await.refusal(),
        (413, "body_too_long".into())
    );
    let bearer = format!("Bearer {token}");
    for kind in ["application/x-www-form-urlencoded", "text/plain", ""] {
        let headers = [("authorization", bearer.as_str()), ("content-type", kind)];
        let answer = bench.send(api_request("POST", note, &headers, r#"{"text": "x"}"#)).await;
        assert_eq!(answer.refusal(), (415, "body_type".into()), "{kind}");
    }
    let headers = [("authorization", bearer.as_str()), ("origin", "https://evil.example")];
    assert_eq!(
        bench.send(api_request("POST", own, &headers, "")).await.refusal(),
        (403, "foreign_origin".into())
    );
    let elsewhere = Request::builder().uri("/api/v1/queue").header("host", "evil.example");
    let elsewhere = bench.send(elsewhere.body(Body::empty()).expect("a request")).await;
    assert_eq!(elsewhere.refusal(), (403, "foreign_host".into()));
    bench.access.lose().await;
    let unseen = bench.call(&token, "GET", "/api/v1/queue", "").await;
    assert_eq!(unseen.refusal(), (503, "not_recorded".into()));
    judge.judge("/api/v1/queue", "GET", &unseen);
    // The journal has what is done.
    assert_eq!(bench.call_told(&token, own, "", Ok(())).await.0.status, StatusCode::NO_CONTENT);
}
