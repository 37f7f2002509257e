//! Whom nobody can send to an incident: by its page and by the API, with the engine itself behind them.

use serde_json::json;

use super::{api::call, *};
use crate::{
    access::{Permit, Role},
    domain::{Book, Incident, IncidentId, Recipient, Subject},
    engine::{Engine, Input},
};

/// Staff of the incident's unit, of the other one, and nobody's.
const OURS: &str = "ann";
const THEIRS: &str = "bob";
const NOBODYS: &str = "zed";

/// A violation in the north, and two teams.
fn two_teams() -> Engine {
    let unit = |id: &str, staff: [&str; 2], phone: &str| {
        let staff = staff.map(|id| {
            json!({"id": id, "name": format!("Name of {id}"), "contact": [{"channel": "sms", "address": phone}]})
        });
        json!({"unit": {"id": id, "name": id, "default_policy": "usual", "staff": staff,
            "area": {"south": 50, "west": -6, "north": 56, "east": 2},
            "policy": [{"id": "usual", "protected": [{"channel": "sms", "wait_s": 60}],
                "danger": [{"to": staff[0]["id"], "channel": "sms", "wait_s": 600}],
                "device": [{"to": staff[0]["id"], "channel": "sms", "wait_s": 600}],
                "upkeep": [{"to": staff[0]["id"], "channel": "sms", "wait_s": 600}]}]}})
    };
    let books = [
        unit("north", ["amy", OURS], "+447700900001"),
        unit("south", ["ben", THEIRS], "+447700900002"),
        json!({"wearer": {"id": "w-1", "unit": "north", "name": "A wearer", "tag": []}}),
        json!({"person": {"id": "p-1", "unit": "north", "name": "A person",
            "contact": [{"channel": "sms", "address": "+447700900009"}]}}),
        json!({"case": {"id": "case-1", "unit": "north", "wearer": "w-1", "persons": ["p-1"], "risk": "high",
            "policy": "usual", "basis": {"kind": "consent", "from": "2026-01-01T00:00:00Z"},
            "zone": [{"id": "home", "code": "ROSE-4", "margin_m": 300.0,
                "shape": {"circle": {"lat": 53.48, "lon": -2.24, "radius_m": 200.0}}}]}}),
    ];
    let mut engine = Engine::default();
    for (after_ms, book) in (1..).zip(books) {
        let book: Book = serde_json::from_value(book).expect("a sound book");
        let decision = engine.decide(AT.plus_ms(-60_000 + after_ms), &Input::Told(Told::Publish(book)));
        assert_eq!(decision.refused, None);
        engine.apply(&decision);
    }
    let mut open = incident(1, IncidentKind::Violation, Priority::P1, Handling::Raised);
    (open.unit, open.subject) = (fixture::id("north"), Subject::Wearer(fixture::id("w-1")));
    engine.adopt(vec![open], vec![]);
    engine
}

/// What the engine says to it; it remembers what followed.
fn judge(engine: &mut Engine, told: &Told) -> Result<(), Refused> {
    let decision = engine.decide(AT, &Input::Told(told.clone()));
    engine.apply(&decision);
    decision.refused.map_or(Ok(()), Err)
}

fn violation_of(engine: &Engine) -> Incident {
    engine.open_incident(IncidentId(1)).expect("it is open").as_ref().clone()
}

#[tokio::test]
async fn staff_of_another_unit_are_sent_neither_by_the_page_nor_by_the_api() {
    let mut engine = two_teams();
    let before = violation_of(&engine);
    let picture = Board {
        at: Some(AT),
        rulebook: Arc::clone(engine.rulebook()),
        incidents: [(before.id, Arc::new(before.clone()))].into(),
        ..Board::default()
    };
    let mut bench = Bench::new(picture);
    // One whose account reaches both units: what cannot be done is not for want of rights.
    let amy = bench.account("amy", &[Role::Officer]).await;
    let (browser, token) = (bench.enter(&amy), bench.token(&amy, &Permit::ALL).await);
    let page = bench.get_as(&browser, "/incidents/1/send").await.text;
    assert!(page.contains("value=\"ann\"") && !page.contains(THEIRS), "{page}");

    for responder in [THEIRS, NOBODYS] {
        let why = format!(
            "the incident&#39;s unit has no way to reach staff &#39;{responder}&#39;. Nothing was done."
        );
        let form = browser.post("/incidents/1/send", &[("responder", responder)]);
        let (answer, told) = bench.send_told(form, |told| judge(&mut engine, told)).await;
        assert!(matches!(told, Told::Handle { .. }), "{told:?}");
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{responder}");
        assert!(answer.text.contains(&why), "{}", answer.text);

        let body = json!({"responder": responder}).to_string();
        let request = call(&token, "POST", "/api/v1/incidents/1/send", &body);
        let (answer, _) = bench.send_told(request, |told| judge(&mut engine, told)).await;
        assert_eq!(answer.refusal(), (422, "refused".into()), "{responder}");
        let detail = answer.json()["detail"].as_str().expect("a sentence").to_owned();
        assert_eq!(detail, why.replace("&#39;", "'"));

        // Nobody was told, nobody is waited for, and the incident's story knows of nothing.
        assert_eq!(violation_of(&engine), before);
        assert_eq!(engine.open_alerts().count(), 0);
    }

    // The same doors let the incident's own unit through.
    for (n, responder) in [OURS, "amy"].into_iter().enumerate() {
        let request = match n {
            0 => browser.post("/incidents/1/send", &[("responder", responder)]),
            _ => {
                let body = json!({"responder": responder}).to_string();
                call(&token, "POST", "/api/v1/incidents/1/send", &body)
            }
        };
        let (answer, _) = bench.send_told(request, |told| judge(&mut engine, told)).await;
        assert!(answer.status.is_success() || answer.status.is_redirection(), "{}", answer.text);
        let sent = violation_of(&engine);
        assert_eq!(sent.attendances.len(), n + 1);
        let to = Recipient::Staff(fixture::id(responder));
        assert!(engine.open_alerts().any(|alert| alert.recipient == to), "{responder}");
    }
}
