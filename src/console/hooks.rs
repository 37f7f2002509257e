//! Where SMS providers report: replies that came back, and receipts. Both are signed (see [`signature`]), and each
//! signature is good for once.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use axum::{
    Json, Router,
    body::Bytes,
    extract::{DefaultBodyLimit, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::post,
};
use serde::{Deserialize, Serialize};

use crate::{
    clock::Clock,
    domain::is_e164,
    engine::{DeliveryReport, Refused, Told},
    notify::{
        self, UsedSignatures,
        signature::{self, SignatureError},
    },
    secret::Secret,
    sequencer::{Inbox, SubmitError},
};

/// The largest request, bytes.
const BODY_BYTES_MAX: usize = 64 * 1024;
/// The longest reply, characters: ten SMS in one.
const REPLY_CHARS_MAX: usize = 1_600;

/// The doors for providers, and what has been turned away there.
pub struct Hooks {
    pub(super) router: Router,
    pub(super) counts: Arc<Counts>,
}

/// Requests that had no effect, since the start.
#[derive(Debug, Default)]
pub(super) struct Counts {
    /// Not signed as they must be.
    pub(super) refused: AtomicU64,
    /// Signed well, and a copy of one that had come before.
    pub(super) replayed: AtomicU64,
    /// For no alert of an open incident.
    pub(super) unknown: AtomicU64,
}

struct Doors {
    inbox: Inbox,
    secret: Secret,
    clock: Clock,
    used: UsedSignatures,
    counts: Arc<Counts>,
}

/// `POST /hooks/sms/reply` and `POST /hooks/sms/receipt`, signed with `secret`.
pub fn routes(inbox: Inbox, secret: Secret, clock: Clock) -> Hooks {
    let counts = Arc::new(Counts::default());
    let used = UsedSignatures::default();
    let doors = Doors { inbox, secret, clock, used, counts: Arc::clone(&counts) };
    let router = Router::new()
        .route("/hooks/sms/reply", post(reply))
        .route("/hooks/sms/receipt", post(receipt))
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .with_state(Arc::new(doors));
    Hooks { router, counts }
}

/// A signature that was believed.
struct Signed {
    at_s: i64,
    signature: String,
}

#[derive(Debug, Deserialize)]
struct Reply {
    from: String,
    text: String,
}

#[derive(Debug, Deserialize)]
struct Receipt {
    key: String,
    status: Status,
}

/// How a message ended, as the provider has it.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Status {
    /// It reached the phone.
    Delivered,
    /// It never will.
    Failed,
}

/// What the provider is answered.
#[derive(Debug, Serialize)]
struct Answer {
    /// Whether it had an effect. If not, sending it again will not help.
    taken: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

/// Why a request was refused: a status, and what its sender can do.
struct Refusal(StatusCode, String);

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        (self.0, self.1).into_response()
    }
}

