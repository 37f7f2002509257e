//! What every provider behind HTTP shares: one careful client, and what an answer means.

use std::{net::IpAddr, time::Duration};

use reqwest::{Client, RequestBuilder, Response, StatusCode, Url, header, redirect};
use serde::{Deserialize, de::DeserializeOwned};

use super::Sent;

/// One try ends within this time.
const TRY_S_MAX: u64 = 10;
/// Of an answer, no more than this is read, bytes.
const ANSWER_BYTES_MAX: usize = 16 * 1024;
/// The longest reference or reason code that is kept, bytes.
const CODE_BYTES_MAX: usize = 64;

/// Why an address cannot be posted to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EndpointError {
    /// Not a URL with a host.
    #[error("not a URL such as https://host/path")]
    Url,
    /// Plain HTTP to another machine: phone numbers and secrets would travel in the clear.
    #[error("use https:// (plain http:// is for this machine only)")]
    NotHttps,
}

impl EndpointError {
    /// As it stands in an attempt's reason.
    pub(super) fn code(self) -> &'static str {
        match self {
            Self::Url => "invalid_url",
            Self::NotHttps => "not_https",
        }
    }
}

/// The client that all providers share. The process must have installed a rustls provider before.
///
/// No redirects: a message must not go where nobody configured it to go. No proxy from the environment, for the same
/// reason.
///
/// # Errors
/// If the system's root certificates cannot be read.
pub fn client() -> Result<Client, reqwest::Error> {
    Client::builder()
        .timeout(Duration::from_secs(TRY_S_MAX))
        .connect_timeout(Duration::from_secs(TRY_S_MAX / 2))
        .pool_idle_timeout(Duration::from_secs(20))
        .redirect(redirect::Policy::none())
        .no_proxy()
        .build()
}

/// A URL that may be posted to: HTTPS, or HTTP on this machine.
///
/// # Errors
/// See [`EndpointError`].
pub fn endpoint(text: &str) -> Result<Url, EndpointError> {
    let url: Url = text.parse().map_err(|_| EndpointError::Url)?;
    let host = url.host_str().ok_or(EndpointError::Url)?;
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    let here = host == "localhost" || address.is_ok_and(|address| address.is_loopback());
    match url.scheme() {
        "https" => Ok(url),
        "http" if here => Ok(url),
        "http" => Err(EndpointError::NotHttps),
        _ => Err(EndpointError::Url),
    }
}

/// Sends a request and says what its answer means: JSON with an `id`, or with a code as its `error`.
pub(super) async fn send(request: RequestBuilder) -> Sent {
    match ask(request).await {
        Ok(answer) => {
            let Said { id, error } = answer.json();
            answer.outcome(id, error)
        }
        Err(sent) => sent,
    }
}

/// Sends a request.
///
/// # Errors
/// What it means that no answer came.
pub(super) async fn ask(request: RequestBuilder) -> Result<Answered, Sent> {
    match request.send().await {
        Ok(response) => Ok(Answered::read(response).await),
        Err(error) => Err(Sent::Retry { reason: failure(&error).into() }),
    }
}

/// An answer, whatever it says.
#[derive(Debug)]
pub(super) struct Answered {
    pub(super) status: StatusCode,
    pause_ms: Option<i64>,
    body: Vec<u8>,
}

impl Answered {
    /// As far as is sensible. The status has already said what matters, so no trouble with the rest changes it.
    async fn read(mut response: Response) -> Self {
        let (status, pause_ms) = (response.status(), pause_ms(&response));
        let mut body = Vec::new();
        while let Ok(Some(chunk)) = response.chunk().await {
            if body.len() + chunk.len() > ANSWER_BYTES_MAX {
                body.clear();
                break;
            }
            body.extend_from_slice(&chunk);
        }
        Self { status, pause_ms, body }
    }

    /// What it says; nothing if it does not say it in JSON of this form.
    pub(super) fn json<T: DeserializeOwned + Default>(&self) -> T {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// What its status means, with the provider's reference or its code for the reason, where it gave one.
    pub(super) fn outcome<T: Into<serde_json::Value>>(&self, id: Option<T>, error: Option<T>) -> Sent {
        let (status, pause_ms) = (self.status, self.pause_ms);
        let reason = || error.and_then(code).unwrap_or_else(|| format!("http_{}", status.as_u16()));
        if status.is_success() {
            Sent::Accepted { provider_ref: id.and_then(code) }
        } else if status == StatusCode::TOO_MANY_REQUESTS || is_passing(status) && pause_ms.is_some() {
            Sent::Busy { reason: reason(), pause_ms }
        } else if is_passing(status) {
            Sent::Retry { reason: reason() }
        } else {
            Sent::Refused { reason: reason() }
        }
    }

    /// The same of a provider at whom Cordon has an account. That it does not let us in is for whoever runs Cordon to put
    /// right, and says nothing about an address; until then it is tried again.
    pub(super) fn of_our_provider<T: Into<serde_json::Value>>(
        &self,
        id: Option<T>,
        error: Option<T>,
        is_about_address: bool,
    ) -> Sent {
        match self.outcome(id, error) {
            Sent::Refused { reason } if self.denies_us() => Sent::Retry { reason },
            Sent::Refused { reason } if is_about_address => Sent::NoSuchAddress { reason },
            outcome => outcome,
        }
    }

    /// We are not who we say we are, or may not do this.
    pub(super) fn denies_us(&self) -> bool {
        matches!(self.status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN)
    }
}

/// Whether the same request may succeed later.
fn is_passing(status: StatusCode) -> bool {
    status.is_server_error() || status == StatusCode::REQUEST_TIMEOUT
}

/// `Retry-After` (RFC 9110) in seconds. A date there is taken for nothing said: whose clock it is by is not known.
fn pause_ms(response: &Response) -> Option<i64> {
    let seconds: i64 = response.headers().get(header::RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    (seconds >= 0).then(|| seconds.saturating_mul(1_000))
}

/// What providers say in their answers, where they do.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Said {
    pub(super) id: Option<serde_json::Value>,
    pub(super) error: Option<serde_json::Value>,
}

/// A short printable code from a provider's text or number.
pub(super) fn code(value: impl Into<serde_json::Value>) -> Option<String> {
    let text = match value.into() {
        serde_json::Value::String(text) => text,
        serde_json::Value::Number(number) => number.to_string(),
        _ => return None,
    };
    let sound = |c: u8| c.is_ascii_alphanumeric() || b"-_.:".contains(&c);
    (!text.is_empty() && text.len() <= CODE_BYTES_MAX && text.bytes().all(sound)).then_some(text)
}

fn failure(error: &reqwest::Error) -> &'static str {
    if error.is_timeout() {
        "timeout"
    } else if error.is_connect() {
        "connect"
    } else {
        "transport"
    }
}

#[cfg(test)]
mod tests {
    use axum::{
        Router,
        extract::Path,
        response::{AppendHeaders, IntoResponse},
        routing,
    };
    use tokio::net::TcpListener;

    use super::*;
    use crate::sandbox::phones::testing;

    /// Answers as its path says, and sends whoever follows a redirect where all is well.
    async fn answer(Path((status, body)): Path<(u16, String)>) -> impl IntoResponse {
        let body = if body == "long" {
            format!(r#"{{"id":"m1","x":"{}"}}"#, "x".repeat(ANSWER_BYTES_MAX))
        } else {
            body
        };
        let status = StatusCode::from_u16(status).unwrap();
        let pause = body.strip_prefix("after=").map(|seconds| [(header::RETRY_AFTER, seconds.to_owned())]);
        (status, [(header::LOCATION, "/200/ok")], pause.map(AppendHeaders), body)
    }

    #[tokio::test]
    async fn a_status_is_an_outcome_whatever_the_body_and_redirects_are_not_followed() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let routes = Router::new().route("/{status}/{body}", routing::post(answer));
        tokio::spawn(async move { axum::serve(listener, routes).await });
        let accepted = |id: Option<&str>| Sent::Accepted { provider_ref: id.map(Into::into) };
        let retry = |reason: &str| Sent::Retry { reason: reason.into() };
        let busy = |reason: &str, pause_ms| Sent::Busy { reason: reason.into(), pause_ms };
        let refused = |reason: &str| Sent::Refused { reason: reason.into() };
        for (path, expected) in [
            (r#"200/{"id":"m1"}"#, accepted(Some("m1"))),
            (r#"202/{"id":17}"#, accepted(Some("17"))),
            (r#"201/{"id":"a b"}"#, accepted(None)),
            ("200/ok", accepted(None)),
            ("200/long", accepted(None)),
            ("302/x", refused("http_302")),
            ("307/x", refused("http_307")),
            (r#"400/{"error":"unknown_number"}"#, refused("unknown_number")),
            (r#"400/{"error":"to +447700900001 ?"}"#, refused("http_400")),
            ("401/x", refused("http_401")),
            ("404/x", refused("http_404")),
            ("408/x", retry("http_408")),
            ("429/x", busy("http_429", None)),
            ("500/x", retry("http_500")),
            ("503/long", retry("http_503")),
            ("429/after=3", busy("http_429", Some(3_000))),
            ("429/after=3600", busy("http_429", Some(3_600_000))),
            ("429/after=-1", busy("http_429", None)),
            ("429/after=Fri, 31 Dec 1999 23:59:59 GMT", busy("http_429", None)),
            ("503/after=7", busy("http_503", Some(7_000))),
            ("503/after=99999999999999999999", retry("http_503")),
            ("400/after=7", refused("http_400")),
        ] {
            let request = testing::client().post(format!("{url}/{path}"));
            assert_eq!(send(request).await, expected, "{path}");
        }
    }

    #[test]
    fn plain_http_is_for_this_machine_only() {
        for good in
            ["https://sms.example/send", "http://127.0.0.1:9/x", "http://localhost/", "http://[::1]:1/"]
        {
            assert!(endpoint(good).is_ok(), "{good}");
        }
        for (bad, why) in [
            ("http://sms.example/send", EndpointError::NotHttps),
            ("http://127.0.0.1.example/", EndpointError::NotHttps),
            ("http://localhost.example/", EndpointError::NotHttps),
            ("ftp://127.0.0.1/", EndpointError::Url),
            ("+447700900001", EndpointError::Url),
            ("data:text/plain,x", EndpointError::Url),
        ] {
            assert_eq!(endpoint(bad), Err(why), "{bad}");
        }
    }

    #[test]
    fn a_provider_cannot_put_long_or_strange_text_into_our_tables() {
        let text = |text: String| code(serde_json::Value::String(text));
        assert_eq!(text("SM-1.a:b_c".into()).as_deref(), Some("SM-1.a:b_c"));
        assert_eq!(code(serde_json::json!(42)).as_deref(), Some("42"));
        assert_eq!(text("a".repeat(CODE_BYTES_MAX)), Some("a".repeat(CODE_BYTES_MAX)));
        assert_eq!(text("a".repeat(CODE_BYTES_MAX + 1)), None);
        assert_eq!(text("a b".into()), None);
        assert_eq!(text(String::new()), None);
        assert_eq!(code(serde_json::json!({"id": 1})), None);
    }
}