async fn reply(
    State(doors): State<Arc<Doors>>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<Answer>, Refusal> {
    let (Reply { from, text }, signed) =
        doors.open(&headers, &body, r#"{"from": "+441632960001", "text": "1"}"#)?;
    if !is_e164(&from) {
        return Err(bad("'from' is a phone number in E.164: '+' and 7 to 15 digits".into()));
    }
    let chars = text.chars().count();
    if text.trim().is_empty() || chars > REPLY_CHARS_MAX {
        return Err(bad(format!("'text' has 1 to {REPLY_CHARS_MAX} characters, this one {chars}")));
    }
    doors.submit(Told::Reply { from, text }, signed).await
}

async fn receipt(
    State(doors): State<Arc<Doors>>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<Answer>, Refusal> {
    let (Receipt { key, status }, signed) = doors.open(
        &headers,
        &body,
        r#"{"key": the message's reference, "status": "delivered" or "failed"}"#,
    )?;
    let Some((alert, raised_at)) = notify::alert_of_key(&key) else {
        count(&doors.counts.unknown);
        return Err(bad("'key' is the reference that came with the message".into()));
    };
    let report = match status {
        Status::Delivered => DeliveryReport::Delivered,
        Status::Failed => DeliveryReport::Refused("receipt_failed".into()),
    };
    doors.submit(Told::Receipt { alert, raised_at, report }, signed).await
}

impl Doors {
    /// Checks the signature, then that it is new, then reads the body; never the other way round.
    fn open<T: for<'de> Deserialize<'de>>(
        &self,
        headers: &HeaderMap,
        body: &[u8],
        form: &str,
    ) -> Result<(T, Signed), Refusal> {
        let header = |name| headers.get(name).and_then(|value| value.to_str().ok());
        let (timestamp, signed) = (header(signature::TIMESTAMP_HEADER), header(signature::SIGNATURE_HEADER));
        let verify =
            |now| signature::verify(&self.secret, now, timestamp, signed, body).map(|at_s| (at_s, now));
        // A wall clock that was set while the service ran may be the wrong one of the two.
        let believed = match verify(self.clock.wall()) {
            Err(SignatureError::Stale) => verify(self.clock.steady()),
            judged => judged,
        };
        let (at_s, now) = believed.map_err(|error| {
            count(&self.counts.refused);
            tracing::warn!(%error, "a provider's report was not believed");
            Refusal(StatusCode::UNAUTHORIZED, error.to_string())
        })?;
        let signed = Signed { at_s, signature: signed.unwrap_or_default().into() };
        if !self.used.is_new(now, at_s, &signed.signature) {
            count(&self.counts.replayed);
            tracing::warn!("a provider's report came again");
            return Err(Refusal(
                StatusCode::CONFLICT,
                "this request has come before: sign each try anew".into(),
            ));
        }
        // The parser's own message quotes what it read, which may be a number.
        let read = serde_json::from_slice(body).map_err(|_| bad(format!("send JSON such as {form}")))?;
        Ok((read, signed))
    }

    /// Goes on although the provider hangs up: either the engine was told, or the signature is good for another try.
    async fn submit(self: Arc<Self>, told: Told, signed: Signed) -> Result<Json<Answer>, Refusal> {
        let submitted = tokio::spawn(async move { self.answer(told, &signed).await }).await;
        submitted.unwrap_or_else(|_| Err(restarting()))
    }

    async fn answer(&self, told: Told, signed: &Signed) -> Result<Json<Answer>, Refusal> {
        match self.inbox.submit(told).await {
            Ok(()) => Ok(Json(Answer { taken: true, reason: None })),
            Err(SubmitError::Refused(why)) => {
                if matches!(why, Refused::NoSuchAlert(_)) {
                    count(&self.counts.unknown);
                }
                Ok(Json(Answer { taken: false, reason: Some(why.to_string()) }))
            }
            Err(SubmitError::Stopped) => {
                self.used.forget(signed.at_s, &signed.signature);
                Err(restarting())
            }
        }
    }
}

fn restarting() -> Refusal {
    Refusal(
        StatusCode::SERVICE_UNAVAILABLE,
        "the service is restarting: send it again in a few seconds".into(),
    )
}

fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

fn bad(what: String) -> Refusal {
    Refusal(StatusCode::BAD_REQUEST, what)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::{net::TcpListener, sync::mpsc};

    use super::*;
    use crate::{
        domain::{AlertId, Timestamp},
        sandbox::phones::{
            CordonSettings,
            testing::{Phones, callback_secret, client, sms_token},
        },
        sequencer::Arrival,
    };

    const ADA: &str = "+447700900001";

    /// The hooks on a port of their own; what the engine is told comes out, and every answer is `answer`.
    async fn start(answer: Result<(), Refused>) -> (String, mpsc::UnboundedReceiver<Told>, Arc<Counts>) {
        start_by(Clock::real(), answer).await
    }

    /// The same by another clock.
    async fn start_by(
        clock: Clock,
        answer: Result<(), Refused>,
    ) -> (String, mpsc::UnboundedReceiver<Told>, Arc<Counts>) {
        let (inbox, mut arrivals) = Inbox::new();
        let (sender, told) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            while let Some(Arrival::Told(told, Some(asked))) = arrivals.recv().await {
                sender.send(told).unwrap();
                asked.send(answer.clone()).unwrap();
            }
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let hooks = routes(inbox, callback_secret(), clock);
        tokio::spawn(async move { axum::serve(listener, hooks.router).await });
        (url, told, hooks.counts)
    }

    fn read(counts: &Counts) -> [u64; 3] {
        [&counts.refused, &counts.replayed, &counts.unknown].map(|count| count.load(Ordering::Relaxed))
    }

    async fn post(url: &str, path: &str, secret: &Secret, late_s: i64, body: &str) -> (u16, String) {
        post_at(url, path, secret, now_s() - late_s, body).await
    }

    fn now_s() -> i64 {
        Clock::real().wall().as_ms() / 1_000
    }

    async fn post_at(url: &str, path: &str, secret: &Secret, at_s: i64, body: &str) -> (u16, String) {
        let request = client()
            .post(format!("{url}{path}"))
            .header(signature::TIMESTAMP_HEADER, at_s)
            .header(signature::SIGNATURE_HEADER, signature::sign(secret, at_s, body.as_bytes()))
            .body(body.to_owned());
        let response = request.send().await.unwrap();
        (response.status().as_u16(), response.text().await.unwrap())
    }

    #[tokio::test]
    async fn a_reply_and_a_receipt_come_from_the_phone_to_the_engine() {
        let (url, mut told, counts) = start(Ok(())).await;
        let cordon = CordonSettings { url, callback_secret: callback_secret(), receipt_after_ms: Some(0) };
        let phones = Phones::start(Some(cordon)).await;
        assert_eq!(phones.reply(ADA, "3").await, 204);
        let expected = Told::Reply { from: ADA.into(), text: "3".into() };
        assert_eq!(told.recv().await, Some(expected));

        let message = serde_json::json!({ "to": ADA, "text": "x", "reference": "alert-7-1" });
        let request = client().post(format!("{}/sms", phones.url)).json(&message);
        request.bearer_auth(sms_token().expose()).send().await.unwrap();
        let (alert, raised_at) = (AlertId(7), Timestamp::from_us(1));
        let report = DeliveryReport::Delivered;
        assert_eq!(told.recv().await, Some(Told::Receipt { alert, raised_at, report }));
        assert_eq!(read(&counts), [0, 0, 0]);
    }

    #[tokio::test]
    async fn what_is_forged_stale_or_malformed_never_reaches_the_engine() {
        let (url, mut told, counts) = start(Ok(())).await;
        let (good, wrong) = (callback_secret(), Secret::new("wrong"));
        let reply = r#"{"from":"+447700900001","text":"1"}"#;
        let large = format!(r#"{{"from":"+447700900001","text":"{}"}}"#, "x".repeat(64 * 1024));
        let long = format!(r#"{{"from":"+447700900001","text":"{}"}}"#, "x".repeat(1_601));
        let (replies, receipts) = ("/hooks/sms/reply", "/hooks/sms/receipt");
        for (path, secret, late_s, body, status, says) in [
            (replies, &wrong, 0, reply, 401, "shared secret"),
            (replies, &good, 301, reply, 401, "set the clock"),
            (replies, &good, -302, reply, 401, "set the clock"),
            (replies, &good, 0, "{", 400, "send JSON such as"),
            (replies, &good, 0, r#"{"from":"ADA","text":"1"}"#, 400, "E.164"),
            (replies, &good, 0, r#"{"from":"+447700900001","text":" "}"#, 400, "1 to 1600"),
            (replies, &good, 0, &long, 400, "1 to 1600"),
            (replies, &good, 0, &large, 413, ""),
            (receipts, &good, 0, r#"{"key":"x","status":"delivered"}"#, 400, "reference"),
            (receipts, &good, 0, r#"{"key":"alert-7-1","status":"read"}"#, 400, "delivered"),
            (receipts, &wrong, 0, r#"{"key":"alert-7-1","status":"delivered"}"#, 401, "secret"),
        ] {
            let answer = post(&url, path, secret, late_s, body).await;
            assert_eq!(answer.0, status, "{path} {body:.60}: {}", answer.1);
            assert!(answer.1.contains(says), "{}", answer.1);
            assert!(!answer.1.contains("ADA"), "it repeats what it was sent: {}", answer.1);
        }
        let unsigned = client().post(format!("{url}{replies}")).body(reply).send().await.unwrap();
        assert_eq!(unsigned.status().as_u16(), 401);
        assert!(told.try_recv().is_err(), "the engine was told");
        assert_eq!(read(&counts), [5, 0, 1]);
    }

    #[tokio::test]
    async fn a_copy_is_refused_and_the_same_again_with_a_new_signature_is_not() {
        let (url, mut told, counts) = start(Ok(())).await;
        let reply = r#"{"from":"+447700900001","text":"1"}"#;
        let path = "/hooks/sms/reply";
        let signed_s = now_s();
        assert_eq!(post_at(&url, path, &callback_secret(), signed_s, reply).await.0, 200);
        let copy = post_at(&url, path, &callback_secret(), signed_s, reply).await;
        assert_eq!(copy.0, 409, "{}", copy.1);
        assert_eq!(post_at(&url, path, &callback_secret(), signed_s - 40, reply).await.0, 200);
        assert_eq!(read(&counts), [0, 1, 0]);
        let expected = Told::Reply { from: ADA.into(), text: "1".into() };
        assert_eq!([told.recv().await, told.recv().await], [Some(expected.clone()), Some(expected)]);
        assert!(told.try_recv().is_err(), "three times");
    }

    #[tokio::test]
    async fn a_signature_is_fresh_by_the_wall_clock_or_by_the_steady_one() {
        let ahead = Clock::real().not_before(Clock::real().wall().plus_ms(3_600_000));
        let (url, mut told, _) = start_by(ahead, Ok(())).await;
        let reply = r#"{"from":"+447700900001","text":"1"}"#;
        for (late_s, status) in [(0, 200), (-3_600, 200), (-1_800, 401), (3_600, 401)] {
            let answer = post(&url, "/hooks/sms/reply", &callback_secret(), late_s, reply).await;
            assert_eq!(answer.0, status, "{late_s}: {}", answer.1);
            assert_eq!(told.try_recv().is_ok(), status == 200);
        }
    }

    #[tokio::test]
    async fn a_receipt_of_failure_is_a_refusal_and_an_answer_without_effect_is_no_error() {
        let (url, mut told, counts) = start(Err(Refused::UnexpectedReply)).await;
        let body = r#"{"key":"alert-7-1","status":"failed"}"#;
        let answer = post(&url, "/hooks/sms/receipt", &callback_secret(), 0, body).await;
        assert_eq!(answer.0, 200);
        assert!(answer.1.starts_with(r#"{"taken":false,"reason":"nobody waits"#), "{}", answer.1);
        let (alert, raised_at) = (AlertId(7), Timestamp::from_us(1));
        let report = DeliveryReport::Refused("receipt_failed".into());
        let next = tokio::time::timeout(Duration::from_secs(5), told.recv()).await.unwrap();
        assert_eq!(next, Some(Told::Receipt { alert, raised_at, report }));
        assert_eq!(read(&counts), [0, 0, 0]);
    }

    #[tokio::test]
    async fn a_receipt_for_an_alert_that_nobody_knows_is_answered_and_counted() {
        let (url, _told, counts) = start(Err(Refused::NoSuchAlert(AlertId(7)))).await;
        let body = r#"{"key":"alert-7-1","status":"delivered"}"#;
        let answer = post(&url, "/hooks/sms/receipt", &callback_secret(), 0, body).await;
        assert_eq!(answer.0, 200);
        assert!(answer.1.starts_with(r#"{"taken":false,"reason":"there is no alert 7"#), "{}", answer.1);
        assert_eq!(read(&counts), [0, 0, 1]);
    }

    #[tokio::test]
    async fn a_stopping_service_asks_for_another_try() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let hooks = routes(Inbox::new().0, callback_secret(), Clock::real());
        tokio::spawn(async move { axum::serve(listener, hooks.router).await });
        let body = r#"{"from":"+447700900001","text":"1"}"#;
        for _ in 0..2 {
            let answer = post(&url, "/hooks/sms/reply", &callback_secret(), 0, body).await;
            assert_eq!(answer.0, 503, "the same signature is good for another try");
        }
    }

    #[tokio::test]
    async fn a_provider_that_hangs_up_has_told_the_engine_or_may_try_again() {
        let (inbox, mut arrivals) = Inbox::new();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let hooks = routes(inbox, callback_secret(), Clock::real());
        tokio::spawn(async move { axum::serve(listener, hooks.router).await });
        let (body, path, signed_s) = (r#"{"from":"+447700900001","text":"1"}"#, "/hooks/sms/reply", now_s());
        let asking = tokio::spawn({
            let url = url.clone();
            async move { post_at(&url, path, &callback_secret(), signed_s, body).await }
        });
        let Some(Arrival::Told(_, Some(asked))) = arrivals.recv().await else { panic!("it was asked") };
        asking.abort();
        assert!(asking.await.unwrap_err().is_cancelled(), "hung up");
        // The service cannot take it after all.
        drop((asked, arrivals));
        for _ in 0..2 {
            let answer = loop {
                let answer = post_at(&url, path, &callback_secret(), signed_s, body).await;
                if answer.0 != 409 {
                    break answer;
                }
            };
            assert_eq!(answer.0, 503);
        }
    }
}
